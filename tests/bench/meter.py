"""CPU and memory of a whole process tree, read from /proc. Linux only; knows nobody."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

TICK = os.sysconf("SC_CLK_TCK")
LOOK_EVERY = 0.2
# Places in /proc/ID/stat behind the name.
PARENT, CPU = 1, slice(11, 15)


class _Process(NamedTuple):
    parent: int
    cpu: float


def tree(root: int) -> dict[int, float]:
    """CPU seconds of every living process of the tree, with those of children that have ended."""
    known = {int(entry.name): _read(entry) for entry in Path("/proc").iterdir() if _is_one(entry)}
    found, left = {}, [root]
    while left:
        pid = left.pop()
        process = known.get(pid)
        if process is not None:
            found[pid] = process.cpu
            left += [child for child, other in known.items() if other and other.parent == pid]
    return found


def cpu(root: int) -> float:
    """CPU seconds of the tree since it began."""
    return sum(tree(root).values())


def pss(root: int) -> int:
    """Bytes of the tree now: what processes share is counted once."""
    return sum(_pss(pid) for pid in tree(root))


class Peak:
    """`with Peak(pid) as peak:` looks at the tree's memory all the while; then `peak.bytes`."""

    def __init__(self, root: int) -> None:
        self._root, self.bytes = root, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.bytes = max(self.bytes, pss(self._root))
            if self._stop.wait(LOOK_EVERY):
                return


def _is_one(entry: Path) -> bool:
    return entry.name.isdigit()


def _read(entry: Path) -> _Process | None:
    try:
        fields = (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return _Process(int(fields[PARENT]), sum(map(int, fields[CPU])) / TICK)


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
