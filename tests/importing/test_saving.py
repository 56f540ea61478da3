"""Saved by the worker: once, whole, whoever is ended in the midst."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from bankfeeds import doorbell, importing
from bankfeeds.importing import jobs
from bankfeeds.models import BankTransaction, Event, Saving, SourceAccount, Statement
from tests import support as portal
from tests.intake.support import file_of

from .support import BY, csv_of, look, preview, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> SourceAccount:
    return portal.make_account()


def ask(upload: Statement, **changes: Any) -> None:
    given = {"leave_out_bad": False, "is_of_account": True, "shown": preview(upload).digest}
    importing.save_later(upload, **{**given, **changes}, by=BY, now=timezone.now())


def test_it_is_saved_once_by_the_worker(account: SourceAccount) -> None:
    upload = look(account, csv_of(["1.00", "2.00"]))
    ask(upload)
    ask(upload)
    assert portal.queued() == [(doorbell.SAVE, (upload.pk,))]
    assert not BankTransaction.objects.exists()
    # The ring is lost: the sweep rings again, as often as it likes.
    portal.empty_queue()
    for _each in range(2):
        importing.ring_waiting(now=timezone.now())
    assert portal.run_jobs() == 2
    importing.carry_out(upload.pk, clock=timezone.now)
    assert BankTransaction.objects.count() == 2
    assert Event.objects.filter(action="statement.saved").count() == 1
    saved = Statement.objects.get()
    assert (saved.state, saved.imported_by) == ("saved", BY.name)
    order = Saving.objects.get()
    assert (order.words, order.tries) == ("", 1) and order.ended_at
    ask(saved)
    importing.ring_waiting(now=timezone.now() + dt.timedelta(days=1))
    assert not portal.queued()


def test_a_worker_is_ended_in_the_midst(
    account: SourceAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = look(account, csv_of(["1.00", "2.00"]))
    ask(upload)
    now = timezone.now()
    real = importing.save

    def ended(*given: Any, **more: Any) -> Statement:
        raise SystemExit

    def ended_after(*given: Any, **more: Any) -> Statement:
        real(*given, **more)
        raise SystemExit

    for number, way in enumerate((ended, ended_after)):
        monkeypatch.setattr("bankfeeds.importing.saving.save", way)
        clock = partial(dt.datetime.__add__, now, number * 2 * doorbell.lease())
        with pytest.raises(SystemExit):
            importing.carry_out(upload.pk, clock=clock)
        # As long as it may still be at it nobody else is.
        importing.carry_out(upload.pk, clock=clock)
        assert Saving.objects.get().tries == number + 1
    monkeypatch.setattr("bankfeeds.importing.saving.save", real)
    last = now + 6 * doorbell.lease()
    importing.carry_out(upload.pk, clock=lambda: last)
    assert BankTransaction.objects.count() == 2
    assert Saving.objects.get().ended_at == last

    def fails(*given: Any, **more: Any) -> Statement:
        raise DatabaseError

    monkeypatch.setattr("bankfeeds.importing.saving.save", fails)
    other = look(account, csv_of(["3.00"], prefix="S"))
    ask(other)
    importing.carry_out(other.pk, clock=lambda: now)
    assert Saving.objects.get(pk=other.pk).ended_at is None
    Saving.objects.update(tries=jobs.MOST_TRIES, claimed_at=None)
    importing.carry_out(other.pk, clock=lambda: now)
    assert "broken off several times" in Saving.objects.get(pk=other.pk).words


def test_why_it_was_not_saved_is_kept_until_it_is_asked_again(account: SourceAccount) -> None:
    today = portal.today()
    upload = look(account, file_of(f"A,{today},x,1,1", f"B,{today},x,NaN,2"))
    ask(upload)
    portal.run_jobs()
    assert "1 row is bad" in Saving.objects.get().words
    ask(upload, leave_out_bad=True)
    assert Saving.objects.get().words == ""
    # Meanwhile something else came in: what was shown is not so any more.
    save(look(account, file_of(f"A,{today},x,1,1")))
    portal.run_jobs()
    assert "look again" in Saving.objects.get().words
    ask(upload, leave_out_bad=True)
    importing.discard(upload, by=BY, now=timezone.now())
    assert not Saving.objects.exists()
    portal.run_jobs()
    with pytest.raises(importing.UploadGone):
        ask(upload, shown="")
    assert BankTransaction.objects.count() == 1
