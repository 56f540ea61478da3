"""The link: copied with the keyboard, its time counted down, renewed when it has expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from django.utils.translation import override
from playwright.sync_api import expect

from bankfeeds import conf, links, mistakes, words
from bankfeeds.models import Actor, Company, Connection
from tests import support
from tests.admin import pushes
from tests.e2e.codat import asked

if TYPE_CHECKING:
    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.browser import Watch
    from tests.e2e.conftest import At, Open
    from tests.e2e.desk import Desk


@pytest.fixture
def connection(portal: str, sandbox: Sandbox, actor: Actor) -> Connection:
    """Of a client with one account, that has a fresh link."""
    found = support.onboard(connected=False).connection
    links.renew(found, client=conf.client(), by=actor, clock=timezone.now)
    return found


def _open(desk: Desk, connection: Connection) -> None:
    desk.open(f"/admin/bankfeeds/connection/{connection.pk}/change/")


def test_copied_with_the_keyboard(at_desk: At, connection: Connection) -> None:
    desk = at_desk("support")
    _open(desk, connection)
    button = desk.page.get_by_role("button", name="Copy link")
    for _ in range(60):
        desk.page.keyboard.press("Tab")
        if button.evaluate("(each) => each === document.activeElement"):
            break
    expect(button).to_be_focused()
    before = len(asked())
    desk.page.keyboard.press("Enter")
    expect(desk.copied()).to_have_attribute("aria-live", "polite")
    expect(desk.copied()).to_contain_text("Copied. Valid until")
    expect(desk.copied()).to_contain_text(f"For {connection.company.name} only.")
    assert desk.clipboard() == connection.link_url
    expect(button).to_be_focused()
    assert connection.link_url not in desk.page.content()
    assert len(asked()) == before


@pytest.mark.parametrize("language", ["en", "fr-ca"])
def test_the_message_is_copied_in_both_languages(
    at_desk: At, connection: Connection, language: str
) -> None:
    """The client's language stands first; time and steps are in the language of each message."""
    Company.objects.update(language=language)
    desk = at_desk("support")
    _open(desk, connection)
    buttons = desk.page.get_by_role("button", name="Copy message")
    expect(buttons).to_have_count(2)
    texts = []
    for button in buttons.all():
        desk.page.evaluate("navigator.clipboard.writeText('')")
        desk.press(button)
        expect(desk.copied()).to_contain_text(f"For {connection.company.name} only.")
        texts.append(support.wait_until(desk.clipboard, seconds=8, what="message"))
    valid_until = connection.link_valid_until
    assert valid_until
    english, french = texts if language == "en" else reversed(texts)
    assert connection.link_url not in desk.page.content()
    for text, code, steps in (
        (english, "en", ("press Next, then Get credentials", "Link account", "press Connect")),
        (french, "fr-ca", ("appuyez sur Suivant", "liez un compte", "et connectez")),
    ):
        with override(code):
            until = words.clock_time(valid_until)
        for part in (connection.link_url, connection.company.name, until, *steps):
            assert part in text, (code, part)


def test_counts_down_while_the_page_stays_open(at_desk: At, connection: Connection) -> None:
    desk = at_desk("manager")
    desk.page.clock.install()
    _open(desk, connection)
    badge = desk.page.locator(".countdown")
    expect(badge).to_contain_text("Valid – 59 min left")
    desk.page.clock.run_for(52 * 60 * 1000)
    expect(badge).to_contain_text("Ends soon – 7 min left")
    desk.page.clock.run_for(8 * 60 * 1000)
    expect(badge).to_contain_text("Expired")


def test_expired_and_renewed(
    at_desk: At, connection: Connection, window: Open, watch: Watch
) -> None:
    old = connection.link_url
    support.age_link(connection, minutes=61)
    desk = at_desk("support")
    _open(desk, connection)
    expect(desk.page.locator(".countdown")).to_contain_text("Expired")
    expect(desk.page.locator(".headline")).to_contain_text("link expired")
    desk.button("Renew link")
    expect(desk.page.locator(".countdown")).to_contain_text("Valid – 59 min left")
    link = desk.copy_link()
    assert link != old
    watch.expected = {401}
    client = window().new_page()
    late, fresh = client.goto(old), client.goto(link)
    assert late is not None and fresh is not None
    assert (late.status, fresh.status) == (401, 200)


def test_a_link_that_ends_soon_is_renewed_by_copying(at_desk: At, connection: Connection) -> None:
    old = connection.link_url
    support.age_link(connection, minutes=55)
    desk = at_desk("support")
    _open(desk, connection)
    expect(desk.page.locator(".countdown")).to_contain_text("Ends soon")
    assert desk.copy_link() != old


def test_renewing_a_link_that_may_be_in_use_asks_first(at_desk: At, connection: Connection) -> None:
    desk = at_desk("manager")
    _open(desk, connection)
    before = len(asked())
    desk.button("Renew link")
    expect(desk.page.get_by_text("may be open at the client now")).to_be_visible()
    assert len(asked()) == before
    desk.button("Copy that one")
    expect(desk.copied()).to_contain_text("Copied.")
    assert desk.clipboard() == connection.link_url
    desk.button("Make a new one")
    assert desk.copy_link() != connection.link_url


def test_copied_from_the_list_of_companies(at_desk: At, connection: Connection) -> None:
    desk = at_desk("support")
    desk.open("/admin/bankfeeds/company/")
    desk.page.get_by_title(f"Copy link of {connection.company.name}").click()
    expect(desk.page.locator("#portal-says")).to_contain_text("Copied. Valid until")
    assert desk.clipboard() == connection.link_url


def test_the_text_about_a_mistake_is_copied_and_that_is_said(
    at_desk: At, connection: Connection
) -> None:
    push = pushes.succeeded(support.make_account(connection))
    rows = list(push.items.values_list("transaction_id", flat=True))
    mistakes.record(push, rows, reason="wrong client", by=pushes.BY, now=timezone.now())
    desk = at_desk("support")
    desk.open(f"/admin/bankfeeds/push/{push.pk}/client-text/")
    desk.page.get_by_role("button", name="Copy").first.click()
    expect(desk.page.locator("#portal-says")).to_have_text("Copied.")
    assert "For review, tick these rows and press Exclude" in desk.clipboard()


def test_the_auditor_has_no_button(at_desk: At, connection: Connection) -> None:
    desk = at_desk("auditor")
    for path in (f"connection/{connection.pk}/change/", "company/", "connection/"):
        desk.open(f"/admin/bankfeeds/{path}")
        expect(desk.page.get_by_role("button", name="link")).to_have_count(0)
