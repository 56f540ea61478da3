"""What stands side by side before a person decides about a push whose fate is unknown.

Makes the contexts of candidates.html, decide_unknown.html and lost_try.html. Asks Codat nothing:
what was seen there is handed in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import pushing, rules, words
from bankfeeds.admin import push_words
from bankfeeds.models import BankTransaction, Decision, Departure, Push, PushAttempt, PushStatus

from . import shown

# Words have no seconds: whoever looks again when they say so must not be too early.
A_MINUTE = dt.timedelta(minutes=1)
UNKNOWN = frozenset({PushStatus.TIMED_OUT, PushStatus.NEEDS_REVIEW})


@dataclass(frozen=True)
class Shown:
    """One write at Codat. `rows`: their number, where it is known. `compared`: with our tries."""

    one: pushing.Candidate
    rows: str
    compared: str
    is_this: bool

    @property
    def may_be_this(self) -> bool:
        return self.one.known_as is None


def side_by_side(push: Push, found: Iterable[pushing.Candidate]) -> list[Shown]:
    tries = list(push.attempts.order_by("number"))
    return [
        Shown(
            one,
            push_words.transactions(one.known_as.rows) if one.known_as else "",
            _compared(one.requested_at, tries),
            one.known_as is not None and one.known_as.pk == push.pk,
        )
        for one in found
    ]


def _compared(at: dt.datetime, tries: Sequence[PushAttempt]) -> str:
    """`3 s after try 2`; clocks differ, so that it may even lie before the first."""
    if not tries:
        return ""
    before = [one for one in tries if one.started_at <= at]
    nearest = before[-1] if before else tries[0]
    seconds = round((at - nearest.started_at).total_seconds())
    text = _("%(time)s after try %(n)d") if before else _("%(time)s before try %(n)d")
    return text % {"time": push_words.span(abs(seconds)), "n": nearest.number}


def sureness(attempt: PushAttempt) -> str:
    """Whether what was sent arrived, as far as anybody knows."""
    outcome = PushAttempt.Outcome
    if attempt.ended_at is None:
        return _("On its way")
    if attempt.outcome == outcome.UNKNOWN:
        return _("Not sure that it arrived")
    if attempt.outcome == outcome.NOT_SENT:
        return _("Sure that it did not arrive")
    if attempt.outcome == outcome.ACCEPTED:
        return _("Sure that it arrived")
    return _("Sure that Codat did not take it")


def attempts(push: Push) -> list[tuple[PushAttempt, str]]:
    return [(one, sureness(one)) for one in push.attempts.order_by("number")]


def deciding(push: Push) -> dict[str, Any]:
    """For the page of a push that may be at Codat: what was kept, and what cannot be done yet."""
    now = timezone.now()
    settled = pushing.settled_at(push)
    waits = words.clock_time(settled + A_MINUTE) if now < settled else ""
    return {
        "candidates": side_by_side(push, pushing.kept(push)),
        "not_before": waits,
        "may_give_up": pushing.has_looked(push) and (not waits or _has_name(push)),
        **going_again(push),
    }


def _has_name(push: Push) -> bool:
    return push.push_operation_key is not None


def going_again(push: Push) -> dict[str, Any]:
    """What of its rows would go in a new push at this moment, and what no more."""
    found = pushing.again(push, today=pushing.today(timezone.now()))
    return {
        "late": shown.groups(found.late, rules.Severity.ERROR),
        "late_rows": len(found.late),
        "going_rows": len(found.going),
        "send_again": _send_again(push, len(found.going)),
        "why_none_goes": _why_none_goes(push, len(found.going)),
        "too_late_page": too_late_page(push),
        "currency": push.currency,
    }


def _why_none_goes(push: Push, going: int) -> str:
    """Why sending its rows again cannot work now, and what does; "" when it can."""
    off = Departure.objects.off([push.account_id]).get(push.account_id)
    if off is not None:
        text = _(
            "Nothing can be sent for this account now: %(why)s. Give up: that frees the rows, which"
            " go on with the account that follows, if one does."
        )
        return text % {"why": off.label}
    if going:
        return ""
    return _(
        "Every row is too late for the feed by now. Give up this push and give the client the file."
    )


def _send_again(push: Push, going: int) -> str:
    """The label of the button, as far as not all rows go."""
    if going == push.rows:
        return ""
    text = ngettext(
        "send %(n)d of %(all)d transactions again",
        "send %(n)d of %(all)d transactions again",
        going,
    )
    return text % {"n": going, "all": push.rows}


def too_late_page(push: Push) -> str:
    """Where the file for the client is; "" where this portal has no such page."""
    try:
        return reverse("admin:bankfeeds_feedschedule_too_late", args=(push.account_id,))
    except NoReverseMatch:
        return ""


def lost_try(push: Push) -> dict[str, Any]:
    """Of a refused push: tries before the refused one that may have arrived; {} where none."""
    if push.status != PushStatus.FAILED:
        return {}
    tries = pushing.unsure_tries(push)
    if not tries:
        return {}
    found = [one for one in side_by_side(push, pushing.kept(push)) if one.may_be_this]
    return {"tries": [(one, sureness(one)) for one in tries], "writes": found}


def result(
    push: Push, kind: Decision, replacement: Push | None, *, behind: Sequence[Push] = ()
) -> str:
    """What a decision did; `push` as it was before, `behind`: what waited for it then."""
    if replacement is not None:
        return " ".join(part for part in (_replaced(push, replacement), _left(push)) if part)
    if kind == Decision.ADOPT and push.status == PushStatus.TIMED_OUT:
        text = _("Push #%(id)d counts as accepted by Codat, by your word. Nothing was sent.")
        return text % {"id": push.pk}
    if kind == Decision.ADOPT:
        return _("The push takes over this write at Codat; its outcome follows.")
    if kind == Decision.NOT_THERE:
        return _("The push is sent again, as a new write.")
    text = _("Push #%(id)d was given up. The account is free again.") % {"id": push.pk}
    return " ".join(part for part in (text, _stopped_with_it(behind)) if part)


def _stopped_with_it(behind: Sequence[Push]) -> str:
    rows = Push.objects.filter(pk__in=[push.pk for push in behind], status=PushStatus.CANCELLED)
    stopped = [f"#{pk}" for pk in rows.order_by("pk").values_list("pk", flat=True)]
    text = _("Stopped with it, so that none overtakes: %(pushes)s.")
    return text % {"pushes": ", ".join(stopped)} if stopped else ""


def _replaced(push: Push, replacement: Push) -> str:
    text = _("Push #%(old)d is replaced by push #%(new)d with %(rows)s.")
    rows = push_words.transactions(replacement.rows)
    return text % {"old": push.pk, "new": replacement.pk, "rows": rows}


def _left(push: Push) -> str:
    """Which rows went into no new push although nobody left them out."""
    late = BankTransaction.objects.free().filter(items__push=push).count()
    if not late:
        return ""
    text = ngettext(
        "%(n)d transaction is too late for the feed by now and was not sent;"
        " give the client a file.",
        "%(n)d transactions are too late for the feed by now and were not sent;"
        " give the client a file.",
        late,
    )
    return text % {"n": late}
