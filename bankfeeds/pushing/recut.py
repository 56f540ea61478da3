"""A push that waited too long is made anew without the rows that the feed takes no more.

Nothing of it has left: what surely never arrived is cancelled, its rows are freed, those that
still may go keep their place in the order, and the others are listed by transaction.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import doorbell, rules
from bankfeeds.models import (
    Actor,
    BankTransaction,
    FeedRun,
    Push,
    PushAttempt,
    PushStatus,
)
from bankfeeds.models.record import WORKER
from bankfeeds.rules import FEED_WINDOW, Judged

from .again import list_late, standing_before
from .confirm import freeze_piece, lock, release
from .decide import _make_room
from .plan import today

log = logging.getLogger(__name__)

# Bounds of one round of the sweep.
RECUT_A_ROUND = 50


def recut_due(*, now: dt.datetime) -> int:
    """Make pushes with rows that aged out anew, a bounded number; says how many."""
    done = 0
    for push in _aged(today(now)).order_by("account", "sequence")[:RECUT_A_ROUND]:
        try:
            recut(push, now=now, by=WORKER)
            done += 1
        except IntegrityError as error:
            # Somebody changed the order of the account in this moment; the next round looks again.
            log.warning("push %s was not made anew: %s", push.pk, type(error).__name__)
    return done


def recut(push: Push, *, now: dt.datetime, by: Actor) -> Push | None:
    """Cancel the push and freeze what still may go into a new one at its place.

    None when nothing remains, and also when there was nothing to do: it has left, or all of its
    rows may still go.
    """
    with transaction.atomic():
        lock(push.account_id)
        fresh = _aged(today(now)).filter(pk=push.pk).first()
        if fresh is None:
            return None
        judged = rules.judge(_rows(fresh), standing=standing_before(fresh, today=today(now)))
        going = [row for row in judged if row.goes]
        lost = [row for row in judged if not row.goes]
        if not fresh.step(PushStatus.CANCELLED, by=by, now=now, words=_words(lost, going)):
            return None
        release(fresh)
        replacement = _replace(fresh, going, by=by, now=now) if going else None
        list_late(fresh, lost, replacement, by=by, now=now)
        doorbell.ring(doorbell.DELIVER)
    return replacement


def _aged(day: dt.date) -> QuerySet[Push]:
    """Waiting, not taken by Codat as far as its key goes, and with a row too old on that day.

    Whoever is ready surely did not arrive; an open attempt would contradict that.
    """
    on_its_way = PushAttempt.objects.filter(push=OuterRef("pk"), outcome=PushAttempt.Outcome.OPEN)
    waiting = Push.objects.filter(status=PushStatus.READY, unsure_since=None)
    waiting = waiting.filter(first_date__lt=day - FEED_WINDOW).exclude(Exists(on_its_way))
    return waiting.select_related("account__company", "account__connection").defer(
        "account__sealed_body", "account__connection__link_url"
    )


def _rows(push: Push) -> list[BankTransaction]:
    items = push.items.filter(released=False).select_related("transaction").order_by("position")
    return [item.transaction for item in items]


def _replace(
    push: Push, going: list[Judged[BankTransaction]], *, by: Actor, now: dt.datetime
) -> Push:
    replacement = freeze_piece(
        push.account,
        [(row.row, row.findings) for row in going],
        sequence=_make_room(push),
        form_key=push.form_key,
        by=by,
        now=now,
    )
    FeedRun.objects.filter(push=push).update(push=replacement)
    return replacement


def _words(lost: list[Judged[BankTransaction]], going: list[Judged[BankTransaction]]) -> str:
    rows = len(lost)
    text = ngettext(
        "It waited too long: %(lost)d of its %(rows)d rows is too late for the feed.",
        "It waited too long: %(lost)d of its %(rows)d rows are too late for the feed.",
        rows,
    ) % {"lost": rows, "rows": rows + len(going)}
    return " ".join((text, _("The rest goes in a new push."))) if going else text
