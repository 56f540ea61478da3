"""A page as a person without JavaScript has it: text, links, forms whose fields have labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"input", "br", "hr", "img", "link", "meta", "source", "wbr"})
SILENT = frozenset({"script", "style", "head", "template"})
TEXT_TYPES = frozenset({"text", "password", "search", "date", "number", "email", "hidden", "file"})
Attributes = dict[str, str]


@dataclass
class Control:
    """A field of a form: what it is called on the page, and what it would send."""

    attributes: Attributes
    tag: str
    label: str = ""
    value: str = ""
    options: dict[str, str] = field(default_factory=dict)  # shown -> sent
    chosen: bool = False

    @property
    def name(self) -> str:
        return self.attributes.get("name", "")

    @property
    def kind(self) -> str:
        return self.attributes.get("type", "text").lower() if self.tag == "input" else self.tag

    @property
    def sends(self) -> bool:
        if not self.name or "disabled" in self.attributes or self.kind in {"submit", "button"}:
            return False
        return self.chosen if self.kind in {"checkbox", "radio"} else True


@dataclass
class Button:
    text: str
    attributes: Attributes

    @property
    def can_be_pressed(self) -> bool:
        submits = self.attributes.get("type", "submit").lower() == "submit"
        return submits and "disabled" not in self.attributes


@dataclass
class Form:
    attributes: Attributes
    controls: list[Control] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)


class Page(HTMLParser):
    """Reads `html` at once; `text` is what the page says, one space between words."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []  # text, href
        self.fields: dict[str, Control] = {}  # by id
        self.by_id: dict[str, str] = {}  # text of elements that have an id
        self.tables: list[list[list[str]]] = []  # rows of cells, the heads first
        self._words: list[str] = []
        self._open: list[tuple[str, Attributes, int]] = []
        self._form: Form | None = None
        self._away: list[tuple[str, Control | Button]] = []  # said to belong to a form elsewhere
        self._select: Control | None = None
        self._labels: list[tuple[str, str]] = []  # for, text
        self._unlabelled: list[tuple[int, Control]] = []
        self.feed(html)
        self.close()
        self._settle()
        self.text = " ".join(" ".join(self._words).split())

    # What HTMLParser calls

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given)
            self.forms.append(self._form)
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in {"input", "select", "textarea"}:
            self._control(tag, given)
        if tag not in VOID:
            self._open.append((tag, given, len(self._words)))

    def handle_endtag(self, tag: str) -> None:
        if not any(tag == name for name, _, _ in self._open):
            return
        while self._open:
            name, given, start = self._open.pop()
            self._closed(name, given, " ".join(" ".join(self._words[start:]).split()))
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        if not any(name in SILENT for name, _, _ in self._open):
            self._words.append(data)

    # What is made of it

    def _control(self, tag: str, given: Attributes) -> None:
        control = Control(given, tag, label=given.get("aria-label", ""))
        control.value = given.get("value", "on" if control.kind in {"checkbox", "radio"} else "")
        control.chosen = "checked" in given
        if "id" in given:
            self.fields[given["id"]] = control
        if control.kind == "submit":
            self._belongs(given, Button(control.value, given))
        else:
            self._belongs(given, control)
        for index, (name, _, _) in enumerate(self._open):
            if name == "label":
                self._unlabelled.append((index, control))
        self._select = control if tag == "select" else self._select

    def _closed(self, tag: str, given: Attributes, text: str) -> None:
        if "id" in given:
            self.by_id[given["id"]] = text
        if tag == "a" and "href" in given:
            self.links.append((text or given.get("aria-label", ""), given["href"]))
        elif tag == "button":
            self._belongs(given, Button(given.get("aria-label") or text, given))
        elif tag == "option" and self._select is not None:
            self._option(self._select, given, text)
        elif tag == "textarea" and given.get("id") in self.fields:
            self.fields[given["id"]].value = text
        elif tag == "select":
            self._select = None
        elif tag == "form":
            self._form = None
        elif tag in {"td", "th"} and self.tables and self.tables[-1]:
            self.tables[-1][-1].append(text)
        elif tag == "label":
            self._label(given, text)

    def _option(self, select: Control, given: Attributes, text: str) -> None:
        value = given.get("value", text)
        if not select.options or "selected" in given:
            select.value = value
        select.options[text] = value

    def _label(self, given: Attributes, text: str) -> None:
        if "for" in given:
            self._labels.append((given["for"], text))
        for index, control in self._unlabelled:
            if index >= len(self._open):
                control.label = control.label or text
        self._unlabelled = [each for each in self._unlabelled if each[0] < len(self._open)]

    def _belongs(self, given: Attributes, part: Control | Button) -> None:
        if "form" in given:
            self._away.append((given["form"], part))
        elif self._form is not None:
            _put(self._form, part)

    def _settle(self) -> None:
        for identity, text in self._labels:
            if identity in self.fields:
                self.fields[identity].label = text
        for identity, part in self._away:
            for form in self.forms:
                if form.attributes.get("id") == identity:
                    _put(form, part)


def _put(form: Form, part: Control | Button) -> None:
    if isinstance(part, Button):
        form.buttons.append(part)
    else:
        form.controls.append(part)
