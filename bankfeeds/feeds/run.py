"""One day of one feed: what is new is confirmed as a person would, and the day is written down.

The push and the day's row are one transaction, and the schedule's row is the turn: two workers,
or one that was killed half way, leave one push and one row.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import doorbell, pushing
from bankfeeds.models import Event, FeedRun, FeedSchedule, Push
from bankfeeds.models.record import SCHEDULE
from bankfeeds.pushing.confirm import lock
from bankfeeds.words import feeds as feed_words

from . import due, gaps
from .days import begin

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
Outcome = FeedRun.Outcome
# One round: it shares the pool with deliveries, and has the task's time limit above it.
ACCOUNTS_A_ROUND = 100
LONGEST_ROUND = dt.timedelta(seconds=15)


@dataclass(frozen=True)
class Result:
    outcome: FeedRun.Outcome
    words: str
    push: Push | None = None


def ring_due(*, now: dt.datetime) -> None:
    """For the sweep: ring once when some feed's time has come."""
    if due.something_is_due(now):
        doorbell.ring(doorbell.FEEDS)


def run_due(*, clock: Clock, limit: int = ACCOUNTS_A_ROUND) -> int:
    """Carry out what is due, in a bounded round; says how many days were written down.

    Rings for the next round when there is more.
    """
    begun = clock()
    batch = due.some_due(begun, limit=limit)
    done = 0
    for account_id, day in batch:
        now = clock()
        if now - begun > LONGEST_ROUND:
            break
        try:
            done += carry_out(account_id, day, now=now) is not None
        except (DatabaseError, pushing.RowsChanged) as error:
            # Rolled back whole; the next round finds it due again.
            log.warning("feed of account %s put off: %s", account_id, type(error).__name__)
    if done and len(batch) == limit:
        doorbell.ring(doorbell.FEEDS)
    return done


def carry_out(account_id: int, day: dt.date, *, now: dt.datetime) -> FeedRun | None:
    """The day of one account, once; None when another worker has it or it was carried out."""
    with transaction.atomic():
        schedule = _take(account_id)
        if schedule is None:
            return None
        before = FeedRun.objects.filter(account=account_id, day=day).first()
        if before is not None and not due.to_complete(day).filter(pk=before.pk).exists():
            return None
        lock(account_id)
        result = _push(schedule, day, before, now=now)
        if before is not None:
            return _complete(before, result, now=now)
        gaps.fill(schedule, day, now=now)
        return _write(schedule, day, result, now=now)


def form_key(account_id: int, day: dt.date, *, late: bool = False) -> str:
    """By which a repetition finds the pushes of the first time; no page can make such a key."""
    return f"feed:{account_id}:{day}" + (":late" if late else "")


def _take(account_id: int) -> FeedSchedule | None:
    """The schedule, if it is on and nobody else carries it out at this moment."""
    rows = FeedSchedule.objects.select_for_update(skip_locked=True, of=("self",))
    rows = rows.select_related("account__company", "account__connection")
    rows = rows.defer("account__sealed_body", "account__connection__link_url")
    rows = rows.filter(account__not_wanted_at=None, account__company__closed_at=None)
    return rows.filter(pk=account_id, is_on=True).first()


def _push(
    schedule: FeedSchedule, day: dt.date, before: FeedRun | None, *, now: dt.datetime
) -> Result:
    """What became of the day's rows. `before`: the day was missed or held, and can go now."""
    account = schedule.account
    key = form_key(account.pk, day, late=before is not None)
    missed = before is not None and before.outcome == Outcome.MISSED
    arrived = missed or _day_arrived(schedule, day)
    pushes = list(Push.objects.filter(form_key=key).order_by("pk"))
    if not pushes:
        try:
            planned = pushing.plan([account], today=pushing.today(now))
            if not planned.accounts:
                return _nothing_went(schedule, planned, arrived)
            if doubtful := _perhaps_there(planned):
                return Result(Outcome.HELD, doubtful)
            with transaction.atomic():
                pushes = pushing.confirm(
                    [account], fingerprint=None, form_key=key, by=SCHEDULE, now=now
                )
        except (DatabaseError, pushing.RowsChanged):
            raise
        except Exception:
            # One account that cannot be prepared must neither stop the others nor go unseen.
            log.exception("the push of account %s could not be prepared", account.pk)
            text = _("This portal could not prepare the push. Tell the administrator.")
            return Result(Outcome.HELD, text)
        if not pushes:
            # The account's status changed in this moment.
            raise pushing.RowsChanged(planned)
    return _went(schedule, pushes, arrived)


