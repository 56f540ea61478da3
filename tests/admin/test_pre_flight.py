"""The pre-flight report: of an account before it is confirmed, of a push as it was then."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest

from bankfeeds.admin.pushes import pre_flight
from bankfeeds.models import Event, SourceAccount
from tests import support
from tests.admin.pushes import signed_in, text, waiting

pytestmark = pytest.mark.django_db
ROOT = "/admin/bankfeeds/push"
DAY = dt.timedelta(days=1)


@pytest.fixture
def auditor(people: dict[str, Any]) -> Any:
    return signed_in(people["auditor"])


def mixed() -> SourceAccount:
    """One row that stops, one worth a look, one fine."""
    account = support.make_account()
    support.make_transactions(account, ("5.00",), date=support.today() - 9 * DAY, opening="0.00")
    support.make_transactions(account, ("0.00", "7.00"), opening="5.00")
    return account


def exported(answer: Any) -> list[list[str]]:
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content)))


def test_each_row_stands_with_code_reason_remedy_and_rule(auditor: Any) -> None:
    account = mixed()
    page = auditor.get(f"{ROOT}/pre-flight/{account.pk}/")
    said, content = text(page), page.content.decode()
    assert "✕ Stops this row 2" in said and "Worth a look 0" in said and "Fine 1" in said
    assert "seven days at most. Give the client a file" in said
    for code in ("too-old", "zero-amount"):
        assert content.count(f'href="/admin/rules/#{code}"') == 2
    assert "To the confirmation" not in said
    only = text(auditor.get(f"{ROOT}/pre-flight/{account.pk}/?only=problems"))
    assert "In 7.00 USD" in said and "In 7.00 USD" not in only
    assert "In 5.00 USD" in only and "Fine 1" in only
    shown = auditor.get(f"/admin/bankfeeds/sourceaccount/{account.pk}/change/").content.decode()
    assert f"{ROOT}/pre-flight/{account.pk}/" in shown


def test_an_account_that_cannot_send_is_said_above_its_rows(auditor: Any) -> None:
    account = support.make_account(status="pending")
    support.make_transactions(account)
    page = text(auditor.get(f"{ROOT}/pre-flight/{account.pk}/"))
    assert "Nothing of this account can be sent now. Not connected yet" in page
    assert "Fine 3" in page
    assert auditor.get(f"{ROOT}/pre-flight/999999/").status_code == 404


@pytest.mark.parametrize(
    ("asked", "page", "rows"), [("1", 1, 2), ("3", 3, 1), ("99", 3, 1), ("x", 1, 2), ("-1", 1, 2)]
)
def test_many_rows_come_in_pages_with_as_few_questions(
    auditor: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
    asked: str,
    page: int,
    rows: int,
) -> None:
    monkeypatch.setattr(pre_flight, "ON_A_PAGE", 2)
    account = support.make_account()
    support.make_transactions(account, ["1.00"] * 5)
    support.no_worker_runs()
    with django_assert_max_num_queries(35):
        answer = auditor.get(f"{ROOT}/pre-flight/{account.pk}/", {"p": asked})
    assert f"Page {page} of 3" in text(answer)
    assert answer.content.decode().count("In 1.00 USD") == rows
    assert "Fine 5" in text(answer)


def test_more_rows_than_a_file_takes_are_said(
    auditor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bankfeeds.exporting.MOST_ROWS", 2)
    monkeypatch.setattr(pre_flight, "MOST_READ", 3)
    account = support.make_account()
    support.make_transactions(account, ["1.00"] * 5)
    path = f"{ROOT}/pre-flight/{account.pk}/"
    assert "Only the oldest 2 rows were looked at" in text(auditor.get(path))
    answer = auditor.post(f"{path}export/", follow=True)
    assert "This list has more than 2 rows" in text(answer)


def test_the_file_has_what_the_page_has_and_no_formula(auditor: Any) -> None:
    account = mixed()
    account.transactions.filter(amount=0).update(description="=1+1")
    path = f"{ROOT}/pre-flight/{account.pk}/export/"
    assert auditor.get(path).url == f"{ROOT}/pre-flight/{account.pk}/"
    head, *rows = exported(auditor.post(path))
    assert [row[head.index("Code")] for row in rows] == ["too-old", "zero-amount", ""]
    assert [row[head.index("Description")] for row in rows][1] == "'=1+1"
    assert [row[head.index("Finding")] for row in rows] == [
        "Stops this row",
        "Stops this row",
        "Fine",
    ]
    assert len(exported(auditor.post(f"{path}?only=problems"))) == 3
    taken = Event.objects.filter(action="list.exported").order_by("pk")
    assert [event.after["rows"] for event in taken] == [3, 2]
    assert "only problems" in taken[1].words


def test_a_push_keeps_what_was_found_when_it_was_confirmed(auditor: Any, settings: Any) -> None:
    account = support.make_account()
    waiting(account, amounts=("1.00",), date=support.today() - 4 * DAY)
    push = waiting(account, amounts=("2.00",), date=support.today() - 3 * DAY, opening="1001.00")
    settings.LATE_AFTER_DAYS = 5
    path = f"{ROOT}/{push.pk}/pre-flight/"
    page = auditor.get(path)
    assert "It did not clear today or yesterday" in text(page)
    assert path in auditor.get(f"{ROOT}/{push.pk}/change/").content.decode()
    head, row = exported(auditor.post(f"{path}export/"))
    assert row[head.index("Code")] == "late"
    assert auditor.get(f"{ROOT}/999999/pre-flight/").status_code == 404
