"""What a push that waits says of itself: held by what, until when; in lists and on its page."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import holding, words
from bankfeeds.models import Actor, CallBudget, Incident, Push, PushStatus, SourceAccount
from tests import support
from tests.admin import pushes
from tests.admin.pushes import signed_in, text

REASON = "wrong file of yesterday"


def label(push: Push) -> str:
    push = Push.objects.select_related("account").get(pk=push.pk)
    now = timezone.now()
    return words.push(push, now=now, holds=holding.holds([push], now=now)).label


def stop(**scope: Any) -> None:
    holding.stop_sending(reason=REASON, by=pushes.BY, now=timezone.now(), **scope)


def refuse(status: int = 401) -> Incident:
    return Incident.objects.create(
        kind=Incident.Kind.REFUSED, started_at=timezone.now(), http_status=status
    )


def test_a_push_that_nothing_holds_is_about_to_leave(db: None) -> None:
    push = pushes.waiting()
    stop(account=support.make_account())
    stop(company=support.make_company())
    assert label(push) == "Waiting to be sent"


@pytest.mark.parametrize("scope", ["account", "company", "everything"])
def test_a_stop_holds_what_waits(db: None, scope: str) -> None:
    push = pushes.waiting()
    stop(**{} if scope == "everything" else {scope: getattr(push, scope)})
    named = scope if scope == "everything" else f"this {scope}"
    assert label(push) == (f"On hold – sending is stopped for {named}, until somebody allows it")
    if scope != "everything":
        assert label(pushes.waiting()) == "Waiting to be sent"


def test_the_widest_stop_is_named(db: None) -> None:
    push = pushes.waiting()
    stop(account=push.account)
    stop(company=push.company)
    assert "for this company" in label(push)
    stop()
    assert "for everything" in label(push)


def test_a_refusal_holds_everything(db: None) -> None:
    push, incident = pushes.waiting(), refuse()
    assert label(push) == (
        "On hold – Codat refuses our key or account, until somebody lets sending go on"
    )
    holding.go_on(incident, by=pushes.BY, now=timezone.now())
    assert label(push) == "Waiting to be sent"


def test_an_account_that_is_not_connected_holds_its_pushes(db: None) -> None:
    push = pushes.waiting()
    SourceAccount.objects.update(status="disconnected")
    assert label(push) == (
        "On hold – this account is not connected, until the client connects it again"
    )


def test_a_pause_that_codat_asked_for_has_its_time(db: None) -> None:
    push, now = pushes.waiting(), timezone.now()
    at = now + dt.timedelta(minutes=3)
    CallBudget.objects.create(not_before=at, held_words="Codat asked us to wait: too many calls")
    until = words.clock_time(at) if at.date() == now.date() else words.moment(at)
    assert label(push) == f"On hold – Codat asked us to wait: too many calls, until {until}"
    CallBudget.objects.update(not_before=now)
    assert label(push) == "Waiting to be sent"


def test_a_pause_until_another_day_names_the_day(db: None) -> None:
    push, at = pushes.waiting(), timezone.now() + dt.timedelta(hours=23)
    CallBudget.objects.create(not_before=at, held_words="Codat asked us to wait")
    same = timezone.localdate(at) == timezone.localdate()
    until = words.clock_time(at) if same else words.moment(at)
    assert label(push).endswith(f"until {until}")


def test_its_own_next_try_has_its_time(db: None) -> None:
    push, at = pushes.waiting(), timezone.now() + dt.timedelta(hours=30)
    Push.objects.update(next_attempt_at=at, hold_reason="Codat could not be reached")
    assert label(push) == f"On hold – Codat could not be reached, until {words.moment(at)}"


@pytest.mark.parametrize("made", [pushes.sending, pushes.submitted, pushes.succeeded])
def test_what_has_left_is_not_on_hold(db: None, made: Any) -> None:
    push = made()
    stop()
    refuse()
    assert "hold" not in label(push)


def test_a_decision_comes_before_a_stop_and_a_stop_before_order(db: None) -> None:
    head = pushes.waiting()
    tail = pushes.waiting(head.account)
    stop(account=head.account)
    now = timezone.now()
    tail = Push.objects.select_related("account").get(pk=tail.pk)
    holds = holding.holds([tail], now=now)
    assert words.push(tail, now=now, behind=head, holds=holds).label.startswith("On hold")
    head.status = PushStatus.FAILED
    word = words.push(tail, now=now, behind=head, holds=holds)
    assert word.label == f"Waiting behind push #{head.pk}"


# --- On pages --------------------------------------------------------------------------------


def test_the_page_of_a_push_says_who_why_and_what_to_do(people: dict[str, Any]) -> None:
    push = pushes.waiting()
    stop(company=push.company)
    answer = signed_in(people["auditor"]).get(f"/admin/bankfeeds/push/{push.pk}/change/")
    shown = text(answer)
    assert "On hold – sending is stopped for this company, until somebody allows it" in shown
    assert f"manager stopped it on {words.moment(timezone.now())[:12]}" in shown
    assert f"{REASON}. Nothing is wrong with these rows." in shown
    assert "Somebody who may has to allow sending again, once the reason is gone." in shown
    standing = holding.open_stop(company=push.company)
    assert standing is not None
    assert f"/admin/bankfeeds/sendingstop/{standing.pk}/change/" in answer.content.decode()


def test_the_page_of_a_push_leads_to_the_incident(people: dict[str, Any]) -> None:
    push, incident = pushes.waiting(), refuse(402)
    answer = signed_in(people["auditor"]).get(f"/admin/bankfeeds/push/{push.pk}/change/")
    assert "Codat asks for payment" in text(answer)
    assert f"/admin/bankfeeds/incident/{incident.pk}/change/" in answer.content.decode()


@pytest.mark.parametrize("place", ["push/", "company/{c}/change/", "sourceaccount/{a}/change/"])
def test_lists_of_pushes_show_what_is_held(people: dict[str, Any], place: str) -> None:
    push = pushes.waiting()
    stop(account=push.account)
    path = "/admin/bankfeeds/" + place.format(c=push.company_id, a=push.account_id)
    shown = text(signed_in(people["auditor"]).get(path))
    assert "On hold – sending is stopped for this account" in shown


def test_a_stopped_push_can_still_be_stopped_for_good(people: dict[str, Any]) -> None:
    push = pushes.waiting()
    stop(account=push.account)
    browser, place = signed_in(people["support"]), f"/admin/bankfeeds/push/{push.pk}"
    shown = browser.get(f"{place}/change/")
    browser.post(f"{place}/stop/", {"reason": "no", "seen": pushes.hidden(shown, "seen")})
    push.refresh_from_db()
    assert push.status == PushStatus.CANCELLED


def test_nothing_leaves_while_it_is_stopped_and_all_of_it_afterwards(
    onboarded: support.Onboarded, actor: Actor, drain: Any
) -> None:
    account = onboarded.accounts[0]
    push = pushes.waiting(account)
    stop(account=account)
    drain()
    push.refresh_from_db()
    assert push.status == PushStatus.READY
    assert not push.attempts.exists()
    standing = holding.open_stop(account=account)
    assert standing is not None
    holding.allow_sending(standing, reason="mended", by=actor, now=timezone.now())
    drain()
    push.refresh_from_db()
    assert push.status == PushStatus.SUCCEEDED
