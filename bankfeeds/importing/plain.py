"""A preview as JSON has it, and back: dates, money and reasons as text, rules by their codes."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bankfeeds.intake.recognise import Format
from bankfeeds.intake.shape import Reason
from bankfeeds.models import BankTransaction
from bankfeeds.rules import BY_CODE

from .entries import Entry
from .figures import Figures, Flow, Moves
from .kept import line_of_plain, money_of_plain, plain_reason
from .saying import words_of
from .sorting import Kind, reason_of_doubt


def plain_figures(figures: Figures) -> dict[str, Any]:
    """Without its type; `figures` may have more."""
    plain = {name: getattr(figures, name) for name in Figures.__dataclass_fields__}
    flows = {name: _plain_flow(plain[name]) for name in ("money_in", "money_out")}
    notes = [plain_reason(note) for note in figures.notes]
    return {**plain, **flows, "notes": notes, "movement": vars(figures.movement)}


def _plain_flow(flow: Flow) -> list[Any]:
    return [flow.count, flow.total, [list(row) for row in flow.first]]


def figures_of_plain(plain: dict[str, Any]) -> Figures:
    days = {name: _day(plain[name]) for name in ("first_date", "last_date")}
    money = ("opening", "closing", "last_balance", "opening_differs_by")
    kinds = {
        name: Counter({Kind(kind): count for kind, count in plain[name].items()})
        for name in ("counts", "mended")
    }
    return Figures(
        **{
            **plain,
            **days,
            **{name: money_of_plain(plain[name]) for name in money},
            **kinds,
            "format": Format(plain["format"]),
            "others": tuple(plain["others"]),
            "notes": tuple(Reason(*note) for note in plain["notes"]),
            "money_in": _flow(plain["money_in"]),
            "money_out": _flow(plain["money_out"]),
            "movement": Moves(**plain["movement"]),
        }
    )


def _flow(plain: list[Any]) -> Flow:
    count, total, first = plain
    return Flow(count, Decimal(total), [line_of_plain(values) for values in first])


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def plain_entry(entry: Entry) -> list[Any]:
    return [
        entry.line,
        entry.kind,
        list(entry.row) if entry.row else None,
        "" if entry.row else entry.raw,
        plain_reason(entry.reason) if entry.reason else None,
        entry.ours,
        [rule.code for rule in entry.findings],
        entry.is_mended,
    ]


def entries_of_plain(plain: Sequence[list[Any]]) -> list[Entry]:
    """Their words in the language of whoever asks."""
    ours = [each[5] for each in plain if each[5] is not None]
    stored = BankTransaction.objects.in_bulk(ours) if ours else {}
    return [_entry(each, stored.get(each[5])) for each in plain]


def _entry(plain: list[Any], stored: BankTransaction | None) -> Entry:
    line, kind, values, raw, why, ours, codes, is_mended = plain
    row = line_of_plain(values) if values else None
    reason = Reason(*why) if why else None
    words = words_of(reason) if reason else ""
    if stored and row:
        words = words_of(reason_of_doubt(Kind(kind), stored, row))
    findings = tuple(BY_CODE[code] for code in codes)
    raw = row.raw if row else raw
    return Entry(line, Kind(kind), row, raw, words, findings, is_mended, reason, ours)
