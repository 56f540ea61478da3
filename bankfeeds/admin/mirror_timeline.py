"""The timeline of a company, connection or account: what was done, by whom, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bankfeeds import words
from bankfeeds.models import Company, Connection, Event, Push, SourceAccount

from . import push_words

LINES = 50
CANCELLED = "push.cancelled"
SHOWN = ("status", "name", "codat_name", "reference", "country", "feed_start_date")


@dataclass(frozen=True)
class Line:
    event: Event
    what: str
    change: str
    account: str = ""


def _line(event: Event, ended: Push | None = None) -> Line:
    """`ended`: its push with its decisions, of one that ended without an answer of Codat."""
    what = words.action(event.action)
    if ended is not None:
        # The name of the step would leave open which of the three it was.
        what = push_words.status(ended, now=event.at).label
    return Line(event, what, _change(event), str(event.account or ""))


def _change(event: Event) -> str:
    """`Pending → Connected` in the words of the staff; "" where the line is no change."""
    moved = [
        f"{words.changed(event, name, event.before[name])} →"
        f" {words.changed(event, name, event.after[name])}"
        for name in SHOWN
        if name in event.before
        and name in event.after
        and not event.push_id
        and event.before[name] != event.after[name]
    ]
    return ", ".join(moved)


def timeline(**of: Company | Connection | SourceAccount) -> list[Line]:
    rows = Event.objects.filter(**of).select_related("account").defer("account__sealed_body")
    events = list(rows[:LINES])
    ended = _cancelled([event for event in events if event.action == CANCELLED])
    return [_line(event, ended.get(event.pk)) for event in events]


def _cancelled(events: Sequence[Event]) -> dict[int, Push]:
    """By line: the push that was stopped, given up or sent again in another: decisions tell."""
    if not events:
        return {}
    rows = Push.objects.filter(pk__in=[event.push_id or 0 for event in events])
    found = rows.only("status", "codat_status").prefetch_related("decisions").in_bulk()
    return {each.pk: found[each.push_id] for each in events if each.push_id in found}
