from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bankfeeds import holding, pushing
from bankfeeds.admin import filters
from bankfeeds.admin.picked import Picked
from bankfeeds.models import Actor, Decision, Origin, Push, PushAttempt, SourceAccount
from bankfeeds.models.record import SCHEDULE
from tests import support

from .pushes import (
    BY,
    attempt,
    looked,
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
URL = "/admin/bankfeeds/push/"


@pytest.fixture
def auditor(people: dict[str, Any]) -> Any:
    return signed_in(people["auditor"])


def listed(client: Any, **given: Any) -> set[Push]:
    answer = client.get(URL, given)
    assert answer.status_code == 200, answer
    return set(answer.context["cl"].result_list)


def links(answer: Any) -> dict[str, str]:
    """What the filters offer: label and address."""
    specs, cl = answer.context["cl"].filter_specs, answer.context["cl"]
    picked = [spec for spec in specs if isinstance(spec, Picked)]
    offered = [choice for spec in picked for choice in spec.choices(cl)]
    return {str(choice["display"]): str(choice["query_string"]) for choice in offered}


def test_company_and_account_are_picked_among_what_fits(auditor: Any) -> None:
    """Without a script, and without a list of all there are."""
    wanted, other = succeeded(), succeeded()
    company, account = wanted.company, wanted.account
    label = f"{company.name} · {company.reference}" if company.reference else company.name

    def shown(**given: Any) -> Any:
        return auditor.get(URL, {"status": "succeeded", **given})

    empty = shown()
    assert list(links(empty)) == ["All"] and 'name="company_like"' in empty.content.decode()
    # What is typed offers, and narrows nothing.
    typed = shown(company_like=company.name)
    assert set(typed.context["cl"].result_list) == {wanted, other}
    assert links(typed)[label] == f"?company={company.pk}&status=succeeded"
    assert not auditor.get(URL, {"company_like": "x"}).context["cl"].has_active_filters
    # Of a chosen company its accounts are offered at once; of all only what was typed.
    name = f"{company} – {account}"
    assert name in links(shown(company=company.pk))
    assert name in links(shown(account_like=account.account_id))
    assert listed(auditor, company=company.pk, account=account.pk) == {wanted}
    for odd in (
        {"account_like": "zz\x00'; --"},
        {"company": other.company_id, "account_like": "z"},
    ):
        assert "Nothing fits what was typed." in text(shown(**odd))
    assert "Unknown" in links(shown(company="9" * 30))
    for number in range(25):
        support.make_company(f"Many {number}", folded_name=f"many {number}")
    many = shown(company_like="many")
    assert len(links(many)) == 21 and "There are more: type more of it." in text(many)


def test_a_row_tells_the_whole_story(auditor: Any) -> None:
    company = support.make_company("Café Québec", reference="CQ-1")
    push = succeeded(support.make_account(support.make_connection(company), name="Main"))
    page = text(auditor.get(URL))
    for part in (
        f"#{push.pk}",
        "manager",
        "Café Québec CQ-1",
        "Main · Checking",
        "3 transactions",
        "In 100.00 USD Out 29.75 USD",
        "Accepted by Codat",
        str(push.push_operation_key)[:8],
    ):
        assert part in page
    assert " ET" in page


def test_what_waits_behind_another_says_so(auditor: Any) -> None:
    first = refused()
    waiting(first.account, opening="1070.25")
    assert f"Waiting behind push #{first.pk}" in text(auditor.get(URL))


def test_marks_stand_on_both(auditor: Any) -> None:
    push = refused()
    new = pushing.decide(push, Decision.SEND_AGAIN, reason="r", by=BY, now=timezone.now())
    assert new is not None
    page = text(auditor.get(URL))
    assert f"Resolved by push #{new.pk}" in page
    assert f"Replaces push #{push.pk}" in page


def test_search_goes_by_what_was_typed(auditor: Any) -> None:
    company = support.make_company(
        "Zoé & Fils Ltée", folded_name="zoe fils", codat_id=uuid.uuid4(), reference="QC-0042"
    )
    push = submitted(support.make_account(support.make_connection(company), account_id="acc-77"))
    others = {submitted(), waiting()}
    reference = push.attempts.get().correlation_id
    item = push.items.select_related("transaction").first()
    assert item is not None
    for typed in (
        str(push.push_operation_key),
        str(push.push_operation_key)[:8],
        str(company.codat_id),
        str(push.connection.codat_id),
        reference,
        str(uuid.UUID(reference)),
        f"#{push.pk}",
        str(push.pk),
        item.transaction.transaction_id,
        "acc-77",
        "zoé",
        "ZOE",
        "zoe fils",
        "QC-0042",
        "qc 0042",
        "qc00",
    ):
        assert listed(auditor, q=typed) == {push}, typed
    assert listed(auditor, q="nobody") == set()
    assert listed(auditor, q="") == {push, *others}


def test_filters_combine_and_live_in_the_address(auditor: Any) -> None:
    bad, good, late = refused(), succeeded(), waiting()
    assert listed(auditor, status="failed") == {bad}
    assert listed(auditor, decision="yes") == {bad}
    assert listed(auditor, origin="person") == {bad, good, late}
    assert listed(auditor, origin="command") == set()
    assert listed(auditor, company=good.company_id) == {good}
    assert listed(auditor, account=late.account_id) == {late}
    assert listed(auditor, batch=late.form_key) == {late}
    assert listed(auditor, account=late.account_id, status="failed") == set()
    assert listed(auditor, period="today") == {bad, good, late}
    today = support.today().isoformat()
    assert listed(auditor, **{"from": today, "to": today}) == {bad, good, late}
    assert listed(auditor, to="2020-01-01") == set()
    assert listed(auditor, **{"from": "2999-01-01"}) == set()


def test_a_decided_push_needs_no_decision(auditor: Any) -> None:
    push = refused()
    pushing.decide(push, Decision.GIVE_UP, reason="r", by=BY, now=timezone.now())
    assert listed(auditor, decision="yes") == set()


def test_periods_are_days_of_the_institution() -> None:
    day = dt.date(2026, 3, 1)  # a Sunday
    assert filters.period("today", today=day) == (day, dt.date(2026, 3, 2))
    assert filters.period("yesterday", today=day) == (dt.date(2026, 2, 28), day)
    assert filters.period("week", today=day) == (day, dt.date(2026, 3, 2))
    assert filters.period("last-month", today=day) == (dt.date(2026, 2, 1), day)
    assert filters.period("?", today=day) is None
    assert filters.midnight(day).isoformat() == "2026-03-01T00:00:00-05:00"


PARAMETERS = (
    *("q", "status", "decision", "origin", "period", "from", "to", "company", "account"),
    *("batch", "p", "o", "all", "e", "nonsense", "company__name"),
)
GARBAGE = ("x", "-1", "99999999999999999999999", "\x00", "'; --", "0001-01-01", "9999-12-31", "٣")


@pytest.mark.parametrize("name", PARAMETERS)
def test_garbage_in_the_address_is_no_fault(auditor: Any, name: str) -> None:
    waiting()
    for value in GARBAGE:
        answer = auditor.get(URL, {name: value}, follow=True)
        # 400 is what Django says to a look into other tables.
        assert answer.status_code in {200, 400}, value


def test_queries_do_not_grow_with_rows(auditor: Any) -> None:
    connection_of_all = support.make_connection()

    def mixed() -> None:
        account = support.make_account(connection_of_all)
        waiting(account)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert auditor.get(URL).status_code == 200
        return len(queries)

    mixed()
    auditor.get(URL)
    at_one = count()
    for _ in range(49):
        mixed()
    for _ in range(50):
        refused()
    assert len(listed(auditor)) == 100
    assert count() == at_one


def test_the_list_reads_no_secret_and_no_payload(auditor: Any) -> None:
    refused()
    with CaptureQueriesContext(connection) as queries:
        auditor.get(URL)
    sql = " ".join(query["sql"] for query in queries)
    for column in ("link_url", "sealed_body", "validation", "error_message", "compressed"):
        assert column not in sql, column


def test_nobody_adds_changes_or_deletes(admin_client: Any) -> None:
    push = waiting()
    before = Push.objects.values().get()
    one = f"{URL}{push.pk}/"
    assert admin_client.get(f"{URL}add/").status_code == 403
    assert admin_client.post(f"{URL}add/", {}).status_code == 403
    assert admin_client.get(f"{one}delete/").status_code == 403
    assert admin_client.post(f"{one}delete/", {"post": "yes"}).status_code == 403
    assert admin_client.post(f"{one}change/", {"status": "cancelled"}).status_code == 405
    given = {"action": "delete_selected", "_selected_action": push.pk, "post": "yes"}
    admin_client.post(URL, given)
    assert Push.objects.values().get() == before
    assert 'value="delete_selected"' not in admin_client.get(URL).content.decode()


def test_by_whom_names_a_command(auditor: Any) -> None:
    account = support.make_account()
    support.make_transactions(account)
    pushing.confirm(
        [account],
        fingerprint=None,
        form_key="",
        by=Actor("nightly", Origin.COMMAND),
        now=timezone.now(),
    )
    assert "nightly (Command)" in text(auditor.get(URL))


def test_a_schedule_is_no_name_of_somebody(auditor: Any) -> None:
    account = support.make_account()
    support.make_transactions(account)
    [push] = pushing.confirm(
        [account], fingerprint=None, form_key="", by=SCHEDULE, now=timezone.now()
    )
    company = f"/admin/bankfeeds/company/{push.company_id}/change/"
    for url in (URL, company):
        said = text(auditor.get(url, headers={"Accept-Language": "fr-ca"}))
        assert "Horaire" in said and "schedule" not in said, url
    taken = b"".join(auditor.post(f"{URL}export/").streaming_content).decode()
    assert "schedule" not in taken


def test_an_empty_list_says_what_to_do_first(auditor: Any) -> None:
    assert "Nothing was pushed yet. Import a file" in text(auditor.get(URL))
    assert "No push fits." in text(auditor.get(URL, {"status": "failed"}))


def test_a_support_reference_of_any_attempt_is_found(auditor: Any) -> None:
    push = sending()
    attempt(push, PushAttempt.Outcome.NOT_SENT, correlation_id="abc-1")
    attempt(push, PushAttempt.Outcome.UNKNOWN, correlation_id="abc-2")
    assert listed(auditor, q="abc-1") == listed(auditor, q="abc-2") == {push}


def test_what_waits_says_in_a_list_what_its_page_says(auditor: Any) -> None:
    lost = unknown()
    beside = waiting(support.make_account(lost.connection))
    stopped = waiting()
    holding.stop_sending(account=stopped.account, reason="wrong file", by=BY, now=timezone.now())
    for push, words in (
        (beside, f"Waiting behind push #{lost.pk}"),
        (stopped, "On hold – sending is stopped for this account, until somebody allows it"),
    ):
        company, account = push.company_id, push.account_id
        for page in (
            URL,
            f"{URL}{push.pk}/change/",
            f"/admin/bankfeeds/company/{company}/change/",
            f"/admin/bankfeeds/sourceaccount/{account}/change/",
        ):
            assert words in text(auditor.get(page)), page


def test_what_was_given_up_is_not_called_stopped_before_sending(
    auditor: Any, settings: Any
) -> None:
    settings.PUSH_SETTLE = 0
    given_up, again = looked(unknown()), timed_out()
    for push, kind in ((given_up, Decision.GIVE_UP), (again, Decision.NOT_THERE)):
        pushing.decide(push, kind, reason="r", by=BY, now=timezone.now())
    never_left = waiting()
    assert pushing.cancel(never_left, reason="r", by=BY, now=timezone.now())
    for value, label, push in (
        ("given_up", "Given up", given_up),
        ("sent_again", "Sent again in another push", again),
        ("cancelled", "Stopped before sending", never_left),
    ):
        assert listed(auditor, status=value) == {push}, value
        page = text(auditor.get(f"{URL}{push.pk}/change/"))
        assert ("Stopped before sending" in page) == (push == never_left), value
        assert label in page and label in text(auditor.get(URL))


def test_by_the_days_of_its_rows(auditor: Any) -> None:
    day = support.today() - dt.timedelta(days=30)
    at = timezone.now() - dt.timedelta(days=30)
    old = support.make_push(first_date=day, last_date=day, requested_at=at)
    new = support.make_push()
    after = (day + dt.timedelta(days=1)).isoformat()
    assert listed(auditor, rows_to=after) == {old}
    assert listed(auditor, rows_from=after) == {new}
    assert listed(auditor, rows_from="x", rows_to="0000-00-00") == {old, new}
    assert listed(auditor, rows_period="today") == {new}
    assert listed(auditor, rows_period="x") == {old, new}


def test_the_days_of_rows_bound_the_days_of_confirmation(auditor: Any) -> None:
    """So that a period is read off the index of the confirmation, whatever the history holds."""
    with CaptureQueriesContext(connection) as asked:
        auditor.get(URL, {"rows_from": "2026-11-02", "rows_to": "2026-11-03"})
    [counted] = [q["sql"] for q in asked if "COUNT(*)" in q["sql"] and "first_date" in q["sql"]]
    assert counted.count('"requested_at" ') >= 2


def test_by_the_last_four_digits_of_the_account(auditor: Any) -> None:
    push, other = support.make_push(), support.make_push()
    SourceAccount.objects.filter(pk=push.account_id).update(number_last4="Z987")
    assert listed(auditor, q="••Z987") == {push} and other.pk


def test_by_whom(auditor: Any) -> None:
    theirs, ours = support.make_push(requested_by="support"), support.make_push()
    assert listed(auditor, by="support") == {theirs}
    assert listed(auditor, by="manager") == {ours}
    assert listed(auditor, by="\x00") == set()
