"""Signing in with both steps in a browser, on a telephone and by keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Page

from tests.e2e.axe import THEMES
from tests.e2e.pictures import HEIGHT, NARROW
from tests.e2e.policy import LISTEN, refusals
from tests.sign_in.app import App
from tests.support import PASSWORD

if TYPE_CHECKING:
    from tests.e2e.browser import Watch
    from tests.e2e.conftest import Open

LOOK = Path(__file__).with_name("looks.js").read_text()


def looks_right(page: Page) -> None:
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert page.evaluate(LOOK) == [], page.url
    assert refusals(page) == [], page.url


def test_both_steps(portal: str, window: Open, watch: Watch, settings: Any) -> None:
    settings.SECOND_FACTOR = settings.MAIL_GOES_OUT = True
    page = window(viewport={"width": NARROW, "height": HEIGHT}).new_page()
    page.add_init_script(LISTEN)
    page.goto(f"{portal}/admin/bankfeeds/company/")
    looks_right(page)
    page.get_by_label("Username").fill("manager")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/set-up/**")
    looks_right(page)
    assert page.get_by_role("img", name="QR code").evaluate("(image) => image.naturalWidth") > 200
    app = App(page.locator("#secret").inner_text())
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Set up").click()
    page.get_by_text("This is not the code that the app shows now.").wait_for()
    looks_right(page)
    page.get_by_label("Code").fill(app.code())
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    looks_right(page)
    recovery = page.locator(".sign-in-codes li").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("heading", name="Select company").or_(
        page.locator("#changelist")
    ).first.wait_for()
    page.context.clear_cookies()

    page.goto(f"{portal}/admin/")
    page.get_by_label("Username").fill("manager")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/code/**")
    looks_right(page)
    page.get_by_label("Code").fill(recovery)
    page.keyboard.press("Enter")
    page.get_by_text("9 recovery codes are left").wait_for()
    looks_right(page)


def test_the_other_pages(portal: str, window: Open, watch: Watch, settings: Any) -> None:
    settings.MAIL_GOES_OUT, settings.AXES_FAILURE_LIMIT = True, 1
    watch.expected = {404, 429}
    page = window(viewport={"width": NARROW, "height": HEIGHT}).new_page()
    page.add_init_script(LISTEN)
    for path in ("forgotten/", "forgotten/mailed/", "forgotten/chosen/", "forgotten/MQ/x-y/"):
        page.goto(f"{portal}/sign-in/{path}")
        looks_right(page)
    page.goto(f"{portal}/nothing-here/")
    looks_right(page)
    page.goto(f"{portal}/admin/")
    page.get_by_role("link", name="Forgotten your password?").wait_for()
    page.get_by_label("Username").fill("manager")
    page.get_by_label("Password").fill("not the one")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Too many wrong attempts.").wait_for()
    looks_right(page)
