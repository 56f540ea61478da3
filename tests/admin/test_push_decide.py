from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import pushing
from bankfeeds.models import Decision, Push, PushDecision, PushStatus
from tests import support

from .pushes import (
    BY,
    hidden,
    looked,
    refused,
    signed_in,
    succeeded,
    text,
    timed_out,
    unknown,
    waiting,
)

pytestmark = pytest.mark.django_db(transaction=True)


def url(push: Push, part: str = "change") -> str:
    return f"/admin/bankfeeds/push/{push.pk}/{part}/"


@pytest.fixture
def person(transactional_db: None) -> Any:
    return signed_in(support.make_person("support"))


def press(client: Any, push: Push, part: str, *, page: Any = None, **given: Any) -> Any:
    """Press a button of the push's page, as that page was shown."""
    page = page or client.get(url(push))
    return client.post(url(push, part), {"seen": hidden(page, "seen"), "reason": "why", **given})


def fresh(push: Push) -> Push:
    return Push.objects.get(pk=push.pk)


# --- Stop ------------------------------------------------------------------------------------


def test_stop_frees_the_rows_and_keeps_the_reason(person: Any) -> None:
    push = waiting()
    answer = press(person, push, "stop", reason="wrong file")
    assert (answer.status_code, answer.url) == (303, url(push))
    assert fresh(push).status == PushStatus.CANCELLED
    page = text(person.get(url(push)))
    assert "Stopped before sending" in page
    assert "wrong file" in page
    assert not push.items.filter(released=False).exists()


def test_the_second_press_shows_the_result_of_the_first(person: Any) -> None:
    push = waiting()
    page = person.get(url(push))
    press(person, push, "stop", page=page)
    person.get(url(push))
    again = press(person, push, "stop", page=page)
    assert again.url == url(push)
    said = text(person.get(again.url))
    assert "Nothing was done now" not in said
    assert f"This was done before: push #{push.pk} stands as shown here." in said


def test_stop_needs_a_reason(person: Any) -> None:
    push = waiting()
    answer = press(person, push, "stop", reason="  ")
    assert "Give a reason" in text(answer)
    assert fresh(push).status == PushStatus.READY


def test_a_page_that_is_older_than_the_push_changes_nothing(person: Any) -> None:
    push = waiting()
    page = person.get(url(push))
    push.step(PushStatus.SENDING, by=BY, now=timezone.now(), fence=1)
    answer = press(person, push, "stop", page=page)
    assert "has changed since that page was shown. Nothing was done" in text(person.get(answer.url))
    assert fresh(push).status == PushStatus.SENDING


def test_stop_names_and_takes_along_what_waits_behind(person: Any) -> None:
    push = waiting()
    page = person.get(url(push))
    later = waiting(push.account, opening="1070.25")
    answer = press(person, push, "stop", page=page)
    assert "Nothing was done now" in text(person.get(answer.url))
    page = person.get(url(push))
    assert f"stops with it, so that its rows do not overtake: #{later.pk}" in text(page)
    assert "Stop 2 pushes" in text(page)
    answer = press(person, push, "stop", page=page, also=[later.pk])
    assert f"Stopped: #{push.pk}, #{later.pk}." in text(person.get(answer.url))
    assert fresh(push).status == fresh(later).status == PushStatus.CANCELLED


# --- A refused push --------------------------------------------------------------------------


def ticked(page: Any) -> list[str]:
    return re.findall(r'name="leave_out" value="(\d+)"[^>]* checked', page.content.decode())


def test_the_bad_rows_are_ticked_beforehand_and_the_rest_is_sent(person: Any) -> None:
    push = refused(bad=1)
    bad = push.items.get(position=1).transaction
    page = person.get(url(push))
    assert ticked(page) == [str(bad.pk)]
    assert "A row left out may become too old for the feed" in text(page)
    answer = press(person, push, "decide", page=page, kind="leave_out", leave_out=ticked(page))
    new = Push.objects.exclude(pk=push.pk).get()
    assert (answer.status_code, answer.url) == (303, url(new))
    assert new.rows == 2
    decision = PushDecision.objects.get()
    assert (decision.kind, decision.reason, decision.made_by) == ("leave_out", "why", "support")
    bad.refresh_from_db()
    assert bad.left_out_by == decision
    assert "is replaced by push" in text(person.get(answer.url))
    assert fresh(push).status == PushStatus.FAILED


def test_a_double_press_decides_once_and_leads_to_the_same_page(person: Any) -> None:
    push = refused()
    page = person.get(url(push))
    given = {"kind": "send_again"}
    first = press(person, push, "decide", page=page, **given)
    second = press(person, push, "decide", page=page, **given)
    assert first.url == second.url
    assert f"This was decided before: push #{push.pk} is replaced by" in text(
        person.get(second.url)
    )
    assert PushDecision.objects.count() == 1
    assert Push.objects.count() == 2


