"""The browser refuses nothing that a page asks for: no page has a script or style within it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error

from tests.e2e import crawl, day

if TYPE_CHECKING:
    from bankfeeds.models import Actor
    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.browser import Watch
    from tests.e2e.conftest import At

# What the browser refuses is an event of the document: heard from before its first byte.
LISTEN = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refused.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
INLINE = """() => [...document.querySelectorAll("*")].flatMap((element) =>
  element.getAttributeNames()
    .filter((name) => name.startsWith("on") || name === "style")
    .map((name) => `${name} on ${element.outerHTML.slice(0, 90)}`))
  .concat([...document.querySelectorAll("style, script:not([src])")]
    .filter((element) => element.type !== "application/json")
    .map((element) => element.outerHTML.slice(0, 90)))"""


@pytest.mark.parametrize("who", ["manager", "administrator"])
def test_no_page_breaks_its_own_policy(
    at_desk: At, sandbox: Sandbox, actor: Actor, watch: Watch, who: str
) -> None:
    day.lived(actor)
    watch.expected = {403, 404, 405}
    desk = at_desk(who)
    page = desk.page
    page.add_init_script(LISTEN)
    found: dict[str, list[str]] = {}

    def read(path: str) -> tuple[str, str]:
        try:
            answer = page.goto(f"{desk.url}{path}")
        except Error as error:
            assert "Download is starting" in error.message, path
            return path, ""
        assert answer is not None
        assert "default-src 'self'" in answer.headers["content-security-policy"], path
        html = answer.text()
        written = [
            f"written: {word}" for word in (" style=", " onclick=", "<style") if word in html
        ]
        if said := page.evaluate("window.refused") + page.evaluate(INLINE) + written:
            found[path] = said
        return crawl.local(page.url), page.content()

    visited = [*crawl.walk(read, forms=True)]
    assert len(visited) > 10
    read("/admin/nothing-here/")
    assert found == {}


def test_the_listener_hears(at_desk: At, watch: Watch) -> None:
    desk = at_desk("manager")
    desk.page.add_init_script(LISTEN)
    desk.page.goto(f"{desk.url}/admin/bankfeeds/company/")
    desk.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x')")
    desk.page.wait_for_function("window.refused.length > 0")
    assert "style-src-attr" in desk.page.evaluate("window.refused")[0]
    assert desk.page.evaluate(INLINE)
    watch.errors = [each for each in watch.errors if "Content Security Policy" not in each]