def _perhaps_there(planned: pushing.Plan) -> str:
    """Words for rows that a person gave up without knowing whether Codat has them: no schedule
    decides that they go (again)."""
    account = planned.accounts[0]
    unknown = pushing.perhaps_there([account.account])
    doubtful = [unknown[row.row.pk] for row in account.going if row.row.pk in unknown]
    if not doubtful:
        return ""
    text = ngettext(
        "%(rows)d row was given up in push #%(id)d without knowing whether Codat has it."
        " Look at Codat, then push or leave it out by hand.",
        "%(rows)d rows were given up in push #%(id)d without knowing whether Codat has them."
        " Look at Codat, then push or leave them out by hand.",
        len(doubtful),
    )
    return text % {"rows": len(doubtful), "id": doubtful[0]}


def _day_arrived(schedule: FeedSchedule, day: dt.date) -> bool:
    if schedule.trigger == FeedSchedule.Trigger.DAILY:
        return True
    # Also one without new rows: it came, and it is not missed.
    saved = schedule.account.statements.filter(state="saved", saved_at__gte=begin(day))
    return saved.exists()


def _went(schedule: FeedSchedule, pushes: list[Push], arrived: bool) -> Result:
    rows, first = sum(push.rows for push in pushes), pushes[0]
    if arrived:
        return Result(Outcome.PUSHED, feed_words.sent(pushes, rows=rows), first)
    text = _("What had been waiting from before went in push #%(id)d.") % {"id": first.pk}
    return Result(Outcome.MISSED, f"{feed_words.no_file_by(schedule)} {text}", first)


def _nothing_went(schedule: FeedSchedule, planned: pushing.Plan, arrived: bool) -> Result:
    left = planned.left_out[0]
    if left.code == "all-blocked" and not _blocked_is_news(schedule, planned):
        text = _("Nothing new: what waits is too late for the feed or blocked, as it was before.")
        outcome = Outcome.NOTHING
    else:
        text = left.words
        outcome = Outcome.NOTHING if left.code == "nothing-new" else Outcome.HELD
    if outcome == Outcome.NOTHING and not arrived:
        return Result(Outcome.MISSED, feed_words.no_file_by(schedule))
    return Result(outcome, text + _no_file(schedule, arrived))


def _blocked_is_news(schedule: FeedSchedule, planned: pushing.Plan) -> bool:
    """Whether a row came since the last run: rows that are too late would else hold every day."""
    last = FeedRun.objects.filter(account=schedule.pk).order_by("-ran_at").first()
    if last is None:
        return True
    files = schedule.account.statements.filter(state="saved", saved_at__gte=last.ran_at)
    return files.filter(rows_saved__gt=0).exists()


def _no_file(schedule: FeedSchedule, arrived: bool) -> str:
    return "" if arrived else f" {feed_words.no_file_by(schedule)}"


def _write(schedule: FeedSchedule, day: dt.date, result: Result, *, now: dt.datetime) -> FeedRun:
    run = FeedRun.objects.create(
        account=schedule.account,
        day=day,
        ran_at=now,
        outcome=result.outcome,
        words=result.words,
        push=result.push,
    )
    if result.outcome in {Outcome.MISSED, Outcome.HELD}:
        _record(f"feed.{result.outcome}", run, now=now)
    return run


def _complete(run: FeedRun, result: Result, *, now: dt.datetime) -> FeedRun:
    """A day that was missed or held is carried out after all; the words keep what it was."""
    was_missed = run.outcome == Outcome.MISSED
    told = feed_words.late(run.ran_at) if was_missed else feed_words.resumed(run)
    run.words = f"{told} {result.words}"
    run.outcome, run.ran_at = result.outcome, now
    run.push = result.push or run.push
    run.save(update_fields=["words", "outcome", "ran_at", "push"])
    if run.outcome in {Outcome.MISSED, Outcome.HELD}:
        _record(f"feed.{run.outcome}", run, now=now)
    else:
        _record("feed.late" if was_missed else "feed.resumed", run, now=now)
    return run


def _record(action: str, run: FeedRun, *, now: dt.datetime) -> None:
    Event.objects.record(
        action,
        by=SCHEDULE,
        at=now,
        words=run.words,
        after={"day": run.day.isoformat(), "outcome": str(run.outcome)},
        account=run.account,
    )
