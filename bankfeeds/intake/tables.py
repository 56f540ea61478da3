"""A text in columns -> a statement, with balances for those of its rows that state none.

Of rows beside others that state one, the balance is worked out from these: onwards from the one
before, and back to the first. One that is stated stays, and is a check where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .running import BALANCE_UNSURE, counted
from .shape import KEPT_REJECTED, Line, Parsed, Reason, Rejected, Statement, gettext_noop

ORDER_UNSURE = Reason(
    "order-unsure",
    gettext_noop(
        "It states no balance, and none can be worked out: nothing in the file tells in which"
        " order the transactions of its day happened."
    ),
)
OUT_AS_MINUS, REVERSED = 1, -1


def in_a_table(parsed: Parsed, opening: Decimal | None = None) -> Statement:
    """What it says, which names no account.

    `opening`: the balance before its first row, where a person has stated one.
    """
    if parsed.from_zero:
        rows = counted(parsed.rows) if opening is None else counted(parsed.rows, opening)
        return _statement(parsed, rows, opening=opening, derived=True)
    if not any(row.derived for row in parsed.rows):
        return _statement(parsed, parsed.rows)
    found = _balances(parsed, opening)
    rows = [
        row._replace(balance=found.balances[row.line]) if row.derived else row
        for row in parsed.rows
        if not row.derived or row.line in found.balances
    ]
    bad = [Rejected(row.line, found.why, row.raw) for row in _left(parsed, found)]
    rejected = sorted([*parsed.rejected, *bad], key=lambda each: each.line)[:KEPT_REJECTED]
    return _statement(parsed, rows, rejected, len(bad), opening=opening)


def unsure(parsed: Parsed, opening: Decimal | None = None) -> Mapping[int, Reason]:
    """By line: rows whose balance cannot be worked out, and why."""
    if parsed.from_zero:
        return {}
    found = _balances(parsed, opening)
    return {row.line: found.why for row in _left(parsed, found)}


def _statement(
    parsed: Parsed,
    rows: list[Line],
    rejected: list[Rejected] | None = None,
    more_rejected: int = 0,
    *,
    opening: Decimal | None = None,
    derived: bool = False,
) -> Statement:
    return Statement(
        rows,
        parsed.rejected if rejected is None else rejected,
        parsed.rejected_count + more_rejected,
        parsed.notes,
        parsed.from_zero,
        parsed.bad_lines,
        opening=opening,
        derived=derived,
    )


@dataclass(frozen=True)
class _Found:
    """By line. `why`: why there is none for the others."""

    balances: Mapping[int, Decimal]
    why: Reason


def _left(parsed: Parsed, found: _Found) -> list[Line]:
    return [row for row in parsed.rows if row.derived and row.line not in found.balances]


@dataclass(frozen=True)
class _Way:
    """The rows oldest first if they happened so; None: a bad one, which did nobody knows what."""

    rows: Sequence[Line | None]
    sign: int
    breaks: int
    ends_stated: bool


def _balances(parsed: Parsed, opening: Decimal | None) -> _Found:
    way = _way(parsed, opening)
    if way is None:
        return _Found({}, BALANCE_UNSURE if parsed.bad_lines else ORDER_UNSURE)
    return _Found(_filled(way, opening), BALANCE_UNSURE)


def _way(parsed: Parsed, opening: Decimal | None) -> _Way | None:
    """As the balances that are stated have it, else the days; of one day as the file lists it where
    the last of it states one, as institutions do once a day. None: nothing tells.
    """
    ways = _ways(parsed, opening, OUT_AS_MINUS)
    turned = _ways(parsed, opening, REVERSED) if all(way.breaks for way in ways) else []
    # So that whoever looks sees the signs that are wrong, not balances that are.
    ways = [way for way in turned if not way.breaks] or ways
    fewest = min((way.breaks for way in ways), default=0)
    best = [way for way in ways if way.breaks == fewest]
    days = [row.date for row in parsed.rows]
    if len(best) < 2 or days[0] > days[-1]:
        return best[-1] if best else None
    is_last_alone = best[0].ends_stated and not best[1].ends_stated
    is_told = days[0] < days[-1] or opening is not None or is_last_alone
    return best[0] if is_told else None


def _ways(parsed: Parsed, opening: Decimal | None, sign: int) -> list[_Way]:
    """As the file lists them, and the other way round."""
    by_line: dict[int, Line | None] = {row.line: row for row in parsed.rows}
    by_line |= dict.fromkeys(parsed.bad_lines)
    listed = [by_line[line] for line in sorted(by_line)]
    found = []
    for each in (listed, listed[::-1]):
        rows = _as_they_happened(each)
        if rows is not None:
            last = rows[-1]
            ends_stated = last is not None and not last.derived
            found.append(_Way(rows, sign, _breaks(rows, opening, sign), ends_stated))
    return found


def _as_they_happened(listed: Sequence[Line | None]) -> Sequence[Line | None] | None:
    """None where a bad row may stand anywhere among others, which are not listed by their days."""
    rows = [row for row in listed if row is not None]
    ordered = sorted(rows, key=lambda row: row.date)
    if ordered == rows:
        return listed
    return ordered if len(rows) == len(listed) else None


def _breaks(rows: Sequence[Line | None], opening: Decimal | None, sign: int) -> int:
    """How many balances that are stated do not follow from what stands before them."""
    balance, breaks = opening, 0
    for row in rows:
        if row is None:
            balance = None
            continue
        if balance is not None:
            balance += sign * row.amount
        if not row.derived:
            breaks += balance not in (None, row.balance)
            balance = row.balance
    return breaks


def _filled(way: _Way, opening: Decimal | None) -> Mapping[int, Decimal]:
    found: dict[int, Decimal] = {}
    # Since the last bad row, or the first of all.
    waiting: list[Line] = []
    balance = opening
    for row in way.rows:
        if row is None:
            balance, waiting = None, []
            continue
        if not row.derived:
            found |= _back(waiting, row.balance - way.sign * row.amount, way.sign)
            balance, waiting = row.balance, []
        elif balance is None:
            waiting.append(row)
        else:
            balance += way.sign * row.amount
            found[row.line] = balance
    return found


def _back(rows: Sequence[Line], balance: Decimal, sign: int) -> Mapping[int, Decimal]:
    """`balance`: after the last of them."""
    found: dict[int, Decimal] = {}
    for row in reversed(rows):
        found[row.line] = balance
        balance -= sign * row.amount
    return found
