"""Rows of a long file in a table of this connection alone, until they may go among the others.

Each question about them is one statement, so that neither memory nor the time in which others wait
grows as a list of the rows would. Money is in whole units of the currency's smallest part.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection

from bankfeeds.intake import cells
from bankfeeds.intake.shape import Line, Rejected
from bankfeeds.models import Statement

# Units. Below it the floating point of SQLite tells two figures apart by far less than a unit.
LARGEST = 10**13
TABLE = (
    "CREATE TEMPORARY TABLE staged (line INTEGER PRIMARY KEY, transaction_id, date, description,"
    " amount, balance, transaction_type)"
)
TYPED = (
    "CREATE TEMPORARY TABLE staged (line integer, transaction_id text, date date,"
    " description text, amount bigint, balance bigint, transaction_type text)"
)
EACH = "INSERT INTO staged VALUES (%s, %s, %s, %s, %s, %s, %s)"
COPY = "COPY staged FROM STDIN"
REPEATED = "SELECT 1 FROM staged GROUP BY transaction_id HAVING count(*) > 1 LIMIT 1"
WITH_FIRST = (
    "SELECT line, transaction_id, min(line) OVER (PARTITION BY transaction_id) AS first FROM staged"
)
AGAIN = (
    f"SELECT line, transaction_id, first FROM ({WITH_FIRST}) AS every WHERE line > first"  # noqa: S608
    " ORDER BY line LIMIT %s"
)
DROP_AGAIN = (
    f"DELETE FROM staged WHERE line IN (SELECT line FROM ({WITH_FIRST}) AS every"  # noqa: S608
    " WHERE line > first)"
)
# In the order in which the rows may have happened: as they stand, or the newest first.
BREAKS = (
    "SELECT count(*) FROM (SELECT amount, balance, LAG(balance)"
    " OVER (ORDER BY date, line {way}) AS before FROM staged) AS every"
    " WHERE COALESCE(before, CAST(%s AS bigint)) {sign} amount <> balance"
)
HERE = (
    " FROM staged AS s JOIN bankfeeds_banktransaction AS t"
    " ON t.account_id = %s AND t.transaction_id = s.transaction_id"
)
SAME = (
    "t.date = s.date AND t.description = s.description AND ABS(t.amount - {amount}) < 0.00001"
    " AND ABS(t.balance - {balance}) < 0.00001 AND (t.transaction_type = s.transaction_type"
    " OR t.transaction_type = '' OR s.transaction_type = '')"
)
# Whether a row that is not here happened before one of its day that is.
LATE = (
    "SELECT 1 FROM staged AS s LEFT JOIN bankfeeds_banktransaction AS t"
    " ON t.account_id = %s AND t.transaction_id = s.transaction_id GROUP BY s.date"
    " HAVING min(CASE WHEN t.id IS NULL THEN {way}s.line END)"
    " < max(CASE WHEN t.id IS NOT NULL THEN {way}s.line END) LIMIT 1"
)
ALIKE = (
    "SELECT 1 FROM (SELECT s.date, s.description, s.amount FROM staged AS s"
    " LEFT JOIN bankfeeds_banktransaction AS t"
    " ON t.account_id = %s AND t.transaction_id = s.transaction_id WHERE t.id IS NULL"
    " INTERSECT SELECT t.date, t.description, {units} FROM bankfeeds_banktransaction AS t"
    " WHERE t.account_id = %s AND t.date BETWEEN %s AND %s AND NOT EXISTS"
    " (SELECT 1 FROM staged AS s WHERE s.transaction_id = t.transaction_id)) AS every LIMIT 1"
)
MOVE = (
    "INSERT INTO bankfeeds_banktransaction (account_id, statement_id, line, transaction_id, date,"
    " description, amount, balance, transaction_type)"
    " SELECT %s, %s, s.line, s.transaction_id, s.date, s.description, {amount}, {balance},"
    " s.transaction_type FROM staged AS s WHERE true ORDER BY {order} {conflict}"
)


class Inexact(ValueError):
    """An amount is too large for this way; the other way keeps it exactly."""


class Repeated(Exception):
    """An id may stand twice in the file; nothing of it was saved."""


@dataclass(frozen=True)
class Here:
    """Rows whose id is on the account: how many say the same, how many something else."""

    known: int
    changed: int


class Staged:
    """`places`: decimals of the currency; no row has more.

    `is_once`: it was seen to that no id stands there twice.
    `flows`: each row stands behind the one before it in time, and its balance follows from that
    one's; `opening`: in units, the balance before the first.
    """

    def __init__(self, cursor: Any, *, places: int) -> None:
        self._cursor = cursor
        self._unit = Decimal(10**places)
        self._is_postgres = connection.vendor == "postgresql"
        scaled = f"* 1e-{places}::numeric" if self._is_postgres else f"/ {self._unit}.0"
        self._money = {name: f"s.{name} {scaled}" for name in ("amount", "balance")}
        self.count = 0
        self.is_once = False
        self._days: tuple[dt.date, dt.date] | None = None
        self.flows = True
        self.opening: int | None = None
        self._last_day = ""
        self._balance = 0

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Rows are added within, in one COPY; nothing is asked before its end."""
        if not self._is_postgres:
            yield
            return
        broken: Exception | None = None
        with self._cursor.copy(COPY) as self._copy:
            try:
                yield
            except Exception as error:  # noqa: BLE001 - a COPY broken off ends a transaction
                broken = error
        if broken is not None:
            raise broken

    def add(self, rows: Sequence[Line]) -> None:
        """Raises Inexact."""
        values = [self._plain(row) for row in rows]
        if self._is_postgres:
            self._copy.write(_as_text(values))
        else:
            # One small transaction of the temporary table; the portal's own is not touched.
            self._cursor.execute("SAVEPOINT staged")
            try:
                self._cursor.executemany(EACH, values)
            finally:
                self._cursor.execute("RELEASE staged")
        self.count += len(values)
        if self.flows:
            self._follow(values)

    def _follow(self, values: Sequence[tuple[Any, ...]]) -> None:
        day, balance = self._last_day, self._balance
        if self.opening is None and values:
            *_, amount, balance, _ = values[0]
            balance -= amount
            self.opening = balance
        for _, _, date, _, amount, after, _ in values:
            if date < day or balance + amount != after:
                self.flows = False
                return
            day, balance = date, after
        self._last_day, self._balance = day, balance

    def _plain(self, row: Line) -> tuple[Any, ...]:
        line, name, date, text, money, after, kind, *_ = row
        amount, balance = int(money * self._unit), int(after * self._unit)
        if not (-LARGEST < amount < LARGEST and -LARGEST < balance < LARGEST):
            raise Inexact
        return line, name, date.isoformat(), text, amount, balance, kind

    def take_out_repeated(self, *, most: int) -> tuple[int, list[Rejected]]:
        """Rows whose id stands further up in the file: how many, and the first `most` of them."""
        self.is_once = True
        if not self._ask(REPEATED):
            return 0, []
        again = self._ask(AGAIN, most)
        self._cursor.execute(DROP_AGAIN)
        taken: int = self._cursor.rowcount
        self.count -= taken
        self.flows, self._days = False, None
        return taken, [Rejected(line, cells.twice(name, first), "") for line, name, first in again]

    def days(self) -> tuple[dt.date, dt.date]:
        """The first and the last."""
        if self._days is None:
            [[first, last]] = self._ask("SELECT min(date), max(date) FROM staged")
            self._days = _day(first), _day(last)
        return self._days

    def here(self, account: int) -> Here:
        same = SAME.format(**self._money)
        question = f"SELECT count(*), sum(CASE WHEN {same} THEN 1 ELSE 0 END)" + HERE
        [[both, known]] = self._ask(question, account)
        return Here(known or 0, both - (known or 0))

    def are_alike(self, account: int) -> bool:
        """Whether a row that is not here equals, but for its id, one that is not in the file."""
        first, last = self.days()
        of_days = account, first.isoformat(), last.isoformat()
        question = ALIKE.format(units=self._units("t.amount"))
        return bool(self._ask(question, account, *of_days))

    def _units(self, column: str) -> str:
        scaled = f"round({column} * {self._unit})"
        return f"CAST({scaled} AS bigint)" if self._is_postgres else f"CAST({scaled} AS integer)"

    def come_late(self, account: int, *, backwards: bool) -> bool:
        """Into a day that is here already: see `placing`."""
        return bool(self._ask(LATE.format(way="-" if backwards else ""), account))

    def units(self, value: Decimal) -> int:
        """Raises Inexact."""
        found = value * self._unit
        if found != int(found) or abs(found) > LARGEST:
            raise Inexact
        return int(found)

    def breaks(self, before: int | None, *, backwards: bool, sign: int) -> int:
        """How many balances do not follow from the one before; see `order.movement`."""
        way, plus = "DESC" if backwards else "", "+" if sign > 0 else "-"
        [[found]] = self._ask(BREAKS.format(way=way, sign=plus), before)
        return int(found)

    def move(self, statement: Statement, *, backwards: bool) -> int:
        """Among the account's transactions, oldest first; how many were not there already.

        Raises Repeated where nobody has seen to it yet that each id stands there once: that none
        of them is there was seen, and to look at each once more takes its time.
        """
        by_day = "s.date, s.line DESC" if backwards else "s.date, s.line"
        order = MOVE.format(
            order="s.line" if self.flows and not backwards else by_day,
            conflict="ON CONFLICT DO NOTHING" if self.is_once else "",
            **self._money,
        )
        try:
            self._cursor.execute(order, [statement.account_id, statement.pk])
        except IntegrityError as twice:
            if self.is_once:
                raise
            raise Repeated from twice
        return int(self._cursor.rowcount)

    def _ask(self, question: str, *values: object) -> list[Any]:
        self._cursor.execute(question, values)
        found: list[Any] = self._cursor.fetchall()
        return found


@contextmanager
def staged(*, places: int) -> Iterator[Staged]:
    with connection.cursor() as cursor, on_disk(cursor):
        cursor.execute(TYPED if connection.vendor == "postgresql" else TABLE)
        try:
            yield Staged(cursor, places=places)
        finally:
            cursor.execute("DROP TABLE staged")


@contextmanager
def on_disk(cursor: Any) -> Iterator[None]:
    """SQLite holds what is temporary in memory here, which a long file would fill.

    It cannot change that within a transaction.
    """
    changes = connection.vendor == "sqlite" and not connection.in_atomic_block
    if changes:
        cursor.execute("PRAGMA temp_store = FILE")
    try:
        yield
    finally:
        if changes:
            cursor.execute("PRAGMA temp_store = MEMORY")


def _as_text(values: Iterable[tuple[Any, ...]]) -> str:
    """As COPY wants it, in half the time of row by row. Readers let no tab or line end in."""
    lines = [
        f"{line}\t{name}\t{date}\t{text}\t{amount}\t{balance}\t{kind}\n"
        for line, name, date, text, amount, balance, kind in values
    ]
    return "".join(lines).replace("\\", "\\\\")


def _day(value: dt.date | str) -> dt.date:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value
