"""*Send by*: rows that could still go, the day by which the first should, the money they carry."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import feeds, pushing, rules, words
from bankfeeds.admin import mirror_rows
from bankfeeds.models import (
    Actor,
    BankTransaction,
    Connection,
    Decision,
    Origin,
    SourceAccount,
)
from tests import support
from tests.admin.pushes import refused, signed_in, succeeded, text, timed_out, waiting

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
BY = Actor("support", Origin.PERSON)
LOST = {rules.TOO_OLD, rules.BEFORE_FEED, rules.OLDER_THAN_NEWEST}


@pytest.fixture
def manager(people: dict[str, Any]) -> Any:
    return signed_in(people["manager"])


def read(account: SourceAccount) -> Any:
    today = support.today()
    rows = mirror_rows.accounts(SourceAccount.objects.filter(pk=account.pk), today=today)
    found = mirror_rows.with_money(rows, today=today).get()
    mirror_rows.put_held([found], today=today)
    return found


def every_age(account: SourceAccount) -> None:
    for age in range(11):
        support.make_transactions(account, ["2.00", "-0.50"], date=support.today() - age * DAY)


def judged(account: SourceAccount) -> list[BankTransaction]:
    """Free rows to which no rule about dates objects, by the rules themselves."""
    free = BankTransaction.objects.free().filter(account=account).in_feed_order()
    standing = pushing.standing(account, today=support.today())
    found = rules.judge(free, standing=standing)
    return [one.row for one in found if not LOST & set(one.findings)]


def agree(account: SourceAccount) -> Any:
    found, could_go = read(account), judged(account)
    assert found.waiting == len(could_go)
    assert found.earliest == min((row.date for row in could_go), default=None)
    first = [row.amount for row in could_go if row.date == found.earliest]
    assert found.urgent_in == sum(amount for amount in first if amount > 0)
    assert found.urgent_out == sum(amount for amount in first if amount < 0)
    assert found.money_in == sum(row.amount for row in could_go if row.amount > 0)
    assert found.too_late == feeds.losses(account, today=support.today()).total
    return found


def test_what_counts_is_what_the_rules_let_go() -> None:
    account = support.make_account(feed_start_date=None)
    every_age(account)
    assert agree(account).waiting == 16


def test_rows_before_the_feed_start_do_not_wait() -> None:
    account = support.make_account(feed_start_date=support.today() - 3 * DAY)
    every_age(account)
    found = agree(account)
    assert (found.waiting, found.too_late) == (8, 14)


@pytest.mark.parametrize("make", [succeeded, refused])
def test_rows_older_than_the_newest_sent_do_not_wait(make: Any) -> None:
    account = support.make_account(feed_start_date=None)
    push = make(account, date=support.today() - 2 * DAY)
    every_age(account)
    assert agree(account).waiting == 6
    if make is refused:
        # Given up, its rows are free again and hold nothing back.
        pushing.decide(push, Decision.GIVE_UP, reason="r", by=BY, now=timezone.now())
        assert agree(account).waiting > 6


def test_a_push_of_long_ago_holds_nothing_back() -> None:
    account = support.make_account(feed_start_date=None)
    old = support.make_transactions(account, date=support.today() - 40 * DAY)
    then = timezone.now() - 40 * DAY
    support.make_push(account, old, requested_at=then, status="succeeded", ended_at=then)
    every_age(account)
    assert agree(account).waiting == 16


def test_lists_and_pages_name_the_day_and_the_money(manager: Any) -> None:
    account = support.make_account(feed_start_date=None)
    first = support.today() - 3 * DAY
    support.make_transactions(account, ["120.00", "-45.50"], date=first)
    support.make_transactions(account, ["7.00"])
    said = f"Send by {words.day(first + 6 * DAY)}: In 120.00 USD, Out 45.50 USD"
    for path in (
        "company/",
        f"company/{account.company_id}/change/",
        "sourceaccount/",
        f"sourceaccount/{account.pk}/change/",
        f"connection/{account.connection_id}/change/",
    ):
        assert said in text(manager.get(f"/admin/bankfeeds/{path}")), path


@pytest.mark.parametrize(
    ("age", "says", "says_not"),
    [
        (6, "Send by", "QuickBooks may fetch too late"),
        (7, "QuickBooks may fetch too late", "Too late for the feed"),
        (8, "Too late for the feed", "Send by"),
    ],
)
def test_the_clock_of_a_row(manager: Any, age: int, says: str, says_not: str) -> None:
    account = support.make_account(feed_start_date=None)
    support.make_transactions(account, ["5.00"], date=support.today() - age * DAY)
    for path in (f"sourceaccount/{account.pk}/change/", "banktransaction/"):
        answer = manager.get(f"/admin/bankfeeds/{path}").content.decode()
        main = answer.split('id="content-main"' if "list" in path else "<main")[-1]
        main = main.split('<details class="legend"')[0]
        assert says in main, path
        assert says_not not in main.replace('state=late">Too late for the feed', ""), path


def test_the_account_leads_to_the_file_for_the_client(manager: Any) -> None:
    account = support.make_account(feed_start_date=support.today())
    support.make_transactions(account, date=support.today() - DAY)
    page = manager.get(f"/admin/bankfeeds/sourceaccount/{account.pk}/change/")
    assert "File for the client" in text(page)
    late = f"/admin/bankfeeds/feedschedule/{account.pk}/too-late/"
    assert late in page.content.decode()
    assert "File for the client: 3 transactions" in text(manager.get(late))


@pytest.mark.parametrize("role", ["manager", "auditor"])
def test_no_two_links_of_an_account_have_one_name(people: dict[str, Any], role: str) -> None:
    account = support.make_account(feed_start_date=support.today())
    support.make_transactions(account, date=support.today() - DAY)
    page = signed_in(people[role]).get(f"/admin/bankfeeds/sourceaccount/{account.pk}/change/")
    main = page.content.decode().split("<main")[-1].split('class="portal-table')[0]
    links = set(re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.+?)</a>', main))
    names = Counter(name for _address, name in links)
    assert names["Too late for the feed"] == 1
    assert [name for name, times in names.items() if times > 1] == []


def test_money_of_several_accounts_is_told_by_currency() -> None:
    one = support.make_account(feed_start_date=None)
    two = support.make_account(one.connection, feed_start_date=None, currency="CAD")
    for account in (one, two):
        support.make_transactions(account, ["2.00", "-1.00"], date=support.today() - 2 * DAY)
    support.make_transactions(two, ["9.00"])
    found = [read(one), read(two)]
    assert mirror_rows.urgent(found) == [
        ("CAD", Decimal("2"), Decimal("-1")),
        ("USD", Decimal("2"), Decimal("-1")),
    ]


PAGES = (
    "company/",
    "company/{0.company_id}/change/",
    "sourceaccount/",
    "sourceaccount/{0.pk}/change/",
    "connection/{0.connection_id}/change/",
)


@pytest.mark.parametrize("make", [waiting, refused, timed_out])
def test_what_waits_in_a_push_counts_until_it_is_through(manager: Any, make: Any) -> None:
    account = support.make_account(feed_start_date=None)
    first = support.today() - 3 * DAY
    make(account, amounts=["120.00", "-45.50"], date=first)
    support.make_transactions(account, ["5.00"], date=first)
    support.make_transactions(account, ["7.00"])
    said = f"Send by {words.day(first + 6 * DAY)}: In 125.00 USD, Out 45.50 USD"
    for page in PAGES:
        shown = text(manager.get(f"/admin/bankfeeds/{page.format(account)}"))
        assert said in shown and "2 in pushes that wait" in shown, page
    for name in ("company", "sourceaccount"):
        answer = manager.post(f"/admin/bankfeeds/{name}/export/")
        file = b"".join(answer.streaming_content).decode()
        assert f",2,2,{first + 6 * DAY}," in file, file


def test_only_what_the_feed_still_takes_counts(manager: Any) -> None:
    account = support.make_account(feed_start_date=None)
    rows = [
        support.make_transactions(account, ["1.00"], date=support.today() - age * DAY)[0]
        for age in (9, 7, 2)
    ]
    support.make_push(account, rows, status="ready")
    found = read(account)
    assert (found.held.rows, found.held.first) == (2, support.today() - 7 * DAY)
    assert "QuickBooks may fetch too late" in text(manager.get("/admin/bankfeeds/company/"))
    # Nothing of a connection that is gone is to go any more.
    Connection.objects.update(gone_at=timezone.now())
    assert "pushes that wait" not in text(manager.get("/admin/bankfeeds/company/"))
