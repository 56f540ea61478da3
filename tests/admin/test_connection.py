"""Connections: copying and renewing a link, and who gets to see what of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import requests
from django.conf import settings as portal
from django.urls import reverse
from django.utils import timezone

from bankfeeds.models import Connection, Event
from tests import support
from tests.admin.pushes import hidden, signed_in, text

pytestmark = pytest.mark.django_db(transaction=True)
JSON: Any = {"HTTP_ACCEPT": "application/json"}
LINK = "https://link.example/start?otp=123456"


@pytest.fixture
def manager(people: dict[str, Any], sandbox: Any) -> Any:
    return signed_in(people["manager"])


def connection(*, minutes_old: int | None = 5) -> Connection:
    """A client at the sandbox, whose link is so old; None: none was ever issued."""
    row = support.onboard(connected=False).connection
    if minutes_old is not None:
        row.link_url, row.link_issued_by = LINK, "somebody"
        row.link_issued_at = timezone.now() - dt.timedelta(minutes=minutes_old)
        row.save()
    return row


def address(name: str, row: Connection) -> str:
    return reverse(f"admin:bankfeeds_connection_{name}", args=[row.pk])


def minted() -> int:
    return Event.objects.filter(action="link.renewed").count()


# --- Copy ------------------------------------------------------------------------------------


def test_copy_hands_out_the_link_once_and_no_cache_keeps_it(manager: Any) -> None:
    row = connection()
    answer = manager.post(address("copy", row), **JSON)
    assert answer.json()["link"] == LINK
    assert answer.json()["words"].startswith("Copied. Valid until ")
    assert answer.json()["words"].endswith(f"For {row.company.name} only.")
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert Event.objects.filter(action="link.copied", actor_name="manager").count() == 1
    assert minted() == 0


def test_without_javascript_the_same_press_shows_it_in_a_field(manager: Any) -> None:
    row = connection()
    answer = manager.post(address("copy", row))
    assert f'value="{LINK}"' in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("minutes_old", [55, 61, None])
def test_copying_a_link_that_ends_makes_a_new_one_first(
    manager: Any, minutes_old: int | None
) -> None:
    row = connection(minutes_old=minutes_old)
    answer = manager.post(address("copy", row), **JSON)
    assert answer.json()["link"] not in {"", LINK}
    assert requests.get(answer.json()["link"], timeout=5).status_code == 200
    assert minted() == 1
    # What the page says of the link is of the new one from then on.
    row.refresh_from_db()
    shown = manager.get(address("change", row)).content.decode()
    for name in ("until", "issued", "issue"):
        assert answer.json()[name] in shown, name


@pytest.mark.parametrize("name", ["copy", "renew", "refresh"])
def test_opening_the_address_of_a_press_does_nothing(manager: Any, name: str) -> None:
    row = connection(minutes_old=None)
    answer = manager.get(address(name, row))
    assert answer["Location"] == address("change", row)
    assert not Event.objects.filter(action__startswith="link.").exists()


def test_codat_down_is_said_and_nothing_is_handed_out(manager: Any, settings: Any) -> None:
    row = connection(minutes_old=61)
    settings.CODAT_BASE_URL = "http://127.0.0.1:9"
    answer = manager.post(address("copy", row), **JSON)
    assert answer.status_code == 409
    assert "Codat did not answer" in answer.json()["problem"]
    assert "no-store" in answer["Cache-Control"]


def test_what_is_gone_at_codat_is_said(manager: Any) -> None:
    row = connection(minutes_old=61)
    requests.delete(
        f"{portal.CODAT_BASE_URL}/companies/{row.company.codat_id}",
        headers={"Authorization": _authorization()},
        timeout=5,
    )
    assert manager.post(address("copy", row), **JSON).status_code == 409
    row.refresh_from_db()
    assert row.gone_at is not None


def _authorization() -> str:
    import base64

    return "Basic " + base64.b64encode(portal.CODAT_API_KEY.encode()).decode()


# --- Renew -----------------------------------------------------------------------------------


def test_renew_asks_first_while_the_link_may_be_open_at_the_client(manager: Any) -> None:
    row = connection()
    shown = hidden(manager.get(address("change", row)), "issued")
    asked = manager.post(address("renew", row), {"issued": shown})
    assert "may be open at the client now and may stop working" in text(asked)
    assert minted() == 0
    posted = {"issued": hidden(asked, "issued"), "anyway": "yes"}
    assert "New link. Valid until" in text(manager.post(address("renew", row), posted, follow=True))
    assert minted() == 1


def test_pressing_renew_twice_makes_one_link(manager: Any) -> None:
    row = connection(minutes_old=61)
    posted = {"issued": hidden(manager.get(address("change", row)), "issued")}
    manager.post(address("renew", row), posted)
    answer = manager.post(address("renew", row), posted, follow=True)
    assert "No other was made" in text(answer)
    assert minted() == 1


def test_a_link_that_never_was_is_renewed_at_once(manager: Any) -> None:
    row = connection(minutes_old=None)
    manager.post(address("renew", row), {"issued": ""})
    assert minted() == 1


def test_two_renewals_at_once_make_one_link(manager: Any) -> None:
    row = connection(minutes_old=61)
    posted = {"issued": hidden(manager.get(address("change", row)), "issued")}
    Connection.objects.filter(pk=row.pk).update(
        claimed_until=timezone.now() + dt.timedelta(seconds=3)
    )
    assert manager.post(address("renew", row), posted).status_code == 303
    assert minted() == 0


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_a_press_never_leads_outside(manager: Any, wanted: str) -> None:
    row = connection(minutes_old=61)
    answer = manager.post(address("renew", row), {"issued": "", "next": wanted})
    assert answer["Location"] == address("change", row)


# --- Pages -----------------------------------------------------------------------------------


def test_no_page_holds_a_link(manager: Any) -> None:
    row = connection()
    for page in (
        address("change", row),
        reverse("admin:bankfeeds_company_change", args=[row.company_id]),
        "/admin/bankfeeds/connection/",
        "/admin/bankfeeds/company/",
    ):
        assert LINK not in manager.get(page).content.decode()


def test_the_auditor_meets_no_link_and_no_button(people: dict[str, Any], sandbox: Any) -> None:
    row, auditor = connection(), signed_in(people["auditor"])
    for page in (
        address("change", row),
        reverse("admin:bankfeeds_company_change", args=[row.company_id]),
        "/admin/bankfeeds/connection/",
        "/admin/bankfeeds/company/",
    ):
        shown = auditor.get(page).content.decode()
        assert "copy-link" not in shown and "renew-link" not in shown
        assert "column-link" not in shown


def test_support_copies_and_renews(people: dict[str, Any], sandbox: Any) -> None:
    row, support_person = connection(minutes_old=61), signed_in(people["support"])
    assert support_person.post(address("copy", row), **JSON).status_code == 200


def test_the_page_says_how_the_connection_stands(manager: Any) -> None:
    row = support.onboard(accounts=3, connected=False)
    support.connect(row.connection, row.accounts[:2])
    shown = text(manager.get(address("change", row.connection)))
    assert "Partly connected (2 of 3)" in shown
    assert "connected 2 of 3" in shown
    assert "Codat's word for the connection: Linked" in shown


def test_refresh_reads_the_accounts(manager: Any) -> None:
    client = support.onboard(accounts=1, connected=True)
    client.connection.accounts.update(status="pending")
    answer = manager.post(address("refresh", client.connection), follow=True)
    assert "Connected (1 of 1)" in text(answer)
    assert minted() == 0


# --- The message around it -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"), [("en", "press Next, then Get credentials"), ("fr-ca", "appuyez sur")]
)
def test_the_message_holds_the_link_and_says_what_to_press(
    manager: Any, language: str, words: str
) -> None:
    row = connection()
    message = manager.post(address("copy", row), {"message": language}, **JSON).json()["link"]
    assert LINK in message
    assert words in message
    assert row.company.name in message
    assert Event.objects.filter(action="link.copied", actor_name="manager").count() == 1


def test_an_unknown_language_gives_the_bare_link(manager: Any) -> None:
    row = connection()
    assert manager.post(address("copy", row), {"message": "xx"}, **JSON).json()["link"] == LINK


def test_without_a_script_the_message_stands_on_a_page_of_its_own(manager: Any) -> None:
    page = manager.post(address("copy", connection()), {"message": "en"}).content.decode()
    assert "<textarea" in page
    assert LINK in page
