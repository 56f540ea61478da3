"""Which process of a run on both databases carries out which test.

Pytest plugin of the conftest. Four processes share the run, two for each database. Whatever can
come out differently on the other database runs on both: what is stored and asked for, order,
locks, triggers, constraints, numbers and characters that one of them does not take, and the pages
that show it. Once is enough for

- a test that asks for no database: pytest-django lets it reach none;
- the browser's tests: they are here for the pages' scripts and looks. What those pages do to the
  database, the pages' own tests hold on both;
- a test of pages that asks the database only what others ask it on both (`tests/asked.py`);
- the table of who may what at every address: who somebody is decides, and no database;
- a test that says `@pytest.mark.once("why")`: it needs rows, and what it holds does not hang on
  where they are. The mark is for the dear ones alone: who is in doubt lets it run on both.

`@pytest.mark.both_databases` keeps a test without a database on both, such as one whose processes
open one of their own.

Nobody deals by hand. The tests of one file stay together; the files go, the longest first, each to
the process that has least to do so far, so that all end together. How long a file takes stands in
`weights.json`; one that is new is taken for as long as others with as many tests. Weigh again now
and then, on a quiet machine: `WEIGH=1 python -m pytest`. A run on one database deals nothing out:
it carries out everything.
"""

from __future__ import annotations

import contextlib
import json
import os
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests import asked, databases

TESTS = Path(__file__).resolve().parent
BOTH, ONCE = "both_databases", "once"
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_setup"}
BROWSER = TESTS / "e2e"
ONCE_PLACES = (BROWSER, TESTS / "matrix" / "test_matrix.py")
WEIGHTS = TESTS / "weights.json"
# Of a file that was not weighed, in seconds for each test.
LIGHT = 0.1
# The server works as well, and each question goes there and back.
SLOWER = {"postgres": 1.5}


class Part(NamedTuple):
    """A process of the run: its database, and which of the two that this one has."""

    database: str
    number: int


ALL = tuple(Part(database, number) for database in sorted(databases.VENDORS) for number in (1, 2))
Deal = dict[str, set[Part]]
COLLECTED = pytest.StashKey[Deal]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{BOTH}: runs on both databases though it asks for none")
    config.addinivalue_line("markers", f"{ONCE}(why): runs on one database though it asks for one")
    if os.environ.get("WEIGH") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Scales())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each process of xdist whether all the others are under way as well."""
    specs = [node_spec.env for node_spec in node.nodemanager.specs]
    begun = [_part(str(env.get("TESTDB")), str(env.get("TESTPART"))) for env in specs]
    each_its_part = node.config.getoption("dist") == "each" and sorted(begun) == sorted(ALL)
    node.workerinput[BOTH] = each_its_part


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Of a fresh checkout each process compiles a quarter and finds the rest compiled."""
    if not isinstance(collector, pytest.Session) or not is_shared(collector.config):
        return
    files = sorted(TESTS.rglob("test_*.py"))
    first = len(files) * ALL.index(here()) // len(ALL)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for file in files[first:] + files[:first]:
            # The collection says what is wrong with it.
            with contextlib.suppress(Exception):
                import_module(".".join(file.relative_to(TESTS.parent).with_suffix("").parts))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    dealt = config.stash[COLLECTED] = deal(items)
    if not is_shared(config):
        return
    elsewhere = [item for item in items if here() not in dealt[item.nodeid]]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if here() in dealt[item.nodeid]]


def is_shared(config: pytest.Config) -> bool:
    """Whether the other processes are under way as well."""
    return bool(getattr(config, "workerinput", {}).get(BOTH))


def here() -> Part:
    """The part of this process: `TESTDB` and `TESTPART` (1 or 2)."""
    return _part(databases.which(), os.environ.get("TESTPART", ""))


def _part(database: str, number: str) -> Part:
    return Part(database, int(number) if number.isdigit() else 1)


# --- What runs where -------------------------------------------------------------------------


def once_is_enough(item: pytest.Item) -> bool:
    if item.get_closest_marker(BOTH):
        return False
    return (
        any(item.path.is_relative_to(place) for place in ONCE_PLACES)
        or item.get_closest_marker(ONCE) is not None
        or item.nodeid in asked.elsewhere()
        or not asks_for_database(item)
    )


def asks_for_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or fixtures & DATABASE_FIXTURES)


class Piece(NamedTuple):
    """Tests of one file that stay together. database: "" where any will do."""

    seconds: float
    file: str
    database: str
    tests: tuple[str, ...]

    def may(self) -> list[Part]:
        """One browser for each database is enough for a machine."""
        found = [part for part in ALL if self.database in ("", part.database)]
        in_browser = not self.database and (TESTS / self.file).is_relative_to(BROWSER)
        return [part for part in found if part.number == 1] if in_browser else found


def deal(items: Iterable[pytest.Item]) -> Deal:
    """Who carries each test out, by its id: the same in every process that collects the same."""
    load = dict.fromkeys(ALL, 0.0)
    dealt: Deal = defaultdict(set)
    for piece in sorted(pieces(list(items)), reverse=True):
        part = min(piece.may(), key=lambda part: load[part])
        load[part] += piece.seconds
        for test in piece.tests:
            dealt[test].add(part)
    return dict(dealt)


def pieces(items: Sequence[pytest.Item]) -> list[Piece]:
    weights: dict[str, float] = json.loads(WEIGHTS.read_text())
    tests: dict[tuple[str, str], list[str]] = defaultdict(list)
    sizes: Counter[str] = Counter()
    for item in items:
        file = item.path.relative_to(TESTS).as_posix()
        sizes[file] += 1
        for database in [""] if once_is_enough(item) else sorted(databases.VENDORS):
            tests[file, database].append(item.nodeid)
    return [
        Piece(
            weights.get(file, LIGHT * sizes[file])
            * (len(found) / sizes[file])
            * SLOWER.get(database, 1.0),
            file,
            database,
            tuple(found),
        )
        for (file, database), found in tests.items()
    ]


class Scales:
    """Writes down how long each file takes: of each test the mean of those who carried it out."""

    def __init__(self) -> None:
        self.seconds: dict[str, Counter[str]] = defaultdict(Counter)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid][getattr(report, "worker_id", "")] += report.duration

    def pytest_sessionfinish(self) -> None:
        mean: dict[str, float] = defaultdict(float)
        for test, took in self.seconds.items():
            file = (TESTS.parent / test.partition("::")[0]).relative_to(TESTS).as_posix()
            mean[file] += sum(took.values()) / len(took)
        heavy = {file: round(mean[file], 1) for file in sorted(mean) if mean[file] >= 1}
        WEIGHTS.write_text(json.dumps(heavy, indent=0) + "\n")
