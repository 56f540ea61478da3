"""Days that are held: why, said in words; and carried out once what held them is gone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bankfeeds import feeds, pushing
from bankfeeds.models import Event, FeedRun, Push, SendingStop, SourceAccount
from bankfeeds.models.record import SCHEDULE

from .support import DAY, TODAY, arrive, by_file, daily, day_of, moment, outcome, run, settled

pytestmark = pytest.mark.django_db
NOON = moment(TODAY, "12:00")
EVENING = moment(TODAY, "18:30")


def test_an_account_that_is_not_connected_is_held() -> None:
    account = daily(status="disconnected")
    arrive(account, NOON, date=TODAY)
    run(NOON)
    assert day_of(account).outcome == "held"
    assert "not connected" in day_of(account).words
    assert not Push.objects.exists()
    assert Event.objects.filter(action="feed.held", account=account).count() == 1


@pytest.mark.parametrize("scope", ["account", "company", "everything"])
def test_a_stop_holds_and_says_who_and_why(scope: str) -> None:
    account, other = daily(), daily()
    of = {"account": account, "company": account.company}
    SendingStop.objects.create(
        **({scope: of[scope]} if scope in of else {}),
        stopped_at=NOON,
        stopped_by="support",
        reason="wrong client",
    )
    for each in (account, other):
        arrive(each, NOON, date=TODAY)
    run(NOON)
    assert day_of(account).outcome == "held"
    assert "support" in day_of(account).words and "wrong client" in day_of(account).words
    assert day_of(other).outcome == ("held" if scope == "everything" else "pushed")


def test_a_stop_that_was_lifted_holds_nothing() -> None:
    account = daily()
    SendingStop.objects.create(
        account=account, stopped_at=NOON, stopped_by="x", reason="y", allowed_at=NOON
    )
    arrive(account, NOON, date=TODAY)
    run(NOON)
    assert day_of(account).outcome == "pushed"


def test_a_held_day_is_carried_out_once_the_stop_is_lifted() -> None:
    account = daily()
    arrive(account, NOON, date=TODAY)
    stop = SendingStop.objects.create(
        company=account.company, stopped_at=NOON, stopped_by="support", reason="wrong client"
    )
    run(NOON)
    later = NOON + dt.timedelta(hours=1)
    assert run(later) == 0
    SendingStop.objects.filter(pk=stop.pk).update(allowed_at=later)
    elsewhere = SendingStop.objects.create(stopped_at=NOON, stopped_by="x", reason="y")
    assert run(later) == 0
    SendingStop.objects.filter(pk=elsewhere.pk).update(allowed_at=later)
    assert run(later) == 1
    row = day_of(account)
    assert (row.outcome, row.push, row.ran_at) == ("pushed", Push.objects.get(), later)
    assert row.words.startswith("It was held at noon ET: Sending is stopped")
    assert row.words.endswith("Then it could go on. 2 transactions.")
    assert Event.objects.filter(action="feed.resumed").count() == 1
    assert run(later) == 0


def test_a_held_day_is_carried_out_once_the_client_has_connected() -> None:
    account = daily(status="pending")
    arrive(account, NOON, date=TODAY)
    run(NOON)
    later = NOON + dt.timedelta(hours=1)
    SourceAccount.objects.filter(pk=account.pk).update(status="connected")
    Event.objects.record("account.status", by=SCHEDULE, at=later, account=account)
    assert run(later) == 1
    assert day_of(account).outcome == "pushed"


def test_a_day_held_for_its_rows_is_not_tried_again_and_again() -> None:
    account = daily()
    arrive(account, NOON, date=TODAY - 9 * DAY)
    run(NOON)
    assert day_of(account).outcome == "held"
    assert not feeds.something_is_due(NOON + dt.timedelta(hours=1))


def test_a_held_day_whose_file_never_came_is_missed_in_the_end() -> None:
    account = by_file(status="pending")
    settled(EVENING)
    later = EVENING + dt.timedelta(hours=1)
    SourceAccount.objects.filter(pk=account.pk).update(status="connected")
    Event.objects.record("account.status", by=SCHEDULE, at=later, account=account)
    assert run(later) == 1
    assert day_of(account).outcome == "missed"
    last = later + dt.timedelta(minutes=5)
    arrive(account, last, date=TODAY)
    assert run(last) == 1
    assert day_of(account).outcome == "pushed"


def test_rows_that_are_all_forbidden_hold_once_and_are_not_told_again_each_day() -> None:
    account = daily()
    arrive(account, moment(TODAY, "05:00"), date=TODAY - 9 * DAY)
    run(NOON)
    assert day_of(account).outcome == "held"
    run(NOON + DAY)
    assert outcome(account, TODAY + DAY) == "nothing"


def test_held_and_without_a_file_says_both() -> None:
    account = by_file(status="pending")
    settled(EVENING)
    assert day_of(account).outcome == "held"
    assert "not connected" in day_of(account).words and "No file" in day_of(account).words


def test_an_account_that_cannot_be_prepared_is_held_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = daily(), daily()
    for account in (first, second):
        arrive(account, NOON, date=TODAY)
    real = pushing.confirm

    def confirm(accounts: list[SourceAccount], **how: Any) -> list[Push]:
        if accounts[0].pk == first.pk:
            raise ValueError("no body can be made of it")
        return real(accounts, **how)

    monkeypatch.setattr(pushing, "confirm", confirm)
    assert run(NOON) == 2
    assert (day_of(first).outcome, day_of(second).outcome) == ("held", "pushed")


def test_rows_that_change_in_the_moment_put_the_day_off(monkeypatch: pytest.MonkeyPatch) -> None:
    account = daily()
    arrive(account, NOON, date=TODAY)
    real = pushing.confirm

    def confirm(accounts: list[SourceAccount], **how: Any) -> list[Push]:
        raise pushing.RowsChanged(pushing.plan(accounts, today=TODAY))

    monkeypatch.setattr(pushing, "confirm", confirm)
    assert run(NOON) == 0
    assert not FeedRun.objects.exists()
    monkeypatch.setattr(pushing, "confirm", real)
    assert run(NOON) == 1
