"""Child processes that never outlive us: each in a process group of its own, under a reaper.

Entrances only (`worker`, `demo`). Knows nothing of what the processes do.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NoReturn, Self

from . import reaper

BASE_DIR = Path(__file__).resolve().parent.parent.parent


def told_to_stop() -> threading.Event:
    """Set by Ctrl+C, by TERM, and by the end of the terminal (unless that is ignored: nohup)."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda *_: stop.set())
    return stop


class Forked:
    """A process that was split off from this one; spoken to like one of `subprocess`."""

    stdout: IO[bytes] | None = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        ends = time.monotonic() + (float("inf") if timeout is None else timeout)
        while self.poll() is None:
            if time.monotonic() > ends:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(0.01)
        return self.returncode or 0

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


@dataclass(frozen=True)
class Child:
    """One process, the leader of its group, and where its output goes."""

    name: str
    process: subprocess.Popen[bytes] | Forked
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
        return self._take(Child(name, process, reaper.started(process.pid), log))

    def fork(self, run: Callable[[], object], *, name: str) -> Child:
        """Split off a process, in a group of its own, that carries out `run` and ends.

        It shares with us whatever is in memory already. We must have no threads and no open
        connections. What it says on standard output goes to standard error.
        """
        hold, go = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(go)
            self._be_a_child(run, hold)
        os.close(hold)
        try:
            child = self._take(Child(name, Forked(pid), reaper.started(pid)))
            # Only now: whoever is not guarded yet must not begin, or it could outlive us.
            os.write(go, b"+")
        finally:
            os.close(go)
        return child

    def _be_a_child(self, run: Callable[[], object], hold: int) -> NoReturn:
        status = 1
        try:
            os.setsid()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            if self._reaper and self._reaper.stdin:
                # While we held it open, the reaper would never see the end of our parent.
                self._reaper.stdin.close()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)
            if os.read(hold, 1):
                run()
                status = 0
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            # Nothing of what our parent would do at its end is ours to do.
            os._exit(status)

    def _take(self, child: Child) -> Child:
        self._tell("+", child.group)
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
