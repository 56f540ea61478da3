"""Questions to Codat about writes, company by company: one list answers for all pushes of one.

Chooses what is to be asked and asks it from the threads; what the answers mean is `conclude`'s.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Min, Q

from bankfeeds import budget, conf
from bankfeeds.codat import errors
from bankfeeds.codat.client import Client
from bankfeeds.codat.paging import PAGE_SIZE
from bankfeeds.codat.shapes import PushOperation
from bankfeeds.models import Push, PushAttempt, PushStatus
from bankfeeds.models.states import Seen

from .outcome import Outcome
from .threads import pool

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]

# Seconds to the next look, by the number of looks before: operations take seconds to minutes, and
# every look is a call of the day's quota.
LOOKS = (25, 60, 120, 300, 600, 900)
# Looks at one company that fall due this soon after each other are made as one, which a stream of
# them may put off for so long: a list answers for all, and costs one call.
TOGETHER = dt.timedelta(seconds=5)
PUT_OFF = dt.timedelta(seconds=60)
# Codat's clock and ours may differ by this much.
SKEW = dt.timedelta(minutes=2)
# A search looks this much further back: a clock may be wrong by hours.
FAR = dt.timedelta(hours=12)
# Bounds of one round and of one company.
COMPANIES = 128
GROUP_WAIT = 0.05
PUSHES_OF_A_COMPANY = 200
LONGEST_OF_A_COMPANY = 20.0
# What one answer says of all calls.
ENDING = (errors.Throttled, errors.KeyRefused, errors.PaymentRequired)
OPERATIONS = 2000
# A write that is older than this is asked for by its id: the list would be long until there.
LISTED_FOR = dt.timedelta(hours=2)

_SEEN = ("id", "status", "fence", "company_id", "connection_id", "account_id")
_MORE = (
    "push_operation_key",
    "first_sent_at",
    "unsure_since",
    "submitted_at",
    "next_attempt_at",
    "polls",
    "balance_after",
    "codat_status",
    "connection__codat_id",
)


@dataclass(frozen=True)
class Asked:
    """A push of which something is to be learned."""

    push: Seen
    push_operation_key: uuid.UUID | None
    first_sent_at: dt.datetime | None
    unsure_since: dt.datetime | None
    submitted_at: dt.datetime | None
    next_attempt_at: dt.datetime | None
    polls: int
    balance_after: Any
    codat_status: str
    connection: uuid.UUID | None
    # Of the tries that may have arrived: when the first began and the last ended.
    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass
class Answers:
    """What Codat said about the writes of one company. `asked_at`: before the first question."""

    company: uuid.UUID
    asked_at: dt.datetime
    pushes: list[Asked]
    operations: dict[uuid.UUID, PushOperation] = field(default_factory=dict)
    # The list was read back to where it was needed.
    complete: bool = False
    absent: set[uuid.UUID] = field(default_factory=set)
    error: errors.CodatError | None = None
    calls: int = 0


def ask(*, client: Client, clock: Clock) -> Iterator[list[Answers]]:
    """Ask about whatever is due, yielding companies in groups as their answers come in.

    Every push asked about has its next look planned before anything is asked.
    """
    futures = {pool().submit(_ask, client, answers) for answers in _plan(clock())}
    while futures:
        done, futures = wait(futures, timeout=1.0, return_when=FIRST_COMPLETED)
        # A moment for those that come right behind it.
        more, futures = wait(futures, timeout=GROUP_WAIT) if futures else (set(), futures)
        yield [future.result() for future in done | more]


def read(pushes: Sequence[Push], *, client: Client, now: dt.datetime) -> Answers:
    """Ask about pushes of one company now, in this thread: a person waits for the answer."""
    rows = Push.objects.filter(pk__in=[push.pk for push in pushes])
    asked = _asked(rows)
    company = Push.objects.select_related("company").get(pk=pushes[0].pk).company
    return _ask(client, Answers(company.id_there, now, asked))


def _plan(now: dt.datetime) -> list[Answers]:
    due = Push.objects.to_look_up(now).filter(environment=conf.environment())
    first = due.exclude(_worth_waiting_for(now)).values_list("company_id", "company__codat_id")
    soonest = first.annotate(at=Min("next_attempt_at")).order_by("at")[:COMPANIES]
    companies = {pk: there for pk, there, _at in soonest if there is not None}
    granted = budget.take(len(companies), now=now) if companies else 0
    chosen = list(companies)[:granted]
    # One list answers for all that Codat has of a company, whether they are due or not.
    there = Q(status=PushStatus.SUBMITTED, submitted_at__gt=now - LISTED_FOR)
    asked = Push.objects.filter(there) | Push.objects.to_look_up(now)
    asked = asked.filter(environment=conf.environment(), company_id__in=chosen)
    by_company = _by_company(_asked(asked.order_by("company_id", "id")), now)
    mine = _plan_next_looks([row for rows in by_company.values() for row in rows], now)
    # A company of which nothing is left costs no call.
    return [
        Answers(companies[pk], now, [row for row in by_company[pk] if row.push.id in mine])
        for pk in chosen
    ]


def _by_company(rows: Sequence[Asked], now: dt.datetime) -> dict[int, list[Asked]]:
    """Without those that somebody else has asked since they were chosen: nothing is due there."""
    due = {
        row.push.company_id for row in rows if row.next_attempt_at and row.next_attempt_at <= now
    }
    by_company: dict[int, list[Asked]] = defaultdict(list)
    for row in rows:
        company = row.push.company_id
        if company in due and len(by_company[company]) < PUSHES_OF_A_COMPANY:
            by_company[company].append(row)
    return by_company


def _worth_waiting_for(now: dt.datetime) -> Q:
    """Of companies of which more falls due in a moment; only what holds nothing else up."""
    factor = conf.timing_factor()
    coming = Push.objects.filter(
        status=PushStatus.SUBMITTED,
        next_attempt_at__gt=now,
        next_attempt_at__lte=now + TOGETHER * factor,
    )
    return Q(
        status=PushStatus.SUBMITTED,
        next_attempt_at__gt=now - PUT_OFF * factor,
        company__in=coming.values("company"),
    )


def _plan_next_looks(rows: Sequence[Asked], now: dt.datetime) -> set[int]:
    """Take the look for us and plan the next one; the ids of those that nobody else took."""
    alike: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row in rows:
        alike[row.polls, row.push.status].append(row.push.id)
    mine: set[int] = set()
    for (polls, status), ids in alike.items():
        at = now + dt.timedelta(seconds=_pause(polls))
        still = Push.objects.filter(pk__in=ids, polls=polls, status=status)
        if still.update(polls=polls + 1, next_attempt_at=at) == len(ids):
            mine.update(ids)
        else:
            taken = Push.objects.filter(pk__in=ids, polls=polls + 1, next_attempt_at=at)
            mine.update(taken.values_list("pk", flat=True))
    return mine


def _pause(polls: int) -> float:
    return LOOKS[min(polls, len(LOOKS) - 1)] * conf.timing_factor()


def _asked(rows: Any) -> list[Asked]:
    found = list(rows.values(*_SEEN, *_MORE))
    tries = _doubtful_tries([r["id"] for r in found if r["status"] == PushStatus.RECONCILING])
    return [
        Asked(
            push=Seen(**{name: row[name] for name in _SEEN}),
            **{name: row[name] for name in _MORE if name != "connection__codat_id"},
            connection=row["connection__codat_id"],
            since=tries.get(row["id"], (None, None))[0],
            until=tries.get(row["id"], (None, None))[1],
        )
        for row in found
    ]


def _doubtful_tries(ids: list[int]) -> dict[int, tuple[dt.datetime, dt.datetime]]:
    """By push: when the first try that may have arrived began, and when its last try ended."""
    spans: dict[int, tuple[dt.datetime, dt.datetime]] = {}
    if not ids:
        return spans
    rows = PushAttempt.objects.filter(push__in=ids).order_by("push", "number")
    for push, outcome, began, ended in rows.values_list(
        "push_id", "outcome", "started_at", "ended_at"
    ):
        first = spans[push][0] if push in spans else None
        if first is None and outcome not in {Outcome.UNKNOWN, Outcome.OPEN}:
            continue
        spans[push] = (first or began, ended or began)
    return spans


def _ask(client: Client, answers: Answers) -> Answers:
    """In a thread: whatever goes wrong with one company concerns no other."""
    try:
        return _ask_company(client, answers)
    except Exception as error:
        log.exception("company %s could not be asked", answers.company)
        answers.error = errors.Garbled(f"{type(error).__name__} of ours", status=0)
        return answers


def _ask_company(client: Client, answers: Answers) -> Answers:
    """The list where it answers for several, one by one for the rest."""
    ends = time.monotonic() + LONGEST_OF_A_COMPANY * conf.timing_factor()
    try:
        listed = [row for row in answers.pushes if _is_listed(row, answers.asked_at)]
        searched = any(row.push_operation_key is None for row in listed)
        if searched or len(listed) > 1:
            read_list(client, answers, min(_since(row) for row in listed))
    except errors.CodatError as error:
        answers.error = error
    for row in answers.pushes:
        if time.monotonic() > ends or isinstance(answers.error, ENDING):
            break
        _ask_for_one(client, answers, row)
    return answers


def _is_listed(row: Asked, now: dt.datetime) -> bool:
    if row.push_operation_key is None:
        return True
    return row.submitted_at is not None and now - row.submitted_at < LISTED_FOR


def _since(row: Asked) -> dt.datetime:
    """How far back the list is read: for a search, far enough for any clock that is wrong."""
    moments = [m for m in (row.since, row.first_sent_at, row.submitted_at) if m is not None]
    return min(moments) - (SKEW if row.push_operation_key else FAR)


def read_list(client: Client, answers: Answers, since: dt.datetime) -> None:
    """Back to `since`, page by page. A list that is not newest first is read to its end."""
    before, ordered = dt.datetime.max.replace(tzinfo=dt.UTC), True
    for number, operation in enumerate(client.list_operations(answers.company)):
        first_of_page = number % PAGE_SIZE == 0
        if first_of_page and ordered and before < since:
            break
        if number >= OPERATIONS:
            return
        answers.calls += first_of_page
        ordered = ordered and operation.requested_on <= before
        before = operation.requested_on
        answers.operations[operation.push_operation_key] = operation
    answers.complete = True


def _ask_for_one(client: Client, answers: Answers, row: Asked) -> None:
    key = row.push_operation_key
    if key is None or (key in answers.operations and not _lacks_reasons(answers.operations[key])):
        return
    answers.calls += 1
    try:
        answers.operations[key] = client.get_operation(answers.company, key)
    except errors.Absent:
        answers.absent.add(key)
    except errors.CodatError as error:
        # The others of the company are asked for all the same.
        answers.error = error


def _lacks_reasons(operation: PushOperation) -> bool:
    """A list may tell of a failure without telling why."""
    return operation.status.lower() == "failed" and not operation.validation_errors
