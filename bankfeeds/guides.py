"""The guides: one for each kind of work and one to files, as Markdown in `docs/`, in two languages.

Whoever reads them there and whoever opens the help of the portal reads the same files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath

from django.conf import settings
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

NAMES = ("manager", "support", "auditor", "administrator", "statements")
LANGUAGES = ("en", "fr-ca")
PICTURES = "pictures/"


def _reached_by_keyboard(
    renderer: RendererHTML, tokens: Sequence[Token], number: int, options: OptionsDict, env: EnvType
) -> str:
    """An example with long lines scrolls by itself, also for whoever has no mouse."""
    html = renderer.fence(tokens, number, options, env)
    return html.replace("<pre>", '<pre tabindex="0">', 1)


# What stands in a file as HTML is shown as it stands, never put into a page.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_MARKDOWN.add_render_rule("fence", _reached_by_keyboard)
_NO_PART_OF_AN_ANCHOR = re.compile(r"[^\w\- ]")

Address = Callable[[str], str]


@dataclass(frozen=True)
class Section:
    anchor: str
    title: str


@dataclass(frozen=True)
class Guide:
    """`html`: without its title."""

    title: str
    html: SafeString
    sections: tuple[Section, ...]


def language(code: str | None) -> str:
    """The folder for whoever reads in `code`, such as `fr-ca` or `en-us`."""
    return "fr-ca" if (code or "").startswith("fr") else "en"


def file(name: str, *, language: str) -> Path:
    return Path(settings.GUIDES) / language / f"{name}.md"


def title(name: str, *, language: str) -> str:
    """The first line of the file, which is its heading."""
    with file(name, language=language).open(encoding="utf-8") as lines:
        return lines.readline().lstrip("#").strip()


def read(name: str, *, language: str, guide: Address, picture: Address) -> Guide:
    """guide: name of a guide -> its address; picture: path below `docs/pictures/` -> its address.

    A link to any other file of `docs/` is none: the portal does not show those.
    """
    tokens = _MARKDOWN.parse(file(name, language=language).read_text(encoding="utf-8"))
    head, body = tokens[1].content, tokens[3:]
    sections = tuple(_anchored(body))
    for token in body:
        if token.children:
            token.children = list(_led(token.children, language, guide, picture))
    html = _MARKDOWN.renderer.render(body, _MARKDOWN.options, {})
    return Guide(head, SafeString(html), sections)


def anchor(heading: str) -> str:
    """As GitHub makes it, so that a link to a section works in both places."""
    return _NO_PART_OF_AN_ANCHOR.sub("", heading.lower()).replace(" ", "-")


def _anchored(tokens: Sequence[Token]) -> Iterator[Section]:
    """Give every heading its anchor; those of the second level are the sections."""
    for opening, inside in zip(tokens, tokens[1:], strict=False):
        if opening.type == "heading_open":
            opening.attrSet("id", anchor(inside.content))
            if opening.tag == "h2":
                yield Section(anchor(inside.content), inside.content)


def _led(
    tokens: Sequence[Token], language: str, guide: Address, picture: Address
) -> Iterator[Token]:
    """The tokens of one line, pictures and links leading to where the portal has them."""
    dropped = False
    for token in tokens:
        if token.type == "image":
            path = normpath(f"{language}/{token.attrs['src']}")
            token.attrSet("src", picture(path.removeprefix(PICTURES)))
        elif token.type == "link_open":
            address = _address(str(token.attrs["href"]), guide)
            dropped = not address
            token.attrSet("href", address)
        if not (dropped and token.type in {"link_open", "link_close"}):
            yield token


def _address(href: str, guide: Address) -> str:
    """Where a link of a guide leads in the portal; "" when nowhere."""
    path, _, section = href.partition("#")
    if not path:
        return href
    name = path.removesuffix(".md")
    if name not in NAMES:
        return ""
    return f"{guide(name)}#{section}" if section else guide(name)
