"""Photographs of pages: for the eye after every run, and for the README when asked for.

`tests/e2e/screenshots/` is written by each run and never committed; `docs/pictures/` only with
PICTURES=1 in the environment.
"""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

from tests.support import ROOT

SCREENSHOTS = Path(__file__).resolve().parent / "screenshots"
COMMITTED = ROOT / "docs" / "pictures"
WIDE, NARROW = 1280, 390
HEIGHT = 900
README = {"push"}


class Camera:
    """Takes each page wide and narrow, light and dark; leaves it wide and light."""

    def __init__(self) -> None:
        self._number = 0

    def shoot(self, page: Page, name: str) -> None:
        self._number += 1
        SCREENSHOTS.mkdir(exist_ok=True)
        for width, size in ((NARROW, "narrow"), (WIDE, "wide")):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            for scheme in ("dark", "light"):
                page.emulate_media(color_scheme=scheme)
                file = SCREENSHOTS / f"{self._number:02d}-{name}-{size}-{scheme}.png"
                page.screenshot(path=file, full_page=True, animations="disabled")
        if name in README and os.environ.get("PICTURES") == "1":
            page.evaluate("scrollTo(0, 0)")
            COMMITTED.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=COMMITTED / f"{name}.png", animations="disabled")
