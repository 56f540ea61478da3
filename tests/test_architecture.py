"""Who may import whom, read from the source: arrows point down, nobody calls up.

A new room enters the tables here, or these tests fail.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from django.utils.module_loading import import_string

from bankfeeds import doorbell

ROOT = Path(__file__).resolve().parent.parent

FLOOR = {
    "calendars", "codat", "doorbell", "free_text", "going_back", "groups", "guards", "guides",
    "intake", "languages", "limits", "messages", "models", "request_ids", "rules", "sealing",
    "seen", "words",
}  # fmt: skip
VERBS = {
    "adopting",
    "ageing",
    "budget",
    "exporting",
    "feeds",
    "health",
    "holding",
    "importing",
    "leaving",
    "links",
    "marks",
    "mistakes",
    "notes",
    "onboarding",
    "pushing",
    "readiness",
    "refreshing",
    "resending",
    "senders",
    "sign_in",
    "succession",
    "sync",
    "webhooks",
}

# Room -> the rooms of ours that it may import.
MAY_IMPORT: dict[str, set[str]] = {
    # The floor. `models` know no codat, no doorbell, no verb; `codat` and `intake` know nobody.
    "calendars": set(),
    "codat": set(),
    "doorbell": set(),
    "free_text": set(),
    "going_back": set(),
    "groups": set(),
    "guards": set(),
    "guides": set(),
    "intake": set(),
    "limits": {"rules"},
    "models": {"free_text", "request_ids", "rules"},
    "request_ids": set(),
    "rules": set(),
    "sealing": set(),
    "seen": set(),
    "messages": {"codat"},
    "words": {"models", "rules"},
    "languages": {"models"},
    "migrations": set(),
    # The verbs: the floor, and the verbs that are named. `conf` tells them which world it is.
    "adopting": FLOOR | {"budget", "onboarding", "succession", "sync"},
    "ageing": FLOOR,
    "health": FLOOR | {"ageing"},
    "holding": FLOOR | {"budget"},
    "exporting": FLOOR | {"holding", "pushing"},
    "feeds": FLOOR | {"exporting", "pushing"},
    "importing": FLOOR,
    "leaving": FLOOR | {"holding", "links", "pushing", "sync"},
    "links": FLOOR,
    "marks": {"models"},
    "mistakes": {"models"},
    "notes": {"free_text", "models"},
    "sync": FLOOR | {"marks"},
    "refreshing": FLOOR | {"budget", "sync"},
    "resending": FLOOR | {"conf", "exporting", "marks", "pushing"},
    "budget": FLOOR | {"conf"},
    "pushing": FLOOR | {"budget", "conf", "health"},
    "readiness": FLOOR | {"conf", "health"},
    "onboarding": FLOOR | {"links", "succession", "sync"},
    "succession": {"models", "rules"},
    # Codat's messages: the door is an entrance, what becomes of them is a verb.
    "webhooks": FLOOR | {"budget", "conf", "pushing", "sync"},
    # Statements of core systems: the door is an entrance, what becomes of them is a verb.
    "senders": FLOOR | {"feeds", "importing", "sign_in"},
    # Who gets in: pages before the admin's, and what becomes of their forms.
    "sign_in": {"going_back", "languages", "models"},
    # The entrances.
    "admin": (FLOOR - {"codat", "doorbell"}) | VERBS | {"conf"},
    "management": FLOOR | VERBS | {"conf", "checks", "sandbox"},
    "tasks": FLOOR | VERBS | {"conf"},
    "templatetags": {"admin", "models", "words"},
    "portal": {
        "admin",
        "checks",
        "guards",
        "health",
        "request_ids",
        "senders",
        "sign_in",
        "webhooks",
    },
    # The frame.
    "conf": {"codat"},
    "checks": {"conf", "guards", "rules", "webhooks"},
    "apps": {"admin", "checks", "groups", "guards", "sign_in"},
    # Apart: a misreading of Codat must show as a failing test, not as two equal mistakes.
    "sandbox": set(),
}

# Room -> what it may import that is neither ours nor Python's; all others: Django alone.
FOREIGN: dict[str, set[str]] = {
    "calendars": set(),
    "codat": {"requests", "urllib3"},
    "doorbell": {"django", "django_q"},
    "guides": {"django", "markdown_it"},
    "intake": {"defusedxml", "mt940"},
    "management": {"django", "django_q", "requests", "setproctitle"},
    "portal": {"csp", "django", "environ", "gunicorn", "pythonjsonlogger"},
    "sandbox": set(),
    "sealing": {"django", "cryptography"},
    "sign_in": {"axes", "django", "django_otp", "segno"},
    "webhooks": {"django", "standardwebhooks"},
    "words": {"django", "polib"},
}


class Import(NamedTuple):
    name: str  # whole, such as bankfeeds.models.Push
    line: int

    @property
    def room(self) -> str:
        """The room of ours that is meant, or an empty string."""
        top, _, rest = self.name.partition(".")
        if top in {"portal", "tests"}:
            return top
        return rest.partition(".")[0] if top == "bankfeeds" else ""


def imports(source: str, *, package: str) -> Iterator[Import]:
    """Every import in a module of `package`, also those inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            for alias in node.names:
                yield Import(f"{base}.{alias.name}", node.lineno)


