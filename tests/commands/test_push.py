"""The push command: what scripts rely on."""

from __future__ import annotations

import io
import json
import threading
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from bankfeeds.models import Push, PushAttempt, PushStatus
from tests import support

pytestmark = pytest.mark.django_db(transaction=True)


def push(*arguments: str, **options: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command("push", *arguments, json=True, stdout=out, stderr=io.StringIO(), **options)
    answer: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return answer


def test_without_wait_it_returns_at_once_also_behind_unfinished_pushes(sandbox: object) -> None:
    client = support.onboard(accounts=1)
    (account,) = client.accounts
    support.make_transactions(account, ["1.00"])
    first = push("--company", str(client.company.codat_id))
    support.make_transactions(account, ["2.00", "3.00"])
    second = push("--company", str(client.company.codat_id), "--account", account.account_id)
    assert first == {
        "pushes": [
            {
                "accountId": account.account_id,
                "transactions": 1,
                "status": "ready",
                "pushOperationKey": None,
            }
        ]
    }
    assert [row["transactions"] for row in second["pushes"]] == [2]


def test_with_wait_it_follows_to_the_end(sandbox: object) -> None:
    client = support.onboard(accounts=2)
    for account in client.accounts:
        support.make_transactions(account)
    worker = threading.Thread(target=_work)
    worker.start()
    try:
        answer = push("--company", str(client.company.codat_id), "--wait", timeout=30)
    finally:
        worker.join()
    assert [row["status"] for row in answer["pushes"]] == ["succeeded", "succeeded"]
    assert [row["pushOperationKey"] for row in answer["pushes"]] == [
        entry["pushOperationKey"] for entry in support.ledger()
    ]


def _work() -> None:
    try:
        support.wait_until(Push.objects.exists, seconds=10, what="a push")
        support.wait_until(_done, seconds=20, what="the end of the pushes")
    finally:
        connections.close_all()


def _done() -> bool:
    support.drain()
    return not Push.objects.exclude(status=PushStatus.SUCCEEDED).exists()


def test_it_asks_codat_before_calling_an_account_not_connected(sandbox: object) -> None:
    client = support.onboard(accounts=1)
    (account,) = client.accounts
    support.make_transactions(account)
    account.status = "pending"
    account.save()
    assert len(push("--company", str(client.company.codat_id))["pushes"]) == 1


def test_nothing_new_is_done(sandbox: object) -> None:
    client = support.onboard(accounts=1)
    assert push("--company", str(client.company.codat_id)) == {"pushes": []}


def test_an_account_that_is_not_connected_is_an_error_in_words(sandbox: object) -> None:
    client = support.onboard(accounts=1, connected=False)
    support.make_transactions(client.accounts[0])
    with pytest.raises(CommandError, match="Nothing was sent"):
        push("--company", str(client.company.codat_id))
    assert not Push.objects.exists()


@pytest.mark.parametrize("company", ["nonsense", "7baba7cc-4ae0-48fd-a617-98d55a6fc008"])
def test_an_unknown_company_is_named(company: str) -> None:
    with pytest.raises(CommandError, match="Codat id"):
        push("--company", company)


def test_waiting_for_a_refused_push_ends_with_an_error(sandbox: object) -> None:
    client = support.onboard(accounts=1)
    support.make_transactions(client.accounts[0])
    support.order_fault("400", path="/push/")
    worker = threading.Thread(target=_refuse)
    worker.start()
    with pytest.raises(CommandError, match="Not every push was accepted"):
        push("--company", str(client.company.codat_id), "--wait", timeout=30)
    worker.join()


def _refuse() -> None:
    try:
        support.wait_until(Push.objects.exists, seconds=10, what="a push")
        support.drain()
    finally:
        connections.close_all()


def test_rows_that_codat_may_have_already_are_left_to_a_person(sandbox: object) -> None:
    client = support.onboard(accounts=1)
    (account,) = client.accounts
    given_up = support.make_push(account, status=PushStatus.CANCELLED)
    given_up.items.update(released=True)
    PushAttempt.objects.create(
        push=given_up,
        number=1,
        fence=1,
        idempotency_key=given_up.idempotency_key,
        started_at=timezone.now(),
        ended_at=timezone.now(),
        outcome=PushAttempt.Outcome.UNKNOWN,
    )
    with pytest.raises(CommandError, match=f"#{given_up.pk} were given up"):
        push("--company", str(client.company.codat_id))
    assert Push.objects.count() == 1
