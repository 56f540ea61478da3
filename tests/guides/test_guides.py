"""The guides keep up with the portal: what they quote is said there, what they show is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import django.contrib.admin
import django.contrib.auth
import polib
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bankfeeds import guides
from bankfeeds.words.stored import CATALOG

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LARGEST = 150_000  # bytes of a picture that a page of the help loads
# A sentence that consists of little but what is put into it would match anything.
FEWEST_LETTERS = 3
PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")
THEIRS = (django.contrib.admin, django.contrib.auth)

GUIDES = [(name, language) for name in guides.NAMES for language in guides.LANGUAGES]
each_guide = pytest.mark.parametrize(("name", "language"), GUIDES)


def parsed(file: Path) -> list[Token]:
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(file.read_text())


def inside(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def quoted(tokens: list[Token]) -> Iterator[str]:
    """Whatever is written in bold."""
    words: list[str] | None = None
    for token in inside(tokens):
        if token.type == "strong_open":
            words = []
        elif token.type == "strong_close" and words is not None:
            yield "".join(words)
            words = None
        elif words is not None:
            words.append(token.content)


@cache
def sayings(language: str) -> tuple[re.Pattern[str], ...]:
    """What pages say in that language, ours and Django's, as patterns."""
    folders = [CATALOG.parents[2], *(Path(str(each.__file__)).parent / "locale" for each in THEIRS)]
    found: set[str] = set()
    for folder in folders:
        for code in ("fr", "fr_CA"):
            file = folder / code / "LC_MESSAGES" / "django.mo"
            for entry in polib.mofile(str(file)) if file.exists() else ():
                found |= _forms(entry, language)
    return tuple(_pattern(text) for text in found if _letters(text) >= FEWEST_LETTERS)


def _forms(entry: polib.MOEntry, language: str) -> set[str]:
    if language == "en":
        return {entry.msgid, entry.msgid_plural or entry.msgid}
    return {entry.msgstr, *entry.msgstr_plural.values()}


def _letters(text: str) -> int:
    return sum(letter.isalpha() for letter in PLACE.sub("", text))


def plain(text: str) -> str:
    """With the apostrophes and spaces of a keyboard."""
    return text.replace("’", "'").replace("\N{NO-BREAK SPACE}", " ").replace("\u202f", " ")


def _pattern(text: str) -> re.Pattern[str]:
    """With anything put in; a word may begin a sentence that it does not begin in the catalog."""
    pieces = PLACE.split(plain(text))
    return re.compile(".+?".join(map(re.escape, pieces)), re.IGNORECASE)


@each_guide
def test_every_word_that_a_guide_quotes_is_said_by_a_page(name: str, language: str) -> None:
    words = set(map(plain, quoted(parsed(guides.file(name, language=language)))))
    assert words
    known = sayings(language)
    assert sorted(w for w in words if not any(each.fullmatch(w) for each in known)) == []


def test_a_word_that_no_page_says_is_found() -> None:
    assert not any(each.fullmatch("Retry the failed statement") for each in sayings("en"))
    assert any(each.fullmatch("Save 397, leave 3 out") for each in sayings("en"))


def pages() -> list[Path]:
    return sorted([*DOCS.rglob("*.md"), ROOT / "README.md"])


def addresses(file: Path, kind: str) -> list[str]:
    name = {"image": "src", "link_open": "href"}[kind]
    found = (str(t.attrs[name]) for t in inside(parsed(file)) if t.type == kind)
    return [unquote(address) for address in found if "://" not in address]


def test_every_picture_is_there_small_and_shown() -> None:
    shown = {
        (file.parent / address).resolve()
        for file in pages()
        for address in addresses(file, "image")
    }
    assert shown == set(DOCS.rglob("*.png"))
    assert [file.name for file in shown if file.stat().st_size > LARGEST] == []


@pytest.mark.parametrize("file", pages(), ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(file: Path) -> None:
    wrong = []
    for address in addresses(file, "link_open"):
        path, _, section = address.partition("#")
        there = (file.parent / path).resolve() if path else file
        if not there.exists() or (section and section not in _sections(there)):
            wrong.append(address)
    assert wrong == []


def _sections(file: Path) -> set[str]:
    tokens = parsed(file)
    return {
        guides.anchor(words.content)
        for opening, words in zip(tokens, tokens[1:], strict=False)
        if opening.type == "heading_open"
    }


@pytest.mark.parametrize("name", guides.NAMES)
def test_both_languages_tell_the_same(name: str) -> None:
    """The same headings, lists, tables, pictures and links, in the same order."""
    english, french = (shape(guides.file(name, language=each)) for each in guides.LANGUAGES)
    assert english == french


def shape(file: Path) -> list[str]:
    kept = {
        "heading_open",
        "list_item_open",
        "tr_open",
        "td_open",
        "image",
        "link_open",
        "strong_open",
    }
    return [f"{t.type} {t.tag}" for t in inside(parsed(file)) if t.type in kept]


@each_guide
def test_a_guide_has_no_html_and_one_title(name: str, language: str) -> None:
    tokens = parsed(guides.file(name, language=language))
    assert not [t.content for t in inside(tokens) if t.type.startswith("html_")]
    assert [t.type for t in tokens if t.type == "heading_open" and t.tag == "h1"] == [
        "heading_open"
    ]
    assert tokens[1].content == guides.title(name, language=language)
