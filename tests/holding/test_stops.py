"""Stop and allow sending, go on after a refusal: once each, with a reason, and the worker rung."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from bankfeeds import doorbell, holding
from bankfeeds.models import Actor, Event, Incident, Push, PushStatus, SendingStop
from tests import support
from tests.admin import pushes


def stop(actor: Actor, *, reason: str = "wrong file", **scope: Any) -> SendingStop:
    made, is_new = holding.stop_sending(reason=reason, by=actor, now=timezone.now(), **scope)
    assert is_new
    return made


def scopes() -> list[dict[str, Any]]:
    account = support.make_account()
    return [{"account": account}, {"company": account.company}, {}]


def test_a_scope_is_stopped_once(actor: Actor) -> None:
    for scope in scopes():
        first = stop(actor, **scope)
        again, is_new = holding.stop_sending(reason="other", by=actor, now=timezone.now(), **scope)
        assert (again, is_new) == (first, False)
        assert again.reason == "wrong file"
    assert SendingStop.objects.count() == 3
    assert Event.objects.filter(action="sending.stopped").count() == 3


def test_a_stop_is_in_the_record_of_what_it_stops(actor: Actor) -> None:
    account = support.make_account()
    stop(actor, account=account)
    event = Event.objects.get(action="sending.stopped")
    assert (event.account, event.company) == (account, account.company)
    assert (event.reason, event.actor_name) == ("wrong file", "manager")


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_every_press_needs_a_reason(actor: Actor, reason: str) -> None:
    now = timezone.now()
    with pytest.raises(ValueError, match="reason"):
        holding.stop_sending(reason=reason, by=actor, now=now)
    made = stop(actor)
    with pytest.raises(ValueError, match="reason"):
        holding.allow_sending(made, reason=reason, by=actor, now=now)
    made.refresh_from_db()
    assert made.allowed_at is None


def test_a_stop_has_one_scope(actor: Actor) -> None:
    account = support.make_account()
    with pytest.raises(ValueError, match="one scope"):
        stop(actor, account=account, company=account.company)


def test_allowing_happens_once_and_rings(actor: Actor) -> None:
    for before, scope in enumerate(scopes()):
        made = stop(actor, **scope)
        assert len(support.queued()) == before
        now = timezone.now()
        assert holding.allow_sending(made, reason="mended", by=actor, now=now)
        assert support.queued()[before:] == [(doorbell.DELIVER, ())]
        assert not holding.allow_sending(made, reason="again", by=actor, now=timezone.now())
        assert len(support.queued()) == before + 1
        made.refresh_from_db()
        assert (made.allowed_at, made.allowed_by, made.allowed_reason) == (now, "manager", "mended")
    assert Event.objects.filter(action="sending.allowed", reason="mended").count() == 3


def test_what_was_allowed_can_be_stopped_again(actor: Actor) -> None:
    for scope in scopes():
        first = stop(actor, **scope)
        holding.allow_sending(first, reason="mended", by=actor, now=timezone.now())
        assert holding.open_stop(**scope) is None
        assert stop(actor, **scope).pk != first.pk


def test_a_stop_takes_nothing_from_what_waits(actor: Actor) -> None:
    push = pushes.waiting()
    stop(actor, account=push.account)
    push.refresh_from_db()
    assert push.status == PushStatus.READY
    assert push.items.filter(released=False).count() == push.rows


def test_what_holds_is_asked_only_for_what_waits(
    actor: Actor, django_assert_num_queries: Any
) -> None:
    push, done = pushes.waiting(), pushes.succeeded()
    stop(actor, account=support.make_account())
    mine = stop(actor, company=push.company)
    with django_assert_num_queries(0):
        assert holding.holds([done], now=timezone.now()) is None
    with django_assert_num_queries(4):
        found = holding.holds([push, done], now=timezone.now())
    assert found is not None and found.stops == [mine]


# --- After a refusal -------------------------------------------------------------------------


def refused(**changes: Any) -> Incident:
    values = {"kind": Incident.Kind.REFUSED, "started_at": timezone.now(), "http_status": 401}
    return Incident.objects.create(**{**values, **changes})


def test_going_on_ends_a_refusal_once_and_rings(actor: Actor) -> None:
    incident, now = refused(), timezone.now()
    assert holding.go_on(incident, reason="new key", by=actor, now=now)
    assert not holding.go_on(incident, by=actor, now=timezone.now())
    incident.refresh_from_db()
    assert (incident.ended_at, incident.ended_by) == (now, "manager")
    assert support.queued() == [(doorbell.DELIVER, ())]
    assert Event.objects.get(action="incident.ended").reason == "new key"


def test_nobody_ends_an_outage(actor: Actor) -> None:
    incident = refused(kind=Incident.Kind.OUTAGE)
    with pytest.raises(ValueError, match="by itself"):
        holding.go_on(incident, by=actor, now=timezone.now())
    assert Incident.objects.open().exists()


# --- Two at once -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", [0, 1, 2], ids=["account", "company", "everything"])
def test_two_people_at_once_make_one_stop(place: int) -> None:
    scope, by = scopes()[place], pushes.BY
    together, answers = threading.Barrier(4), []

    def press() -> None:
        together.wait()
        try:
            answers.append(holding.stop_sending(reason="wrong", by=by, now=timezone.now(), **scope))
        finally:
            database.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(is_new for _, is_new in answers) == [False, False, False, True]
    assert len({stop.pk for stop, _ in answers}) == 1
    assert SendingStop.objects.count() == 1
    assert Event.objects.filter(action="sending.stopped").count() == 1
    assert not Push.objects.exists()
