"""Not wanted, closed, a link in the wrong hands: what is ours to say, and what follows from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from bankfeeds import (
    ageing,
    conf,
    feeds,
    holding,
    importing,
    leaving,
    links,
    onboarding,
    pushing,
    words,
)
from bankfeeds.codat import errors
from bankfeeds.models import (
    Company,
    Connection,
    Departure,
    Event,
    FeedRun,
    FeedSchedule,
    Push,
    PushStatus,
    SendingStop,
    SourceAccount,
)
from tests import support
from tests.admin import pushes
from tests.admin.pushes import BY, signed_in, text
from tests.feeds import support as days
from tests.leaving.support import WHY, Kind, carry_out, order, word

pytestmark = pytest.mark.django_db(transaction=True)
Mark = Callable[[SourceAccount], object]


def not_wanted(account: SourceAccount, *, now: dt.datetime | None = None) -> bool:
    return leaving.mark_not_wanted(account, reason=WHY, by=BY, now=now or timezone.now())


def wanted(account: SourceAccount, *, now: dt.datetime | None = None) -> bool:
    return leaving.want_again(account, reason=WHY, by=BY, now=now or timezone.now())


def close(company: Company, **more: Any) -> Departure | None:
    return leaving.close(company, **{"reason": WHY, "by": BY, "now": timezone.now(), **more})


def reopen(company: Company) -> bool:
    return leaving.reopen(company, reason=WHY, by=BY, now=timezone.now())


def closed(account: SourceAccount) -> object:
    return close(account.company)


each_way = pytest.mark.parametrize("mark", [not_wanted, closed])


def fresh(account: SourceAccount) -> SourceAccount:
    rows = SourceAccount.objects.select_related("company", "connection")
    return rows.get(pk=account.pk)


# --- Nothing is sent -------------------------------------------------------------------------


@each_way
def test_nothing_is_sent(mark: Mark, sandbox: Any) -> None:
    account = support.onboard().accounts[0]
    waiting = pushes.waiting(account)
    mark(account)
    waiting.refresh_from_db()
    assert waiting.status == PushStatus.CANCELLED
    [left] = pushing.plan([fresh(account)], today=support.today()).left_out
    assert left.code == ("closed" if mark is closed else "not-wanted")
    support.make_push(account, status=PushStatus.READY)
    assert not Push.objects.due(timezone.now()).exists()
    assert not ageing.foresee(account=account, now=timezone.now()).days[0].waiting
    with pytest.raises(importing.CannotImport):
        importing.look(
            fresh(account), file_name="x.csv", content=b"id,date", by=BY, now=timezone.now()
        )


@each_way
def test_what_waits_all_the_same_says_why(mark: Mark) -> None:
    account = support.make_account(support.make_connection(status="PendingAuth"))
    mark(account)
    push = support.make_push(account, status=PushStatus.READY)
    holds = holding.holds([push], now=timezone.now())
    assert holds and holds.off == {account.pk: "closed" if mark is closed else "unwanted"}


@each_way
def test_a_feed_of_it_is_neither_run_nor_missed(mark: Mark) -> None:
    account = days.by_file()
    Connection.objects.update(status="PendingAuth")
    mark(account)
    days.settled(days.moment(days.TODAY, "23:00"))
    assert not FeedRun.objects.exists()


def test_days_off_are_not_made_up_for_afterwards() -> None:
    account = days.by_file()
    friday, monday = days.TODAY + 2 * days.DAY, days.TODAY + 5 * days.DAY
    not_wanted(account, now=days.moment(days.TODAY, "01:00"))
    wanted(account, now=days.moment(friday, "20:00"))
    days.settled(days.moment(monday, "23:00"))
    assert [run.day for run in FeedRun.objects.order_by("day")] == [monday]


def test_wanted_again_it_counts_again() -> None:
    account = support.make_account()
    assert not_wanted(account) and not not_wanted(account)
    assert not SourceAccount.objects.wanted().exists()
    assert wanted(account) and not wanted(account)
    assert SourceAccount.objects.wanted().get() == account
    lines = Event.objects.filter(account=account).order_by("pk")
    assert [line.action for line in lines] == ["account.not_wanted", "account.wanted"]
    pushes.waiting(account)
    assert Push.objects.due(timezone.now()).exists()


def test_what_is_on_its_way_goes_on() -> None:
    push = pushes.submitted()
    not_wanted(push.account)
    push.refresh_from_db()
    assert push.status == PushStatus.SUBMITTED


def test_a_schedule_begins_anew_and_keeps_its_time() -> None:
    account = days.by_file()
    not_wanted(account)
    wanted(account)
    schedule = FeedSchedule.objects.get(pk=account.pk)
    assert schedule.is_on and timezone.now() - schedule.changed_at < dt.timedelta(minutes=1)
    assert feeds.something_is_due(timezone.now()) in {True, False}


# --- Closed ----------------------------------------------------------------------------------


def test_a_linked_connection_is_unlinked_at_codat(onboarded: support.Onboarded) -> None:
    departure = close(onboarded.company)
    assert departure and departure.kind == Kind.UNLINK
    assert carry_out(departure)
    assert word(onboarded) == "Unlinked"
    assert close(onboarded.company) is None


def test_one_that_was_never_linked_is_left(sandbox: Any) -> None:
    client = support.onboard(connected=False)
    Connection.objects.update(link_url="https://a.example/?otp=123456")
    assert close(client.company) is None
    assert Connection.objects.get().link_url == ""


def test_closing_goes_on_where_it_stopped(onboarded: support.Onboarded) -> None:
    departure = close(onboarded.company)
    assert departure
    support.order_fault("500-before", method="PATCH")
    assert not carry_out(departure)
    onboarded.company.refresh_from_db()
    assert onboarded.company.closed_at
    assert close(onboarded.company) == departure
    assert carry_out(departure)
    assert Event.objects.filter(action="company.closed").count() == 1


def test_closing_does_not_wait_for_what_is_on_its_way(onboarded: support.Onboarded) -> None:
    pushes.submitted(onboarded.accounts[0])
    departure = close(onboarded.company)
    assert departure and carry_out(departure)
    assert word(onboarded) == "Unlinked"


def test_a_duplicate_names_the_one_that_goes_on() -> None:
    twin, other = support.make_company(), support.make_company()
    with pytest.raises(leaving.WrongReplacement):
        close(twin, replaced_by=twin)
    close(twin, replaced_by=other)
    twin.refresh_from_db()
    assert twin.replaced_by == other
    with pytest.raises(leaving.WrongReplacement, match="closed itself"):
        close(other, replaced_by=twin)
    other.refresh_from_db()
    assert other.closed_at is None


def test_a_closed_company_gets_no_link_and_no_connection(onboarded: support.Onboarded) -> None:
    departure = close(onboarded.company)
    assert departure and carry_out(departure)
    with pytest.raises(links.NoValidLink, match="closed"):
        links.renew(
            onboarded.connection, client=conf.client(), by=BY, clock=timezone.now, shown=None
        )
    onboarded.company.refresh_from_db()
    with pytest.raises(onboarding.NotAtCodat, match="closed"):
        onboarding.plan_connection(
            onboarded.company, by=BY, now=timezone.now(), form_key="x", books="same"
        )


def test_opened_again_it_can_be_worked_with(onboarded: support.Onboarded) -> None:
    other = support.make_company()
    close(onboarded.company, replaced_by=other)
    assert reopen(onboarded.company) and not reopen(onboarded.company)
    onboarded.company.refresh_from_db()
    assert onboarded.company.closed_at is None and onboarded.company.replaced_by is None


@pytest.mark.parametrize("act", [close, reopen])
def test_a_reason_is_demanded(act: Any) -> None:
    company = support.make_company()
    with pytest.raises(ValueError, match="reason"):
        getattr(leaving, act.__name__)(company, reason=" ", by=BY, now=timezone.now())


# --- The wrong person ------------------------------------------------------------------------


def test_a_link_that_went_wrong_is_handed_out_no_more(
    onboarded: support.Onboarded, people: dict[str, Any]
) -> None:
    connection = Connection.objects.get(pk=onboarded.connection.pk)
    links.renew(connection, client=conf.client(), by=BY, clock=timezone.now)
    works = connection.link_works_until
    before = timezone.now()
    shown = links.issue_of(connection)
    leaving.link_went_wrong(connection, reason=WHY, shown=shown, by=BY, now=before)
    # No new one could be made: the old one is out, and is not sent once more by mistake.
    with pytest.raises(links.NoValidLink):
        links.reveal(connection, by=BY, now=before)
    assert connection.link_url == "" and connection.link_valid_until is None
    assert connection.link_works_until == works
    assert words.link(connection, now=before).label == "Withdrawn"
    browser = signed_in(people["support"])
    page = reverse("admin:bankfeeds_connection_change", args=[connection.pk])
    assert "Withdrawn" in text(browser.get(page)) and "min left" not in text(browser.get(page))
    links.renew(connection, client=conf.client(), by=BY, clock=timezone.now, shown=shown)
    assert links.reveal(connection, by=BY, now=timezone.now())
    assert "Valid – 60 min left" in text(browser.get(page)) or "59 min" in text(browser.get(page))


def went_wrong(client: support.Onboarded, *, shown: str | None = None) -> None:
    connection = Connection.objects.get(pk=client.connection.pk)
    shown = links.issue_of(connection) if shown is None else shown
    leaving.link_went_wrong(connection, reason=WHY, shown=shown, by=BY, now=timezone.now())
    links.renew(connection, client=conf.client(), by=BY, clock=timezone.now, shown=shown)


def test_sending_stops_and_a_new_link_is_made(onboarded: support.Onboarded) -> None:
    went_wrong(onboarded)
    assert SendingStop.objects.get(allowed_at=None).company == onboarded.company
    connection = Connection.objects.get(pk=onboarded.connection.pk)
    assert connection.link_issued_at and connection.link_url
    assert Event.objects.get(action="link.wrong_person").reason == WHY
    with pytest.raises(links.AlreadyRenewed):
        went_wrong(onboarded, shown="")
    assert Event.objects.filter(action="link.wrong_person").count() == 1
    assert SendingStop.objects.count() == 1


def test_the_stop_stays_when_codat_makes_no_link(onboarded: support.Onboarded) -> None:
    support.order_fault("500-before", method="GET", times=9)
    with pytest.raises(errors.CodatError):
        went_wrong(onboarded)
    assert SendingStop.objects.filter(allowed_at=None).exists()
    support.order_no_faults()
    went_wrong(onboarded)
    assert SendingStop.objects.count() == 1


def test_only_unlinking_undoes_a_completed_set_up(onboarded: support.Onboarded) -> None:
    went_wrong(onboarded)
    assert word(onboarded) == "Linked"
    assert carry_out(order(Kind.UNLINK, onboarded))
    assert word(onboarded) == "Unlinked"
