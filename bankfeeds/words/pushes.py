"""The words for pushes and for the transactions in and outside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bankfeeds.models import BankTransaction, Push, PushDecision, PushStatus
from bankfeeds.models.states import UNDECIDED
from bankfeeds.rules import FEED_WINDOW, OLDER_THAN_NEWEST, TOO_OLD, Rule, Severity

from .figures import clock_time, day, moment
from .holds import Holds, held
from .word import Tone, Word

PUSH_WORDS: dict[str, tuple[Promise, Tone]] = {
    PushStatus.DRAFT: (gettext_lazy("Prepared only. Nothing is sent."), "quiet"),
    PushStatus.READY: (
        gettext_lazy("Confirmed; leaves in a moment. Can still be stopped."),
        "wait",
    ),
    PushStatus.SENDING: (gettext_lazy("Leaving now. Cannot be stopped any more."), "wait"),
    PushStatus.RECONCILING: (
        gettext_lazy("The answer was lost. We look before anything is sent again. Nothing to do."),
        "wait",
    ),
    PushStatus.SUBMITTED: (
        gettext_lazy("Codat has the rows and has not decided. Not yet accepted."),
        "wait",
    ),
    PushStatus.SUCCEEDED: (
        gettext_lazy(
            "Stored by Codat. QuickBooks fetches once a day, or when the client presses Update."
            " No proof that the client sees it."
        ),
        "good",
    ),
    PushStatus.FAILED: (
        gettext_lazy(
            "Codat reports that it did not take this push."
            " Later pushes of this account wait for your decision."
        ),
        "bad",
    ),
    PushStatus.TIMED_OUT: (
        gettext_lazy(
            "Codat ran out of time; the rows may be stored. Never send again without looking."
        ),
        "warn",
    ),
    PushStatus.NEEDS_REVIEW: (
        gettext_lazy("We could not find out by ourselves. The evidence is below."),
        "warn",
    ),
    PushStatus.CANCELLED: (
        gettext_lazy("Nothing left this portal. The rows are free again."),
        "quiet",
    ),
}


def push_number(pk: int) -> str:
    """`#118`; in French `no 118`."""
    return str(Push(pk=pk))


def push_label(status: str) -> str:
    """The label of a push's state as the code names it; "" for what is none."""
    return str(PushStatus(status).label) if status in PushStatus.values else ""


def push(
    row: Push, *, now: dt.datetime, behind: Push | None = None, holds: Holds | None = None
) -> Word:
    """`behind`: the earlier push of the account that this one waits for; `holds`: what holds
    pushes back now, None where only the push itself is asked."""
    explanation, tone = PUSH_WORDS[row.status]
    label, text = str(row.label), str(explanation)
    if row.status == PushStatus.READY:
        hold = held(row, holds, now=now)
        if behind is not None and (hold is None or behind.status in UNDECIDED):
            label, text = _("Waiting behind push #%(id)d") % {"id": behind.pk}, _why(row, behind)
        elif hold is not None:
            label, text = hold.label, hold.explanation
    elif row.status == PushStatus.SENDING and row.lease_until is None and row.next_attempt_at:
        label, text = _again(row, row.next_attempt_at)
    elif row.status == PushStatus.RECONCILING and row.next_attempt_at is not None:
        text = _looking(row, row.next_attempt_at)
    return Word(label, text, tone, row.codat_status)


def _again(row: Push, at: dt.datetime) -> tuple[str, str]:
    when = clock_time(at)
    text = _(
        "Nobody knows whether the last try arrived. Trying again at %(when)s with the same key:"
        " Codat takes what has the same key only once, so nothing can double."
    )
    words = f"{text % {'when': when}} {_tried(row)}".rstrip()
    return _("Sending – trying again at %(when)s") % {"when": when}, words


def _looking(row: Push, at: dt.datetime) -> str:
    """What is looked for, and when next."""
    sought = _("The answer was lost. Before anything is sent again we look for its write at Codat")
    if row.first_sent_at is not None:
        since = _("among those of this connection since %(when)s")
        sought = f"{sought}, {since % {'when': clock_time(row.first_sent_at)}}"
    looks = ngettext("Looked once so far.", "Looked %(n)d times so far.", row.polls)
    told = (looks % {"n": row.polls}) if row.polls else ""
    following = _("Next look at %(when)s. Nothing to do.") % {"when": clock_time(at)}
    return " ".join(part for part in (f"{sought}.", _tried(row), told, following) if part)


def _tried(row: Push) -> str:
    """Of the tries that told nothing."""
    if not row.tries:
        return ""
    return ngettext("Tried once so far.", "Tried %(n)d times so far.", row.tries) % {"n": row.tries}


def _why(row: Push, behind: Push) -> str:
    if behind.account_id != row.account_id:
        return _(
            "It is unknown whether a push of another account of this client arrived;"
            " that must be decided first."
        )
    if behind.status in UNDECIDED:
        return _("An earlier push of this account needs a decision first; order must be kept.")
    return _("An earlier push of this account must end first; order must be kept.")


def transaction(
    row: BankTransaction, *, push: int | None, findings: Sequence[Rule], today: dt.date
) -> Word:
    """`push`: number of the push that holds it; `findings`: what the rules say of it today."""
    if row.left_out_by is not None:
        return Word(_("Left out"), _left_out(row.left_out_by), "quiet")
    if row.goes_on_as_id is not None:
        text = _("The client moved to another QuickBooks company; it goes there.")
        return Word(_("Goes on with the new account"), text, "quiet")
    if push is not None:
        return Word(
            _("In push #%(id)d") % {"id": push},
            _("Its outcome is the outcome of that push."),
            "wait",
        )
    errors = [rule for rule in findings if rule.severity is Severity.ERROR]
    if any(rule in (TOO_OLD, OLDER_THAN_NEWEST) for rule in errors):
        return Word(
            _("Too late for the feed"),
            _("Older than seven days, or older than the newest accepted. Give the client a file."),
            "bad",
        )
    if errors:
        label = _("Blocked – %(reason)s") % {"reason": str(errors[0].reason).rstrip(".")}
        return Word(label, str(errors[0].remedy), "warn")
    return _waiting(row, today)


def finding(severity: str) -> Word:
    """Of a rule that speaks up about a row; "" where none does."""
    if severity == Severity.ERROR:
        return Word(_("Stops this row"), "", "bad")
    return Word(_("Worth a look"), "", "warn") if severity else Word(_("Fine"), "", "good")


def _waiting(row: BankTransaction, today: dt.date) -> Word:
    if today - row.date >= FEED_WINDOW:
        return Word(_("Waiting"), _("Send it today; QuickBooks may fetch too late."), "warn")
    # A row of day D is allowed through D+7, but QuickBooks may fetch a day later.
    by = day(row.date + FEED_WINDOW - dt.timedelta(days=1))
    return Word(_("Waiting"), _("Imported, in no push. Send by %(day)s.") % {"day": by}, "wait")


def _left_out(decision: PushDecision) -> str:
    return _("%(who)s decided on %(when)s not to send it: %(reason)s") % {
        "who": decision.made_by,
        "when": moment(decision.made_at),
        "reason": decision.reason,
    }
