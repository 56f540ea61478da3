"""Mutated files at every reader: `python -m tests.intake.fuzz --count 20000 [--format ofx]`.

Understood or refused in words, never another exception; dates and money of what was understood
are usable. The seed and the number of the file at fault are printed.
"""

from __future__ import annotations

import argparse
import io
import random
import string
import time
import zipfile
from collections.abc import Sequence

from bankfeeds.intake.columns import fits, read_by
from bankfeeds.intake.guess import guess
from bankfeeds.intake.recognise import read
from bankfeeds.intake.shape import HeldOut, Parsed, Rejected, UnreadableFile

from .corpus import files
from .corpus.profiles import PROFILES
from .support import GOOD, file_of

SEED = 20_261_120
CSV = file_of(*(f'T{n},2026-11-20,"Row, {n}",-1.50,{n}.25' for n in range(12)), GOOD)
FORMATS = ("csv", "profile", "ofx", "bai2", "camt", "json", "mt940", "xlsx")
LARGEST = 20_000
TOKENS = (b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"\xe2", b"<", b">", b"/", b"&", b"</", b"-")


def bases(name: str) -> list[bytes]:
    """The files that are mutated: the corpus of that format."""
    if name == "csv":
        return [CSV]
    return [base for file in files(name) if len(base := file.read_bytes()) < LARGEST]


def mutated(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 8))):
        place = chance.randrange(len(data))
        match chance.randrange(6):
            case 0:
                data[place] = chance.randrange(256)
            case 1:
                del data[place : place + chance.randint(1, 40)]
                data = data or bytearray(b"x")
            case 2:
                data[place:place] = data[: chance.randint(1, 60)]
            case 3:
                data[place:place] = chance.choice(TOKENS)
            case 4:
                other = chance.randrange(len(data))
                data[place:place] = data[other : other + chance.randint(1, 200)]
            case _:
                data[place:place] = chance.choice(string.printable).encode()
    return bytes(data)


def mutated_within(content: bytes, chance: random.Random) -> bytes:
    """A zip with one of its parts mutated: a zip itself is hardly ever readable after that."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(out, "w") as packed:
        names = given.namelist()
        hit = chance.choice(names)
        for name in names:
            part = given.read(name)
            packed.writestr(name, mutated(part, chance) if name == hit else part)
    return out.getvalue()


def survives(content: bytes) -> bool:
    """Whether it was understood; any exception but the reader's own fails."""
    try:
        statements = read(content, places=2).statements
    except UnreadableFile as refused:
        assert refused.words
        return False
    for statement in statements:
        _check(statement, statement.held_out)
        assert not (statement.refused and statement.rows)
    return True


def survives_profiles(content: bytes) -> bool:
    """Whether it was understood by every profile of the corpus, and guessed at without harm."""
    understood = []
    try:
        guess(content)
    except UnreadableFile as refused:
        assert refused.words
    for profile in PROFILES.values():
        fits(profile, content)
        try:
            _check(read_by(profile, content, places=2), ())
        except UnreadableFile as refused:
            assert refused.words
        else:
            understood.append(profile)
    return bool(understood)


def _check(statement: Parsed, held_out: Sequence[HeldOut]) -> None:
    lines = [row.line for row in statement.rows]
    assert len(set(lines)) == len(lines), "two rows with one line"
    ids = [row.transaction_id for row in statement.rows]
    assert len(set(ids)) == len(ids), "two rows with one id"
    every: list[Rejected | HeldOut] = [*statement.rejected, *held_out]
    for said in every:
        assert said.line > 0
        assert str(said.reason)
    for row in statement.rows:
        assert row.amount.is_finite() and row.balance.is_finite()
        assert row.transaction_id and row.description


def fuzz(name: str, count: int, seed: int = SEED) -> int:
    """How many of `count` mutated files were understood."""
    chance = random.Random(seed)
    given = bases(name)
    understood = 0
    for number in range(count):
        base = chance.choice(given)
        within = name == "xlsx" and number % 4 and zipfile.is_zipfile(io.BytesIO(base))
        content = mutated_within(base, chance) if within else mutated(base, chance)
        try:
            understood += survives_profiles(content) if name == "profile" else survives(content)
        except Exception as error:
            error.add_note(f"{name}, seed {seed}, file {number}: {content!r}")
            raise
    return understood


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="files for each format")
    parser.add_argument("--format", choices=FORMATS, action="append", help="default: every one")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    for name in given.format or FORMATS:
        began = time.monotonic()
        understood = fuzz(name, given.count, given.seed)
        took = time.monotonic() - began
        print(f"{name}: {given.count} files, {understood} understood, {took:.0f} s")


if __name__ == "__main__":
    main()
