"""Unlink, remove, revoke: asked for once, done once, and gone on with after whatever broke."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from bankfeeds import conf, holding, leaving, pushing, sync
from bankfeeds.codat import errors
from bankfeeds.models import (
    Departure,
    Event,
    Push,
    PushAttempt,
    PushStatus,
    SendingStop,
    SourceAccount,
)
from bankfeeds.pushing.body import body as body_of
from tests import support
from tests.admin import pushes
from tests.admin.pushes import BY
from tests.leaving.support import WHY, Kind, carry_out, order, there, told, word

pytestmark = pytest.mark.django_db(transaction=True)
State = Departure.State
EVERY = list(Kind)


def ordered(kind: Departure.Kind, client: support.Onboarded) -> Departure:
    account = client.accounts[0] if kind == Kind.REMOVE_ACCOUNT else None
    return order(kind, client, account=account)


def path_of(kind: Departure.Kind) -> str:
    return {Kind.REMOVE_ACCOUNT: "/bankFeedAccounts/", Kind.REVOKE: "/credentials"}.get(
        kind, "/connections/"
    )


def method_of(kind: Departure.Kind) -> str:
    return "PATCH" if kind == Kind.UNLINK else "DELETE"


def is_done(kind: Departure.Kind, client: support.Onboarded) -> bool:
    """By Codat's word, not by ours."""
    try:
        match kind:
            case Kind.UNLINK:
                return word(client) == "Unlinked"
            case Kind.REMOVE_CONNECTION:
                word(client)
                return False
            case Kind.REMOVE_ACCOUNT:
                return client.accounts[0].account_id not in there(client)
            case _:
                return refuses_rows(client)
    except errors.Absent:
        return True


def refuses_rows(client: support.Onboarded) -> bool:
    """With credentials that were revoked, what is sent is not stored."""
    account = client.accounts[0]
    push = support.make_push(account, status=PushStatus.CANCELLED)
    rows = [each.transaction for each in push.items.select_related("transaction")]
    body = body_of(account, rows)
    where = client.company.id_there, client.connection.id_there, account.account_id
    try:
        operation = conf.client().push(*where, body, key=uuid.uuid4())
    except errors.Refused:
        return True
    support.wait_until(
        lambda: (
            conf.client().get_operation(where[0], operation.push_operation_key).status == "Failed"
        ),
        seconds=5,
        what="the push was refused",
    )
    return True


# --- Done ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", EVERY)
def test_what_was_asked_for_is_done_at_codat(kind: Kind, onboarded: support.Onboarded) -> None:
    departure = ordered(kind, onboarded)
    assert carry_out(departure)
    assert departure.state == State.DONE and departure.problem == ""
    assert is_done(kind, onboarded)
    assert told(departure) == ["leaving.asked", "leaving.done"]
    assert set(Event.objects.filter(action="leaving.asked").values_list("reason", flat=True)) == {
        WHY
    }


def test_an_unlinked_connection_is_that_here_too(onboarded: support.Onboarded) -> None:
    onboarded.connection.link_url = "https://a.example/?otp=123456"
    onboarded.connection.save()
    carry_out(order(Kind.UNLINK, onboarded))
    onboarded.connection.refresh_from_db()
    assert onboarded.connection.status == "Unlinked" and onboarded.connection.link_url == ""
    event = Event.objects.get(action="connection.unlinked")
    assert (event.before, event.after) == ({"status": "Linked"}, {"status": "Unlinked"})


def test_a_removed_connection_takes_its_accounts_with_it(onboarded: support.Onboarded) -> None:
    carry_out(order(Kind.REMOVE_CONNECTION, onboarded))
    onboarded.connection.refresh_from_db()
    assert onboarded.connection.gone_at
    assert not SourceAccount.objects.filter(gone_at=None).exists()
    assert Event.objects.filter(action="account.gone", reason=WHY).count() == 2


def test_a_removed_account_leaves_the_others(onboarded: support.Onboarded) -> None:
    first, second = onboarded.accounts
    carry_out(order(Kind.REMOVE_ACCOUNT, onboarded, account=first))
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.gone_at and second.gone_at is None
    assert there(onboarded) == [second.account_id]


def test_after_a_revocation_nothing_is_sent_until_someone_allows_it(
    onboarded: support.Onboarded,
) -> None:
    waiting = pushes.waiting(onboarded.accounts[0])
    carry_out(order(Kind.REVOKE, onboarded))
    stop = SendingStop.objects.get(allowed_at=None)
    assert stop.company == onboarded.company and stop.reason == WHY
    support.run_jobs()
    waiting.refresh_from_db()
    assert waiting.status == PushStatus.READY and not support.posts()


# --- What waits, and what is on its way ------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.UNLINK, Kind.REMOVE_CONNECTION, Kind.REMOVE_ACCOUNT])
def test_what_waits_is_stopped_and_its_rows_are_free(
    kind: Kind, onboarded: support.Onboarded
) -> None:
    waiting = pushes.waiting(onboarded.accounts[0])
    ordered(kind, onboarded)
    waiting.refresh_from_db()
    assert waiting.status == PushStatus.CANCELLED
    assert onboarded.accounts[0].transactions.free().count() == 3


