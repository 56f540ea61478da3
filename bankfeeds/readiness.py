"""Is everything ready for clients: asks Codat once, looks around here, keeps what was found.

A verb room. One read of Codat's and no transaction around it; what the findings mean is in `words`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from django.db import connection as database
from django.db.models import Q

from bankfeeds.codat import errors
from bankfeeds.codat.client import Answer, Client
from bankfeeds.messages import what_happened
from bankfeeds.models import (
    Actor,
    Push,
    PushStatus,
    ReadinessCheck,
    SourceAccount,
    WebhookMessage,
)
from bankfeeds.words import readiness as words

from . import conf, guards, health

Finding = dict[str, Any]
Clock = Callable[[], dt.datetime]

# A person waits.
SECONDS = 8.0
# Whole seconds in Codat's header, and the way of the answer: less says nothing.
RIGHT = 5
# Messages whose time differs more are refused.
FAR = 300
# Codat tells of the end of a push within seconds and tries for a while.
TOLD_WITHIN = dt.timedelta(minutes=30)
# The second press of the button shows the result of the first.
SAME_PRESS = dt.timedelta(seconds=5)


class Opens(Protocol):
    """Makes a client that tells of each answer."""

    def __call__(self, on_answer: Callable[[Answer], None]) -> Client: ...


def check(open_client: Opens, *, by: Actor, clock: Clock) -> ReadinessCheck:
    """Ask, look, and keep the result. Raises nothing of Codat's: that is a finding."""
    newest = last()
    if newest is not None and dt.timedelta() <= clock() - newest.at < SAME_PRESS:
        return newest
    skews: list[float] = []

    def listen(answer: Answer) -> None:
        if answer.date is not None:
            skews.append((answer.date - clock()).total_seconds())

    client = open_client(on_answer=listen).within(SECONDS)
    found = [*_at_codat(client), _clock(skews)]
    now = clock()
    found += [_types(), _currencies(), _worker(now=now), _webhooks(), _database()]
    order = list(words.TOPICS)
    found.sort(key=lambda each: order.index(each["name"].partition(".")[0]))
    return ReadinessCheck.objects.create(at=now, by=by.name, findings=found)


def last() -> ReadinessCheck | None:
    """The newest result that was kept."""
    return ReadinessCheck.objects.first()


def lines(done: ReadinessCheck) -> list[words.Line]:
    """As a person reads them, in order."""
    return [words.line(str(each["name"]), each.get("facts", {})) for each in done.findings]


def is_ready(done: ReadinessCheck) -> bool:
    return words.is_ready([str(each["name"]) for each in done.findings])


def _found(code: str, **facts: Any) -> Finding:
    return {"name": code, "facts": facts}


# At Codat


def _at_codat(client: Client) -> Iterator[Finding]:
    try:
        integration = client.get_integration()
    except errors.Absent:
        yield _found("key.works")
        yield _found("integration.absent")
    except errors.CodatError as error:
        yield _key(error)
        yield _found("integration.unasked")
    else:
        yield _found("key.works")
        state = "on" if integration.enabled else "off"
        yield _found(f"integration.{state}", name=integration.name[:100])


def _key(error: errors.CodatError) -> Finding:
    if isinstance(error, errors.KeyRefused):
        known = error.status is not None
        return _found("key.refused", said=error.words) if known else _found("key.missing")
    if isinstance(error, errors.PaymentRequired):
        return _found("key.payment", said=error.words)
    return _found("key.silence", said=what_happened(error))


def _clock(skews: list[float]) -> Finding:
    if not skews:
        return _found("clock.unasked")
    seconds = min(abs(round(each)) for each in skews)
    if seconds <= RIGHT:
        return _found("clock.right", seconds=RIGHT)
    return _found("clock.far" if seconds > FAR else "clock.off", seconds=seconds)


# Here


def _types() -> Finding:
    """Codat has no endpoint for these settings: what it accepted is the proof."""
    accepted = Push.objects.filter(status=PushStatus.SUCCEEDED).order_by("-requested_at", "-id")
    newest = accepted.values_list("requested_at", flat=True).first()
    if newest is None:
        return _found("types.unproven")
    return _found("types.proven", last_at=newest.isoformat())


def _currencies() -> Finding:
    rows = SourceAccount.objects.wanted()
    odd = rows.exclude(currency__in=SourceAccount.Currency.values).count()
    if odd:
        return _found("currencies.odd", number=odd)
    own = Q(company__country="US", currency="USD") | Q(company__country="CA", currency="CAD")
    foreign = rows.exclude(own).count()
    return _found("currencies.foreign", number=foreign) if foreign else _found("currencies.good")


def _worker(*, now: dt.datetime) -> Finding:
    stopped = health.stopped(now=now)
    seen = health.last_beat()
    if seen is None:
        return _found("worker.never")
    return _found("worker.stopped" if stopped else "worker.runs", last_at=seen.isoformat())


def _webhooks() -> Finding:
    if not conf.webhook_secret():
        return _found("webhooks.none")
    newest = WebhookMessage.objects.values_list("received_at", flat=True).first()
    if newest is None:
        return _found("webhooks.silent")
    if _ended_since(newest):
        return _found("webhooks.quiet", last_at=newest.isoformat())
    return _found("webhooks.come", last_at=newest.isoformat())


def _ended_since(told: dt.datetime) -> bool:
    """Whether a push has ended of which a message would have told by now."""
    known = Push.objects.filter(status__in=(PushStatus.SUCCEEDED, PushStatus.FAILED))
    return known.filter(ended_at__gt=told + TOLD_WITHIN).exists()


def _database() -> Finding:
    gone = guards.missing()
    if gone:
        return _found("database.unguarded", number=len(gone))
    return _found("database.good" if database.vendor == "postgresql" else "database.trial")
