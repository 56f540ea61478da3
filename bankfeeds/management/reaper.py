"""Ends process groups when the process that started them is gone, however it went.

A program of its own in a session of its own, so that neither Ctrl+C nor `kill -9` of its parent
takes it along. Standard library only. Its input says `+ID` to guard a group, `-ID` to forget it;
the end of the input, which comes with the parent's end, ends every group that is guarded.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Collection

PROC = "/proc"
KILLED_WITHIN = 1.0
STATE, GROUP, STARTED = 0, 2, 19  # places in /proc/ID/stat behind the name


def started(pid: int) -> str | None:
    """A mark that another process with the same id would not have; None: gone, or not told."""
    stat = _stat(pid)
    return stat[STARTED] if stat else None


def is_alive(group: int) -> bool:
    """Whether the group has a member that is more than a dead entry nobody has collected."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # macOS says the latter of dead entries
        return False
    if not os.path.exists(f"{PROC}/self"):
        return True
    return any(
        stat[GROUP] == str(group) and stat[STATE] not in "ZX"
        for name in os.listdir(PROC)
        if name.isdigit() and (stat := _stat(int(name)))
    )


def end(groups: Collection[int], *, grace: float) -> None:
    """Ask all groups to end, and kill what is left of them after `grace` seconds.

    TERM goes to the leader, who knows how to end its kin in order; once it is gone, to the rest.
    """
    for group in groups:
        _send(os.kill, group, signal.SIGTERM)
    deadline = time.monotonic() + grace
    headless: set[int] = set()
    while (left := {g for g in groups if is_alive(g)}) and time.monotonic() < deadline:
        for group in {g for g in left if _is_gone(g)} - headless:
            headless.add(group)
            _send(os.killpg, group, signal.SIGTERM)
        time.sleep(0.05)
    for group in groups:
        _send(os.killpg, group, signal.SIGKILL)
    # A killed process is not gone at once.
    deadline = time.monotonic() + KILLED_WITHIN
    while any(is_alive(g) for g in groups) and time.monotonic() < deadline:
        time.sleep(0.01)


def _send(how: Callable[[int, int], None], group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        how(group, number)


def is_the_same(group: int, mark: str | None) -> bool:
    """Whether the id still means the group whose leader bore `mark`, or what outlived it."""
    now = started(group)
    return now is None or mark is None or now == mark


def _is_gone(pid: int) -> bool:
    """Whether the process has ended, as far as that is told."""
    stat = _stat(pid)
    return stat[STATE] in "ZX" if stat else os.path.exists(f"{PROC}/self")


def _stat(pid: int) -> list[str]:
    try:
        with open(f"{PROC}/{pid}/stat") as file:
            text = file.read()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def main(grace: float) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    guarded: dict[int, str | None] = {}
    for line in iter(sys.stdin.buffer.readline, b""):
        group = int(line[1:])
        if line.startswith(b"+"):
            guarded[group] = started(group)
        else:
            guarded.pop(group, None)
    end([group for group, mark in guarded.items() if is_the_same(group, mark)], grace=grace)


if __name__ == "__main__":
    main(float(sys.argv[1]))
