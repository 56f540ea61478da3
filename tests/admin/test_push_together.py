"""Many pushes of unknown fate, decided at once after an outage: each by itself, bounded."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from bankfeeds import budget, pushing
from bankfeeds.models import CallBudget, Decision, Push, PushDecision, PushStatus, UnclaimedWrite
from tests import support

from .pushes import BY, looked, refused, signed_in, text, timed_out, unknown, waiting

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/admin/bankfeeds/push/together/"
LIST = "/admin/bankfeeds/push/"


@pytest.fixture
def person(transactional_db: None) -> Any:
    return signed_in(support.make_person("support"))


@pytest.fixture(autouse=True)
def settled(settings: Any) -> None:
    settings.PUSH_SETTLE = 0


def press(client: Any, pushes: list[Push], kind: str, reason: str = "outage of Monday") -> Any:
    chosen = ",".join(str(push.pk) for push in pushes)
    return client.post(URL, {"chosen": chosen, "kind": kind, "reason": reason})


def states(*pushes: Push) -> list[str]:
    by_pk = dict(Push.objects.values_list("pk", "status"))
    return [by_pk[push.pk] for push in pushes]


def test_the_action_leads_to_a_page_that_says_what_can_be_decided(person: Any) -> None:
    lost, out, other = unknown(), timed_out(), refused()
    chosen = [lost.pk, out.pk, other.pk]
    answer = person.post(LIST, {"action": "decide_together", "_selected_action": chosen})
    assert answer.status_code == 302
    page = person.get(answer.url)
    said = text(page)
    assert "2 pushes whose fate is unknown" in said
    assert "Look again at Codat for 1 push" in said
    assert "Codat does not have them: send 2 pushes again" in said
    assert "All 6 rows are left out" in said
    assert f"#{other.pk} – Refused by Codat: decide on its page" in said


def test_looking_again_for_all_is_left_to_the_sweep(person: Any) -> None:
    lost, out = unknown(), timed_out()
    answer = press(person, [lost, out], "look")
    assert answer.status_code == 303
    assert "Codat is asked about 1 push in the background" in text(person.get(answer.url))
    due = Push.objects.to_look_up(timezone.now())
    assert list(due) == [out]
    assert states(lost, out) == ["needs_review", "timed_out"]


def test_what_codat_does_not_have_is_sent_again_and_what_it_may_have_is_not(
    person: Any, onboarded: support.Onboarded, codat: Any, drain: Any
) -> None:
    lost = unknown(onboarded.accounts[0])
    elsewhere = support.onboard()
    there = unknown(elsewhere.accounts[0])
    operation = codat.push(
        there.company.codat_id,
        there.connection.codat_id,
        there.account.account_id,
        there.body.content,
        key=there.idempotency_key,
    )
    gone, still = refused(), waiting()
    chosen = [lost, there, gone, still]
    page = press(person, chosen, "not_there")
    said = text(page)
    assert "1 of 4 done" in said
    assert "The push is sent again, as a new write." in said
    assert "Codat has a write that may be it Nothing was sent." in said
    assert said.count("Not to be decided here") == 2
    again = text(press(person, chosen, "not_there"))
    assert "1 of 4 done" in again
    assert PushDecision.objects.count() == 1
    assert PushDecision.objects.get().reason == "outage of Monday"
    drain()
    assert states(lost, there) == ["succeeded", "needs_review"]
    assert str(operation.push_operation_key) in text(person.get(f"{LIST}{there.pk}/change/"))


def test_while_codat_cannot_be_reached_nothing_is_sent_and_the_rest_can_go_on(
    person: Any, sandbox: Any, settings: Any
) -> None:
    lost, other = unknown(), unknown()
    settings.CODAT_BASE_URL = "http://127.0.0.1:9"
    said = text(press(person, [lost, other], "not_there"))
    assert "0 of 2 done" in said
    assert "Codat could not tell" in said
    assert "Not yet: Codat was not asked about it" in said
    assert "Go on with the rest" in said
    assert states(lost, other) == ["needs_review", "needs_review"]


def test_no_more_companies_are_asked_than_the_budget_allows(
    person: Any, onboarded: support.Onboarded
) -> None:
    lost = unknown(onboarded.accounts[0])
    now = timezone.now()
    budget.take(0, now=now)
    # So far below nothing that no slow machine fills it up meanwhile.
    CallBudget.objects.update(tokens=-100_000, filled_at=now)
    page = press(person, [lost], "not_there")
    assert "Not yet: Codat was not asked about it" in text(page)
    began = timezone.now()
    CallBudget.objects.update(tokens=5, filled_at=began)
    assert "1 of 1 done" in text(press(person, [lost], "not_there"))
    row = CallBudget.objects.get()
    assert row.filled_at is not None
    filled_up = (row.filled_at - began).total_seconds() * settings.CODAT_CALLS_PER_MINUTE / 60
    assert row.tokens < 5 + filled_up


def test_a_write_that_ended_meanwhile_is_not_sent_again(
    person: Any, onboarded: support.Onboarded, codat: Any
) -> None:
    push = timed_out(onboarded.accounts[0])
    operation = codat.push(
        push.company.codat_id,
        push.connection.codat_id,
        push.account.account_id,
        push.body.content,
        key=push.idempotency_key,
    )
    Push.objects.filter(pk=push.pk).update(push_operation_key=operation.push_operation_key)
    assert "Codat says something else by now" in text(press(person, [push], "not_there"))
    assert states(push) == ["timed_out"]
    assert Push.objects.to_look_up(timezone.now()).exists()


def test_giving_up_leaves_all_rows_out_and_asks_codat_nothing_twice(person: Any) -> None:
    lost, out = looked(unknown()), timed_out()
    for _ in range(2):
        assert "2 of 2 done" in text(press(person, [lost, out], "give_up"))
    assert states(lost, out) == [PushStatus.CANCELLED, PushStatus.CANCELLED]
    assert not lost.account.transactions.free().exists()
    assert PushDecision.objects.filter(kind=Decision.GIVE_UP).count() == 2


def test_what_codat_has_is_on_record_before_a_push_is_given_up(
    person: Any, onboarded: support.Onboarded, codat: Any
) -> None:
    lost = unknown(onboarded.accounts[0])
    codat.push(
        lost.company.codat_id,
        lost.connection.codat_id,
        lost.account.account_id,
        lost.body.content,
        key=lost.idempotency_key,
    )
    assert "1 of 1 done" in text(press(person, [lost], "give_up"))
    assert states(lost) == ["cancelled"]
    assert UnclaimedWrite.objects.filter(connection=lost.connection).exists()


def test_one_that_cannot_be_given_up_yet_keeps_no_other_from_it(
    person: Any, onboarded: support.Onboarded, settings: Any
) -> None:
    settings.PUSH_SETTLE = 120
    lost, out = unknown(onboarded.accounts[0]), timed_out()
    said = text(press(person, [lost, out], "give_up"))
    assert "1 of 2 done" in said
    assert "Not possible now Codat may still be working on it." in said
    assert states(lost, out) == ["needs_review", "cancelled"]


@pytest.mark.parametrize(("kind", "reason"), [("give_up", " "), ("adopt", "x"), ("", "x")])
def test_without_a_reason_or_a_kind_nothing_happens(person: Any, kind: str, reason: str) -> None:
    push = unknown()
    said = text(press(person, [push], kind, reason))
    assert "Nothing was changed." in said
    assert states(push) == ["needs_review"]


@pytest.mark.parametrize("given", ["", "x", "0", "9" * 30, "\x00", "1,,2", "-1", "٣"])
def test_garbage_is_no_fault(person: Any, given: str) -> None:
    assert person.get(URL, {"chosen": given}).status_code == 200
    for kind in ("look", "give_up", "not_there"):
        answer = person.post(URL, {"chosen": given, "kind": kind, "reason": "r"})
        assert answer.status_code in {200, 303}


def test_the_number_is_bounded(person: Any) -> None:
    answer = person.get(URL, {"chosen": ",".join(map(str, range(1, 203)))})
    assert "At most 200 pushes at once" in text(person.get(answer.url))


def test_many_at_once_take_bounded_queries(person: Any, django_assert_max_num_queries: Any) -> None:
    pushes = [unknown() for _ in range(8)]
    chosen = ",".join(str(push.pk) for push in pushes)
    support.no_worker_runs()
    with django_assert_max_num_queries(25 + 4 * len(pushes)):
        assert "8 pushes" in text(person.get(URL, {"chosen": chosen}))


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_who_may_not_decide_has_no_action_and_gets_403(transactional_db: None, role: str) -> None:
    client = signed_in(support.make_person(role))
    push = unknown()
    assert client.get(URL).status_code == 403
    assert press(client, [push], "give_up").status_code == 403
    if role == "auditor":
        assert "Decide on selected" not in client.get(LIST).content.decode()
        client.post(LIST, {"action": "decide_together", "_selected_action": push.pk})
    assert states(push) == ["needs_review"]


def test_only_two_kinds_can_be_decided_together(codat: Any) -> None:
    with pytest.raises(ValueError, match="one push at a time"):
        pushing.decide_together(
            [], Decision.ADOPT, reason="r", by=BY, client=codat, clock=timezone.now
        )


def test_what_is_not_decided_here_stands_with_the_words_of_the_history(person: Any) -> None:
    gone = looked(unknown())
    pushing.decide(gone, Decision.GIVE_UP, reason="r", by=BY, now=timezone.now())
    said = text(person.get(f"{URL}?chosen={gone.pk}"))
    assert f"#{gone.pk} – Given up" in said and "Stopped before sending" not in said