def test_two_people_decide_once(person: Any) -> None:
    push = refused()
    page = person.get(url(push))
    other = signed_in(support.make_person("manager"))
    press(other, push, "decide", kind="give_up", reason="mine")
    answer = press(person, push, "decide", page=page, kind="send_again")
    assert answer.url == url(push)
    assert "Nothing was done now" in text(person.get(answer.url))
    assert Push.objects.count() == 1


def test_give_up_leaves_out_the_ticked_rows_and_frees_the_others(person: Any) -> None:
    push = refused(bad=0)
    rows = [item.transaction for item in push.items.select_related("transaction")]
    press(person, push, "decide", kind="give_up", leave_out=[rows[0].pk])
    free = set(push.account.transactions.free())
    assert free == set(rows[1:])
    page = text(person.get(url(push)))
    assert "Given up" in page
    assert "Nothing to do: a decision was made." in page


def test_give_up_names_what_waits_behind_and_says_what_stopped_with_it(person: Any) -> None:
    push = refused()
    page = person.get(url(push))
    later = waiting(push.account, opening="1070.25")
    assert f"Waiting behind it now: #{later.pk}" in text(person.get(url(push)))
    answer = press(person, push, "decide", page=page, kind="give_up")
    said = text(person.get(answer.url))
    assert f"Stopped with it, so that none overtakes: #{later.pk}." in said
    assert fresh(later).status == PushStatus.CANCELLED


@pytest.mark.parametrize("kind", ["leave_out", "send_again", "give_up"])
def test_without_a_reason_nothing_happens_and_ticks_stay(person: Any, kind: str) -> None:
    push = refused(bad=1)
    other = push.items.get(position=2).transaction.pk
    answer = press(person, push, "decide", kind=kind, leave_out=[other], reason="")
    assert answer.status_code == 200
    assert ticked(answer) == [str(other)]
    assert not PushDecision.objects.exists()


def test_nothing_ticked_or_everything_ticked_is_explained(person: Any) -> None:
    push = refused()
    everything = list(push.items.values_list("transaction", flat=True))
    for rows, words in (([], "Tick the rows"), (everything, "No row would be left")):
        answer = press(person, push, "decide", kind="leave_out", leave_out=rows, reason="because")
        assert words in text(answer)
        assert 'value="because"' in answer.content.decode()
    assert not PushDecision.objects.exists()


def test_rows_of_another_push_cannot_be_left_out(person: Any) -> None:
    push, foreign = refused(), refused()
    theirs = foreign.items.get(position=0).transaction
    press(person, push, "decide", kind="give_up", leave_out=[theirs.pk])
    theirs.refresh_from_db()
    assert theirs.left_out_by is None


@pytest.mark.parametrize("kind", ["", "x", "adopt", "not_there", "\x00", "GIVE_UP"])
def test_a_kind_that_makes_no_sense_changes_nothing(person: Any, kind: str) -> None:
    for push in (refused(), unknown(), waiting(), succeeded()):
        page = person.get(url(push))
        state = re.search(r'data-state="([^"]*)"', page.content.decode())
        assert state
        given = {"seen": state[1], "kind": kind, "reason": "r", "operation_key": uuid.uuid4()}
        assert person.post(url(push, "decide"), given).status_code == 303
    assert not PushDecision.objects.exists()


@pytest.mark.parametrize("value", ["x", "-1", "9" * 30, "\x00", "٣", ""])
def test_garbage_in_every_field_is_no_fault(person: Any, value: str) -> None:
    push = refused()
    page = person.get(url(push))
    for name in ("leave_out", "seen", "reason", "operation_key", "evidence"):
        given = {"kind": "leave_out", name: value}
        assert press(person, push, "decide", page=page, **given).status_code in {200, 303}
        given = {"kind": "adopt", name: value}
        assert press(person, push, "decide", page=page, **given).status_code in {200, 303}


# --- Outcome unknown -------------------------------------------------------------------------


def at_codat(push: Push, codat: Any) -> Any:
    """The write of this push at the sandbox, whose answer was lost."""
    return codat.push(
        push.company.codat_id,
        push.connection.codat_id,
        push.account.account_id,
        push.body.content,
        key=push.idempotency_key,
    )


def test_a_write_that_codat_has_is_shown_and_taken_over(
    person: Any, onboarded: support.Onboarded, codat: Any, drain: Any
) -> None:
    push = unknown(onboarded.accounts[0])
    operation = at_codat(push, codat)
    page = person.get(url(push))
    assert "Look at Codat first" in text(page)
    seen = press(person, push, "look", page=page)
    assert str(operation.push_operation_key) in text(seen)
    assert "Not known: may be this push" in text(seen)
    assert "Sending what is already there doubles it" in text(seen)
    answer = press(
        person,
        push,
        "decide",
        page=seen,
        kind="adopt",
        evidence=hidden(seen, "evidence"),
        operation_key=str(operation.push_operation_key),
    )
    assert answer.status_code == 303
    drain()
    assert fresh(push).status == PushStatus.SUCCEEDED
    assert len(support.ledger()) == 1


