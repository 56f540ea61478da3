"""Every page that each role reaches, light and dark, in English and French: axe finds nothing by
the rules of WCAG 2.2 AA, and the browser refuses nothing by the content policy.

Role, theme and language are dealt: of the pages that are made of one template, one is seen, once.
AXE_ALL=1 shows every page to each role that reaches it, in both themes and both languages; that
takes half an hour.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.utils import translation
from playwright.sync_api import Page

from bankfeeds.models import Language, Preference
from tests.e2e import axe, crawl, day, reach
from tests.e2e.policy import LISTEN, refusals
from tests.matrix import things
from tests.sign_in.app import App
from tests.support import PASSWORD

if TYPE_CHECKING:
    from bankfeeds.models import Actor
    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.browser import Watch
    from tests.e2e.conftest import At, Open
    from tests.e2e.desk import Desk

WAYS = list(itertools.product(axe.THEMES, Language.values))
ALL = os.environ.get("AXE_ALL") == "1"
ERRORS = ("400", "403", "403_csrf", "404", "500")
# Forms that are sent as they stand: each comes back with what is wrong in it.
EMPTY = (
    "company/add/",
    "connection/{connection}/accounts/",
    "statement/import/?account={account}",
    "closure/add/",
)
SEND = """() => document.querySelector("#content form[method=post]").submit()"""


@dataclass
class Eye:
    """What was found, and on which pages; how often it looked."""

    found: dict[str, list[str]] = field(default_factory=dict)
    looks: int = 0

    def look(self, page: Page, who: str, *themes: axe.Theme) -> None:
        """themes: those of AXE_ALL come by themselves."""
        where = f"{who}: {crawl.local(page.url)}"
        for sentence in refusals(page):
            self.found.setdefault(sentence, []).append(where)
        for theme in axe.THEMES if ALL else themes:
            self.looks += 1
            for sentence in axe.violations(page, theme):
                self.found.setdefault(f"{theme}: {sentence}", []).append(where)

    def is_content(self) -> None:
        told = (f"{what}  on {', '.join(pages[:3])}" for what, pages in self.found.items())
        assert not self.found, "\n".join(told)
        print(f"{self.looks} looks, nothing found")


def test_every_page(
    at_desk: At, sandbox: Sandbox, actor: Actor, watch: Watch, people: dict[str, User]
) -> None:
    there, eye = things.make(), Eye()
    day.lived(actor)
    pages = _one_of_each(reach.pages(User.objects.create_superuser("root"), there))
    desks = {
        (who, language): _sits(at_desk, who, user, language)
        for who, user in people.items()
        for language in Language.values
    }
    for turn, page in enumerate(pages):
        for who, language, theme in _dealt(turn, page.roles):
            desk = desks[who, language]
            _open(desk.page, desk.url + page.path, language)
            eye.look(desk.page, who, theme)
    for who in people:
        print(f"{who}: {sum(who in page.roles for page in pages)} of {len(pages)} pages")
    _forget_axe_itself(watch)
    eye.is_content()


def _one_of_each(pages: Sequence[reach.Reached]) -> Sequence[reach.Reached]:
    return pages if ALL else list({page.template: page for page in reversed(pages)}.values())


def _dealt(turn: int, roles: Sequence[str]) -> Iterator[tuple[str, str, axe.Theme]]:
    """Who looks at a page, in which language and theme; with AXE_ALL everybody in both languages,
    to which the eye adds the themes.
    """
    if ALL:
        yield from ((who, language, "light") for who in roles for language in Language.values)
    elif roles:
        theme, language = WAYS[(turn + turn // len(WAYS)) % len(WAYS)]
        yield roles[turn % len(roles)], language, theme


def _sits(at_desk: At, who: str, user: User, language: str) -> Desk:
    """The session keeps the language with its first page, whatever is chosen afterwards."""
    Preference.objects.update_or_create(user=user, defaults={"language": language})
    desk = at_desk(who)
    desk.page.add_init_script(LISTEN)
    desk.open("/admin/password_change/")
    return desk


def _open(page: Page, url: str, language: str) -> None:
    answer = page.goto(url)
    assert answer is not None and answer.status == 200, url
    assert "default-src 'self'" in answer.headers["content-security-policy"], url
    assert page.evaluate("document.documentElement.lang") == language, url


def _forget_axe_itself(watch: Watch) -> None:
    """Reports of the pages were asked for before axe came; what is logged now is its own."""
    watch.errors = [each for each in watch.errors if "Content Security Policy" not in each]


def test_pages_that_answer_a_press(
    at_desk: At, sandbox: Sandbox, watch: Watch, people: dict[str, User]
) -> None:
    there, eye = things.make(), Eye()
    themes = itertools.cycle(axe.THEMES)
    for language in Language.values:
        desk = _sits(at_desk, "manager", people["manager"], language)
        for path in EMPTY:
            desk.open("/admin/bankfeeds/" + path.format(**there))
            _press(desk.page, lambda page: page.evaluate(SEND))
            eye.look(desk.page, "manager", next(themes))
        desk.open("/admin/bankfeeds/company/")
        desk.page.locator("input.action-select").first.check()
        desk.page.locator("select[name=action]").select_option("change_owner")
        _press(desk.page, lambda page: page.locator(".actions button").click())
        eye.look(desk.page, "manager", next(themes))
        desk.open(f"/admin/bankfeeds/connection/{there['connection']}/change/")
        desk.page.locator("[data-copy-link]").first.click()
        desk.page.locator(".copied:not(:empty)").wait_for()
        eye.look(desk.page, "manager", next(themes))
    _forget_axe_itself(watch)
    eye.is_content()


def _press(page: Page, how: Callable[[Page], Any]) -> None:
    with page.expect_navigation():
        how(page)


def test_pages_before_and_beside_the_admin(
    portal: str, window: Open, watch: Watch, settings: Any
) -> None:
    settings.SECOND_FACTOR = settings.MAIL_GOES_OUT = True
    settings.AXES_FAILURE_LIMIT = 2
    watch.expected = {404, 429}
    eye = Eye()
    for who, locale in (("manager", "en-US"), ("support", "fr-CA")):
        page = window(locale=locale).new_page()
        page.add_init_script(LISTEN)
        turn = 0 if locale == "en-US" else 1
        for number, what in enumerate(_signs_in(page, portal, who), start=turn):
            eye.look(page, f"{locale} {what}", axe.THEMES[number % 2])
        for number, name in enumerate(ERRORS, start=turn):
            _shown(page, portal, name, locale.lower() if locale == "fr-CA" else "en")
            eye.look(page, f"{locale} {name}", axe.THEMES[number % 2])
    _forget_axe_itself(watch)
    eye.is_content()


def _signs_in(page: Page, portal: str, who: str) -> Iterator[str]:
    """What each page is, once it stands in the window."""
    for path in ("forgotten/", "forgotten/mailed/", "forgotten/chosen/", "forgotten/MQ/x-y/"):
        page.goto(f"{portal}/sign-in/{path}")
        yield path
    page.goto(f"{portal}/admin/")
    yield "name and password"
    _gives(page, username=who, password="not the one")
    yield "wrong password"
    _gives(page, username=who, password=PASSWORD)
    yield "set up"
    app = App(page.locator("#secret").inner_text())
    _gives(page, code="000000")
    yield "wrong code"
    _gives(page, code=app.code())
    yield "recovery codes"
    page.goto(f"{portal}/sign-in/recovery-codes/")
    yield "second step"
    page.context.clear_cookies()
    page.goto(f"{portal}/admin/")
    _gives(page, username=who, password=PASSWORD)
    yield "code"
    page.context.clear_cookies()
    for _ in range(2):
        page.goto(f"{portal}/admin/")
        _gives(page, username=who, password="not the one")
    yield "locked"


def _gives(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"input[name={name}]").fill(value)
    _press(page, lambda page: page.keyboard.press("Enter"))


def _shown(page: Page, portal: str, name: str, language: str) -> None:
    """The page of an error, with the styles of the portal."""
    with translation.override(language):
        html = render_to_string(f"{name}.html", {"request_id": "3b7f"})
    url = f"{portal}/error-{name}/"
    page.route(url, lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(url)


def test_axe_hears(at_desk: At) -> None:
    page = at_desk("manager").page
    page.set_content("<html lang='en'><title>x</title><main><h1>x</h1><input></main></html>")
    assert any(each.startswith("label: ") for each in axe.violations(page))
