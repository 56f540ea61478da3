"""Walks web pages by what is written on them: follows links, fills fields by label, presses.

Plain HTTP with cookies and the forms' own hidden fields, as a browser without JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import requests

from .pages import Button, Control, Form, Page

TIMEOUT = 30
ERROR = 400
SHOWN = 600  # characters of a page in words for a person

Values = Mapping[str, str | bool]
Files = Mapping[str, tuple[str, bytes]]


class NotThere(Exception):  # noqa: N818 - said to a person as it stands
    """The page is not what was expected; the words say which page and what it shows."""


class Visitor:
    """One person's browser. `page` and `url` are where it is now."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False  # all of it is on this machine: no proxy
        self.url = ""
        self.page = Page("")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    def open(self, url: str) -> None:
        self._go("GET", urljoin(self.url, url))

    def follow(self, text: str) -> None:
        """Follow the first link that says so."""
        for said, href in self.page.links:
            if said.startswith(text):
                return self.open(href)
        raise self.not_there(f"no link “{text}”")

    def press(self, text: str, fill: Values | None = None, *, files: Files | None = None) -> None:
        """Fill fields and press the button.

        fill: label or name of a field -> text, option, or whether to tick (all that say so).
        """
        form, button = self._button(text, [*(fill or {}), *(files or {})])
        for label, value in (fill or {}).items():
            _fill(_find(form, label), value)
        self._submit(form, button, files or {})

    def can_press(self, text: str) -> bool:
        return any(_says(b, text) for form in self.page.forms for b in form.buttons)

    def not_there(self, what: str) -> NotThere:
        where = urlsplit(self.url).path
        said = self.page.by_id.get("content", self.page.text)[:SHOWN]
        return NotThere(f"{what} on {where}. The page says: {said}")

    def _button(self, text: str, labels: list[str]) -> tuple[Form, Button]:
        for form in self.page.forms:
            named = all(_find(form, label) for label in labels)
            for button in form.buttons:
                if named and _says(button, text):
                    return form, button
        wanted = f"no button “{text}”" + (f" with {', '.join(labels)}" if labels else "")
        raise self.not_there(wanted)

    def _submit(self, form: Form, button: Button, files: Files) -> None:
        sent = [(each.name, each.value) for each in form.controls if each.sends]
        if name := button.attributes.get("name"):
            sent.append((name, button.attributes.get("value", "")))
        given = {**form.attributes, **_overruled(button)}
        url = urljoin(self.url, given.get("action", "") or self.url)
        if given.get("method", "get").lower() == "get":
            self._go("GET", url, params=sent)
            return
        uploads = {_find(form, label)[0].name: file for label, file in files.items()}
        kept = [(name, value) for name, value in sent if name not in uploads]
        self._go("POST", url, data=kept, files=uploads)

    def _go(
        self,
        method: str,
        url: str,
        *,
        params: list[tuple[str, str]] | None = None,
        data: list[tuple[str, str]] | None = None,
        files: Files | None = None,
    ) -> None:
        came_from = self.url.partition("?")[0]
        answer = self._session.request(
            method,
            url,
            params=params,
            data=data,
            files=files or None,
            headers={"Referer": came_from} if came_from else {},
            timeout=TIMEOUT,
        )
        self.url, self.page = answer.url, Page(answer.text)
        if answer.status_code >= ERROR:
            raise self.not_there(f"{method} was answered with HTTP {answer.status_code}")


def _says(button: Button, text: str) -> bool:
    return button.can_be_pressed and button.text.startswith(text)


def _overruled(button: Button) -> dict[str, str]:
    pairs = {"action": "formaction", "method": "formmethod"}
    return {k: button.attributes[v] for k, v in pairs.items() if v in button.attributes}


def _find(form: Form, label: str) -> list[Control]:
    """The fields of that label or name, else those whose label begins so."""
    shown = [each for each in form.controls if each.kind != "hidden"]
    exact = [each for each in shown if label in (each.label.rstrip(":* "), each.name)]
    return exact or [each for each in shown if each.label.startswith(label)]


def _fill(controls: list[Control], value: str | bool) -> None:
    if isinstance(value, bool):
        for control in controls:
            control.chosen = value
    else:
        control = controls[0]
        control.value = control.options.get(value, value)
