"""What may be at Codat without our knowing: the evidence in front of a person who has to decide.

Tries of which nobody knows whether they arrived, writes that no push was told of, and rows that
were let go all the same. Only `candidates` asks Codat, because a person waits for the answer.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from bankfeeds.codat.client import Client
from bankfeeds.codat.shapes import PushOperation
from bankfeeds.models import (
    Push,
    PushAttempt,
    PushItem,
    PushStatus,
    SourceAccount,
    UnclaimedWrite,
)
from bankfeeds.models.states import IN_FLIGHT

from .conclude import may_be_ours, unclaimed
from .lookup import FAR, SKEW, Answers, read_list

# Of one push, shown side by side.
CANDIDATES = 50
Outcome = PushAttempt.Outcome


@dataclass(frozen=True)
class Candidate:
    """A write at Codat that may be the push whose answer was lost.

    `seen_at`: None for one that Codat listed just now, else when it was kept as evidence.
    """

    push_operation_key: uuid.UUID
    requested_at: dt.datetime
    status: str
    known_as: Push | None
    seen_at: dt.datetime | None = None


def candidates(push: Push, *, client: Client, now: dt.datetime) -> list[Candidate]:
    """Writes of its connection since the push was first sent, newest first: what Codat lists now
    and what earlier look-ups kept. Those that no push was told of are kept from now on."""
    [found] = look([push], client=client, now=now).values()
    return found


def look(pushes: Sequence[Push], *, client: Client, now: dt.datetime) -> dict[int, list[Candidate]]:
    """Candidates by push, of pushes of one company: one list answers for all. Raises CodatError.

    The list is read as far back as a search reads it: a clock may be wrong.
    """
    connections = {p.connection.codat_id: p.connection_id for p in pushes if p.connection.codat_id}
    answers = Answers(pushes[0].company.id_there, now, [])
    read_list(client, answers, min(since(push) for push in pushes) - FAR)
    listed = [
        one
        for one in answers.operations.values()
        if one.data_connection_key in connections and may_be_ours(one)
    ]
    _keep(listed, connections, now=now)
    if answers.complete:
        Push.objects.filter(pk__in=[push.pk for push in pushes]).update(looked_at=now)
    return {push.pk: _of(push, listed) for push in pushes}


def _keep(
    listed: Iterable[PushOperation], connections: dict[uuid.UUID, int], *, now: dt.datetime
) -> None:
    """As evidence; but where a push is under way at this moment, its write is no stray."""
    moving = Push.objects.filter(connection__in=connections.values(), status__in=IN_FLIGHT)
    busy = set(moving.values_list("connection_id", flat=True))
    quiet = {there: pk for there, pk in connections.items() if pk not in busy}
    strays = [one for one in listed if one.data_connection_key in quiet]
    unclaimed(strays, connections=quiet, now=now)


def kept(push: Push) -> list[Candidate]:
    """The same from what was kept, without a question to Codat."""
    return _of(push, [])


def since(push: Push) -> dt.datetime:
    """The oldest moment at which a write of it can have been requested, by Codat's clock."""
    began = push.attempts.order_by("number").values_list("started_at", flat=True).first()
    moments = [m for m in (began, push.first_sent_at) if m is not None]
    return min(moments, default=push.requested_at) - SKEW


def _of(push: Push, listed: Iterable[PushOperation]) -> list[Candidate]:
    """Those since its first try, and those that nobody saw before it, whatever their time."""
    first = since(push)
    rows = UnclaimedWrite.objects.filter(connection=push.connection_id)
    if push.ended_at is not None:
        rows = rows.filter(requested_at__lte=push.ended_at + SKEW)
    new = rows.filter(Q(requested_at__gte=first) | Q(first_seen_at__gte=first))
    stored = {
        row.push_operation_key: (row.requested_at, row.codat_status, row.first_seen_at)
        for row in new.order_by("-requested_at", "-id")[:CANDIDATES]
    }
    live = {
        o.push_operation_key: (o.requested_on, o.status, None)
        for o in listed
        if o.data_connection_key == push.connection.codat_id
        and (o.requested_on >= first or o.push_operation_key in stored)
    }
    return _named({**stored, **live})


def _named(
    found: Mapping[uuid.UUID, tuple[dt.datetime, str, dt.datetime | None]],
) -> list[Candidate]:
    known = Push.objects.filter(push_operation_key__in=list(found)).select_related("account")
    by_key = {row.push_operation_key: row for row in known.defer("account__sealed_body")}
    newest_first = sorted(found.items(), key=lambda entry: entry[1][0], reverse=True)
    return [
        Candidate(key, at, status, by_key.get(key), seen)
        for key, (at, status, seen) in newest_first[:CANDIDATES]
    ]


def has_looked(push: Push) -> bool:
    """Whether what Codat has is on record from after the time at which it may still change.

    A write that has a name cannot be taken for another push's, so that it needs no look; of a
    company that is gone there is nothing left to look at.
    """
    named = push.push_operation_key is not None
    return (named or push.company.gone_at is not None) or (
        push.looked_at is not None and push.looked_at > settled_at(push)
    )


def settled_at(push: Push) -> dt.datetime:
    """Until then what was sent last may still be on its way into Codat's books."""
    last = push.attempts.order_by("number").last()
    if last is None:
        return push.requested_at
    return (last.ended_at or last.started_at) + dt.timedelta(seconds=settings.PUSH_SETTLE)


def unsure_tries(push: Push) -> list[PushAttempt]:
    """Its tries of which nobody knows whether they arrived, the first one first."""
    return list(_unsure().filter(push=push).order_by("number"))


def _unsure() -> QuerySet[PushAttempt]:
    """But not those whose key was answered with a write later: that write was theirs too."""
    answered = PushAttempt.objects.filter(
        push=OuterRef("push"),
        idempotency_key=OuterRef("idempotency_key"),
        outcome=Outcome.ACCEPTED,
    )
    return PushAttempt.objects.filter(~Exists(answered), outcome=Outcome.UNKNOWN)


def perhaps_there(accounts: Iterable[SourceAccount]) -> dict[int, int]:
    """Rows that a push let go although they may be at Codat: transaction -> the newest such push.

    Only those that no push holds now: what sending them (again) may double.
    """
    unsure = Exists(_unsure().filter(push=OuterRef("push")))
    taken = PushAttempt.objects.filter(push=OuterRef("push"), outcome=Outcome.ACCEPTED)
    given_up = Q(unsure) | Q(Exists(taken))
    let_go = Q(given_up, push__status=PushStatus.CANCELLED) | Q(
        unsure, push__status=PushStatus.FAILED
    )
    free = ~Exists(PushItem.objects.filter(transaction=OuterRef("transaction"), released=False))
    of_these = PushItem.objects.filter(push__account__in=[account.pk for account in accounts])
    items = of_these.filter(let_go, free, released=True, transaction__left_out_by=None)
    return dict(items.order_by("push").values_list("transaction_id", "push_id"))
