"""What came too late, with its reason; the file for the client and the line about it."""

from __future__ import annotations

import csv
import io

import pytest

from bankfeeds import feeds, pushing
from bankfeeds.models import Actor, BankTransaction, Event, Origin, SourceAccount
from bankfeeds.models.record import SCHEDULE

from .support import DAY, TODAY, arrive, make_account, moment

pytestmark = pytest.mark.django_db
NOON = moment(TODAY, "12:00")
BY = Actor("support", Origin.PERSON)


def codes(account: SourceAccount) -> list[tuple[int, str]]:
    """Age in days and reason of each row that is too late."""
    found = feeds.losses(account, today=TODAY).part(1)
    return [((TODAY - lost.row.date).days, lost.why.code) for lost in found]


def test_rows_are_listed_with_the_rule_that_keeps_them_out() -> None:
    account = make_account(feed_start_date=TODAY - 5 * DAY)
    for age in (2, 3, 6, 8):
        arrive(account, NOON, date=TODAY - age * DAY, amounts=("1.00",))
    assert codes(account) == [(8, "too-old"), (6, "before-feed-start")]
    pushing.confirm([account], fingerprint=None, form_key="k", by=SCHEDULE, now=NOON)
    arrive(account, NOON, date=TODAY - 4 * DAY, amounts=("1.00",))
    assert codes(account)[2:] == [(4, "older-than-newest")]


def test_what_is_in_a_push_or_may_still_go_is_not_listed() -> None:
    account = make_account()
    arrive(account, NOON, date=TODAY - 7 * DAY)
    assert codes(account) == []
    assert feeds.losses(account, today=TODAY).files == 0


def test_the_file_has_three_columns_that_quickbooks_takes() -> None:
    account = make_account(name="Operating")
    day = TODAY - 9 * DAY
    rows = arrive(account, NOON, date=day, amounts=("1234.5", "-75.5", "0.125"))
    BankTransaction.objects.filter(pk=rows[1].pk).update(description='=HYPERLINK("http://x")\n,a')
    found = feeds.file_for_client(feeds.losses(account, today=TODAY), part=1, by=BY, now=NOON)
    assert found is not None
    name, text = found
    assert name == "Operating-2026-03-09-2026-03-09.csv"
    assert list(csv.reader(io.StringIO(text))) == [
        ["Date", "Description", "Amount"],
        ["03/09/2026", "Line 2", "1234.50"],
        ["03/09/2026", '\'=HYPERLINK("http://x") ,a', "-75.50"],
        ["03/09/2026", "Line 4", "0.125"],
    ]
    event = Event.objects.get(action="feed.file_for_client")
    assert (event.account, event.actor_name) == (account, "support")
    assert event.after["transactions"] == [row.transaction_id for row in rows]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", " \t\r\n="])
def test_no_cell_is_a_formula(start: str) -> None:
    account = make_account()
    rows = arrive(account, NOON, date=TODAY - 9 * DAY, amounts=("-1.00",))
    BankTransaction.objects.filter(pk=rows[0].pk).update(description=f"{start}1+1")
    found = feeds.losses(account, today=TODAY)
    made = feeds.file_for_client(found, part=1, by=BY, now=NOON)
    assert made is not None
    assert made[1].splitlines()[1] == f"03/09/2026,'{start.strip()}1+1,-1.00"


def test_many_rows_fill_several_files() -> None:
    account = make_account()
    arrive(account, NOON, date=TODAY - 9 * DAY, amounts=("1.00",) * 1001)
    found = feeds.losses(account, today=TODAY)
    assert (found.total, found.files) == (1001, 2)
    assert [len(found.part(number)) for number in (0, 1, 2, 3)] == [0, 1000, 1, 0]
    assert feeds.file_for_client(found, part=3, by=BY, now=NOON) is None
    assert not Event.objects.filter(action="feed.file_for_client").exists()
