"""Mutated files at every reader: `python -m tests.intake.fuzz --count 20000 [--format ofx]`.

Understood or refused in words, never another exception; dates and money of what was understood
are usable. The seed and the number of the file at fault are printed. Then as many as `--large` says
in which a piece stands over and over up to 1 MB: each must take at most SECONDS of CPU and, beside
the file, MEMORY. Exit code 1 when one took more.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import string
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Sequence
from functools import partial

from bankfeeds.intake.columns import fits, read_by
from bankfeeds.intake.guess import guess
from bankfeeds.intake.recognise import read
from bankfeeds.intake.shape import HeldOut, Parsed, Rejected, UnreadableFile
from bankfeeds.intake.tables import in_a_table

from .corpus import files
from .corpus.profiles import PROFILES
from .support import GOOD, file_of

SEED = 20_261_120
CSV = file_of(*(f'T{n},2026-11-20,"Row, {n}",-1.50,{n}.25' for n in range(12)), GOOD)
FORMATS = ("csv", "profile", "ofx", "bai2", "camt", "json", "mt940", "xlsx")
LARGEST = 20_000
LARGE = 1_000_000
# For a file of 1 MB, of CPU; and bytes, for any.
SECONDS = 2.0
MEMORY = 50_000_000
TOKENS = (b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"\xe2", b"<", b">", b"/", b"&", b"</", b"-")


Change = Callable[[bytes, random.Random], bytes]


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


def grown(content: bytes, chance: random.Random) -> bytes:
    """With a piece of it, or some lines, over and over, up to LARGE bytes."""
    ends_of_lines = [0, *(end.end() for end in re.finditer(b"\n", content))]
    if len(ends_of_lines) > 2 and chance.random() < 0.75:
        first = chance.randrange(len(ends_of_lines) - 1)
        last = min(len(ends_of_lines) - 1, first + chance.randint(1, 25))
        begins, ends = ends_of_lines[first], ends_of_lines[last]
    else:
        begins = chance.randrange(len(content))
        ends = min(len(content), begins + chance.randint(1, 2_000))
    piece = content[begins:ends]
    times = max(0, LARGE - len(content)) // len(piece)
    return content[:ends] + piece * times + content[ends:]


def within(content: bytes, chance: random.Random, change: Change) -> bytes:
    """A zip with one of its parts changed: a zip itself is hardly ever readable after that."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(out, "w") as packed:
        names = given.namelist()
        hit = chance.choice(names)
        for name in names:
            part = given.read(name)
            packed.writestr(name, change(part, chance) if name == hit else part)
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
            _check(in_a_table(read_by(profile, content, places=2)), ())
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
        is_zip = name == "xlsx" and number % 4 and zipfile.is_zipfile(io.BytesIO(base))
        content = within(base, chance, mutated) if is_zip else mutated(base, chance)
        understood += _met(name, content, f"{name}, seed {seed}, file {number}: {content!r}")
    return understood


def fuzz_large(name: str, count: int, seed: int = SEED) -> tuple[float, int]:
    """Of `count` grown files: the most seconds of CPU and the most bytes that one took."""
    chance = random.Random(seed)
    given = bases(name)
    seconds, memory = 0.0, 0
    for number in range(count):
        base = chance.choice(given)
        is_zip = zipfile.is_zipfile(io.BytesIO(base))
        content = within(base, chance, grown) if is_zip else grown(base, chance)
        about = f"{name}, seed {seed}, large file {number}"
        began = time.process_time()
        _met(name, content, about)
        seconds = max(seconds, time.process_time() - began)
        memory = max(memory, _peak(partial(_met, name, content, about)))
    return seconds, memory


def _peak(work: Callable[[], object]) -> int:
    """On a run of its own: to count bytes costs several times what is counted."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _met(name: str, content: bytes, about: str) -> bool:
    try:
        return survives_profiles(content) if name == "profile" else survives(content)
    except Exception as error:
        error.add_note(about)
        raise


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="files for each format")
    parser.add_argument("--large", type=int, default=20, help="files of 1 MB for each format")
    parser.add_argument("--format", choices=FORMATS, action="append", help="default: every one")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    is_well = True
    for name in given.format or FORMATS:
        began = time.monotonic()
        understood = fuzz(name, given.count, given.seed)
        took = time.monotonic() - began
        print(f"{name}: {given.count} files, {understood} understood, {took:.0f} s")
        seconds, memory = fuzz_large(name, given.large, given.seed)
        is_well = is_well and seconds <= SECONDS and memory <= MEMORY
        print(f"{name}: {given.large} of 1 MB, most {seconds:.2f} s, {memory / 1e6:.0f} MB")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
