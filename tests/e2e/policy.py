"""What the browser refused of a page by the page's own content policy, and what it would refuse."""

from __future__ import annotations

from playwright.sync_api import Page

# What the browser refuses is an event of the document: heard from before its first byte.
LISTEN = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refused.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
_INLINE = """() => [...document.querySelectorAll("*")].flatMap((element) =>
  element.getAttributeNames()
    .filter((name) => name.startsWith("on") || name === "style")
    .map((name) => `${name} on ${element.outerHTML.slice(0, 90)}`))
  .concat([...document.querySelectorAll("style, script:not([src])")]
    .filter((element) => element.type !== "application/json")
    .map((element) => element.outerHTML.slice(0, 90)))"""


def refusals(page: Page) -> list[str]:
    """Of a page that LISTEN was added to: one sentence for each report and each inline script."""
    heard: list[str] = page.evaluate("window.refused") + page.evaluate(_INLINE)
    return heard
