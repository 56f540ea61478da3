"""Files as institutions send them, one folder for each format, and what is to come of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bankfeeds.intake.recognise import read
from bankfeeds.intake.shape import Statement, UnreadableFile

HERE = Path(__file__).parent


class Outcome(NamedTuple):
    """`rows`: id, day in November 2026 (or the date), amount, balance. `bad` and `held`: line and
    code. `refused`: code, of the file or of the statement. `from_zero`: it states no balance."""

    rows: str = ""
    bad: str = ""
    held: str = ""
    notes: str = ""
    refused: str = ""
    from_zero: bool = False


def outcome(file: Path) -> list[Outcome]:
    """One for each statement."""
    try:
        return [outcome_of(each) for each in read(file.read_bytes(), places=2).statements]
    except UnreadableFile as error:
        return [Outcome(refused=error.code)]


def files(folder: str) -> Sequence[Path]:
    return sorted((HERE / folder).iterdir())


def outcome_of(statement: Statement) -> Outcome:
    rows = [
        f"{row.transaction_id} {str(row.date).removeprefix('2026-11-')}"
        f" {row.amount:.2f} {row.balance:.2f}"
        for row in statement.rows
    ]
    rows = [*rows[:1], "...", *rows[-1:]] if len(rows) > 9 else rows
    return Outcome(
        rows=", ".join(rows),
        bad=", ".join(f"{bad.line} {bad.code}" for bad in statement.rejected),
        held=", ".join(f"{held.line} {held.reason.code}" for held in statement.held_out),
        notes=", ".join(note.code for note in statement.notes),
        refused=statement.refused.code if statement.refused else "",
        from_zero=statement.from_zero,
    )