@pytest.mark.parametrize("kind", EVERY)
def test_nothing_leaves_while_it_is_open(kind: Kind, onboarded: support.Onboarded) -> None:
    """Whatever comes between the order and Codat's answer is neither confirmed nor sent."""
    departure = ordered(kind, onboarded)
    account = onboarded.accounts[0]
    support.make_transactions(account)
    planned = pushing.plan([SourceAccount.objects.get(pk=account.pk)], today=support.today())
    assert [left.code for left in planned.left_out] == ["leaving"]
    made = support.make_push(account, status=PushStatus.READY)
    assert not Push.objects.due(timezone.now()).exists()
    Departure.objects.filter(pk=departure.pk).update(ended_at=timezone.now(), state="abandoned")
    assert list(Push.objects.due(timezone.now())) == [made]


@pytest.mark.parametrize("kind", [Kind.REMOVE_CONNECTION, Kind.REMOVE_ACCOUNT, Kind.REVOKE])
@pytest.mark.parametrize("make", [pushes.sending, pushes.submitted])
def test_what_is_on_its_way_must_end_first(
    kind: Kind, make: Any, onboarded: support.Onboarded
) -> None:
    push = make(onboarded.accounts[0])
    with pytest.raises(leaving.Blocked, match=f"#{push.pk} is on its way"):
        ordered(kind, onboarded)
    assert not Departure.objects.exists()


def test_an_unknown_push_keeps_its_account_and_not_its_connection(
    onboarded: support.Onboarded,
) -> None:
    support.make_push(onboarded.accounts[0], status=PushStatus.NEEDS_REVIEW)
    with pytest.raises(leaving.Blocked, match="Decide on it first"):
        ordered(Kind.REMOVE_ACCOUNT, onboarded)
    assert carry_out(order(Kind.UNLINK, onboarded))


# --- Who may not be unlinked -----------------------------------------------------------------


def test_only_a_linked_connection_is_unlinked(transactional_db: None, sandbox: Any) -> None:
    client = support.onboard(connected=False)
    with pytest.raises(leaving.Blocked, match="Remove the connection instead"):
        order(Kind.UNLINK, client)
    assert carry_out(order(Kind.REMOVE_CONNECTION, client))


def test_a_connected_account_shows_that_it_is_linked(onboarded: support.Onboarded) -> None:
    onboarded.connection.status = "PendingAuth"
    onboarded.connection.save()
    assert carry_out(order(Kind.UNLINK, onboarded))


def test_codats_refusal_ends_the_order_and_lets_things_go_on(
    transactional_db: None, sandbox: Any
) -> None:
    client = support.onboard(connected=False)
    client.connection.status = "Linked"  # so we believe
    client.connection.save()
    departure = order(Kind.UNLINK, client)
    assert not carry_out(departure)
    assert departure.state == State.REFUSED and "cannot be set" in departure.problem
    assert not Departure.objects.open().exists()
    client.connection.refresh_from_db()
    assert client.connection.status == "Linked"


def test_what_somebody_else_unlinked_is_found_so(onboarded: support.Onboarded) -> None:
    company, connection = onboarded.company.id_there, onboarded.connection.id_there
    conf.client().unlink_connection(company, connection, key=uuid.uuid4())
    assert carry_out(order(Kind.UNLINK, onboarded))
    onboarded.connection.refresh_from_db()
    assert onboarded.connection.status == "Unlinked"


@pytest.mark.parametrize("kind", [Kind.REMOVE_CONNECTION, Kind.REMOVE_ACCOUNT, Kind.REVOKE])
def test_what_is_gone_already_is_done(kind: Kind, onboarded: support.Onboarded) -> None:
    conf.client().delete_connection(onboarded.company.id_there, onboarded.connection.id_there)
    assert carry_out(ordered(kind, onboarded))


# --- Broken half way -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("name", ["500-before", "500-after", "reset-before", "reset-after"])
def test_it_goes_on_after_a_failure(kind: Kind, name: str, onboarded: support.Onboarded) -> None:
    departure = ordered(kind, onboarded)
    support.order_fault(name, method=method_of(kind), path=path_of(kind))
    assert not carry_out(departure)
    assert departure.state == State.UNKNOWN
    assert "Press Continue" in departure.problem
    assert not leaving.abandon(departure, by=BY, now=timezone.now())
    assert carry_out(departure)
    assert is_done(kind, onboarded)
    assert told(departure) == [
        "leaving.asked",
        "leaving.failed",
        "leaving.continued",
        "leaving.done",
    ]


@pytest.mark.parametrize("kind", EVERY)
def test_a_worker_that_died_in_the_call_leaves_unknown_behind(
    kind: Kind, onboarded: support.Onboarded, monkeypatch: Any
) -> None:
    class Died(BaseException):
        pass

    def die(*_args: Any, **_more: Any) -> None:
        raise Died

    departure = ordered(kind, onboarded)
    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr("bankfeeds.codat.wire.Wire._send", die)
        carry_out(departure)
    departure.refresh_from_db()
    assert departure.state == State.UNKNOWN and "Press Continue" in departure.problem
    assert carry_out(departure)


