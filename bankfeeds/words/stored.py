"""Sentences of the record in the reader's language, whoever wrote them in whichever.

Rows keep the words that were said at the time. They were made from the catalog's sentences, so the
sentence is found again with what was put into it, in English or in French, and said anew. What
is not of the catalog (a person's reason, Codat's words) is shown as it stands.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path

import polib
from django.utils.translation import gettext, ngettext, pgettext

CATALOG = Path(__file__).parent.parent / "locale" / "fr_CA" / "LC_MESSAGES" / "django.mo"
PLACE = re.compile(r"%(?:\((?P<name>\w+)\))?(?P<kind>[sd%])")
NUMBERED = re.compile(r"(?:#|no\s)(?P<pk>\d{1,18})")
# A pattern with fewer letters of its own would take other texts for its own.
FEWEST_LETTERS = 8
# Where one sentence ends and the next begins.
_ENDS = re.compile(r"(?<=[.!?]) (?=\S)")
# Sentences are sought among those that begin alike.
BEGINNING = 5


@dataclass(frozen=True)
class Sentence:
    """One of the catalog's in one of its forms; `letters`: how many of them are its own."""

    msgid: str
    plural: str
    context: str
    form: str
    letters: int

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches it with anything put in. Of thousands, few are ever held against a text."""
        pattern, seen, end = "", set[str](), 0
        for place in PLACE.finditer(self.form):
            pattern += re.escape(self.form[end : place.start()]) + _hole(place, seen)
            end = place.end()
        return re.compile(pattern + re.escape(self.form[end:]), re.DOTALL)


def said(text: str) -> str:
    """The text in the active language; sentences that are not ours stay as they stand."""
    pieces = _ENDS.split(text) if text else []
    anew: list[str] = []
    while pieces:
        # As many sentences as the catalog has in one, else one as it stands.
        for end in range(len(pieces), 0, -1):
            found = _anew(" ".join(pieces[:end]))
            if found is not None or end == 1:
                anew.append(pieces[0] if found is None else found)
                pieces = pieces[end:]
                break
    return " ".join(anew)


def _anew(text: str) -> str | None:
    """One sentence of the catalog said again, with or without its full stop; None: not ours."""
    found, stop = _recognised(text), True
    if found is None:
        found, stop = _recognised(f"{text}."), False
    if found is None:
        return None
    sentence, given = found
    values = {name: int(v) if v.isdecimal() else _value(v) for name, v in given.items()}
    again = _again(sentence, values)
    return again if stop else again.removesuffix(".")


def _value(text: str) -> str:
    """What was put into a sentence: the number of a push, or words."""
    number = NUMBERED.fullmatch(text)
    return gettext("#%(id)d") % {"id": int(number["pk"])} if number else said(text)


def _again(sentence: Sentence, values: dict[str, str | int]) -> str:
    if sentence.plural:
        number = next((v for v in values.values() if isinstance(v, int)), 1)
        form = ngettext(sentence.msgid, sentence.plural, number)
    elif sentence.context:
        form = pgettext(sentence.context, sentence.msgid)
    else:
        form = gettext(sentence.msgid)
    try:
        return form % values if values else form.replace("%%", "%")
    except (KeyError, TypeError, ValueError):
        return form


@lru_cache(maxsize=4096)
def _recognised(text: str) -> tuple[Sentence, dict[str, str]] | None:
    plain, by_beginning = _sentences()
    exact = plain.get(text)
    if exact is not None:
        return exact, {}
    for sentence in [*by_beginning[text[:BEGINNING]], *by_beginning[""]]:
        match = sentence.pattern.fullmatch(text)
        if match:
            return sentence, match.groupdict()
    return None


@cache
def _sentences() -> tuple[dict[str, Sentence], dict[str, list[Sentence]]]:
    """Those without a place to fill by their text, the others by how they begin."""
    plain: dict[str, Sentence] = {}
    by_beginning: dict[str, list[Sentence]] = defaultdict(list)
    for form, sentence in _forms():
        place = PLACE.search(form)
        if place is None:
            plain.setdefault(form, sentence)
        elif sentence.letters >= FEWEST_LETTERS:
            beginning = form[:BEGINNING] if place.start() >= BEGINNING else ""
            by_beginning[beginning].append(sentence)
    for sentences in by_beginning.values():
        sentences.sort(key=lambda one: -one.letters)
    return plain, by_beginning


def _forms() -> Iterator[tuple[str, Sentence]]:
    if not CATALOG.exists():
        return
    for entry in polib.mofile(str(CATALOG)):
        if entry.msgctxt == "group":  # No sentence, and what people may be called.
            continue
        forms = {entry.msgid, entry.msgid_plural, entry.msgstr, *entry.msgstr_plural.values()}
        for form in forms - {"", None}:
            yield form, _sentence(entry, form)


def _sentence(entry: polib.MOEntry, form: str) -> Sentence:
    letters = sum(map(str.isalpha, PLACE.sub("", form)))
    return Sentence(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "", form, letters)


def _hole(place: re.Match[str], seen: set[str]) -> str:
    name, kind = place["name"], place["kind"]
    if kind == "%":
        return "%"
    if name is None:
        return r".+?"
    if name in seen:
        return f"(?P={name})"
    seen.add(name)
    return rf"(?P<{name}>\d+)" if kind == "d" else rf"(?P<{name}>.+?)"
