"""One decision for many pushes whose fate is unknown, as after an outage: each by itself.

Nothing is sent again that Codat was not asked about right before. One list of a company's writes
answers for all its pushes; how many companies are asked is bounded by time and by the budget.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from bankfeeds import budget, messages
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Decision, Push, PushDecision, PushStatus

from .decide import AlreadyDecided, decide
from .doubt import Candidate, has_looked, look

Clock = Callable[[], dt.datetime]
UNKNOWN = (PushStatus.TIMED_OUT, PushStatus.NEEDS_REVIEW)
MOST = 200
# Seconds of asking Codat while a person waits.
PATIENCE = 12.0


class Became(StrEnum):
    """What became of one push of many."""

    DONE = "done"
    # Somebody decided before, or Codat told its end: nothing to decide any more.
    MOVED_ON = "moved-on"
    # `words` say what the decision lacks.
    REFUSED = "refused"
    # Codat has a write that may be it.
    CANDIDATE = "candidate"
    # Codat now says otherwise than when the push was given the state that it has.
    OTHERWISE = "otherwise"
    # Codat was asked and did not answer, in `words`.
    NO_ANSWER = "no-answer"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True)
class Result:
    push: Push
    became: Became
    words: str = ""
    replacement: Push | None = None


def chosen(pushes: Sequence[int]) -> list[Push]:
    """At most MOST of them, with all that a decision needs, by company."""
    rows = Push.objects.filter(pk__in=list(pushes)[:MOST])
    rows = rows.select_related("company", "connection", "account")
    rows = rows.defer("account__sealed_body", "connection__link_url")
    return list(rows.order_by("company", "account", "sequence"))


def look_soon(pushes: Sequence[int], *, now: dt.datetime) -> int:
    """Have the sweep ask how the writes of these ended; says how many it will ask about.

    Only a write that has a name can be asked about in the background.
    """
    named = Push.objects.filter(pk__in=list(pushes)[:MOST], status=PushStatus.TIMED_OUT)
    return named.exclude(push_operation_key=None).update(next_attempt_at=now, polls=0)


def decide_together(
    pushes: Sequence[int],
    kind: Decision,
    *,
    reason: str,
    by: Actor,
    client: Client,
    clock: Clock,
) -> list[Result]:
    """NOT_THERE or GIVE_UP (all rows left out) for each; what it did to each.

    A second call with the same reason gives the results of the first.
    """
    if kind not in {Decision.NOT_THERE, Decision.GIVE_UP}:
        raise ValueError(f"{kind} is decided for one push at a time")
    rows = chosen(pushes)
    results = [_before(row, kind, reason, by) for row in rows if row.status not in UNKNOWN]
    unknown = [row for row in rows if row.status in UNKNOWN]
    if kind == Decision.GIVE_UP:
        looked = [row for row in unknown if has_looked(row)]
        results += [_decide(row, kind, reason, by, clock()) for row in looked]
        unknown = [row for row in unknown if row not in looked]
    for row, found in _look(unknown, client=client, clock=clock):
        if isinstance(found, Result):
            results.append(found)
            continue
        sends = kind == Decision.NOT_THERE
        keeps = _not_to_be_sent(row, found, clock()) if sends else None
        results.append(keeps or _decide(row, kind, reason, by, clock()))
    return sorted(results, key=lambda result: result.push.pk)


def _before(push: Push, kind: Decision, reason: str, by: Actor) -> Result:
    """What the first press did, where this is the second one."""
    made = PushDecision.objects.filter(push=push, kind=kind, reason=reason, made_by=by.name)
    mine = made.select_related("replacement").last()
    if mine is None:
        return Result(push, Became.MOVED_ON)
    return Result(push, Became.DONE, replacement=mine.replacement)


def _decide(push: Push, kind: Decision, reason: str, by: Actor, now: dt.datetime) -> Result:
    rows = push.items.values_list("transaction_id", flat=True) if kind == Decision.GIVE_UP else ()
    try:
        replacement = decide(push, kind, reason=reason, by=by, now=now, leave_out=list(rows))
    except AlreadyDecided:
        return _before(push, kind, reason, by)
    except ValueError as error:
        return Result(push, Became.REFUSED, str(error))
    return Result(push, Became.DONE, replacement=replacement)


def _look(
    pushes: Sequence[Push], *, client: Client, clock: Clock
) -> Iterator[tuple[Push, list[Candidate] | Result]]:
    """What Codat has of each, or why that is not known."""
    ends = time.monotonic() + PATIENCE
    companies = [list(rows) for _company, rows in groupby(pushes, key=lambda row: row.company_id)]
    granted = budget.take(len(companies), now=clock()) if companies else 0
    for rows in companies:
        if not granted or time.monotonic() > ends:
            yield from ((row, Result(row, Became.NOT_ASKED)) for row in rows)
            continue
        granted -= 1
        try:
            found = look(rows, client=client, now=clock())
        except messages.CodatError as error:
            told = messages.what_happened(error)
            yield from ((row, Result(row, Became.NO_ANSWER, told)) for row in rows)
            if error.status is None:
                # Nobody there: the others would only wait as long, one after the other.
                budget.give_back(granted)
                granted = 0
            continue
        yield from ((row, found[row.pk]) for row in rows)
    budget.give_back(granted)


def _not_to_be_sent(push: Push, found: Sequence[Candidate], now: dt.datetime) -> Result | None:
    if any(one.known_as is None for one in found):
        return Result(push, Became.CANDIDATE)
    own = [one for one in found if one.push_operation_key == push.push_operation_key]
    if any(one.status.lower() != "timedout" for one in own):
        Push.objects.filter(pk=push.pk, status=push.status).update(next_attempt_at=now, polls=0)
        return Result(push, Became.OTHERWISE)
    return None
