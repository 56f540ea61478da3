"""The sandbox's world: its tables, its clock, and what time alone makes happen.

Everything in it is reached under `lock`. Fields that begin with an underscore are the sandbox's
own and never answered. Money stays as JSON gave it: nothing here calculates with it.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from .journal import Journal

Record = dict[str, Any]
MOST_REMEMBERED = 1000


@dataclass(frozen=True)
class Settings:
    """What may differ between two sandboxes. Seconds are the sandbox's own."""

    api_key: str
    zone: ZoneInfo
    institution: str = "Your bank"
    operation_seconds: float = 2.0
    history_days: int = 7
    put_accounts: bool = True
    daily_quota: int | None = None  # None is Codat's own formula
    # Rows that are there already or too old are stored all the same, so that they can be counted.
    keeps_doubles: bool = False
    # One of rules.DOUBLE_IDS.
    double_ids: str = "refuse"


class World:
    """Tables with an index by parent, a clock that only moves forward, and a list of dues."""

    def __init__(self, journal: Journal, *, settings: Settings) -> None:
        self.journal = journal
        self.settings = settings
        self.lock = threading.Lock()
        self.base = ""
        # Called when there is something new to wait for or to deliver.
        self.stir: Callable[[], None] = lambda: None
        self.delivered: deque[Record] = deque(maxlen=MOST_REMEMBERED)
        self._children: dict[tuple[str, str], dict[str, None]] = {}
        self._dues: list[tuple[float, int, Callable[[float], None]]] = []
        self._tie = itertools.count()
        self._linked: int | None = None
        self._offset = float(self.table("meta").get("offset", 0.0))
        for table, records in journal.tables.items():
            for key, record in records.items():
                self._adopt(table, key, record)

    # Tables

    def table(self, name: str) -> dict[str, Any]:
        return self.journal.table(name)

    def put(self, table: str, key: str, record: Any) -> None:
        if table == "connections":
            self._linked = None
        self.journal.put(table, key, record)
        self._adopt(table, key, record)

    def drop(self, table: str, key: str) -> None:
        record = self.table(table).get(key)
        if table == "connections":
            self._linked = None
        self.journal.drop(table, key)
        if isinstance(record, dict) and "_parent" in record:
            self._children.get((table, record["_parent"]), {}).pop(key, None)

    def children(self, table: str, parent: str) -> list[Record]:
        records = self.table(table)
        return [records[key] for key in self.keys(table, parent)]

    def keys(self, table: str, parent: str) -> list[str]:
        return list(self._children.get((table, parent), ()))

    def drop_children(self, table: str, parent: str) -> None:
        for key in self.keys(table, parent):
            self.drop(table, key)

    def linked_companies(self) -> int:
        """How many companies have a linked connection, counted again only after a change."""
        if self._linked is None:
            connections = self.table("connections").values()
            self._linked = len({c["_parent"] for c in connections if c["status"] == "Linked"})
        return self._linked

    def _adopt(self, table: str, key: str, record: Any) -> None:
        if isinstance(record, dict) and "_parent" in record:
            self._children.setdefault((table, record["_parent"]), {})[key] = None

    # Time

    def now(self) -> float:
        """Seconds since 1970 by the sandbox's clock."""
        return dt.datetime.now(dt.UTC).timestamp() + self._offset

    def advance(self, seconds: float) -> float:
        self._offset += seconds
        self.put("meta", "offset", self._offset)
        self.stir()
        return self.now()

    def today(self, at: float | None = None) -> dt.date:
        """The institution's calendar day."""
        moment = self.now() if at is None else at
        return dt.datetime.fromtimestamp(moment, self.settings.zone).date()

    def due(self, at: float, do: Callable[[float], None]) -> None:
        """Has `do` called with `at` by the first `settle` that is not earlier."""
        heapq.heappush(self._dues, (at, next(self._tie), do))
        self.stir()

    def next_due(self) -> float | None:
        return self._dues[0][0] if self._dues else None

    def settle(self) -> None:
        """Lets happen, in order of time, what was due by now."""
        now = self.now()
        while self._dues and self._dues[0][0] <= now:
            at, _, do = heapq.heappop(self._dues)
            do(at)

    def next_number(self, name: str) -> int:
        number = int(self.table("meta").get(name, 0)) + 1
        self.put("meta", name, number)
        return number


def public(record: Record) -> Record:
    return {key: value for key, value in record.items() if not key.startswith("_")}


def stamp(at: float) -> str:
    """A UTC moment as Codat writes it, with its seven fractional digits."""
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def zoneless(at: float) -> str:
    """The form without a zone that source accounts have been seen with."""
    return stamp(at)[:-1]
