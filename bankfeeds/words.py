"""What staff read: every status as label, symbol and explanation, in one place.

Pages, exports and commands all take their words from here. Pure but for reading the rows it is
given; knows the models, asks no database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .models import (
    BankTransaction,
    Connection,
    Intent,
    Push,
    PushDecision,
    PushStatus,
    SourceAccount,
)
from .rules import FEED_WINDOW, OLDER_THAN_NEWEST, TOO_OLD, Rule, Severity

Tone = Literal["good", "wait", "warn", "bad", "quiet"]
SYMBOLS: dict[Tone, str] = {"good": "✓", "wait": "…", "warn": "!", "bad": "✕", "quiet": "–"}
LINK_ENDS_SOON = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Word:
    """One status as a person reads it. `small`: Codat's own word, shown beside it."""

    label: str
    explanation: str
    tone: Tone
    small: str = ""

    @property
    def symbol(self) -> str:
        return SYMBOLS[self.tone]


# --- Times, dates, money ---------------------------------------------------------------------


def moment(at: dt.datetime | None) -> str:
    """`Nov 20, 2026, 3:42 p.m. ET`, in the institution's zone."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    return f"{date_format(local, 'M j, Y')}, {date_format(local, 'P')} {zone(local)}"


def clock_time(at: dt.datetime) -> str:
    """`3:42 p.m. ET`."""
    local = timezone.localtime(at)
    return f"{date_format(local, 'P')} {zone(local)}"


def zone(local: dt.datetime) -> str:
    """The zone's everyday abbreviation: EST and EDT are both ET to the people there."""
    name = local.tzname() or ""
    return f"{name[0]}T" if len(name) == 3 and name[1] in "SD" and name[2] == "T" else name


def day(date: dt.date | None) -> str:
    return date_format(date, "M j, Y") if date else "–"


def number(amount: Decimal) -> str:
    """`−1,234.56`: thousands separated, true minus sign, at least two decimals."""
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    text = number_format(abs(amount), decimal_pos=places, force_grouping=True)
    return f"−{text}" if amount < 0 else text


def money(amount: Decimal, currency: str) -> str:
    return f"{number(amount)} {currency}"


def flow(amount: Decimal, currency: str) -> str:
    """`Out 75.50 USD`: the word says the direction, so the sign is not repeated."""
    direction = _("Out") if amount < 0 else _("In")
    return f"{direction} {number(abs(amount))} {currency}"


# --- Links -----------------------------------------------------------------------------------


def link(connection: Connection | None, *, now: dt.datetime) -> Word:
    until = connection.link_valid_until if connection else None
    if connection is None or until is None:
        return Word(_("None yet"), _("Create the connection first."), "quiet")
    minutes = _minutes_left(until, now)
    if minutes <= 0:
        return Word(_("Expired"), _("The client would see an error page (401)."), "bad")
    if until - now < LINK_ENDS_SOON:
        label = _("Ends soon – %(minutes)d min left") % {"minutes": minutes}
        return Word(label, _("Copying renews it first."), "warn")
    label = _("Valid – %(minutes)d min left") % {"minutes": minutes}
    explanation = _("Works until %(time)s, for this client only.") % {"time": clock_time(until)}
    return Word(label, explanation, "good")


