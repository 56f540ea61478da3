"""The lines of a preview: each entry of the file, and which of them a person wants to see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bankfeeds.intake.shape import Line, Reason
from bankfeeds.rules import Rule

from .sorting import Kind

PROBLEMS = {Kind.BAD, Kind.CHANGED, Kind.ALIKE, Kind.HELD_OUT}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the file. `row` is None for one that is bad or held out; `words`: why.

    `reason`: the same as the reader has it. `ours`: the row that is here and may be this one.
    """

    line: int
    kind: Kind
    row: Line | None
    raw: str
    words: str = ""
    findings: tuple[Rule, ...] = ()
    is_mended: bool = False  # it stands as a person has mended it, or tried to
    reason: Reason | None = None
    ours: int | None = None

    @property
    def is_problem(self) -> bool:
        return self.kind in PROBLEMS or bool(self.findings)


VIEWS: Mapping[str, Callable[[Entry], bool]] = {
    "all": lambda entry: True,
    "problems": lambda entry: entry.is_problem,
    "mended": lambda entry: entry.is_mended,
}
