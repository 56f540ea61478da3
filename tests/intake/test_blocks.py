"""Texts are read a block at a time: what they say does not hang on it, and memory does not grow."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from bankfeeds.intake import texts
from bankfeeds.intake.recognise import read
from bankfeeds.intake.shape import UnreadableFile

from . import json_writer, mt940_writer
from .corpus import files

DAY = "2026-11-20"


def said(content: bytes) -> object:
    try:
        return read(content, places=2)
    except UnreadableFile as error:
        return error.code, error.line, error.words


@pytest.mark.parametrize("folder", ["json", "mt940", "ofx"])
def test_a_block_may_end_anywhere(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [file.read_bytes() for file in files(folder) if file.stat().st_size < 20_000]
    contents += [
        content.replace(b"Coffee", "Caf\u00e9 \U0001f600".encode()) for content in contents
    ]
    contents += [content.replace(b"\r\n", b"\n").replace(b"\n", b"\r") for content in contents]
    contents += [b"\xef\xbb\xbf" + content for content in contents]
    before = [said(content) for content in contents]
    for size in (1, 7):
        monkeypatch.setattr(texts, "BLOCK", size)
        assert [said(content) for content in contents] == before


def test_the_line_of_bytes_that_are_no_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (1, 2, 3, 65_536):
        monkeypatch.setattr(texts, "BLOCK", size)
        for wrong in (b"a\nb\n\xe2\x82x", b"\xef\xbb\xbfa\nb\n\xff", b"a\n\nab\xf0\x9f"):
            with pytest.raises(UnreadableFile) as refused:
                texts.decoded(wrong, "utf-8")
            assert (refused.value.code, refused.value.line) == ("encoding-stated", 3)


def many_json(count: int) -> bytes:
    rows = [json_writer.entry(f"T{n}", DAY, "1.00", "Coffee " * 5) for n in range(20)]
    account = json_writer.Account(rows, opening="0", closing="20.00")
    return json_writer.json_batch(*[account] * count)


def many_mt940(count: int) -> bytes:
    rows = [mt940_writer.Entry("261120", "C", "1,00", "Coffee " * 5)] * 20
    account = mt940_writer.Account(rows, opening="C0,00", closing="C20,00")
    return mt940_writer.mt940(*[account] * count)


@pytest.mark.parametrize("make", [many_json, many_mt940])
def test_beside_what_it_gives_back_a_reader_holds_a_statement(
    make: Callable[[int], bytes],
) -> None:
    held = []
    for count in (20, 200):
        content = make(count)
        read(content, places=2)
        tracemalloc.start()
        found: Any = read(content, places=2)
        given, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(found.statements) == count
        held.append(most - given)
    assert held[1] < held[0] + 20_000, (held, len(content))
