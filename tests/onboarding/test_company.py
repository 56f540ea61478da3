"""A company comes to exist at Codat once, whatever happens on the way."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from bankfeeds import conf, onboarding
from bankfeeds.codat import bodies
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Company, Event, Intent
from tests import support

from .conftest import Clock, Plan, in_an_hour
from .orders import order, seen, take_back_orders

pytestmark = pytest.mark.django_db(transaction=True)


def create(company: Company, client: Client, by: Actor, clock: Clock = timezone.now) -> bool:
    return onboarding.create_company(company, client=client, by=by, clock=clock)


def at_codat(client: Client) -> list[tuple[str, str]]:
    return [(each.name, each.description) for each in client.list_companies()]


def events(company: Company) -> list[str]:
    rows = Event.objects.filter(company=company).order_by("id")
    return [action.removeprefix("company.") for action in rows.values_list("action", flat=True)]


def test_our_name_is_kept_and_codats_is_mirrored(plan: Plan, codat: Client, actor: Actor) -> None:
    row = plan("Café Québec (1)")
    assert create(row, codat, actor)
    assert (row.name, row.codat_name) == ("Café Québec (1)", "Cafe Quebec 1")
    assert row.intent == Intent.DONE and row.codat_id and row.problem == ""
    assert row.claimed_until is None
    assert at_codat(codat) == [("Cafe Quebec 1", row.description)]
    assert row.description.startswith("REF-1 (portal ")
    assert events(row) == ["requested", "created"]
    assert Event.objects.first().user_id == actor.user_id  # type: ignore[union-attr]


def test_the_same_form_gives_the_same_row(plan: Plan) -> None:
    first = plan(form_key="form-1")
    assert plan(form_key="form-1").pk == first.pk
    assert plan(form_key="form-2").pk != first.pk
    assert plan(form_key="").pk != plan(form_key="").pk


def test_a_name_of_only_forbidden_characters_is_refused(plan: Plan) -> None:
    with pytest.raises(onboarding.NameNotUsable, match="keep nothing"):
        plan("(東京)")
    assert not Company.objects.exists() and not Event.objects.exists()


@pytest.mark.parametrize(
    ("name", "reference"), [("x" * 201, ""), ("Acme", "x" * 101), ("Acme\udce9", ""), ("A", "\0")]
)
def test_what_cannot_be_kept_is_refused(plan: Plan, name: str, reference: str) -> None:
    with pytest.raises(onboarding.NameNotUsable):
        plan(name, reference=reference)


def test_two_presses_of_one_form_at_once_plan_one_company(plan: Plan) -> None:
    made = []

    def press() -> None:
        made.append(plan(form_key="form-1").pk)
        database.close()

    clicks = [threading.Thread(target=press) for _ in range(4)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert made == [Company.objects.get().pk] * 4


def test_a_second_press_after_success_makes_nothing(
    plan: Plan, codat: Client, actor: Actor
) -> None:
    row = plan()
    assert create(row, codat, actor)
    assert create(row, codat, actor)
    assert len(at_codat(codat)) == 1


def test_a_double_click_makes_one_company(plan: Plan, codat: Client, actor: Actor) -> None:
    row = plan("Acme fault-hang-1")
    results = []

    def press() -> None:
        with conf.client() as client:
            results.append(create(Company.objects.get(pk=row.pk), client, actor))
        database.close()

    clicks = [threading.Thread(target=press) for _ in range(2)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert sorted(results) == [False, True]
    assert len(at_codat(codat)) == 1
    row.refresh_from_db()
    assert row.at_codat and events(row) == ["requested", "created"]


def test_while_somebody_else_calls_nothing_is_sent_or_said(
    plan: Plan, codat: Client, actor: Actor
) -> None:
    row = plan()
    assert row.claim(now=timezone.now(), lease=dt.timedelta(seconds=90))
    assert not create(row, codat, actor)
    assert row.problem == "" and at_codat(codat) == []
    assert onboarding.in_progress(row, now=timezone.now())
    # The other one died: once its lease is over, anybody may go on.
    assert create(row, codat, actor, in_an_hour)


@pytest.mark.parametrize("fault", ["500-after", "503-after"])
def test_a_fault_after_the_effect_is_found_again(
    plan: Plan, codat: Client, actor: Actor, fault: str
) -> None:
    row = plan()
    key = row.idempotency_key
    order(fault)
    assert not create(row, codat, actor)
    assert row.intent == Intent.SERVER_FAULT
    assert row.problem.startswith("Codat has a fault (50")
    assert "We do not know yet" in row.problem
    assert "Press Continue: no second company" in row.problem
    assert row.claimed_until is None
    assert create(row, codat, actor)
    assert row.problem == "" and len(at_codat(codat)) == 1
    assert row.idempotency_key == key
    assert events(row) == ["requested", "failed", "continued", "created"]


@pytest.mark.parametrize("fault", ["500-before", "502", "html"])
def test_a_fault_before_the_effect_is_sent_with_a_new_key(
    plan: Plan, codat: Client, actor: Actor, fault: str
) -> None:
    row = plan()
    key = row.idempotency_key
    order(fault)
    assert not create(row, codat, actor)
    assert create(row, codat, actor)
    assert len(at_codat(codat)) == 1
    assert row.idempotency_key != key


def test_after_a_fault_a_new_key_waits_until_codat_must_have_ended(
    plan: Plan, codat: Client, actor: Actor, settings: Any
) -> None:
    settings.PUSH_SETTLE = 120
    row, other = plan(), plan("Bolt Hardware")
    key = row.idempotency_key
    order("502", times=2)
    assert not create(row, codat, actor) and not create(other, codat, actor)
    for each in (row, other):
        assert not create(each, codat, actor)
        assert each.problem.startswith("Codat does not show it yet, but may still be making it.")
        assert each.intent == Intent.SERVER_FAULT
    # Behind the gateway the first POST is carried out after all.
    body = bodies.company_body(name=row.codat_name, description=row.description)
    codat.create_company(body, key=uuid.uuid4())
    assert create(row, codat, actor)
    assert create(other, codat, actor, lambda: timezone.now() + dt.timedelta(seconds=121))
    assert sorted(at_codat(codat)) == [(each.codat_name, each.description) for each in (row, other)]
    assert row.idempotency_key == key


@pytest.mark.parametrize(
    "fault", ["reset-after", "reset-before", "half-body", "empty-200", "html-200"]
)
def test_an_answer_that_is_lost_is_asked_for_with_the_same_key(
    plan: Plan, codat: Client, actor: Actor, fault: str
) -> None:
    row = plan()
    key = row.idempotency_key
    order(fault)
    assert not create(row, codat, actor)
    assert row.intent == Intent.UNKNOWN and "We do not know yet" in row.problem
    assert create(row, codat, actor)
    assert row.idempotency_key == key
    assert len(at_codat(codat)) == 1


def test_a_timeout_is_unknown_and_goes_on(plan: Plan, codat: Client, actor: Actor) -> None:
    row = plan()
    order("hang-2")
    assert not create(row, codat.within(0.3), actor)
    assert row.intent == Intent.UNKNOWN and row.problem.startswith("Codat did not answer.")
    assert not create(row, codat.within(0.3), actor) or row.at_codat
    support.wait_until(lambda: create(row, codat, actor), seconds=10, what="created")
    assert len(at_codat(codat)) == 1


def test_an_answer_that_stays_garbled_leads_to_a_look(
    plan: Plan, codat: Client, actor: Actor
) -> None:
    row = plan()
    order("empty-200", times=2)
    assert not create(row, codat, actor)
    assert create(row, codat, actor)
    assert len(at_codat(codat)) == 1


def test_an_old_unknown_is_looked_for_and_found(plan: Plan, codat: Client, actor: Actor) -> None:
    row = plan()
    order("reset-after")
    assert not create(row, codat, actor)
    support.control("clock", advanceSeconds=2 * 3600)  # Codat has forgotten the key
    assert create(row, codat, actor, in_an_hour)
    assert len(at_codat(codat)) == 1


def test_an_old_unknown_that_is_not_there_is_made_with_a_new_key(
    plan: Plan, codat: Client, actor: Actor
) -> None:
    row = plan()
    key = row.idempotency_key
    order("reset-before")
    assert not create(row, codat, actor)
    assert create(row, codat, actor, in_an_hour)
    assert len(at_codat(codat)) == 1 and row.idempotency_key != key


def test_a_look_that_fails_leaves_everything_open(plan: Plan, codat: Client, actor: Actor) -> None:
    row = plan()
    order("500-after")
    assert not create(row, codat, actor)
    order("500-before", method="GET", times=9)
    assert not create(row, codat.within(2), actor)
    assert row.intent == Intent.SERVER_FAULT and "We do not know yet" in row.problem
    take_back_orders()
    assert create(row, codat, actor)
    assert len(at_codat(codat)) == 1


@pytest.mark.parametrize(("fault", "words"), [("400", "Codat refused"), ("402", "Company limit")])
def test_a_refusal_says_codats_words_and_goes_on_with_a_new_key(
    plan: Plan, codat: Client, actor: Actor, fault: str, words: str
) -> None:
    row = plan()
    order(fault)
    assert not create(row, codat, actor)
    assert row.intent == Intent.REFUSED and words in row.problem
    assert Event.objects.get(action="company.failed").words == row.problem
    assert create(row, codat, actor)
    assert len(at_codat(codat)) == 1


def test_a_throttled_press_keeps_its_key(plan: Plan, codat: Client, actor: Actor) -> None:
    row = plan()
    key = row.idempotency_key
    order("429-2")
    assert not create(row, codat, actor)
    assert row.intent == Intent.NOT_SENT and row.first_sent_at is None
    assert create(row, codat, actor)
    assert row.idempotency_key == key and len(at_codat(codat)) == 1


def test_a_refused_key_says_nothing_was_done(
    plan: Plan, codat: Client, actor: Actor, settings: Any
) -> None:
    row = plan()
    settings.CODAT_API_KEY = "another key"
    assert not create(row, conf.client(), actor)
    assert row.problem.startswith(
        "Codat does not accept our key. Nothing was created or sent."
        " Tell the administrator; everything waits."
    )
    assert create(row, codat, actor)
    assert len(at_codat(codat)) == 1


def test_a_refused_key_after_an_unknown_does_not_close_the_question(
    plan: Plan, codat: Client, actor: Actor, settings: Any
) -> None:
    row = plan()
    order("reset-after")
    assert not create(row, codat, actor)
    settings.CODAT_API_KEY = "another key"
    assert not create(row, conf.client(), actor)
    assert "We do not know yet" in row.problem
    assert create(row, codat, actor)
    assert len(at_codat(codat)) == 1


def test_a_press_without_a_network_does_not_close_the_question(
    plan: Plan, codat: Client, actor: Actor, settings: Any
) -> None:
    row = plan()
    order("reset-after")
    assert not create(row, codat, actor)
    sandbox_url, settings.CODAT_BASE_URL = settings.CODAT_BASE_URL, "http://127.0.0.1:9"
    assert not create(row, conf.client(), actor)
    settings.CODAT_BASE_URL = sandbox_url
    assert row.intent == Intent.UNKNOWN and row.first_sent_at
    support.control("clock", advanceSeconds=2 * 3600)
    assert create(row, codat, actor, in_an_hour)
    assert len(at_codat(codat)) == 1


def test_a_success_counts_even_if_somebody_else_has_taken_over(
    plan: Plan, codat: Client, actor: Actor, settings: Any
) -> None:
    settings.PUSH_LEASE = 0.2
    row = plan("Acme fault-hang-1")
    results = []

    def press() -> None:
        with conf.client() as client:
            results.append(create(Company.objects.get(pk=row.pk), client, actor))
        database.close()

    slow = threading.Thread(target=press)
    slow.start()
    support.wait_until(lambda: seen("POST"), seconds=5, what="the first press")
    time.sleep(0.3)
    assert not create(row, codat, actor)  # Codat is still busy with the first one
    assert row.problem.startswith("Codat is still busy")
    slow.join()
    row.refresh_from_db()
    assert results == [True] and row.at_codat and row.problem == ""
    assert len(at_codat(codat)) == 1


def test_a_slow_look_that_was_overtaken_sends_nothing(
    plan: Plan, codat: Client, actor: Actor, settings: Any
) -> None:
    settings.PUSH_LEASE = 0.2
    row = plan()
    order("500-before")
    assert not create(row, codat, actor)
    order("hang-1", method="GET")  # the list is drawn up now and answered in a second

    def press() -> None:
        with conf.client() as client:
            create(Company.objects.get(pk=row.pk), client, actor)
        database.close()

    slow = threading.Thread(target=press)
    slow.start()
    support.wait_until(lambda: seen("GET"), seconds=5, what="the first look")
    time.sleep(0.3)
    assert create(row, codat, actor)
    slow.join()
    assert len(at_codat(codat)) == 1


def test_without_a_network_nothing_was_sent(plan: Plan, actor: Actor) -> None:
    row = plan()
    with conf.client() as nowhere:
        assert not create(row, nowhere, actor)
    assert row.intent == Intent.NOT_SENT and row.first_sent_at is None
    assert row.problem.startswith("Codat could not be reached. The company was not created.")


def test_no_call_is_made_inside_a_transaction(plan: Plan, codat: Client, actor: Actor) -> None:
    row = plan()
    with pytest.raises(conf.InsideTransaction), transaction.atomic():
        create(row, codat, actor)
    row.refresh_from_db()
    assert row.claimed_until is None and at_codat(codat) == []


def test_likely_duplicates(plan: Plan) -> None:
    first = plan("Acme Bakery Inc.", reference="REF-1")

    def found(name: str, reference: str, besides: int | None = None) -> list[Company]:
        return list(onboarding.likely_duplicates(name=name, reference=reference, besides=besides))

    assert found("ACMÉ BAKERY LLC", "") == [first]
    for like in ("ref-1", "REF 1", " Ref.1", "ref1"):
        assert found("Quite another", like) == [first], like
    assert found("Quite another", "REF-2") == []
    assert found("", "") == [] and found("", "-") == []
    assert found("Acme Bakery", "REF-1", besides=first.pk) == []
