"""The pages of feeds: set when they run, find what was missed, the client's file, closing days."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bankfeeds import calendars
from bankfeeds.models import Closure, Event, FeedRun, FeedSchedule, SourceAccount
from bankfeeds.words import feeds as feed_words
from tests import support
from tests.admin.pushes import hidden, signed_in, text

from .support import DAY, Trigger, make_account, schedule

pytestmark = pytest.mark.django_db
ROOT = "/admin/bankfeeds"
EVE = f"{support.today().year}-12-24"
ON = {"is_on": "yes", "trigger": "file", "at": "18:00"}


@pytest.fixture
def manager(people: dict[str, User]) -> Client:
    return signed_in(people["manager"])


def page(account: SourceAccount) -> str:
    return f"{ROOT}/feedschedule/{account.pk}/change/"


def press(browser: Client, account: SourceAccount, **given: str) -> Any:
    path = f"{ROOT}/feedschedule/{account.pk}/set/"
    shown = {"seen": hidden(browser.get(page(account)), "seen")}
    return browser.post(path, {**ON, **shown, **given}, follow=True)


# --- Setting ---------------------------------------------------------------------------------


def test_a_schedule_is_set_on_the_page_of_its_account(manager: Client) -> None:
    account = make_account()
    said = text(press(manager, account))
    row = FeedSchedule.objects.get(pk=account.pk)
    assert (row.is_on, row.trigger, row.at) == (True, Trigger.FILE, dt.time(18))
    assert row.changed_by == "manager"
    assert "When the day's file has arrived, at latest at 6 p.m. ET. Next run: with the" in said
    event = Event.objects.get(action="feed.scheduled")
    assert (event.account, event.company) == (account, account.company)
    assert event.before == {}
    assert event.after == {"is_on": True, "trigger": "file", "at": "18:00"}


def test_setting_it_twice_writes_it_down_once_and_says_the_same(manager: Client) -> None:
    account = make_account()
    seen = hidden(manager.get(page(account)), "seen")
    first, second = (text(press(manager, account, seen=seen)) for _ in range(2))
    assert Event.objects.filter(action="feed.scheduled").count() == 1
    assert first.replace("The feed", "It is set so already. The feed", 1) == second


def test_a_stale_page_overwrites_nothing_and_says_what_stands_now(manager: Client) -> None:
    account, other = make_account(), make_account()
    company = f"{ROOT}/feedschedule/company/{account.company_id}/"
    stale = hidden(manager.get(page(account)), "seen")
    assert stale == hidden(manager.get(company), "seen")
    press(manager, account, at="09:30")
    for path in (page(account).replace("change", "set"), company):
        answer = manager.post(path, {**ON, "at": "07:15", "seen": stale})
        said = text(answer)
        assert "The schedule was changed since this page was shown." in said, path
        assert "set by manager on" in said and "at latest at 9:30 a.m. ET" in said
        assert "Nothing was changed." in said and 'value="07:15"' in answer.content.decode()
        assert FeedSchedule.objects.get().at == dt.time(9, 30)
        # Pressed again on the page that says so, it counts.
        fresh = manager.post(path, {**ON, "seen": hidden(answer, "seen")}, follow=True)
        assert "The schedule was changed" not in text(fresh)
        assert FeedSchedule.objects.get().at == dt.time(18)
        press(manager, account, at="09:30")
    assert "The schedule was changed" not in text(press(manager, other, seen=f"{other.pk}.0"))


def test_an_account_that_came_meanwhile_is_named(manager: Client) -> None:
    account = make_account()
    company = f"{ROOT}/feedschedule/company/{account.company_id}/"
    seen = hidden(manager.get(company), "seen")
    new = support.make_account(account.connection)
    assert f"{new} is new here." in text(manager.post(company, {**ON, "seen": seen}))
    assert not FeedSchedule.objects.exists()


def test_turning_it_off_is_written_down_with_what_it_was(manager: Client) -> None:
    account = make_account()
    schedule(account)
    assert "Off." in text(press(manager, account, is_on="no"))
    event = Event.objects.get(action="feed.scheduled")
    assert (event.words, event.before["is_on"], event.after["is_on"]) == ("Off", True, False)
    assert not FeedSchedule.objects.get(pk=account.pk).is_on


@pytest.mark.parametrize(
    "bad",
    [{"at": ""}, {"at": "25:00"}, {"at": "06:00+02:00"}, {"trigger": "never"}, {"is_on": "\x00"}],
)
def test_what_is_incomplete_changes_nothing_and_keeps_the_rest(
    manager: Client, bad: dict[str, str]
) -> None:
    account = make_account()
    answer = press(manager, account, **bad)
    assert "Nothing was changed." in text(answer)
    assert not FeedSchedule.objects.exists()
    if "at" in bad:
        assert 'value="file" checked' in answer.content.decode()


def test_all_accounts_of_a_company_are_set_at_once(manager: Client) -> None:
    account = make_account()
    other = support.make_account(account.connection)
    gone = support.make_account(account.connection, gone_at=timezone.now())
    schedule(other, at="18:00", trigger=Trigger.FILE)
    path = f"{ROOT}/feedschedule/company/{account.company_id}/"
    assert "Save this schedule for 2 accounts" in text(manager.get(path))
    on = {**ON, "seen": hidden(manager.get(path), "seen")}
    said = text(manager.post(path, on, follow=True))
    assert "1 account was changed. When the day's file has arrived" in said
    assert set(FeedSchedule.objects.values_list("pk", flat=True)) == {account.pk, other.pk}
    assert gone.pk not in FeedSchedule.objects.values_list("pk", flat=True)
    assert "It is set so already" in text(manager.post(path, on, follow=True))
    assert "Nothing was changed." in text(manager.post(path, {**ON, "at": "x"}))


@pytest.mark.parametrize(("role", "may"), [("support", True), ("auditor", False)])
def test_who_may_set_and_who_may_only_see(people: dict[str, User], role: str, may: bool) -> None:
    browser, account = signed_in(people[role]), make_account()
    company = f"{ROOT}/feedschedule/company/{account.company_id}/"
    for path in (page(account), company):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert ("Save this schedule" in text(answer)) is may
    seen = {"seen": f"{account.pk}.0"}
    pressed = [
        browser.post(company, {**ON, **seen}),
        browser.post(page(account).replace("change", "set"), {**ON, **seen}),
    ]
    assert [answer.status_code for answer in pressed] == [303 if may else 403] * 2
    assert FeedSchedule.objects.exists() is may
    assert browser.post(page(account)).status_code == 405


def test_what_does_not_exist_is_not_found(manager: Client) -> None:
    assert manager.get(f"{ROOT}/feedschedule/company/99999/").status_code == 404
    assert manager.post(f"{ROOT}/feedschedule/99999/set/", ON).status_code == 404
    assert manager.get(f"{ROOT}/feedschedule/99999/too-late/").status_code == 404
    assert manager.get(f"{ROOT}/feedschedule/99999/change/").status_code == 302


# --- Seeing ----------------------------------------------------------------------------------


def test_the_account_page_says_when_it_runs_and_how_it_went(manager: Client) -> None:
    account = make_account()
    here = f"{ROOT}/sourceaccount/{account.pk}/change/"
    assert "Let it run by itself" in text(manager.get(here))
    schedule(account, at="06:00")
    FeedRun.objects.create(
        account=account,
        day=support.today() - DAY,
        ran_at=timezone.now(),
        outcome="missed",
        words="No file had arrived by 6 a.m. ET.",
    )
    said = text(manager.get(here))
    for words in (
        "On Every business day at 6 a.m. ET. Next run",
        "The day's file did not arrive",
        "No file had arrived by 6 a.m. ET.",
        "All days of this feed",
    ):
        assert words in said, words


def test_the_next_run_is_told_in_the_institutions_zone() -> None:
    row = FeedSchedule(is_on=True, trigger=Trigger.DAILY, at=dt.time(6))
    assert feed_words.next_run(row, dt.date(2026, 11, 23)) == "Nov 23, 2026, 6 a.m. ET"
    assert feed_words.next_run(row, None) == ""


def test_missed_is_found_with_two_clicks(manager: Client) -> None:
    account, other = make_account(), make_account()
    for each, outcome in ((account, "missed"), (other, "pushed")):
        FeedRun.objects.create(
            account=each, day=support.today(), ran_at=timezone.now(), outcome=outcome
        )
    everything = text(manager.get(f"{ROOT}/feedrun/"))
    assert account.name in everything and other.name in everything
    for query in ("outcome=missed", "outcome=person", "outcome=missed&period=today"):
        said = text(manager.get(f"{ROOT}/feedrun/?{query}"))
        assert account.name in said and other.name not in said, query
    yesterday = text(manager.get(f"{ROOT}/feedrun/?period=yesterday"))
    assert account.name not in yesterday
    assert manager.get(f"{ROOT}/feedrun/?outcome=%00&account=x").status_code == 200


def test_days_are_filtered_by_company_and_account(manager: Client) -> None:
    account, other = make_account(), make_account()
    for each in (account, other):
        FeedRun.objects.create(
            account=each, day=support.today(), ran_at=timezone.now(), outcome="nothing"
        )
    for query in (f"account={account.pk}", f"company={account.company_id}"):
        said = text(manager.get(f"{ROOT}/feedrun/?{query}"))
        assert other.company.name not in said, query


def test_schedules_are_listed_searched_and_filtered(manager: Client) -> None:
    account, other = make_account(), make_account()
    schedule(account)
    schedule(other, is_on=False, trigger=Trigger.FILE)
    for query, there in (
        ("", {account, other}),
        ("on=yes", {account}),
        ("on=no", {other}),
        ("trigger=file", {other}),
        (f"q={other.account_id}", {other}),
    ):
        said = text(manager.get(f"{ROOT}/feedschedule/?{query}"))
        assert {a for a in (account, other) if a.company.name in said} == there, query


@pytest.mark.parametrize("name", ["feedschedule", "feedrun", "closure"])
def test_a_list_asks_as_often_for_many_rows_as_for_one(manager: Client, name: str) -> None:
    def add(number: int) -> None:
        account = make_account()
        schedule(account)
        day = support.today() - number * DAY
        FeedRun.objects.create(account=account, day=day, ran_at=timezone.now(), outcome="held")
        Closure.objects.create(day=day, name=f"Day {number}")

    def asked() -> int:
        with CaptureQueriesContext(database) as questions:
            assert manager.get(f"{ROOT}/{name}/").status_code == 200
        assert not any("sealed_body" in q["sql"].split(" FROM ")[0] for q in questions)
        return len(questions)

    add(0)
    asked()
    one = asked()
    for number in range(1, 25):
        add(number)
    assert asked() == one <= 14


# --- Too late --------------------------------------------------------------------------------


def late(account: SourceAccount) -> list[Any]:
    return support.make_transactions(account, ["75.50", "-4.25"], date=support.today() - 9 * DAY)


def test_what_is_too_late_is_listed_with_reasons(manager: Client) -> None:
    account = make_account()
    rows = late(account)
    for path in (f"{account.pk}/too-late/", f"company/{account.company_id}/too-late/"):
        said = text(manager.get(f"{ROOT}/feedschedule/{path}"))
        for words in ("In 75.50 USD", "Out 4.25 USD", "more than seven days old", "2 transactions"):
            assert words in said, words
        assert rows[0].transaction_id in said
    here = f"{ROOT}/sourceaccount/{account.pk}/change/"
    assert "Too late for the feed (2)" in text(manager.get(here))
    nothing = make_account()
    answer = manager.get(f"{ROOT}/feedschedule/{nothing.pk}/too-late/")
    assert "Nothing is too late" in text(answer)


@pytest.mark.parametrize("role", ["manager", "support"])
def test_whoever_takes_the_file_is_written_down(people: dict[str, User], role: str) -> None:
    browser, account = signed_in(people[role]), make_account()
    rows = late(account)
    path = f"{ROOT}/feedschedule/{account.pk}/too-late/file/"
    assert browser.get(path).status_code == 405
    answer = browser.post(path, {"part": "1"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    assert answer.content.decode().splitlines()[0] == "Date,Description,Amount"
    event = Event.objects.get(action="feed.file_for_client")
    assert (event.actor_name, event.account) == (role, account)
    assert event.after["transactions"] == [row.transaction_id for row in rows]
    said = text(browser.get(f"{ROOT}/feedschedule/{account.pk}/too-late/"))
    assert f"by {role}" in said
    assert browser.post(path, {"part": "2"}).status_code == 404
    assert browser.post(path, {"part": "x"}).status_code == 404


def test_who_only_reads_takes_no_file_that_counts_as_handed_out(people: dict[str, User]) -> None:
    browser, account = signed_in(people["auditor"]), make_account()
    late(account)
    page = f"{ROOT}/feedschedule/{account.pk}/too-late/"
    assert browser.post(f"{page}file/", {"part": "1"}).status_code == 403
    assert not Event.objects.filter(action="feed.file_for_client").exists()
    said = text(browser.get(page))
    assert "File for the client:" not in said and "Export this list" in said


# --- Closing days ----------------------------------------------------------------------------


def test_closing_days_are_added_changed_and_deleted_and_written_down(manager: Client) -> None:
    given = {"day": EVE, "country": "", "name": "Christmas Eve"}
    assert manager.post(f"{ROOT}/closure/add/", given).status_code == 302
    row = Closure.objects.get()
    page = f"{ROOT}/closure/{row.pk}/change/"
    manager.post(page, {**given, "country": "CA", "seen": hidden(manager.get(page), "seen")})
    row.refresh_from_db()
    assert row.country == "CA"
    assert "Christmas Eve" in text(manager.get(f"{ROOT}/closure/"))
    manager.post(f"{ROOT}/closure/{row.pk}/delete/", {"post": "yes"})
    assert not Closure.objects.exists()
    events = Event.objects.filter(action__startswith="closure.").order_by("pk")
    assert [event.action for event in events] == [
        "closure.added",
        "closure.changed",
        "closure.deleted",
    ]
    assert events[1].before == {"day": EVE, "country": "", "name": "Christmas Eve"}
    assert events[2].after == {}


def test_a_closing_day_that_cannot_be_meant_is_refused_with_the_reason(manager: Client) -> None:
    today = support.today()
    for day in ("0001-01-01", "2999-12-31", str(today - 400 * DAY), str(today + 1200 * DAY)):
        answer = manager.post(f"{ROOT}/closure/add/", {"day": day, "country": "", "name": "x"})
        assert "Give a day between" in text(answer), day
    assert "Enter a valid date." in text(
        manager.post(f"{ROOT}/closure/add/", {"day": "2026-13-40", "country": "", "name": "x"})
    )
    assert not Closure.objects.exists()


@pytest.mark.parametrize(("first", "second"), [("", "US"), ("US", ""), ("US", "US"), ("", "")])
def test_a_day_is_closed_once_whatever_the_country(
    manager: Client, first: str, second: str
) -> None:
    for country in (first, second):
        given = {"day": EVE, "country": country, "name": "Christmas Eve"}
        answer = manager.post(f"{ROOT}/closure/add/", given)
    assert "This day is closed already: Christmas Eve" in text(answer)
    row = Closure.objects.get()
    other = {"day": EVE, "country": "CA", "name": "Christmas Eve"}
    page = f"{ROOT}/closure/{row.pk}/change/"
    seen = {"seen": hidden(manager.get(page), "seen")}
    assert manager.post(page, {**other, **seen}).status_code == 302
    assert manager.post(f"{ROOT}/closure/add/", {**other, "country": "US"}).status_code == 302


def test_a_needless_closing_day_is_kept_with_a_warning(manager: Client) -> None:
    year = support.today().year + 1
    holiday, name = next(iter(calendars.holidays(year, country="US").items()))
    days = [dt.date(year, 3, 1) + n * DAY for n in range(14)]
    weekend = next(day for day in days if day.weekday() == calendars.SAT)
    plain = next(day for day in days if day.weekday() == 1)
    for day, why in (
        (weekend, "is a weekend"),
        (holiday, f"is a public holiday ({name})"),
        (plain, ""),
    ):
        given = {"day": str(day), "country": "US", "name": "Closed"}
        said = text(manager.post(f"{ROOT}/closure/add/", given, follow=True))
        assert Closure.objects.filter(day=day).exists()
        assert why in said and ("so this row changes nothing" in said) == bool(why)


def test_a_day_is_closed_once(manager: Client) -> None:
    given = {"day": EVE, "country": "US", "name": "Christmas Eve"}
    for _ in range(2):
        answer = manager.post(f"{ROOT}/closure/add/", given)
    assert answer.status_code == 200
    assert Closure.objects.count() == 1


@pytest.mark.parametrize("role", ["support", "auditor"])
def test_others_only_see_closing_days(people: dict[str, User], role: str) -> None:
    browser = signed_in(people[role])
    row = Closure.objects.create(day=support.today(), name="Move")
    given = {"day": EVE, "country": "", "name": "x"}
    assert browser.get(f"{ROOT}/closure/").status_code == 200
    for path in ("add/", f"{row.pk}/change/", f"{row.pk}/delete/"):
        assert browser.post(f"{ROOT}/closure/{path}", {**given, "post": "yes"}).status_code == 403
    assert Closure.objects.get().name == "Move"


def test_the_next_public_holidays_are_shown(manager: Client) -> None:
    year = support.today().year + 1
    name = calendars.holiday(dt.date(year, 12, 25), country="US")
    said = text(manager.get(f"{ROOT}/closure/"))
    assert "Next public holidays" in said and (name or "Christmas Day") in said
