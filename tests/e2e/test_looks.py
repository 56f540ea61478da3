"""Every page, on a telephone: no error in the console, nothing wider than the screen, no inline
script, a name for everything that can be pressed, text that can be read in both themes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error

from bankfeeds.models import Push, Statement
from tests.e2e import crawl, day
from tests.e2e.pictures import HEIGHT, NARROW

if TYPE_CHECKING:
    from bankfeeds.models import Actor
    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.browser import Watch
    from tests.e2e.conftest import At

LOOK = Path(__file__).with_name("looks.js").read_text()


@pytest.mark.parametrize("who", ["manager", "auditor"])
def test_every_page_looks_right_on_a_telephone(
    at_desk: At, sandbox: Sandbox, actor: Actor, watch: Watch, who: str
) -> None:
    day.lived(actor)
    # Addresses of forms and of what a role may not do answer so.
    watch.expected = {403, 404, 405}
    desk = at_desk(who, viewport={"width": NARROW, "height": HEIGHT})
    page = desk.page
    poor: dict[str, list[str]] = {}

    def read(path: str) -> tuple[str, str]:
        try:
            answer = page.goto(f"{desk.url}{path}")
        except Error as error:
            assert "Download is starting" in error.message, path
            return path, ""
        if answer is None or answer.status != 200 or not page.locator("#header").count():
            return path, ""
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for sentence in page.evaluate(LOOK):
                poor.setdefault(f"{scheme}: {sentence}", []).append(path)
        return crawl.local(page.url), page.content()

    visited = list(crawl.walk(read))
    assert len(visited) > 10, visited
    # Pages of one kind differ by state: each push, and the file that is not saved yet.
    for row in (*Push.objects.all(), *Statement.objects.filter(state=Statement.State.PREVIEWED)):
        read(f"/admin/bankfeeds/{row._meta.model_name}/{row.pk}/change/")
    assert not poor, "\n".join(f"{what}  on {', '.join(where[:3])}" for what, where in poor.items())