def files() -> list[Path]:
    return sorted(p for top in ("bankfeeds", "portal") for p in (ROOT / top).rglob("*.py"))


def room_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "bankfeeds" and parts[1] != "__init__" else parts[0]


def imports_of(file: Path) -> Iterator[Import]:
    package = ".".join(file.relative_to(ROOT).parts[:-1])
    return imports(file.read_text(), package=package)


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def test_the_reader_sees_every_way_to_import() -> None:
    source = """
import bankfeeds.codat
from bankfeeds import doorbell
from . import conf
from .models.pushes import Push
from .. import portal_is_not_here
def late():
    from bankfeeds.sandbox.server import Sandbox
"""
    assert [each.room for each in imports(source, package="bankfeeds")] == [
        "codat", "doorbell", "conf", "models", "", "sandbox",
    ]  # fmt: skip
    deeper = "from .. import messages\nfrom ..models import Push\nfrom . import plan"
    rooms = [each.room for each in imports(deeper, package="bankfeeds.pushing")]
    assert rooms == ["messages", "models", "pushing"]


def test_rooms_import_only_what_the_table_allows() -> None:
    assert not list(imports_of(ROOT / "bankfeeds/__init__.py"))
    rooms = {room_of(file) for file in files()} - {"bankfeeds"}
    assert rooms <= MAY_IMPORT.keys(), "a new room: put it into the tables"
    wrong = [
        f"{name_of(file)}:{each.line}: {each.name}"
        for file in files()
        for each in imports_of(file)
        if each.room and each.room not in {room_of(file), *MAY_IMPORT[room_of(file)]}
    ]
    assert not wrong


def test_folders_of_pages_import_one_way() -> None:
    """From what lies beside the folders, and from these; what lies beside them knows none."""
    may = {
        "clients": {"pushes", "resending"},
        "people": {"clients"},
        "pushes": {"resending"},
    }
    pages = ROOT / "bankfeeds/admin"
    folders = {file.parent.name for file in pages.glob("*/__init__.py")}
    wrong = [
        f"{name_of(file)}:{each.line}: {each.name}"
        for file in pages.rglob("*.py")
        if file != pages / "__init__.py"  # fetches them all, so that they are registered
        for each in imports_of(file)
        if (other := within(each.name, "bankfeeds.admin.")) in folders - {file.parent.name}
        and other not in may.get(file.parent.name, set())
    ]
    assert not wrong


def within(name: str, package: str) -> str:
    return name.removeprefix(package).partition(".")[0] if name.startswith(package) else ""


def test_rooms_use_only_their_own_libraries() -> None:
    wrong = [
        f"{name_of(file)}:{each.line}: {each.name}"
        for file in files()
        for each in imports_of(file)
        if (top := each.name.partition(".")[0]) not in sys.stdlib_module_names
        and top not in FOREIGN.get(room_of(file), {"django"}) | {"bankfeeds", "portal"}
    ]
    assert not wrong


def test_rules_are_pure() -> None:
    foreign = [
        each.name
        for each in imports_of(ROOT / "bankfeeds/rules.py")
        if each.name.startswith("django")
    ]
    assert all(name.startswith("django.utils.") for name in foreign), foreign


def test_only_its_command_imports_the_sandbox() -> None:
    importers = {
        name_of(file)
        for file in files()
        if room_of(file) != "sandbox" and any(each.room == "sandbox" for each in imports_of(file))
    }
    assert importers == {"bankfeeds/management/commands/sandbox.py"}


def test_the_reaper_needs_nothing_but_python() -> None:
    """It must start fast and work while all else of ours is broken."""
    wanted = {each.name.partition(".")[0] for each in imports_of(ROOT / REAPER)}
    assert wanted <= sys.stdlib_module_names


REAPER = "bankfeeds/management/reaper.py"


def test_only_entrances_fetch_a_client() -> None:
    entrances = {"admin", "management", "tasks", "conf"}
    others = [file for file in files() if room_of(file) not in entrances]
    assert not [f"{name_of(file)}: {name}" for file in others for name in fetched(file)]


def fetched(file: Path) -> Iterator[str]:
    yield from (each.name for each in imports_of(file) if each.name in FETCH)
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Attribute) and f"bankfeeds.{ast.unparse(node)}" in FETCH:
            yield f"line {node.lineno}: {ast.unparse(node)}"


FETCH = {"bankfeeds.conf.client", "bankfeeds.conf.page_client"}


def test_conf_alone_reads_the_settings_of_codat() -> None:
    readers = {name_of(file) for file in files() if "settings.CODAT_" in file.read_text()}
    assert readers - {"bankfeeds/conf.py", "bankfeeds/checks.py"} <= {
        "bankfeeds/management/commands/sandbox.py"  # demands the key that the portal would send
    }


@pytest.mark.parametrize("job", doorbell.JOBS)
def test_every_job_of_the_queue_can_be_found(job: str) -> None:
    assert job.startswith("bankfeeds.tasks.")
    assert callable(import_string(job))


def test_every_job_is_in_the_list() -> None:
    names = {
        value for name, value in vars(doorbell).items() if name.isupper() and isinstance(value, str)
    }
    assert names == set(doorbell.JOBS)


def test_files_stay_short() -> None:
    ours = [file for file in files() if room_of(file) != "migrations"]
    assert not [name_of(file) for file in ours if len(file.read_text().splitlines()) > 300]
