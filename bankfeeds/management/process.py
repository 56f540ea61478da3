"""Child processes that never outlive us: each in a process group of its own, under a reaper.

Entrances only (`worker`, `demo`). Knows nothing of what the processes do.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from . import reaper

BASE_DIR = Path(__file__).resolve().parent.parent.parent


def told_to_stop() -> threading.Event:
    """Set by Ctrl+C, by TERM, and by the end of the terminal (unless that is ignored: nohup)."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda *_: stop.set())
    return stop


@dataclass(frozen=True)
class Child:
    """One process, the leader of its group, and where its output goes."""

    name: str
    process: subprocess.Popen[bytes]
    mark: str | None  # tells it from a later process with the same id
    log: Path | None = None

    @property
    def group(self) -> int:
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def last_words(self, *, lines: int = 15) -> str:
        """The end of its log, if it has one."""
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Family:
    """`with Family(grace=6) as family:` children that are started in it end with it.

    grace: seconds between asking a child to end and killing its group.
    orphan_grace: the same when we die ourselves and the reaper does it.
    lock: a descriptor that the reaper holds too, so that a lock lasts until the last has ended.
    """

    def __init__(self, *, grace: float, orphan_grace: float, lock: int | None = None) -> None:
        self.grace, self.orphan_grace, self._lock = grace, orphan_grace, lock
        self.children: list[Child] = []
        self._reaper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # Isolated from our environment: it must do its work when everything else is broken.
        self._reaper = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", reaper.__file__, str(self.orphan_grace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=() if self._lock is None else (self._lock,),
            bufsize=0,
            cwd="/",
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end(*self.children)
        if self._reaper and self._reaper.stdin:
            self._reaper.stdin.close()
            self._reaper.wait()

    def start(
        self,
        command: Sequence[str | Path],
        *,
        name: str,
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
        stdout: int | None = None,
        pass_fds: Sequence[int] = (),
    ) -> Child:
        """Start a process in a group of its own. `log` takes all it says but a given stdout."""
        with contextlib.ExitStack() as files:
            sink: IO[Any] | None = files.enter_context(log.open("ab")) if log else None
            process = subprocess.Popen(  # noqa: S603
                command,
                cwd=BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=sink if stdout is None else stdout,
                stderr=sink,
                start_new_session=True,
                pass_fds=pass_fds,
                bufsize=0,  # what has arrived is in the pipe and not in a buffer of ours
            )
        self._tell("+", process.pid)
        child = Child(name, process, reaper.started(process.pid), log)
        self.children.append(child)
        return child

    def guard(self, group: int) -> None:
        """Have the reaper end a group, not started here, if it outlives us."""
        self._tell("+", group)

    def end(self, *children: Child, grace: float | None = None) -> None:
        """Ask them to end, wait, kill what is left of their groups; then they are forgotten."""
        mine = [child for child in self.children if child in children]
        ours = [c.group for c in mine if reaper.is_the_same(c.group, c.mark)]
        reaper.end(ours, grace=self.grace if grace is None else grace)
        for child in mine:
            child.process.wait()
            self._tell("-", child.group)
            self.children.remove(child)
            if child.process.stdout:
                child.process.stdout.close()

    def _tell(self, sign: str, group: int) -> None:
        if self._reaper and self._reaper.stdin:
            with contextlib.suppress(BrokenPipeError):  # somebody killed the reaper
                self._reaper.stdin.write(f"{sign}{group}\n".encode())
