"""*Export this list*: exactly what the list shows, for all who may see it, recorded, harmless."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bankfeeds import exporting, holding
from bankfeeds.admin.export_sheets import SHEETS
from bankfeeds.exporting import stream
from bankfeeds.models import (
    Actor,
    BankTransaction,
    Closure,
    ColumnProfile,
    Connection,
    Doubt,
    Event,
    FeedRun,
    FeedSchedule,
    Incident,
    Origin,
    Push,
    ReceivedFile,
    Resending,
    Sender,
    Statement,
    WebhookMessage,
)
from tests import support
from tests.admin.pushes import refused, signed_in, succeeded, text, waiting

pytestmark = pytest.mark.django_db
ROOT = "/admin/bankfeeds"
NAMES = sorted(model._meta.model_name or "" for model in SHEETS)
OTP = "https://link.example/?otp=canary-otp"


@pytest.fixture
def auditor(people: dict[str, Any]) -> Any:
    return signed_in(people["auditor"])


def taken(browser: Any, name: str, query: str = "") -> list[dict[str, str]]:
    answer = browser.post(f"{ROOT}/{name}/export/{query}")
    assert answer.status_code == 200, answer
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in answer["Cache-Control"] and answer.streaming
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def one_of_each() -> Push:
    now = timezone.now()
    push = refused()
    by = Actor("support", Origin.PERSON)
    holding.stop_sending(company=push.company, reason="=asked", by=by, now=now)
    Incident.objects.create(kind="outage", started_at=now, words="No answer.")
    FeedRun.objects.create(account=push.account, day=support.today(), ran_at=now, outcome="missed")
    FeedSchedule.objects.create(account=push.account, is_on=True, changed_at=now, changed_by="s")
    Closure.objects.create(day=support.today(), name="Founders' day")
    Resending.objects.create(
        form_key="f", asked_at=now, asked_by="s", reason="=lost", choice="1 selected", total=1
    )
    WebhookMessage.objects.create(
        webhook_id="msg-1", received_at=now, sent_at=now, sealed_body=b"canary-body"
    )
    Connection.objects.update(link_issued_at=now, link_url=OTP)
    _came_in(push, now)
    return push


def _came_in(push: Push, now: dt.datetime) -> None:
    sender = Sender.objects.create(
        name="=Core", handle="h", token_hash="canary-hash", created_at=now, created_by="s"
    )
    ReceivedFile.objects.create(
        sender=sender, batch_id="day-1", sha256="0" * 64, size=1, received_at=now,
        sealed_body=b"canary-body",
        accounts=[{"status": "unknown", "reason": "No.", "number": "1"}],
    )  # fmt: skip
    ColumnProfile.objects.create(
        institution="Bank", name="Daily", setup={"sample": "canary"}, made_at=now, made_by="s"
    )
    row = BankTransaction.objects.filter(account=push.account)[0]
    Doubt.objects.create(
        account=push.account, statement=row.statement, kind=Doubt.Kind.values[0], line=2,
        transaction_id="=d", date=row.date, description="@d", amount=row.amount,
        balance=row.balance, asked_at=now,
    )  # fmt: skip


@pytest.mark.parametrize("role", ["manager", "support", "auditor", "administrator"])
def test_whoever_sees_a_list_takes_it_out(people: dict[str, Any], role: str) -> None:
    one_of_each()
    browser = signed_in(people[role])
    for name in NAMES:
        page = browser.get(f"{ROOT}/{name}/")
        shown = page.context["cl"].result_count
        assert shown and "Export this list" in text(page) and "200,000 at most" in text(page)
        before = Event.objects.count()
        rows = taken(browser, name)
        event = Event.objects.latest("pk")
        assert len(rows) == shown, name
        assert Event.objects.count() == before + 1 and event.action == "list.exported"
        assert (event.actor_name, event.after["rows"]) == (role, shown)
        everything = str([list(row.values()) for row in rows])
        assert "canary" not in everything and "otp" not in everything


def test_opening_the_address_changes_nothing(auditor: Any) -> None:
    one_of_each()
    before = Event.objects.count()
    for name in NAMES:
        answer = auditor.get(f"{ROOT}/{name}/export/?q=x")
        assert (answer.status_code, answer["Location"]) == (302, f"{ROOT}/{name}/?q=x")
    assert Event.objects.count() == before


def test_without_the_right_to_see_there_is_no_file(client: Any, db: None) -> None:
    person = support.make_person("auditor")
    person.groups.clear()
    client.force_login(person)
    for name in NAMES:
        assert client.post(f"{ROOT}/{name}/export/").status_code == 403
    assert not Event.objects.filter(action="list.exported").exists()


def test_a_push_is_told_in_the_words_of_the_list(auditor: Any) -> None:
    company = support.make_company("Café, Québec", reference="=1+1")
    push = succeeded(support.make_account(support.make_connection(company), name="Main"))
    [row] = taken(auditor, "push")
    assert row["Push"] == str(push.pk)
    assert row["Company"] == "Café, Québec" and row["Reference"] == "'=1+1"
    assert (row["Money in"], row["Money out"], row["Currency"]) == ("100.00", "-29.75", "USD")
    assert (row["Status"], row["Codat's word"]) == ("Accepted by Codat", "Success")
    local = timezone.localtime(push.requested_at)
    assert row["Confirmed (America/Toronto)"] == f"{local:%Y-%m-%d %H:%M:%S}"
    assert row["First date"] == support.today().isoformat()
    assert row["Codat's write id"] == str(push.push_operation_key)


def test_what_waits_behind_another_is_told_as_in_the_list(auditor: Any) -> None:
    first = refused()
    waiting(first.account, opening="1070.25")
    states = [row["Status"] for row in taken(auditor, "push")]
    assert states == [f"Waiting behind push #{first.pk}", "Refused by Codat"]


def test_the_file_has_what_the_address_filters_and_searches(auditor: Any) -> None:
    bad, good = refused(), succeeded()
    assert [row["Push"] for row in taken(auditor, "push")] == [str(good.pk), str(bad.pk)]
    [row] = taken(auditor, "push", "?status=failed&p=7")
    assert row["Push"] == str(bad.pk)
    event = Event.objects.latest("pk")
    assert event.after == {
        "list": "push-history",
        "rows": 1,
        "filter": "status: Refused by Codat",
    }
    assert event.words == "Push history: 1 row. Filter: status: Refused by Codat"
    [row] = taken(auditor, "push", f"?q={good.push_operation_key}")
    assert row["Push"] == str(good.pk)
    assert str(good.push_operation_key) in Event.objects.latest("pk").words
    rows = taken(auditor, "banktransaction", f"?account__id__exact={bad.account_id}")
    assert len(rows) == 3 and {row["State"] for row in rows} == {f"In push #{bad.pk}"}
    assert f"account: {bad.account}" in Event.objects.latest("pk").words


def test_what_may_be_an_account_number_or_a_link_is_not_kept(auditor: Any) -> None:
    taken(auditor, "push", "?q=12345-678901")
    taken(auditor, "push", "?q=https://link.example/?otp=x")
    for event in Event.objects.filter(action="list.exported"):
        assert "67890" not in str((event.words, event.after))
        assert "link.example" not in str((event.words, event.after))


def test_a_filter_that_makes_no_sense_gives_no_file(auditor: Any) -> None:
    answer = auditor.post(f"{ROOT}/statement/export/?uploaded_at__gte=x")
    assert answer.status_code == 303
    assert not Event.objects.filter(action="list.exported").exists()


def test_more_than_a_file_takes_is_refused_in_words(
    auditor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_ROWS", 1)
    monkeypatch.setattr(exporting, "MOST_ROWS", 1)
    refused(), succeeded()
    answer = auditor.post(f"{ROOT}/push/export/?origin=person")
    assert (answer.status_code, answer["Location"]) == (303, f"{ROOT}/push/?origin=person")
    assert "No file was made." in text(auditor.get(answer["Location"]))
    assert not Event.objects.filter(action="list.exported").exists()


def test_many_rows_cost_a_question_for_each_portion(auditor: Any) -> None:
    account = support.make_account()
    rows = support.make_transactions(account)
    one = rows[0]

    def asked() -> int:
        with CaptureQueriesContext(database) as queries:
            assert len(taken(auditor, "banktransaction")) == BankTransaction.objects.count()
        return len(queries)

    few = asked()
    BankTransaction.objects.bulk_create(
        BankTransaction(
            account=account,
            statement=one.statement,
            line=number,
            transaction_id=f"many-{number}",
            date=one.date,
            description="@many",
            amount=one.amount,
            balance=one.balance,
        )
        for number in range(1200)
    )
    # Two further portions, each with its items, its accounts' newest dates and nothing else.
    assert asked() <= few + 2 * 3


def test_no_file_reads_a_secret_or_a_long_text(auditor: Any) -> None:
    one_of_each()
    for name in NAMES:
        with CaptureQueriesContext(database) as queries:
            taken(auditor, name)
        sql = " ".join(query["sql"].split(" FROM ")[0] for query in queries.captured_queries)
        for column in ("link_url", "sealed_body", "validation", '"piece"', '"rejected"'):
            assert column not in sql, (name, column)


def test_the_button_comes_with_the_filter_of_the_page(auditor: Any) -> None:
    refused()
    page = auditor.get(f"{ROOT}/push/?status=failed&q=")
    assert f'action="{reverse("admin:bankfeeds_push_export")}?' in page.content.decode()
    assert "status=failed" in page.content.decode().split('id="export-list"')[1].split(">")[0]


def test_an_imported_file_and_its_state(auditor: Any) -> None:
    statement: Statement = support.make_statement(support.make_account(), file_name="-x.csv")
    [row] = taken(auditor, "statement")
    assert row["File"] == "'-x.csv" and row["State"] == str(statement.get_state_display())


@pytest.mark.parametrize("of", ["account", "company"])
def test_what_is_too_late_with_its_reasons(auditor: Any, of: str) -> None:
    old = support.today() - dt.timedelta(days=9)
    account = support.make_account()
    support.make_transactions(account, date=old)
    pk = account.pk if of == "account" else account.company_id
    path = f"{ROOT}/feedschedule/{'company/' if of == 'company' else ''}{pk}/too-late/"
    assert "Export this list" in text(auditor.get(path))
    assert auditor.get(f"{path}export/").status_code == 302
    content = b"".join(auditor.post(f"{path}export/").streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert len(rows) == 3 and {row["Date"] for row in rows} == {old.isoformat()}
    assert "more than seven days old" in rows[0]["Reason"]
    event = Event.objects.get(action="list.exported")
    assert event.after["rows"] == 3 and account.company.name in event.words


def test_the_record_is_taken_out_to_its_first_line_and_without_the_line_about_it(
    people: dict[str, Any],
) -> None:
    for number in range(3):
        Event.objects.record(f"test.{number}", by=Actor.command("tests"), at=timezone.now())
    auditor = signed_in(people["auditor"])
    for said in (3, 4):
        answer: Any = auditor.post("/admin/bankfeeds/event/export/")
        lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()[1:]
        assert len(lines) == said
        assert "test.0" in lines[-1]