def test_it_is_not_sent_again_while_codat_may_still_be_working_on_it(
    person: Any, onboarded: support.Onboarded
) -> None:
    push = unknown(onboarded.accounts[0])
    seen = press(person, push, "look")
    evidence = hidden(seen, "evidence")
    told = press(person, push, "decide", page=seen, kind="not_there", evidence=evidence)
    assert "Codat may still be working on it" in text(told)
    assert fresh(push).status == PushStatus.NEEDS_REVIEW


def test_what_codat_does_not_have_is_sent_again(
    person: Any, onboarded: support.Onboarded, drain: Any, settings: Any
) -> None:
    settings.PUSH_SETTLE = 0
    push = unknown(onboarded.accounts[0])
    seen = press(person, push, "look")
    assert "Codat has no write of this connection" in text(seen)
    press(person, push, "decide", page=seen, kind="not_there", evidence=hidden(seen, "evidence"))
    drain()
    assert fresh(push).status == PushStatus.SUCCEEDED
    assert len(support.ledger()) == 1


def test_nobody_sends_again_without_a_look(person: Any, onboarded: support.Onboarded) -> None:
    push, other = unknown(onboarded.accounts[0]), unknown()
    seen = press(person, push, "look")
    evidence = hidden(seen, "evidence")
    for given in (
        {"kind": "not_there"},
        {"kind": "not_there", "evidence": "forged"},
        {"kind": "not_there", "evidence": evidence[:-2]},
        {"kind": "adopt", "evidence": evidence, "operation_key": str(uuid.uuid4())},
        {"kind": "adopt", "evidence": evidence},
    ):
        answer = press(person, push, "decide", **given)
        assert "Look at Codat again first" in text(person.get(answer.url))
    press(person, other, "decide", kind="not_there", evidence=evidence)
    assert not PushDecision.objects.exists()


def test_giving_up_a_push_that_may_be_there_leaves_its_rows_out(person: Any, settings: Any) -> None:
    settings.PUSH_SETTLE = 0
    for push in (looked(unknown()), timed_out()):
        page = person.get(url(push))
        assert len(ticked(page)) == 3
        press(person, push, "decide", page=page, kind="give_up", leave_out=ticked(page))
        assert fresh(push).status == PushStatus.CANCELLED
        assert not push.account.transactions.free().exists()
        said = text(person.get(url(push)))
        assert "Its rows may be at Codat all the same." in said
        assert "Nothing left this portal" not in said


def test_a_push_that_timed_out_is_looked_up(
    person: Any, onboarded: support.Onboarded, codat: Any
) -> None:
    push = timed_out(onboarded.accounts[0])
    operation = at_codat(push, codat)
    Push.objects.filter(pk=push.pk).update(push_operation_key=operation.push_operation_key)
    support.wait_until(
        lambda: (
            codat.get_operation(push.company.codat_id, operation.push_operation_key).status
            == "Success"
        ),
        seconds=5,
        what="the end of the write",
    )
    answer = press(person, push, "look")
    assert answer.status_code == 303
    assert "Codat knows more now" in text(person.get(answer.url))
    assert fresh(push).status == PushStatus.SUCCEEDED


def test_codat_that_cannot_be_reached_is_said(person: Any) -> None:
    for push in (unknown(), timed_out()):
        answer = press(person, push, "look")
        assert answer.status_code == 303
        said = text(person.get(answer.url))
        assert "Codat did not answer. Nothing was changed." in said
        assert fresh(push).status == push.status


# --- Who may ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_who_may_not_decide_gets_403(transactional_db: None, role: str) -> None:
    client = signed_in(support.make_person(role))
    for push in (waiting(), refused(), unknown(), timed_out()):
        for part in ("stop", "look", "decide"):
            given = {"kind": "give_up", "reason": "r", "seen": "x"}
            assert client.post(url(push, part), given).status_code == 403
    assert not PushDecision.objects.exists()


def test_a_decision_made_by_a_verb_is_shown(person: Any) -> None:
    push = refused()
    pushing.decide(push, Decision.GIVE_UP, reason="gone", by=BY, now=timezone.now())
    page = text(person.get(url(push)))
    assert "Give up – manager" in page
    assert "gone" in page
    assert 'name="kind"' not in person.get(url(push)).content.decode()


@pytest.mark.parametrize("make", [refused, unknown])
def test_enter_in_the_reason_decides_nothing(person: Any, make: Any) -> None:
    """Enter presses the first button of a form: here that is one that does nothing."""
    forms = person.get(url(make())).content.decode().split("<form")
    deciding = [form for form in forms if 'name="reason"' in form and 'name="kind"' in form]
    assert deciding
    for form in deciding:
        assert "disabled hidden" in form.split("<button", 2)[1]
