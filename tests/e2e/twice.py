"""Pressing a button twice: with the mouse, and as two forms that leave at the same moment."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator

_TWO_AT_ONCE = """
async (button) => {
  const form = button.form;
  const address = button.getAttribute("formaction") || form.getAttribute("action") || "";
  const sent = () => fetch(new URL(address, location.href), {
    method: "POST", body: new FormData(form, button), credentials: "same-origin",
  });
  const answers = await Promise.all([sent(), sent()]);
  return answers.map((answer) => [answer.status, answer.url]);
}
"""


def double_click(button: Locator) -> None:
    """As a hand does that is used to double clicking; returns when the next page is at rest."""
    page = button.page
    page.evaluate("window.wasPressed = true")
    button.dblclick(no_wait_after=True)
    page.wait_for_function("() => !window.wasPressed")
    page.wait_for_load_state("networkidle")


def two_at_once(button: Locator) -> list[tuple[int, str]]:
    """Sends the button's form twice in parallel, past any script; statuses and final addresses."""
    answers: list[list[Any]] = button.evaluate(_TWO_AT_ONCE)
    return [(int(status), str(url)) for status, url in answers]
