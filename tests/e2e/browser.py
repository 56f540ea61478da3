"""A real Chromium: where it is found, how it is started, and what each page of it is watched for.

Knows Playwright and nothing of the portal.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright

# The first is the same engine without a window of its own to draw: half the work.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
APPLICATIONS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
INSTALL = (
    "No Chromium was found. Install one: `apt-get install chromium-headless-shell` (or `chromium`),"
    " or `playwright install chromium`; or name it in the environment variable CHROMIUM."
)
QUIETLY = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class NoChromium(Exception):  # noqa: N818
    """There is no browser on this machine. Carries what to install."""


@contextmanager
def started() -> Iterator[Browser]:
    """One browser, closed with all its windows at the end."""
    with sync_playwright() as playwright:
        program = _found(Path(playwright.chromium.executable_path))
        browser = playwright.chromium.launch(executable_path=program, args=QUIETLY)
        try:
            yield browser
        finally:
            browser.close()


def _found(own: Path) -> Path:
    """CHROMIUM, else the usual places, else Playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        if not Path(named).exists():
            raise FileNotFoundError(f"CHROMIUM names {named}, which does not exist.")
        return Path(named)
    on_path = (shutil.which(name) for name in NAMES)
    places = [*(Path(found) for found in on_path if found), *APPLICATIONS, own]
    for place in places:
        if place.exists():
            return place
    raise NoChromium(INSTALL)


@dataclass
class Watch:
    """What went wrong in the windows of one test, without anybody asking for it.

    `expected`: statuses of 4xx that a test provokes; Chromium logs each as a console error.
    """

    errors: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def over(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(f"script: {error}"))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        where = message.location.get("url", "")
        known = any(f"status of {status} " in message.text for status in self.expected)
        if not known:
            self.errors.append(f"console: {message.text} ({where})")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            method = response.request.method
            self.errors.append(f"HTTP {response.status}: {method} {response.url}")
