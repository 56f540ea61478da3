"""Child processes in groups of their own: ended with us, and by the reaper without us."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bankfeeds.management import reaper
from bankfeeds.management.process import Family
from tests import support
from tests.processes import lives

# Says the id of a child of its own, and is deaf to being asked to end when told so.
PARENT = """
import signal, subprocess, sys, time
if "deaf" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
if "leaves" in sys.argv: sys.exit()
time.sleep(60)
"""
# A family with that parent in it, which is to be killed.
OWNER = f"""
import sys, time
from bankfeeds.management.process import Family
with Family(grace=1, orphan_grace=1) as family:
    child = family.start([sys.executable, "-c", {PARENT!r}, *sys.argv[1:]], name="child")
    print(child.group, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def family() -> Iterator[Family]:
    with Family(grace=2, orphan_grace=1) as family:
        yield family


def start(family: Family, *how: str) -> list[psutil.Process]:
    """A process and its child, as processes that can be watched."""
    command = [sys.executable, "-c", PARENT, *how]
    child = family.start(command, name="child", stdout=subprocess.PIPE)
    assert child.process.stdout
    grandchild = int(child.process.stdout.readline())
    return [psutil.Process(child.group), psutil.Process(grandchild)]


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(map(lives, processes))


def test_children_and_theirs_end_when_the_family_does() -> None:
    with Family(grace=5, orphan_grace=1) as family:
        processes = start(family)
        began = time.monotonic()
    assert all_gone(processes)
    assert time.monotonic() - began < 3


def test_a_deaf_one_is_killed_after_the_grace(family: Family) -> None:
    processes = start(family, "deaf")
    time.sleep(0.2)
    began = time.monotonic()
    family.end(*family.children)
    assert all_gone(processes)
    assert 1.9 < time.monotonic() - began < 5
    assert family.children == []


def test_what_a_dead_leader_left_behind_is_ended_too(family: Family) -> None:
    leader, left = start(family, "leaves")
    support.wait_until(lambda: not lives(leader), seconds=5, what="end of the leader")
    assert lives(left)
    family.end(*family.children)
    assert all_gone([left])


def test_one_child_can_be_ended_without_the_others(family: Family) -> None:
    first, second = start(family), start(family)
    family.end(family.children[0], grace=0)
    assert all_gone(first)
    assert all(map(lives, second))


def test_last_words_are_kept(family: Family, tmp_path: Path) -> None:
    code = "import sys; [print(i) for i in range(99)]; print('why it died', file=sys.stderr)"
    child = family.start([sys.executable, "-c", code], name="talker", log=tmp_path / "log")
    child.process.wait()
    assert child.last_words(lines=2).splitlines()[-1] in {"98", "why it died"}
    assert "why it died" in child.last_words()


@pytest.mark.parametrize("how", ["", "deaf", "leaves"])
def test_the_reaper_ends_them_when_their_owner_is_killed(how: str) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, how],
        cwd=support.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with owner:
        assert owner.stdout
        ids = {int(owner.stdout.readline()), int(owner.stdout.readline())}
        time.sleep(0.3)
        reaper_of_it = psutil.Process(owner.pid).children()[0]
        owner.kill()
    try:
        support.wait_until(
            lambda: not any(psutil.pid_exists(i) and lives(psutil.Process(i)) for i in ids),
            seconds=5,
            what="end of the orphans",
        )
        support.wait_until(lambda: not lives(reaper_of_it), seconds=5, what="end of the reaper")
    finally:
        for each in ids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, 9)


def test_an_id_that_means_another_process_now_is_left_alone() -> None:
    mine = os.getpid()
    mark = reaper.started(mine)
    assert reaper.is_the_same(mine, mark)
    assert not reaper.is_the_same(mine, "0")


# --- Split off ---------------------------------------------------------------------------------

# A family with a forked process in it, which never ends by itself.
FORKING = """
import sys, time
from bankfeeds.management.process import Family
with Family(grace=1, orphan_grace=1) as family:
    child = family.fork(lambda: time.sleep(60), name="child")
    print(child.group, flush=True)
    time.sleep(60 if "stays" in sys.argv else 0)
"""


def test_what_is_split_off_has_a_group_of_its_own_and_says_how_it_ended(
    family: Family, tmp_path: Path
) -> None:
    told = tmp_path / "told"

    def run() -> None:
        told.write_text(f"{os.getpid()} {os.getpgid(0)}")

    child = family.fork(run, name="child")
    assert child.process.wait(timeout=10) == 0
    assert told.read_text() == f"{child.group} {child.group}"
    failing = family.fork(lambda: sys.exit(3), name="failing")
    assert failing.process.wait(timeout=10) == 3
    assert not failing.is_running


def test_what_fails_after_the_split_ends_there(family: Family) -> None:
    child = family.fork(lambda: 1 / 0, name="broken")
    assert child.process.wait(timeout=10) == 1


@pytest.mark.parametrize("how", ["stays", "ends"])
def test_what_is_split_off_ends_with_its_family_however_that_ends(how: str) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", FORKING, how], cwd=support.ROOT, stdout=subprocess.PIPE, text=True
    )
    with owner:
        assert owner.stdout
        child = int(owner.stdout.readline())
        if how == "stays":
            owner.kill()

        def gone() -> bool:
            return not (psutil.pid_exists(child) and lives(psutil.Process(child)))

        support.wait_until(gone, seconds=5, what="end of what was split off")