def _minutes_left(until: dt.datetime, now: dt.datetime) -> int:
    return int((until - now).total_seconds() // 60)


# --- Connection: one headline, worked out from its accounts ------------------------------------


def connection(
    row: Connection | None, accounts: Sequence[SourceAccount], *, now: dt.datetime
) -> Word:
    """The first of screens' rules that fits; the accounts' newest knowledge wins over Codat's word.

    `accounts`: those that count, that is neither removed nor unwanted nor only planned.
    """
    if row is None:
        return Word(_("No connection yet"), _("Create the QuickBooks connection first."), "quiet")
    if row.gone_at:
        return Word(
            _("Removed at Codat"), _("No longer exists at Codat. Its history stays here."), "bad"
        )
    if not row.at_codat:
        return Word(
            _("Not yet at Codat"), _("The connection was not created. Press Continue."), "warn"
        )
    return _headline(row, accounts, now)


def _headline(row: Connection, accounts: Sequence[SourceAccount], now: dt.datetime) -> Word:
    states = [account.status.lower() for account in accounts]
    connected, lost = states.count("connected"), states.count("disconnected")
    if row.status == "Deauthorized":
        return Word(
            _("Access withdrawn"),
            _("Permission was withdrawn. A new link and a new consent are needed."),
            "bad",
            row.status,
        )
    if row.status == "Unlinked" or (states and lost == len(states)):
        return Word(
            _("Disconnected"),
            _("QuickBooks no longer asks for any account. The client must connect again."),
            "bad",
            row.status,
        )
    if lost:
        label = _("Partly disconnected (%(lost)d of %(all)d lost)")
        return Word(
            label % {"lost": lost, "all": len(states)},
            _("The other accounts still work. Ask the client whether this was meant."),
            "warn",
            row.status,
        )
    if connected:
        return _some_connected(row, connected, len(states))
    return _none_connected(row, states, now)


def _some_connected(row: Connection, connected: int, total: int) -> Word:
    counts = {"connected": connected, "all": total}
    if connected == total:
        return Word(
            _("Connected (%(connected)d of %(all)d)") % counts,
            _("The client chose all accounts in QuickBooks. Transactions can be sent."),
            "good",
            row.status,
        )
    return Word(
        _("Partly connected (%(connected)d of %(all)d)") % counts,
        _(
            "Feeds run for %(connected)d of %(all)d. Ask about the rest:"
            " send a new link, or mark them not wanted."
        )
        % counts,
        "warn",
        row.status,
    )


def _none_connected(row: Connection, states: list[str], now: dt.datetime) -> Word:
    if not states:
        return Word(
            _("No accounts yet"),
            _("Add accounts before the client opens the link; the page at Codat would be empty."),
            "quiet",
            row.status,
        )
    if row.status not in {"PendingAuth", "Linked", ""}:
        return _unclear(row.status)
    until = row.link_valid_until
    if until and until > now:
        label = _("Waiting for the client – link valid %(minutes)d min")
        return Word(
            label % {"minutes": _minutes_left(until, now)},
            _("The client has a working link and has not finished."),
            "wait",
            row.status,
        )
    return Word(
        _("Waiting for the client – link expired"),
        _("The client cannot go on. Renew when the client is ready to use it within the hour."),
        "warn",
        row.status,
    )


def _unclear(codat_word: str) -> Word:
    return Word(
        _("Unclear – Codat says “%(word)s”") % {"word": codat_word or _("nothing")},
        _("A word this portal does not know. Nothing is sent until an account shows Connected."),
        "warn",
        codat_word,
    )


# --- Source account ----------------------------------------------------------------------------

ACCOUNT_WORDS: dict[str, tuple[Promise, Promise, Tone]] = {
    "pending": (
        gettext_lazy("Not connected yet"),
        gettext_lazy(
            "The client has not chosen this account in QuickBooks."
            " Nothing can be sent; rows keep ageing."
        ),
        "wait",
    ),
    "connecting": (
        gettext_lazy("Connecting"),
        gettext_lazy("Started in QuickBooks, not confirmed. Nothing can be sent yet."),
        "wait",
    ),
    "connected": (
        gettext_lazy("Connected"),
        gettext_lazy("Transactions can be sent. Codat learns of a disconnect up to 10 days late."),
        "good",
    ),
    "disconnected": (
        gettext_lazy("Disconnected"),
        gettext_lazy(
            "QuickBooks has not asked for about 10 days."
            " What was accepted meanwhile may be missing there."
        ),
        "bad",
    ),
}


def account(row: SourceAccount) -> Word:
    if row.gone_at:
        return Word(
            _("Removed"),
            _("Taken off the feed. The account in QuickBooks and what it holds stay."),
            "quiet",
            row.status,
        )
    if row.intent != Intent.DONE:
        return Word(_("Not yet at Codat"), row.problem or _("It was not added yet."), "warn")
    known = ACCOUNT_WORDS.get(row.status.lower())
    if known is None:
        return Word(
            _("Unclear – Codat says “%(word)s”") % {"word": row.status or _("nothing")},
            _("Not a known status. Nothing is sent. Refresh, then ask Codat."),
            "warn",
            row.status,
        )
    label, explanation, tone = known
    return Word(str(label), str(explanation), tone, row.status)


# --- Push ----------------------------------------------------------------------------------------

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


def push(row: Push, *, now: dt.datetime, behind: Push | None = None) -> Word:
    """`behind`: the earlier push of the account that this one waits for."""
    explanation, tone = PUSH_WORDS[row.status]
    label, text = str(row.label), str(explanation)
    if row.status == PushStatus.READY:
        if behind is not None:
            label = _("Waiting behind push #%(id)d") % {"id": behind.pk}
            text = _("An earlier push of this account must end first; order must be kept.")
            if behind.status in {PushStatus.FAILED, PushStatus.TIMED_OUT, PushStatus.NEEDS_REVIEW}:
                text = _(
                    "An earlier push of this account needs a decision first; order must be kept."
                )
        elif row.hold_reason and row.next_attempt_at and row.next_attempt_at > now:
            label = _("On hold – %(why)s, until %(when)s") % {
                "why": row.hold_reason,
                "when": clock_time(row.next_attempt_at),
            }
            text = _("Nothing is wrong with these rows. Goes on by itself.")
    return Word(label, text, tone, row.codat_status)


# --- Transaction ---------------------------------------------------------------------------------


def transaction(
    row: BankTransaction, *, push: int | None, findings: Sequence[Rule], today: dt.date
) -> Word:
    """`push`: number of the push that holds it; `findings`: what the rules say of it today."""
    if row.left_out_by is not None:
        return Word(_("Left out"), _left_out(row.left_out_by), "quiet")
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
