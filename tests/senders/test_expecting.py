"""A file is expected on each business day: missing, late, given up; days off, clocks that jump."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from bankfeeds import senders, tasks
from bankfeeds.models import Closure, Event, ExpectedFile, MissingFile, ReceivedFile, Sender
from bankfeeds.senders import expecting
from tests.feeds.support import DAY, TODAY, moment

from .support import BY, sender

pytestmark = pytest.mark.django_db
SENDERS = "/admin/bankfeeds/sender/"
LONG_AGO = moment(TODAY - 5 * DAY, "12:00")


def expected(
    name: str = "Core", *, at: str = "06:00", grace: int = 30, country: str = "US"
) -> Sender:
    row, _token = sender(name)
    given = {"at": dt.time.fromisoformat(at), "grace": grace, "country": country}
    assert senders.expect(row, is_on=True, **given, by=BY, now=LONG_AGO)  # type: ignore[arg-type]
    ExpectedFile.objects.filter(pk=row.pk).update(judged_day=TODAY - DAY)
    return row


def came(row: Sender, at: dt.datetime, *, state: str = "saved") -> ReceivedFile:
    return ReceivedFile.objects.create(
        sender=row, batch_id=str(at), size=1, received_at=at, state=state
    )


def days(row: Sender) -> list[dt.date]:
    return list(row.missing.order_by("day").values_list("day", flat=True))


def told(action: str) -> int:
    return int(Event.objects.filter(action=f"sender.{action}").count())


def test_missing_once_after_the_grace_and_gone_when_it_comes() -> None:
    row, other = expected(), expected("Other")
    came(other, moment(TODAY, "06:30"))
    for clock in ("00:01", "06:00", "06:29:59"):
        senders.note_missing(now=moment(TODAY, clock))
    assert not MissingFile.objects.exists()
    for clock in ("06:30", "06:31", "12:00"):
        senders.note_missing(now=moment(TODAY, clock))
    assert (days(row), days(other), told("file_missing")) == ([TODAY], [], 1)
    [(whose, [missing])] = senders.missing_now()
    assert (whose, missing.due_at) == (row, moment(TODAY, "06:30"))
    # A rejected one is none; the next is.
    came(row, moment(TODAY, "13:00"), state="rejected")
    senders.note_missing(now=moment(TODAY, "13:01"))
    assert (list(senders.missing_now())[0][0], senders.rejected_of(missing)) == (row, 1)
    came(row, moment(TODAY, "14:00"))
    for clock in ("14:01", "14:02"):
        senders.note_missing(now=moment(TODAY, clock))
    missing.refresh_from_db()
    assert (missing.came_at, told("file_late")) == (moment(TODAY, "14:00"), 1)
    assert not list(senders.missing_now())
    assert not senders.give_up(missing, reason="late", by=BY, now=moment(TODAY, "15:00"))


def test_the_file_of_the_next_day_is_not_that_of_the_day_before() -> None:
    row = expected()
    senders.note_missing(now=moment(TODAY, "07:00"))
    came(row, moment(TODAY + DAY, "05:00"))
    senders.note_missing(now=moment(TODAY + DAY, "07:00"))
    assert (days(row), told("file_late")) == ([TODAY], 0)
    [(_row, [missing])] = senders.missing_now()
    with pytest.raises(ValueError, match="reason"):
        senders.give_up(missing, reason=" ", by=BY, now=moment(TODAY + DAY, "08:00"))
    assert senders.give_up(missing, reason="outage", by=BY, now=moment(TODAY + DAY, "08:00"))
    assert not list(senders.missing_now())
    assert Event.objects.get(action="sender.file_given_up").reason == "outage"


def test_a_worker_that_stood_still_misses_no_day_and_days_off_raise_nothing() -> None:
    """From Wednesday over a weekend, an own closure (Thursday) and, in Canada, Good Friday."""
    row, north = expected(), expected("North", country="CA")
    start = dt.date(2026, 4, 1)
    ExpectedFile.objects.update(judged_day=start - DAY)
    Closure.objects.create(day=start + DAY, name="Move")
    came(row, moment(start, "05:00"))
    # The file of Friday came on Saturday: late. Monday's was in time, and the worker was down.
    came(row, moment(start + 3 * DAY, "09:00"))
    came(north, moment(start + 5 * DAY, "06:30"))
    senders.note_missing(now=moment(start + 6 * DAY, "05:00"))
    assert days(row) == [start + 2 * DAY, start + 5 * DAY]
    assert days(north) == [start]
    friday = MissingFile.objects.get(sender=row, day=start + 2 * DAY)
    assert friday.came_at == moment(start + 3 * DAY, "09:00")
    assert [(each.name, len(rows)) for each, rows in senders.missing_now()] == [
        ("North", 1), ("Core", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "at", "due"),
    [
        # The clocks leave out 02:30 on March 8, 2026, and show 01:30 twice on November 1.
        (dt.date(2026, 3, 8), "02:30", "2026-03-08T08:00+00:00"),
        (dt.date(2026, 3, 8), "01:45", "2026-03-08T07:15+00:00"),
        (dt.date(2026, 11, 1), "01:30", "2026-11-01T06:00+00:00"),
    ],
)
def test_on_days_of_clock_change_the_grace_is_counted_as_it_passes(
    day: dt.date, at: str, due: str
) -> None:
    row = ExpectedFile(at=dt.time.fromisoformat(at), grace=30)
    assert expecting.due_at(row, day) == dt.datetime.fromisoformat(due)


def test_a_change_asks_for_no_day_that_is_over_and_off_or_revoked_ends_it() -> None:
    row = expected()
    late = moment(TODAY, "09:00")
    given: dict[str, Any] = {"at": dt.time(8), "grace": 0, "country": "US", "by": BY}
    with pytest.raises(ValueError, match="midnight"):
        senders.expect(row, is_on=True, now=late, **{**given, "grace": 16 * 60})
    # What was due by the old time is judged by it.
    assert senders.expect(row, is_on=True, now=late, **given)
    assert not senders.expect(row, is_on=True, now=late, **given)
    assert days(row) == [TODAY]
    senders.note_missing(now=moment(TODAY, "10:00"))
    assert (days(row), told("file_missing"), told("expects")) == ([TODAY], 1, 2)
    assert senders.expect(row, is_on=False, now=late, **given)
    assert not list(senders.missing_now())
    senders.note_missing(now=moment(TODAY + DAY, "10:00"))
    assert days(row) == [TODAY]
    other = expected("Other")
    senders.note_missing(now=moment(TODAY, "10:00"))
    assert list(senders.missing_now())
    senders.revoke(other, reason="gone", by=BY, now=moment(TODAY, "10:01"))
    senders.note_missing(now=moment(TODAY + DAY, "10:00"))
    assert not list(senders.missing_now())


def test_pages(people: dict[str, Any]) -> None:
    row, _token = sender("Core <1>")
    boss, support = (Client() for _ in range(2))
    boss.force_login(people["administrator"])
    support.force_login(people["support"])
    page, form = f"{SENDERS}{row.pk}/change/", f"{SENDERS}{row.pk}/expect/"
    assert "none is missed" in boss.get(page).content.decode()
    given = {"is_on": "yes", "at": "06:00", "grace": "0", "country": "US"}
    assert "before midnight" in boss.post(form, {**given, "grace": "1200"}).content.decode()
    said = boss.post(form, given, follow=True).content.decode()
    assert "on each business day (United States) by 6 a.m." in said
    assert "set so already" in boss.post(form, given, follow=True).content.decode()
    assert 'value="06:00"' in boss.get(form).content.decode()
    # The sweep finds that the last business days went by without a file.
    ExpectedFile.objects.update(judged_day=TODAY)
    ExpectedFile.objects.update(judged_day=Event.objects.latest("at").at.date() - 6 * DAY)
    tasks.sweep()
    missing = MissingFile.objects.open().order_by("day")
    first = missing[0]
    assert missing.count() >= 2
    shown = support.get(page).content.decode()
    assert 'class="band band-warn"' in shown
    assert "Core &lt;1&gt;: no file came for" in shown
    ask = f"{SENDERS}missing/{first.pk}/give-up/"
    assert ask in shown
    assert ask not in boss.get(page).content.decode()
    assert "not come?" in support.get(ask).content.decode()
    assert "Give a reason" in support.post(ask, {"reason": ""}).content.decode()
    shown = support.post(ask, {"reason": "closed"}, follow=True).content.decode()
    assert "Given up on" in shown
    assert "Given up on" in support.get(ask).content.decode()
    assert boss.post(form, {**given, "is_on": "no"}).status_code == 303
    assert "no file came" not in boss.get(page).content.decode()
