from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import health, holding, pushing
from bankfeeds.models import Decision, Push, PushAttempt, PushStatus
from tests import support

from .pushes import (
    BY,
    attempt,
    hidden,
    refused,
    sending,
    signed_in,
    submitted,
    succeeded,
    text,
    timed_out,
    unknown,
    waiting,
)

pytestmark = pytest.mark.django_db


def url(push: Push, part: str = "change") -> str:
    return f"/admin/bankfeeds/push/{push.pk}/{part}/"


@pytest.fixture
def support_person(people: dict[str, Any]) -> Any:
    return signed_in(people["support"])


@pytest.fixture
def auditor(people: dict[str, Any]) -> Any:
    return signed_in(people["auditor"])


def test_facts_timeline_attempts_rows_and_body(auditor: Any) -> None:
    push = succeeded(support.make_account(name="Main"))
    page = text(auditor.get(url(push)))
    for part in (
        f"Push #{push.pk} – {push.company.name}",
        "Accepted by Codat",
        "Codat says: Success",
        "No proof that the client sees it.",
        "In 100.00 USD Out 29.75 USD",
        "1,070.25 USD",
        "transactions.csv, imported by manager",
        "World SANDBOX",
        str(push.push_operation_key),
        "At Codat, being checked Accepted by Codat",
        "Sure that it arrived",
        push.attempts.get().correlation_id,
        "Line 4",
        push.body_sha256,
        "Same as confirmed Yes",
    ):
        assert part in page, part


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (PushAttempt.Outcome.NOT_SENT, "Sure that it did not arrive"),
        (PushAttempt.Outcome.UNKNOWN, "Not sure that it arrived"),
        (PushAttempt.Outcome.REFUSED, "Sure that Codat did not take it"),
    ],
)
def test_each_attempt_says_how_sure_we_are(auditor: Any, outcome: Any, words: str) -> None:
    push = sending()
    attempt(push, outcome)
    assert words in text(auditor.get(url(push)))


def test_the_body_is_what_was_confirmed(auditor: Any) -> None:
    push = waiting()
    answer = auditor.get(url(push, "body"))
    assert hashlib.sha256(answer.content).hexdigest() == push.body_sha256
    assert json.loads(answer.content)["accountId"] == push.account.account_id
    assert answer["Content-Disposition"] == f'attachment; filename="push-{push.pk}.json"'
    assert "no-store" in answer["Cache-Control"]


def test_codats_words_stand_beside_the_row_with_ours_below(auditor: Any) -> None:
    push = refused(bad=1)
    row = push.items.get(position=1).transaction
    page = text(auditor.get(url(push)))
    beside = f"Line {row.line} · {support.today():%b} "
    said = page[page.index("What Codat said") :]
    assert "Push failed: see validation for more information" in said
    assert said.index(beside) < said.index("The date is older than the newest transaction stored.")
    assert "It is older than the newest transaction already sent for this account." in said
    assert "Give the client a file" in said


@pytest.mark.parametrize(
    ("item_id", "expected"),
    [
        ("1", "Line 3"),
        ("transactions[2]", "Line 4"),
        ("transactions[0].date", "Line 2"),
        ("99", "The whole push"),
        ("", "The whole push"),
        (None, "The whole push"),
        ("٣", "The whole push"),
    ],
)
def test_an_item_without_our_id_is_found_by_its_place(
    auditor: Any, item_id: str | None, expected: str
) -> None:
    push = submitted()
    said = {"item_id": item_id, "message": "odd", "validator_name": None}
    push.step(PushStatus.FAILED, by=BY, now=timezone.now(), validation={"errors": [said]})
    page = text(auditor.get(url(push)))
    assert f"{expected} " in page[page.index("Codat's words") : page.index("odd")]


