"""That the ear which every page is held to hears: it would be quiet on any page otherwise.

Every page of every role is listened to in `test_axe.py`, on the same visit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.policy import LISTEN, refusals

if TYPE_CHECKING:
    from tests.e2e.browser import Watch
    from tests.e2e.conftest import At


def test_the_listener_hears(at_desk: At, watch: Watch) -> None:
    desk = at_desk("manager")
    desk.page.add_init_script(LISTEN)
    desk.page.goto(f"{desk.url}/admin/bankfeeds/company/")
    assert refusals(desk.page) == []
    desk.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x')")
    desk.page.wait_for_function("window.refused.length > 0")
    heard = refusals(desk.page)
    assert "style-src-attr" in heard[0]
    assert heard[-1].startswith("style on <p")
    watch.errors = [each for each in watch.errors if "Content Security Policy" not in each]
