"""A folder into which files are put: taken in name order, sorted into `done` and `quarantine`.

A file is taken once its size and time are the same at two looks, so never half-written; the ones
after it by name wait for it. Whoever writes under a name with a dot before it, or one of a part,
and renames it at the end is safe too. Nothing is ever overwritten or deleted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

DONE, QUARANTINE = "done", "quarantine"
# Bytes of a name; a file system takes 255, and a number and the name beside it want room.
LONGEST = 240
# Names under which other programs write what they rename at the end.
PARTS = (".part", ".partial", ".filepart", ".tmp", ".crdownload")


class Stamp(NamedTuple):
    size: int
    changed: int  # ns


@dataclass(frozen=True)
class Result:
    """What came of a file. `problems`: why it is in quarantine; empty when all of it is saved.

    `batch`: under which it was handed in, to be read by the worker.
    """

    file: str
    saved: int = 0
    known: int = 0
    left_out: int = 0
    is_known: bool = False
    batch: str = ""
    problems: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        if self.batch:
            came = "came before: known" if self.is_known else "kept for the worker to read"
            return f"{self.file}: {came}, batch {self.batch}."
        known = " Imported before: known." if self.is_known else ""
        return (
            f"{self.file}: saved {self.saved}, already here {self.known},"
            f" left out {self.left_out}.{known}"
        )


@dataclass
class Inbox:
    """`take` reads and saves one file by its path and never raises for what is in the file."""

    folder: Path
    take: Callable[[Path], Result]
    _seen: dict[str, Stamp] = field(default_factory=dict)

    def look(self) -> list[str]:
        """Note what lies there; the names of what changed since the last look, or is new."""
        before, self._seen = self._seen, {path.name: _stamp(path) for path in self._files()}
        return [name for name, stamp in self._seen.items() if before.get(name) != stamp]

    def round(self) -> Iterator[Result]:
        """Take what has not changed since the last look, up to the first that has."""
        moving = self.look()
        for name in list(self._seen):
            if name in moving:
                return
            path = self.folder / name
            result = self.take(path)
            self._sort_away(path, result)
            self._seen.pop(name)
            yield result

    def _files(self) -> list[Path]:
        found = [
            path
            for path in self.folder.iterdir()
            if path.is_file()
            and not path.is_symlink()
            and not path.name.startswith(".")
            and not path.name.lower().endswith(PARTS)
        ]
        return sorted(found, key=lambda path: path.name)

    def _sort_away(self, path: Path, result: Result) -> None:
        to = self.folder / (QUARANTINE if result.problems else DONE)
        to.mkdir(exist_ok=True)
        target = _free(to, path)
        if result.problems:
            why = "\n".join(result.problems)
            target.with_name(f"{target.name}.txt").write_text(f"{why}\n", encoding="utf-8")
        path.rename(target)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        # Gone since: never the same as anything.
        return Stamp(-1, -1)
    return Stamp(found.st_size, found.st_mtime_ns)


def _free(folder: Path, path: Path) -> Path:
    """A name that is not taken there."""
    name = os.fsencode(path.name)
    if len(name) > LONGEST:
        path = path.with_name(os.fsdecode(name[:LONGEST]))
    target, number = folder / path.name, 1
    while target.exists() or target.with_name(f"{target.name}.txt").exists():
        number += 1
        target = folder / f"{path.stem} ({number}){path.suffix}"
    return target
