"""Real processes of ours under test: start one, see its descendants, leave none behind."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from bankfeeds.management.process import Family
from tests import support


class Program:
    """A `manage.py` command that runs, with all that ever descended from it."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process, self.log = process, log
        self.seen: set[psutil.Process] = set()

    def descendants(self) -> list[psutil.Process]:
        """Those of now, oldest first; they stay known when their parents are gone."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.seen.update(psutil.Process(self.process.pid).children(recursive=True))
        for known in list(self.seen):
            with contextlib.suppress(psutil.NoSuchProcess):
                self.seen.update(known.children(recursive=True))
        return sorted(filter(lives, self.seen), key=lambda each: (each.create_time(), each.pid))

    def is_gone(self) -> bool:
        """Whether it and all its descendants have ended."""
        return not self.descendants() and self.process.poll() is not None

    def said(self) -> str:
        """What it has written to standard error."""
        return self.log.read_text()

    def kill_everything(self) -> None:
        for process in self.descendants():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextlib.contextmanager
def running(
    *arguments: str, folder: Path, environment: dict[str, str] | None = None
) -> Iterator[Program]:
    """Run `manage.py` with `arguments`; at the end nothing of it is left."""
    log = folder / f"{arguments[0]}.stderr"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=support.ROOT,
            env=environment or support.process_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
    program = Program(process, log)
    # Its reaper does the same when the tests themselves are killed.
    with Family(grace=0, orphan_grace=0) as family:
        family.guard(process.pid)
        try:
            yield program
        except BaseException:
            print(program.said())
            raise
        finally:
            program.kill_everything()
