"""The catalog of Canadian French is whole, says what the program says, and is the compiled one.

Anew after a change of words, with GNU gettext on the machine:

    python manage.py makemessages -l fr_CA --no-location --no-wrap --no-obsolete -i tests
    python manage.py compilemessages -l fr_CA
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

from bankfeeds.words.stored import CATALOG

ROOT = Path(__file__).resolve().parents[2]
SOURCE = CATALOG.with_suffix(".po")
PLACES = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}|<[^>]+>")

Key = tuple[str, str]


def entries(path: Path) -> dict[Key, polib.POEntry]:
    return {(e.msgctxt or "", e.msgid): e for e in polib.pofile(str(path)) if not e.obsolete}


def test_every_sentence_is_translated() -> None:
    missing = [e.msgid for e in entries(SOURCE).values() if not e.translated() or e.fuzzy]
    assert missing == []


def test_a_translation_puts_in_what_the_sentence_puts_in() -> None:
    wrong = []
    for entry in entries(SOURCE).values():
        wanted = set(PLACES.findall(entry.msgid + entry.msgid_plural))
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            found = set(PLACES.findall(text))
            # "One account" needs no number.
            if text and not (found == wanted or (entry.msgid_plural and found < wanted)):
                wrong.append((entry.msgid, text))
    assert wrong == []


def test_the_compiled_catalog_is_that_of_the_source() -> None:
    compiled = {(e.msgctxt or "", e.msgid): e for e in polib.mofile(str(CATALOG))}
    source = entries(SOURCE)
    assert compiled.keys() == source.keys()
    assert [
        key
        for key, entry in source.items()
        if (entry.msgstr, entry.msgstr_plural)
        != (compiled[key].msgstr, compiled[key].msgstr_plural)
    ] == []


def asked_for(file: Path) -> Iterator[Key]:
    """The sentences that a module has translated, also those that xgettext does not see."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            given = [str(a.value) for a in node.args if isinstance(a, ast.Constant)]
            if node.func.id.startswith("pgettext") and len(given) > 1:
                yield given[0], given[1]
            elif node.func.id in {"_", "gettext", "gettext_lazy", "ngettext"} and given:
                yield "", given[0]


def test_no_sentence_is_hidden_from_the_catalog() -> None:
    """xgettext passes over a sentence that is translated inside of an f-string."""
    known = entries(SOURCE)
    asked = {key for file in (ROOT / "bankfeeds").rglob("*.py") for key in asked_for(file)}
    assert len(asked) > 500
    assert sorted(asked - known.keys()) == []


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="needs GNU gettext")
def test_every_sentence_of_the_program_is_in_the_catalog(tmp_path: Path) -> None:
    for top in ("bankfeeds", "portal", "templates"):
        shutil.copytree(ROOT / top, tmp_path / top)
    shutil.copy(ROOT / "manage.py", tmp_path)
    command = ["makemessages", "-l", "fr_CA", "--no-location", "--no-wrap", "--no-obsolete"]
    environment = {**os.environ, "SECRET_KEY": "x", "DATABASE_URL": f"sqlite:///{tmp_path}/x"}
    subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
    )
    anew = entries(tmp_path / SOURCE.relative_to(ROOT))
    assert sorted(anew.keys() - entries(SOURCE).keys()) == []
    assert sorted(entries(SOURCE).keys() - anew.keys()) == []
