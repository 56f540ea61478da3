"""Names of companies: what Codat will keep of one, and when two are likely the same client.

Pure: talks to nobody.
"""

from __future__ import annotations

import re
import unicodedata

from bankfeeds.codat.shapes import stored_name

LONGEST = 200  # characters: the column, and more than any company is called

# What Unicode does not take apart by itself into a plain letter or sign.
_PLAIN = {
    "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ẞ": "SS", "ø": "o", "Ø": "O",
    "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i",
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "ʼ": "'", "“": "'", "”": "'", "„": "'",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-",
}  # fmt: skip
_NOT_A_LETTER_OR_DIGIT = re.compile(r"[^a-z0-9]+")
# They join names as & does, and stand or not as the writer likes.
_JOINING = frozenset({"and", "et"})
_LEGAL_FORMS = frozenset(
    {
        "inc", "incorporated", "llc", "llp", "lp", "ltd", "limited", "ltee", "limitee", "co",
        "company", "corp", "corporation", "plc", "pllc", "pc", "cie", "compagnie", "enr", "senc",
        "sencrl",
    }
)  # fmt: skip
_LONGEST_FORM = max(map(len, _LEGAL_FORMS))


def name_at_codat(name: str) -> str:
    """What Codat will store: letters made plain, what it forbids dropped, spaces single.

    "" if nothing is left; such a name must be refused. At most 200 characters.
    Source: Codat's API reference, Create company (it strips forbidden characters silently).
    """
    plain = "".join(_plain(character) for character in unicodedata.normalize("NFC", name))
    return " ".join(plain.split())[:LONGEST].strip()


def changes_in_name(name: str) -> list[tuple[str, str]]:
    """Each character of the name that becomes another, once: (from, to); to is "" if dropped."""
    composed = unicodedata.normalize("NFC", name.strip())
    made = {character: _plain(character) for character in composed if not character.isspace()}
    return [(character, plain) for character, plain in made.items() if character != plain]


def folded(name: str) -> str:
    """The name as it is searched and compared: without accents, case, *and* or legal form."""
    plain = "".join(_plain(character) for character in unicodedata.normalize("NFC", name))
    words = _NOT_A_LETTER_OR_DIGIT.sub(" ", plain.lower().replace("'", "")).split()
    while form := _words_of_legal_form(words):
        del words[-form:]
    if any(word not in _JOINING for word in words):
        words = [word for word in words if word not in _JOINING]
    return " ".join(words)[:LONGEST]


def _words_of_legal_form(words: list[str]) -> int:
    """How many words at the end are one: `ltd` is one, `s e n c` is four; 0 for none."""
    for n in range(1, min(len(words), _LONGEST_FORM + 1)):
        end = words[-n:]
        if "".join(end) in _LEGAL_FORMS and (n == 1 or all(len(word) == 1 for word in end)):
            return n
    return 0


def _plain(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    if character.isspace():
        return " "
    # Letters and digits only: a taken apart ½ would read 12.
    if unicodedata.category(character)[0] == "L" or unicodedata.category(character) == "Nd":
        character = unicodedata.normalize("NFKD", character)
    return stored_name(character).strip()