def test_the_auditor_reads_everything_and_has_no_button(auditor: Any) -> None:
    for push in (waiting(), refused(), unknown(), timed_out()):
        page = auditor.get(url(push))
        assert page.status_code == 200
        # The header has three of its own: language, signing out, and the search for companies.
        assert page.content.decode().count("<form") == 3
        assert 'name="reason"' not in page.content.decode()


def test_the_page_looks_again_only_while_the_push_moves(support_person: Any) -> None:
    moving, ended = waiting(), succeeded()
    for part in ("change", "status"):
        first = support_person.get(url(moving, part)).content.decode()
        assert 'data-moving="yes"' in first
        assert "Reload" in first
        last = support_person.get(url(ended, part)).content.decode()
        assert 'data-moving="no"' in last
    assert "<html" not in support_person.get(url(moving, "status")).content.decode()


def test_a_worker_that_is_not_running_is_said_beside_the_status(support_person: Any) -> None:
    moving, ended = waiting(), succeeded()
    said = "so this push does not move"
    support.no_worker_runs()
    shown = text(support_person.get(url(moving)))
    assert said in shown and "Nothing to do" not in shown
    assert "What to do now: Tell the administrator: it goes on by itself once" in shown
    assert said not in text(support_person.get(url(ended)))
    health.beat(now=timezone.now())
    assert said not in text(support_person.get(url(moving)))


def test_a_hold_and_a_push_behind_another_are_explained(support_person: Any) -> None:
    head = refused()
    behind = waiting(head.account, opening="1070.25")
    page = text(support_person.get(url(behind)))
    assert f"Waiting behind push #{head.pk}" in page
    assert f"Decide push #{head.pk} first" in page
    held = waiting()
    until = timezone.now() + dt.timedelta(hours=1)
    Push.objects.filter(pk=held.pk).update(hold_reason="Codat is busy", next_attempt_at=until)
    assert "On hold – Codat is busy, until" in text(support_person.get(url(held)))


def test_findings_of_that_day_are_kept(auditor: Any) -> None:
    push = waiting(date=support.today() - dt.timedelta(days=7))
    assert "It is seven days old today" in text(auditor.get(url(push)))


def test_a_replaced_push_and_its_replacement_name_each_other(auditor: Any) -> None:
    push = refused()
    new = pushing.decide(
        push, Decision.SEND_AGAIN, reason="Codat had a fault", by=BY, now=timezone.now()
    )
    assert new is not None
    page = text(auditor.get(url(push)))
    assert f"Resolved by push #{new.pk}" in page
    assert "Codat had a fault" in page
    assert f"Replaces push #{push.pk}" in text(auditor.get(url(new)))


