"""The machine against a model: whatever happens in whatever order, each row arrives once, in order.

Hypothesis chooses what people, workers and Codat do; the sandbox's ledger of effects is the judge.
MODEL_EXAMPLES in the environment makes it longer.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import uuid
from collections import defaultdict
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from bankfeeds import conf, pushing, tasks
from bankfeeds.codat import errors
from bankfeeds.models import (
    Actor,
    CallBudget,
    Decision,
    Incident,
    Origin,
    Push,
    PushAttempt,
    PushStatus,
)
from bankfeeds.models.states import HOLDS_CONNECTION, IN_FLIGHT
from bankfeeds.pushing import outcome
from bankfeeds.pushing.claim import Claimed, claim
from bankfeeds.pushing.settle import settle
from tests import support

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor("somebody", Origin.PERSON)
S = PushStatus
# "" is no fault; those after which the effect is there, or may come, stand twice.
POST_FAULTS = (
    "", "", "reset-before", "reset-after", "reset-after", "empty-200", "half-headers", "half-body",
    "html-200", "html", "409", "422", "422-after", "400", "404", "401", "403", "408", "429-1",
    "500-before", "500-after", "500-after", "503", "503-after",
)  # fmt: skip
# Once each: what was refused or not stored goes through when it is sent again.
FATES = ("", "", "", "fault-op-failed-once", "fault-op-timedout-once",
         "fault-op-timedout-after-once")  # fmt: skip


class Feed(RuleBasedStateMachine):
    """Two accounts on one connection, one on another."""

    @initialize()
    def onboard(self) -> None:
        clients = [support.onboard(accounts=2), support.onboard(accounts=1)]
        self.accounts = [account for client in clients for account in client.accounts]
        self.asleep: list[Claimed] = []
        # Keys that have become too old, and the newest try that there was by then.
        self.old_keys: dict[uuid.UUID, int] = {}
        self.day = {account.pk: support.today() for account in self.accounts}

    @property
    def pushes(self) -> Any:
        return Push.objects.filter(account__in=self.accounts)

    # What people do

    @rule(number=st.integers(0, 2), fate=st.sampled_from(FATES), pieces=st.integers(1, 2))
    def confirm(self, number: int, fate: str, pieces: int) -> None:
        account = self.accounts[number]
        for _ in range(pieces):
            rows = support.make_transactions(account, ["1.00", "-0.50"])
            rows[0].description = f"{uuid.uuid4()} {fate}"
            rows[0].save()
            pushing.confirm(
                [account], fingerprint=None, form_key=str(uuid.uuid4()), by=BY, now=timezone.now()
            )

    @precondition(lambda self: self.pushes.filter(status=S.READY).exists())
    @rule(choice=st.integers(0, 9))
    def cancel(self, choice: int) -> None:
        waiting = list(self.pushes.filter(status=S.READY).order_by("id"))
        pushing.cancel(waiting[choice % len(waiting)], reason="x", by=BY, now=timezone.now())

    @precondition(lambda self: self.pushes.undecided().exists())
    @rule(choice=st.integers(0, 9), give_up=st.booleans())
    def decide(self, choice: int, give_up: bool) -> None:
        """A person looks at Codat and says what is true there."""
        undecided = list(self.pushes.undecided().order_by("id"))
        self._decide(undecided[choice % len(undecided)], give_up=give_up)

    def _decide(self, push: Push, *, give_up: bool) -> None:
        stored = self._effects_of(push)
        key = None
        if push.status == S.FAILED:
            kind = Decision.GIVE_UP if give_up else Decision.SEND_AGAIN
        elif stored:
            kind, key = Decision.ADOPT, uuid.UUID(stored[0]["pushOperationKey"])
        else:
            kind = Decision.GIVE_UP if give_up else Decision.NOT_THERE
        later = timezone.now() + dt.timedelta(seconds=1)
        if push.status == S.NEEDS_REVIEW:
            pushing.look([push], client=conf.client(), now=later)
        with contextlib.suppress(pushing.AlreadyDecided):
            pushing.decide(push, kind, reason="x", by=BY, now=later, operation_key=key)

    # What workers do

    def something_goes(self) -> bool:
        now = timezone.now()
        return bool(self.pushes.due(now).exists() or self.pushes.due_again(now).exists())

    @precondition(lambda self: self.something_goes())
    @rule(fault=st.sampled_from(POST_FAULTS))
    def deliver(self, fault: str) -> None:
        if fault:
            support.order_fault(fault, path="/push/")
        tasks.deliver()
        support.order_no_faults()

    @precondition(lambda self: self.pushes.to_look_up(timezone.now()).exists())
    @rule()
    def sweep(self) -> None:
        tasks.sweep()

    @precondition(lambda self: self.something_goes())
    @rule(number=st.integers(1, 2))
    def claim_and_sleep(self, number: int) -> None:
        self.asleep += claim(number, now=timezone.now())

    @precondition(lambda self: self.asleep)
    @rule()
    def wake_and_send(self) -> None:
        """Paused before its POST for longer than its lease, but not for longer than its key."""
        claimed = self.asleep.pop(0)
        verdict = self._post(claimed)
        if verdict is not None:
            settle([verdict], now=timezone.now())

    @precondition(lambda self: self.asleep)
    @rule()
    def die_after_sending(self) -> None:
        self._post(self.asleep.pop(0))

    def _post(self, claimed: Claimed) -> outcome.Verdict | None:
        push = Push.objects.get(pk=claimed.push.id)
        if push.idempotency_key != claimed.key or push.status not in IN_FLIGHT:
            return None  # its bytes would have left within the deadline, long before that
        body = push.body.content
        try:
            operation = conf.client().push(
                claimed.company, claimed.connection, claimed.account, body, key=claimed.key
            )
        except errors.CodatError as error:
            return outcome.not_accepted(claimed, error, now=timezone.now(), outage=False)
        return outcome.accepted(claimed, operation, now=timezone.now())

    # What time does

    @precondition(lambda self: self.pushes.filter(lease_until__isnull=False).exists())
    @rule()
    def leases_run_out(self) -> None:
        self.pushes.filter(lease_until__isnull=False).update(
            lease_until=timezone.now() - dt.timedelta(seconds=1)
        )

    @rule()
    def time_passes(self) -> None:
        past = timezone.now() - dt.timedelta(seconds=1)
        self.pushes.filter(next_attempt_at__gt=past).update(next_attempt_at=past)
        CallBudget.objects.update(not_before=None)

    @rule()
    def an_hour_passes_without_anybody(self) -> None:
        """Keys grow old; what was claimed is long dead by then."""
        self.asleep.clear()
        self.leases_run_out()
        newest = PushAttempt.objects.order_by("-id").values_list("id", flat=True).first() or 0
        sent = self.pushes.filter(first_sent_at__isnull=False)
        for key in sent.values_list("idempotency_key", flat=True):
            self.old_keys.setdefault(key, newest)
        hour = timezone.now() - dt.timedelta(minutes=61)
        self.pushes.filter(first_sent_at__isnull=False).update(first_sent_at=hour)

    @precondition(lambda self: Incident.objects.open().exists())
    @rule()
    def go_on(self) -> None:
        Incident.objects.open().update(ended_at=timezone.now())

    # What must hold at any time

    @invariant()
    def nothing_arrives_twice(self) -> None:
        for account, ids in self._arrived().items():
            assert len(ids) == len(set(ids)), f"twice on {account}"

    @invariant()
    def nothing_overtakes(self) -> None:
        for account in getattr(self, "accounts", []):
            rows = account.transactions.order_by("id")
            order = list(rows.values_list("transaction_id", flat=True))
            arrived = self._arrived().get(account.account_id, [])
            assert arrived == [ident for ident in order if ident in set(arrived)]

    @invariant()
    def no_old_key_goes_out_again(self) -> None:
        for key, newest in getattr(self, "old_keys", {}).items():
            again = PushAttempt.objects.filter(idempotency_key=key, id__gt=newest)
            assert not again.exists()

    @invariant()
    def one_at_a_time_on_a_connection(self) -> None:
        for account in getattr(self, "accounts", []):
            held = Push.objects.filter(connection=account.connection_id)
            assert held.filter(status__in=IN_FLIGHT).count() <= 1
            assert held.filter(status__in=HOLDS_CONNECTION).count() <= 1

    @invariant()
    def every_write_has_an_attempt(self) -> None:
        keys = {entry["idempotencyKey"] for entry in support.ledger()}
        known = PushAttempt.objects.filter(idempotency_key__in=[uuid.UUID(k) for k in keys])
        assert len(set(known.values_list("idempotency_key", flat=True))) == len(keys)

    def teardown(self) -> None:
        """Everything comes to rest, and is where our rows say."""
        if not hasattr(self, "accounts"):
            return
        for _ in range(60):
            self.go_on()
            self.leases_run_out()
            self.time_passes()
            support.empty_queue()
            tasks.sweep()
            tasks.deliver()
            for push in self.pushes.undecided():
                self._decide(push, give_up=False)
            if not self.pushes.blocking().exists():
                break
        self.nothing_arrives_twice()
        self.nothing_overtakes()
        assert not self.pushes.blocking().exists(), self.pushes.values("status", "tries")
        self._compare()

    def _compare(self) -> None:
        arrived = {ident for ids in self._arrived().values() for ident in ids}
        for push in self.pushes.filter(status__in=(S.SUCCEEDED, S.CANCELLED, S.FAILED)):
            ids = set(push.items.values_list("transaction__transaction_id", flat=True))
            if push.status == S.SUCCEEDED:
                assert ids <= arrived, f"push {push.pk} lost"
            elif not push.items.filter(released=True).exists():
                assert not ids & arrived, f"push {push.pk} arrived after all"

    def _effects_of(self, push: Push) -> list[dict[str, Any]]:
        ids = list(
            push.items.order_by("position").values_list("transaction__transaction_id", flat=True)
        )
        return [entry for entry in support.ledger() if entry["transactionIds"] == ids]

    def _arrived(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for entry in support.ledger():
            found[entry["accountId"]] += entry["transactionIds"]
        return found


def test_whatever_happens_each_row_arrives_once_and_in_order(sandbox: object) -> None:
    run(
        Feed,
        settings=settings(
            max_examples=int(os.environ.get("MODEL_EXAMPLES", "2")),
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
