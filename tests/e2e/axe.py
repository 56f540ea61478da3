"""What axe, the accessibility checker, finds on a page by the rules of WCAG 2.2 AA."""

from __future__ import annotations

from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
_THERE = "() => Boolean(window.axe)"
# Colours fade for 0.15 s when the theme changes. Reading all style sheets beforehand (preload)
# doubles the time, and only an experimental rule wants it.
_RUN = """async (tags) => {
  document.getAnimations().forEach((each) => each.finish());
  const { violations } = await axe.run(document, {
    runOnly: { type: "tag", values: tags }, resultTypes: ["violations"], preload: false,
  });
  return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => {
    const [measured] = [...node.any, ...node.all, ...node.none].map((check) => check.message);
    return `${id}: ${help}. ${node.target.join(" ")} – ${measured}`;
  }));
}"""


def violations(page: Page, theme: Theme = "light") -> list[str]:
    """One sentence for each place: rule, what it wants, where, and what was measured there.

    It runs within the page, whose content policy may refuse styles of axe's own: ask the page
    what was refused before.
    """
    page.emulate_media(color_scheme=theme)
    if not page.evaluate(_THERE):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_RUN, TAGS)
    return found
