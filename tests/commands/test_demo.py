"""The demo as a person starts it: real processes in a folder of their own, on any free ports."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest
import requests

from bankfeeds.management.demo import servers, story
from bankfeeds.management.demo.place import PASSED_ON, PEOPLE, Place
from bankfeeds.management.demo.servers import Stopped
from bankfeeds.management.demo.story import ACCEPTED
from bankfeeds.models import PushStatus
from tests import databases, support
from tests.processes import Program, running

STARTS_WITHIN = 90
ENDS_WITHIN = 10
# As in a shell on a fresh machine, and with things that must not reach the demo.
CALLER = {
    **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
    "DEBUG": "on",
    "SECRET_KEY": "of-the-caller",
    "DATABASE_URL": "sqlite:////nowhere/of-the-caller.sqlite3",
    "CODAT_API_KEY": "of-the-caller",
    "ALLOWED_HOSTS": "example.com",
    "TIMING_FACTOR": "7",
}
ANY_PORTS = ("--port", "0", "--sandbox-port", "0")


def start(folder: Path, *more: str, **changes: str) -> AbstractContextManager[Program]:
    return running(
        "demo", "--data", str(folder / "demo"), "--json", *ANY_PORTS, *more,
        folder=folder,
        environment={**CALLER, **changes},
    )  # fmt: skip


def told(demo: Program) -> dict[str, Any]:
    """Its first line, which comes when all three answer."""
    assert demo.process.stdout
    line = demo.process.stdout.readline()
    assert line, demo.said()
    answer: dict[str, Any] = json.loads(line)
    return answer


def refusal(folder: Path, *more: str, **changes: str) -> str:
    """What it says when it does not start."""
    with start(folder, *more, **changes) as demo:
        assert demo.process.wait(60) not in (0, None)
        assert demo.process.stdout and demo.process.stdout.read() == ""
        assert "Traceback" not in demo.said()
        return demo.said()


@pytest.fixture(scope="module")
def running_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, Any, Path]]:
    """One demo for the tests that only look at it."""
    folder = tmp_path_factory.mktemp("demo")
    with start(folder) as demo:
        answer = told(demo)
        keep(folder / "demo", folder / "prepared")
        yield demo, answer, folder / "demo"


def keep(demo: Path, prepared: Path) -> None:
    """Its secrets and its database, as they were before anybody came."""
    prepared.mkdir(mode=0o700)
    shutil.copy(demo / "secrets.json", prepared)
    here, there = (sqlite3.connect(folder / "portal.sqlite3") for folder in (demo, prepared))
    with closing(here), closing(there):
        here.backup(there)


@pytest.fixture
def prepared(running_demo: Any, tmp_path: Path) -> Path:
    """As `tmp_path`, with a demo that was stopped there: to migrate is half of a start."""
    shutil.copytree(running_demo[2].with_name("prepared"), tmp_path / "demo")
    return tmp_path


def sign_in(web: str, name: str, password: str) -> requests.Session:
    session = requests.Session()
    session.get(f"{web}/admin/login/", timeout=10)
    answer = session.post(
        f"{web}/admin/login/?next=/admin/",
        data={
            "username": name,
            "password": password,
            "csrfmiddlewaretoken": session.cookies["csrftoken"],
        },
        timeout=10,
    )
    assert answer.url == f"{web}/admin/" or "Log out" in answer.text, answer.url
    return session


# --- A demo that runs -----------------------------------------------------------------------


def test_it_says_where_it_is_once_all_three_answer(running_demo: Any) -> None:
    demo, answer, _ = running_demo
    assert set(answer) == {"web", "sandbox", "api_key", "people"}
    assert set(answer["people"]) == {"admin", "manager", "support", "auditor"}
    assert requests.get(f"{answer['web']}/healthz", timeout=5).status_code == 200
    clock = requests.get(f"{answer['sandbox']}/_sandbox/clock", timeout=5)
    assert clock.status_code == 200
    assert "The portal is ready" in demo.said()
    assert answer["people"]["manager"] in demo.said()


@pytest.mark.parametrize("name", PEOPLE)
def test_each_person_can_sign_in_and_is_no_superuser(running_demo: Any, name: str) -> None:
    _, answer, folder = running_demo
    sign_in(answer["web"], name, answer["people"][name]).close()
    with closing(sqlite3.connect(folder / "portal.sqlite3")) as database:
        rows = database.execute(
            "SELECT u.is_staff, u.is_superuser, g.name FROM auth_user u"
            " JOIN auth_user_groups ug ON ug.user_id = u.id JOIN auth_group g ON g.id = ug.group_id"
            " WHERE u.username = ?",
            [name],
        ).fetchall()
    assert rows == [(1, 0, PEOPLE[name])]


def test_static_files_are_served_from_its_folder(running_demo: Any) -> None:
    _, answer, folder = running_demo
    page = requests.get(f"{answer['web']}/admin/login/", timeout=10).text
    sheet = page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    assert requests.get(f"{answer['web']}{sheet}", timeout=10).status_code == 200
    assert (folder / "static").is_dir()


def test_its_secrets_are_for_its_owner_alone(running_demo: Any) -> None:
    _, answer, folder = running_demo
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("secrets.json", "ports.json", "lock", "sandbox.json"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    kept = json.loads((folder / "secrets.json").read_text())
    for log in (folder / "logs").iterdir():
        for secret in (kept["secret_key"], kept["api_key"], *answer["people"].values()):
            assert secret not in log.read_text()


def test_nothing_of_the_caller_reaches_its_children(running_demo: Any) -> None:
    demo, answer, _ = running_demo
    # The web writes its name over its environment; the worker itself does not.
    named = [p for p in demo.descendants() if p.cmdline()[1:] == ["manage.py", "worker"]]
    assert named
    environment = named[0].environ()
    assert not set(CALLER.values()) & {environment[k] for k in CALLER if k not in PASSED_ON}
    assert environment["CODAT_BASE_URL"] == answer["sandbox"]


def test_a_second_demo_on_the_same_folder_is_refused(running_demo: Any, tmp_path: Path) -> None:
    demo, _, folder = running_demo
    said = refusal(tmp_path, "--data", str(folder))
    assert f"Another demo (process {demo.process.pid}) is using {folder}" in said


def test_every_knob_of_the_settings_is_the_demos_own(tmp_path: Path) -> None:
    place = Place(tmp_path)
    environment = place.environment(place.secrets(), sandbox="http://127.0.0.1:1")
    assert {*databases.KNOBS, "DATABASE_URL", "STATIC_ROOT"} <= set(environment)


# --- The story ------------------------------------------------------------------------------


def test_once_does_the_main_job_and_shows_the_history(tmp_path: Path) -> None:
    with start(tmp_path, "--once") as demo:
        assert told(demo)
        assert demo.process.wait(120) == 0, demo.said()
        assert demo.is_gone()
        table = [line.split("  ")[0] for line in demo.said().splitlines() if ACCEPTED in line]
        assert table == ["#2", "#1"]
        assert demo.process.stdout and demo.process.stdout.read() == ""
    with closing(sqlite3.connect(tmp_path / "demo" / "portal.sqlite3")) as database:
        states = database.execute("SELECT state FROM bankfeeds_webhookmessage").fetchall()
    # The sandbox told the portal what happened; nothing of it was in vain.
    assert ("processed",) in states and ("failed",) not in states


def tell(answer: Any, *, check: Any = lambda: None, **changes: str) -> str:
    given: dict[str, str] = {
        "web": answer["web"],
        "sandbox": answer["sandbox"],
        "password": answer["people"]["manager"],
    }
    return story.tell(**{**given, **changes}, say=print, check=check)


def test_the_story_says_what_it_stopped_at(running_demo: Any) -> None:
    with pytest.raises(story.Failed, match="manager is not signed in on /admin/login/"):
        tell(running_demo[1], password="wrong")


def test_the_story_fails_when_a_push_needs_a_person(running_demo: Any) -> None:
    _, answer, _ = running_demo
    order = [{"method": "POST", "path": "/push/", "fault": "422", "times": 1}]
    requests.post(f"{answer['sandbox']}/_sandbox/faults", json=order, timeout=5).raise_for_status()
    with pytest.raises(story.Failed, match="(?s)A push needs a person:.*Needs your decision"):
        tell(answer)


def test_what_moves_by_itself_ends_no_story() -> None:
    moving = {status for status in PushStatus if story._may_still_move(f"→ {status.label}")}
    assert moving == {
        PushStatus.READY,
        PushStatus.SENDING,
        PushStatus.RECONCILING,
        PushStatus.SUBMITTED,
        PushStatus.SUCCEEDED,
    }
    assert story._may_still_move("◷ Waiting behind push #7")


def test_the_story_ends_when_told_to(running_demo: Any) -> None:
    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        tell(running_demo[1], check=stop)


# --- Its end --------------------------------------------------------------------------------


def test_every_descendant_ends_when_the_demo_is_killed(prepared: Path) -> None:
    with start(prepared) as demo:
        told(demo)
        assert len(demo.descendants()) >= 11
        demo.process.kill()
        assert is_held(prepared / "demo" / "lock"), "until the last has ended"
        support.wait_until(demo.is_gone, seconds=ENDS_WITHIN, what="end of the orphans")
    assert not is_held(prepared / "demo" / "lock")


def is_held(lock: Path) -> bool:
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_it_can_be_told_to_stop_while_it_starts(tmp_path: Path) -> None:
    with start(tmp_path) as demo:
        support.wait_until(lambda: len(demo.descendants()) > 1, seconds=30, what="first child")
        demo.process.terminate()
        support.wait_until(demo.is_gone, seconds=ENDS_WITHIN, what="end")


def test_when_one_dies_it_says_which_and_ends(prepared: Path) -> None:
    with start(prepared) as demo:
        told(demo)
        next(p for p in demo.descendants() if "worker" in p.cmdline()).kill()
        support.wait_until(demo.is_gone, seconds=2 * ENDS_WITHIN, what="end")
        assert demo.process.returncode not in (0, None)
        assert "The worker ended (exit code -9)" in demo.said()


def test_a_sandbox_that_ends_is_started_again_with_what_it_knew(prepared: Path) -> None:
    with start(prepared) as demo:
        answer = told(demo)
        company = named_company(answer)
        for number in range(1, servers.RESTARTS + 1):
            kill_sandbox(demo)
            runs_again(demo, times=number)
            assert "The sandbox ended (exit code -9). Starting it again" in demo.said()
            assert named_company(answer, company) == company
            assert requests.get(f"{answer['web']}/healthz", timeout=5).ok
        kill_sandbox(demo)
        support.wait_until(demo.is_gone, seconds=2 * ENDS_WITHIN, what="end")
        assert demo.process.returncode not in (0, None)
        assert demo.said().count("The sandbox ended (exit code -9)") == servers.RESTARTS + 1


def runs_again(demo: Program, *, times: int) -> None:
    support.wait_until(
        lambda: demo.said().count("runs again") == times,
        seconds=STARTS_WITHIN,
        what="the sandbox again",
    )


def kill_sandbox(demo: Program) -> None:
    next(p for p in demo.descendants() if "sandbox" in p.cmdline()).kill()


def named_company(answer: Any, company_id: str = "") -> str:
    """The id of a company that the sandbox keeps: made, or read again."""
    place = f"{answer['sandbox']}/companies"
    token = base64.b64encode(answer["api_key"].encode()).decode()
    headers = {"Authorization": f"Basic {token}"}
    if company_id:
        found = requests.get(f"{place}/{company_id}", headers=headers, timeout=5)
    else:
        found = requests.post(place, json={"name": "Acme"}, headers=headers, timeout=5)
    assert found.ok, found.text
    return str(found.json()["id"])


# --- Restart --------------------------------------------------------------------------------


def test_a_signal_ends_it_and_a_restart_goes_on(prepared: Path) -> None:
    """The same secrets, people and addresses; who was signed in still is."""
    with start(prepared) as demo:
        first = told(demo)
        session = sign_in(first["web"], "manager", first["people"]["manager"])
        demo.process.send_signal(signal.SIGINT)
        support.wait_until(demo.is_gone, seconds=ENDS_WITHIN, what="end by Ctrl+C")
        assert demo.process.returncode == 0
    with start(prepared) as demo, session:
        assert told(demo) == first
        answer = session.get(f"{first['web']}/admin/", timeout=10)
        assert "/login/" not in answer.url


# --- What it refuses ------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.7", "::", "example.com", ""])
def test_it_does_not_listen_for_others(tmp_path: Path, host: str) -> None:
    assert "can be reached from outside" in refusal(tmp_path, "--host", host)


@pytest.mark.parametrize(
    "address", ["https://api.codat.io", "https://api-uat.codat.io", "http://[", "x"]
)
def test_it_does_not_start_where_the_real_codat_is_set(tmp_path: Path, address: str) -> None:
    said = refusal(tmp_path, CODAT_BASE_URL=address)
    assert "The demo talks to its own sandbox only" in said
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("option", ["--port", "--sandbox-port"])
def test_a_port_that_is_taken_is_said(tmp_path: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refusal(tmp_path, option, port)
    assert port in said
    assert f"{option}" in said


@pytest.mark.parametrize("port", ["70000", "-1", "http"])
def test_what_is_no_port_is_said(tmp_path: Path, port: str) -> None:
    assert "a port is a number from 0 to 65535" in refusal(tmp_path, f"--port={port}")


def test_damaged_secrets_are_said(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "secrets.json").write_text('{"secret_key": 1}')
    assert "secrets.json is damaged" in refusal(tmp_path)


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    assert "Cannot use" in refusal(tmp_path)
