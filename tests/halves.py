"""Which half of a run on both databases carries out which test.

Pytest plugin of the conftest. Whatever can come out differently on the other database runs on
both halves. Once is enough for

- a test that asks for no database: pytest-django lets it reach none;
- the browser's tests: they are here for the pages' scripts and looks. What those pages do to the
  database, the pages' own tests hold on both;
- the table of who may what at every address: who somebody is decides, and no database.

`@pytest.mark.both_databases` keeps a test of either kind on both, such as one whose processes open
a database of their own. Tests that run once are dealt out by file, so that both halves take about
as long. A run on one database deals nothing out: it carries out everything.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest

from tests import databases

TESTS = Path(__file__).resolve().parent
BOTH = "both_databases"
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_setup"}
COLLECTED = pytest.StashKey[dict[str, set[str]]]()
BROWSER = TESTS / "e2e"
WHO_MAY_WHAT = TESTS / "matrix" / "test_matrix.py"
ONCE = (BROWSER, WHO_MAY_WHAT)
# The long ones are dealt by hand; all other files by a sum over their names.
# The first that names a place has it.
DEALT = {
    "postgres": (
        TESTS / "codat",
        TESTS / "sandbox",
        TESTS / "bench",
        TESTS / "commands" / "test_demo.py",
        WHO_MAY_WHAT,
        BROWSER / "two_weeks",
    ),
    "sqlite": (BROWSER,),
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{BOTH}: runs on both halves though it asks for none")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each process of xdist whether the other half is under way as well."""
    specs = node.nodemanager.specs
    halves = sorted(str(spec.env.get("TESTDB")) for spec in specs)
    each_its_half = node.config.getoption("dist") == "each" and halves == sorted(databases.VENDORS)
    node.workerinput[BOTH] = each_its_half


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[COLLECTED] = {item.nodeid: halves_of(item) for item in items}
    if not is_one_of_two(config):
        return
    elsewhere = [item for item in items if databases.which() not in halves_of(item)]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if databases.which() in halves_of(item)]


def is_one_of_two(config: pytest.Config) -> bool:
    """Whether the other half is under way as well."""
    return bool(getattr(config, "workerinput", {}).get(BOTH))


def halves_of(item: pytest.Item) -> set[str]:
    """The databases that a test runs on when both halves are under way; never none."""
    return {dealt_to(item.path)} if once_is_enough(item) else set(databases.VENDORS)


def once_is_enough(item: pytest.Item) -> bool:
    if item.get_closest_marker(BOTH):
        return False
    return any(item.path.is_relative_to(place) for place in ONCE) or not asks_for_database(item)


def asks_for_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or fixtures & DATABASE_FIXTURES)


def dealt_to(file: Path) -> str:
    for half, places in DEALT.items():
        if any(file.is_relative_to(place) for place in places):
            return half
    names = sorted(databases.VENDORS)
    return names[zlib.crc32(file.relative_to(TESTS).as_posix().encode()) % len(names)]