def test_looking_changes_nothing(support_person: Any) -> None:
    pushes = [waiting(), refused(), unknown(), timed_out(), succeeded()]
    before = list(Push.objects.order_by("pk").values())
    for push in pushes:
        for part in ("change", "status", "body", "stop", "look", "decide"):
            assert support_person.get(url(push, part), follow=True).status_code == 200
    assert list(Push.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("pk", ["0", "x", "-1", "99999999999999999999999", "%00", "1/2", "٣"])
def test_a_forged_number_is_no_fault(support_person: Any, pk: str) -> None:
    for part in ("change", "status", "body", "stop", "look", "decide"):
        address = f"/admin/bankfeeds/push/{pk}/{part}/"
        for answer in (support_person.get(address), support_person.post(address, {})):
            assert answer.status_code in {302, 404, 405}, (part, answer.status_code)


def test_whoever_may_not_see_pushes_sees_none(db: None, django_user_model: Any) -> None:
    push = waiting()
    nobody = signed_in(django_user_model.objects.create(username="new", is_staff=True))
    for part in ("change", "status", "body", "stop", "look", "decide"):
        assert nobody.get(url(push, part)).status_code == 403
        assert nobody.post(url(push, part)).status_code == 403
    assert nobody.get("/admin/bankfeeds/push/").status_code == 403


def test_a_page_of_a_thousand_rows_takes_as_many_queries_as_one(
    support_person: Any, django_assert_max_num_queries: Any
) -> None:
    push = waiting(amounts=["1.00"] * 1000)
    # Five know the person and the language. Five are the push: its decisions, those it replaces,
    # marks and rows. Eight say why it waits: those before and after it, one that is unknown, stops,
    # departures, a refusal, the budget, the worker. Six: files, events, incidents of its time,
    # tries, body, notes. Seven stand above every page, of which two ask what it costs that no
    # worker runs. Three keep the session, of which this is the first page.
    support.no_worker_runs()
    with django_assert_max_num_queries(34):
        page = support_person.get(url(push))
    assert page.content.decode().count("Line ") >= 1000
    assert hidden(page, "seen")


@pytest.mark.parametrize("make", [timed_out, unknown, refused, waiting])
def test_a_page_points_at_no_button_that_it_does_not_have(
    people: dict[str, Any], make: Any
) -> None:
    push = make()
    url = f"/admin/bankfeeds/push/{push.pk}/change/"
    pointers = ("Look again at Codat, below", "decide below", "You can still stop it")
    seen = {role: text(signed_in(people[role]).get(url)) for role in ("auditor", "support")}
    assert not any(one in seen["auditor"] for one in pointers)
    assert any(one in seen["support"] for one in pointers)
    if make is not waiting:
        assert "Somebody who may decide has to look at it and decide." in seen["auditor"]


def test_whoever_may_not_allow_sending_is_not_told_to(people: dict[str, Any]) -> None:
    push = waiting()
    holding.stop_sending(account=push.account, reason="r", by=BY, now=timezone.now())
    url = f"/admin/bankfeeds/push/{push.pk}/change/"
    told = "Allow sending again once the reason is gone."
    assert told in text(signed_in(people["support"]).get(url))
    said = text(signed_in(people["auditor"]).get(url))
    assert told not in said and "Somebody who may has to allow sending again" in said


def test_a_push_leads_to_the_files_that_its_rows_came_in(people: dict[str, Any]) -> None:
    push = succeeded()
    file = push.items.select_related("transaction").all()[0].transaction.statement_id
    page = signed_in(people["auditor"]).get(url(push)).content.decode()
    assert f'<a href="/admin/bankfeeds/statement/{file}/change/">transactions.csv' in page


@pytest.mark.django_db(transaction=True)
def test_the_support_reference_of_a_refused_push_stands_alone_and_is_found(
    people: dict[str, Any], onboarded: support.Onboarded
) -> None:
    """Codat names it in the middle of its words only."""
    browser: Any = signed_in(people["support"])
    support.order_fault("op-failed", path="/push/")
    push = waiting(onboarded.accounts[0])
    support.drain()
    push.refresh_from_db()
    assert push.status == PushStatus.FAILED and len(push.correlation_id) == 32
    assert push.correlation_id in push.error_message
    page = browser.get(f"/admin/bankfeeds/push/{push.pk}/change/")
    assert f'<span id="reference">{push.correlation_id}</span>' in page.content.decode()
    assert 'data-copy="reference"' in page.content.decode()
    dashed = str(uuid.UUID(push.correlation_id))
    for typed in (push.correlation_id, dashed, f" {dashed.upper()} "):
        found = text(browser.get("/admin/bankfeeds/push/", {"q": typed}))
        assert f"#{push.pk}" in found, typed
        # The search above every page.
        answer = browser.get("/admin/bankfeeds/company/", {"q": typed})
        assert answer.url == f"/admin/bankfeeds/push/{push.pk}/change/", typed
    write = browser.get("/admin/bankfeeds/company/", {"q": str(push.push_operation_key)})
    assert write.url == f"/admin/bankfeeds/push/{push.pk}/change/"
    assert browser.get("/admin/bankfeeds/company/", {"q": str(uuid.uuid4())}).status_code == 200
