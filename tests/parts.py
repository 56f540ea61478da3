"""Which process of a run on both databases carries out which test.

Pytest plugin of the conftest. Four processes share the run: for each database one with the tests
that run on both, one with those that run once. Whatever can come out differently on the other
database runs on both. Once is enough for

- a test that asks for no database: pytest-django lets it reach none;
- the browser's tests: they are here for the pages' scripts and looks. What those pages do to the
  database, the pages' own tests hold on both;
- the table of who may what at every address: who somebody is decides, and no database.

`@pytest.mark.both_databases` keeps a test of either kind on both, such as one whose processes open
a database of their own. Tests that run once are dealt out by file, so that all take about as long.
A run on one database deals nothing out: it carries out everything.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests import databases

TESTS = Path(__file__).resolve().parent
BOTH = "both_databases"
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_setup"}


class Part(NamedTuple):
    """A process of the run: its database, and whether it carries out what runs once."""

    database: str
    once: bool


ALL = {Part(database, once) for database in databases.VENDORS for once in (False, True)}
COLLECTED = pytest.StashKey[dict[str, set[Part]]]()
BROWSER = TESTS / "e2e"
WHO_MAY_WHAT = TESTS / "matrix" / "test_matrix.py"
ONCE = (BROWSER, WHO_MAY_WHAT)
# The long ones are dealt by hand; all other files by a sum over their names.
# The first that names a place has it.
DEALT = {
    "postgres": (
        TESTS / "codat",
        TESTS / "sandbox",
        TESTS / "commands" / "test_demo.py",
        BROWSER / "two_weeks",
    ),
    "sqlite": (BROWSER, WHO_MAY_WHAT),
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{BOTH}: runs on both databases though it asks for none")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each process of xdist whether all the others are under way as well."""
    specs = [node_spec.env for node_spec in node.nodemanager.specs]
    begun = [_part(str(env.get("TESTDB")), str(env.get("TESTPART"))) for env in specs]
    each_its_part = node.config.getoption("dist") == "each" and sorted(begun) == sorted(ALL)
    node.workerinput[BOTH] = each_its_part


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[COLLECTED] = {item.nodeid: parts_of(item) for item in items}
    if not is_shared(config):
        return
    elsewhere = [item for item in items if here() not in parts_of(item)]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if here() in parts_of(item)]


def is_shared(config: pytest.Config) -> bool:
    """Whether the other processes are under way as well."""
    return bool(getattr(config, "workerinput", {}).get(BOTH))


def here() -> Part:
    """The part of this process: `TESTDB` and `TESTPART` (`once`, or what runs on both)."""
    return _part(databases.which(), os.environ.get("TESTPART", ""))


def _part(database: str, word: str) -> Part:
    return Part(database, word == "once")


def parts_of(item: pytest.Item) -> set[Part]:
    """Who carries a test out when all are under way; never nobody."""
    if once_is_enough(item):
        return {Part(dealt_to(item.path), once=True)}
    return {part for part in ALL if not part.once}


def once_is_enough(item: pytest.Item) -> bool:
    if item.get_closest_marker(BOTH):
        return False
    return any(item.path.is_relative_to(place) for place in ONCE) or not asks_for_database(item)


def asks_for_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or fixtures & DATABASE_FIXTURES)


def dealt_to(file: Path) -> str:
    for database, places in DEALT.items():
        if any(file.is_relative_to(place) for place in places):
            return database
    names = sorted(databases.VENDORS)
    return names[zlib.crc32(file.relative_to(TESTS).as_posix().encode()) % len(names)]