@pytest.mark.parametrize("kind", EVERY)
def test_a_refused_key_changes_nothing_and_may_be_left_so(
    kind: Kind, onboarded: support.Onboarded, settings: Any
) -> None:
    departure = ordered(kind, onboarded)
    settings.CODAT_API_KEY = "wrong"
    assert not carry_out(departure)
    assert departure.state == State.PLANNED and "Nothing was changed" in departure.problem
    assert leaving.abandon(departure, by=BY, now=timezone.now())
    assert not leaving.abandon(departure, by=BY, now=timezone.now())
    assert not carry_out(departure) and not Departure.objects.open().exists()


# --- Pressed twice ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", EVERY)
def test_the_second_press_finds_the_first(kind: Kind, onboarded: support.Onboarded) -> None:
    first = ordered(kind, onboarded)
    assert ordered(kind, onboarded) == first
    account = onboarded.accounts[0] if kind == Kind.REMOVE_ACCOUNT else None
    carry_out(first)
    again = order(kind, onboarded, account=account, form_key=first.form_key)
    assert again == first
    assert carry_out(again) and told(first) == ["leaving.asked", "leaving.done"]


def test_another_order_waits_for_the_first(onboarded: support.Onboarded) -> None:
    order(Kind.REVOKE, onboarded)
    with pytest.raises(leaving.Blocked, match="Press Continue there first"):
        order(Kind.UNLINK, onboarded)


def test_two_at_once_make_one_call(onboarded: support.Onboarded) -> None:
    departure = order(Kind.UNLINK, onboarded)
    support.order_fault("hang-0.5", method="PATCH", path="/connections/")
    done: list[bool] = []

    def press() -> None:
        try:
            done.append(carry_out(Departure.objects.get(pk=departure.pk)))
        finally:
            database.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False, True]
    assert Event.objects.filter(action="connection.unlinked").count() == 1


# --- Reasons ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.UNLINK, Kind.REMOVE_CONNECTION, Kind.REVOKE])
def test_a_reason_is_demanded(kind: Kind, onboarded: support.Onboarded) -> None:
    with pytest.raises(ValueError, match="reason"):
        order(kind, onboarded, reason=" ")


def test_an_account_of_which_nothing_was_sent_goes_without_a_reason(
    onboarded: support.Onboarded,
) -> None:
    first, second = onboarded.accounts
    push = support.make_push(first, status=PushStatus.SUCCEEDED)
    pushes.attempt(push, PushAttempt.Outcome.ACCEPTED)
    with pytest.raises(ValueError, match="reason"):
        order(Kind.REMOVE_ACCOUNT, onboarded, account=first, reason="")
    assert carry_out(order(Kind.REMOVE_ACCOUNT, onboarded, account=second, reason=""))


# --- Vanished by themselves ------------------------------------------------------------------


def refreshed(client: support.Onboarded) -> None:
    connection = type(client.connection).objects.get(pk=client.connection.pk)
    sync.refresh_connection(connection, client=conf.client(), by=BY, clock=timezone.now)


def test_what_waits_for_a_vanished_connection_stands_before_a_person(
    onboarded: support.Onboarded,
) -> None:
    waiting = pushes.waiting(onboarded.accounts[0])
    conf.client().delete_connection(onboarded.company.id_there, onboarded.connection.id_there)
    refreshed(onboarded)
    assert not SourceAccount.objects.filter(gone_at=None).exists()
    assert list(Push.objects.for_a_person()) == [waiting]
    assert not Push.objects.due(timezone.now()).exists()
    holds = holding.holds([waiting], now=timezone.now())
    assert holds is not None and "removed at Codat" in str(holds.off[waiting.account_id].label)
    assert pushing.cancel(waiting, reason="gone", by=BY, now=timezone.now())
    assert not Push.objects.for_a_person().exists()


def test_a_vanished_company_ends_the_search_for_a_lost_answer(
    onboarded: support.Onboarded,
) -> None:
    push = pushes.sending(onboarded.accounts[0])
    pushes.attempt(push, PushAttempt.Outcome.UNKNOWN)
    push.step(PushStatus.RECONCILING, by=BY, now=timezone.now(), next_attempt_at=timezone.now())
    conf.client().delete_company(onboarded.company.id_there)
    refreshed(onboarded)
    push.refresh_from_db()
    assert push.status == PushStatus.NEEDS_REVIEW
    assert "company was removed" in push.events.order_by("pk").last().words  # type: ignore[union-attr]
    later = timezone.now() + dt.timedelta(hours=1)
    for kind in ("not_there",):
        with pytest.raises(ValueError, match="Give up this push instead"):
            pushing.decide(push, kind, reason="gone", by=BY, now=later)  # type: ignore[arg-type]
    pushing.decide(push, "give_up", reason="gone", by=BY, now=later)  # type: ignore[arg-type]
    push.refresh_from_db()
    assert push.status == PushStatus.CANCELLED
