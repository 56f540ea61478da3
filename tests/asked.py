"""Which tests of pages ask the database nothing that is not asked by others on both databases.

A page asks the same whatever it then says in words, so most of its tests bring nothing new to a
database. Those are named in `asked.json`, and one database is enough for them (`tests/parts.py`).
Never among them: a test in which a database refused something or several threads asked, and one
that is newer than the file. Made anew by

    ASKED=1 TESTDB=postgres python -m pytest -o addopts="-p tests.databases" tests

which takes down the text of each question, values aside: PostgreSQL is told of locks as well.
"""

from __future__ import annotations

import functools
import json
import os
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parent
FILE = TESTS / "asked.json"
VARIABLE = "ASKED"
# Pages of one thing, and buttons. Not lists: what they find and in which order is the database's.
PAGES = (
    "admin/test_accounts.py",
    "admin/test_accounts_ways.py",
    "admin/test_company.py",
    "admin/test_connection.py",
    "admin/test_profiles.py",
    "admin/test_push_confirm.py",
    "admin/test_push_decide.py",
    "admin/test_push_page.py",
    "admin/test_push_together.py",
    "admin/test_push_unknown.py",
    "admin/test_queries.py",
    "admin/test_send_by.py",
    "admin/test_site.py",
    "admin/test_two_people.py",
    "adopting/test_pages.py",
    "feeds/test_admin.py",
    "holding/test_pages.py",
    "leaving/test_pages.py",
    "resending/test_pages.py",
)
# Of one statement many values or few, and the names that a connection gives by itself.
MANY = re.compile(r"(%s|NULL|\((?:%s|NULL|, )+\))(, (%s|NULL|\((?:%s|NULL|, )+\)))+")
NUMBER = re.compile(r"\b(s\d+_x\d+|\d+)\b")


@functools.cache
def elsewhere() -> frozenset[str]:
    """Ids of the tests whose every question is asked by others, on both databases."""
    return frozenset(json.loads(FILE.read_text()))


def is_of_page(test: str) -> bool:
    return test.partition("::")[0].removeprefix(f"{TESTS.name}/") in PAGES


class Listener:
    """Takes down what each test asks, and at the end writes the file."""

    def __init__(self) -> None:
        self.asked: dict[str, set[str]] = defaultdict(set)
        self.seconds: dict[str, float] = defaultdict(float)
        # Where a database may answer in its own way.
        self.own: set[str] = set()
        self._test = ""

    def listen(self, connection: Any, **_: Any) -> None:
        """Receiver of Django's signal of new connections."""
        if self._note not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._note)

    def _note(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        self.asked[self._test].add(NUMBER.sub("N", MANY.sub(r"\1", str(sql))))
        if threading.current_thread() is not threading.main_thread():
            self.own.add(self._test)
        try:
            return execute(sql, params, many, context)
        except Exception:
            self.own.add(self._test)
            raise

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        from django.db import connections

        self._test = item.nodeid
        for connection in connections.all(initialized_only=True):
            self.listen(connection)
        answer = yield
        self._test = ""
        return answer

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        both = self.both_databases()
        rest = {test for test in self.asked if is_of_page(test)} - both
        FILE.write_text(json.dumps(sorted(rest), indent=0) + "\n")

    def both_databases(self) -> set[str]:
        """Tests that together ask all that is asked; of those of pages as cheap as can be."""
        pages = {test for test in self.asked if is_of_page(test)} - self.own
        both = set(self.asked) - pages
        known = {text for test in both for text in self.asked[test]}
        while new := {test: self.asked[test] - known for test in pages - both}:
            best = max(sorted(new), key=lambda test: len(new[test]) / (self.seconds[test] or 1))
            if not new[best]:
                break
            both.add(best)
            known |= new[best]
        return both


def install(config: pytest.Config) -> None:
    if os.environ.get(VARIABLE):
        from django.db.backends.signals import connection_created

        listener = Listener()
        connection_created.connect(listener.listen, weak=False)
        config.pluginmanager.register(listener)
