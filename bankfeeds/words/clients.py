"""The words for links, connections and source accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from bankfeeds.models import Company, Connection, Intent, SourceAccount

from .figures import clock_time
from .stored import said
from .word import Tone, Word

LINK_ENDS_SOON = dt.timedelta(minutes=10)


def closed(company: Company) -> Word:
    if company.replaced_by is None:
        text = _("Nothing of it is sent; its history stays here.")
        return Word(_("Closed"), text, "quiet")
    text = _("Nothing of it is sent; its history stays here. It goes on as %(name)s.")
    return Word(_("Closed"), text % {"name": company.replaced_by}, "quiet")


def link(connection: Connection | None, *, now: dt.datetime) -> Word:
    if connection is not None and connection.link_withdrawn_at:
        return Word(_("Withdrawn"), _("It is handed out no more."), "quiet")
    until = connection.link_valid_until if connection else None
    if connection is None or until is None:
        return Word(_("None yet"), _no_link(connection), "quiet")
    minutes = _minutes_left(until, now)
    if until <= now:
        return Word(_("Expired"), _("The client would see an error page (401)."), "bad")
    if until - now < LINK_ENDS_SOON:
        label = _("Ends soon – %(minutes)d min left") % {"minutes": minutes}
        return Word(label, _("Copying renews it first."), "warn")
    label = _("Valid – %(minutes)d min left") % {"minutes": minutes}
    explanation = _("Works until %(time)s, for this client only.") % {"time": clock_time(until)}
    return Word(label, explanation, "good")


def _no_link(connection: Connection | None) -> str:
    # One that was adopted is there already, and its link was never handed out here.
    if connection is not None and connection.at_codat:
        return _("None was made here: Copy link makes one.")
    return _("Create the connection first.")


def _minutes_left(until: dt.datetime, now: dt.datetime) -> int:
    """Whole minutes; a link that works for another moment still has one."""
    return max(1, int((until - now).total_seconds() // 60))


def connection(
    row: Connection | None, accounts: Sequence[SourceAccount], *, now: dt.datetime
) -> Word:
    """The first of screens' rules that fits; the accounts' newest knowledge wins over Codat's word.

    `accounts`: those that count, that is neither removed nor unwanted nor only planned.
    """
    if row is None:
        return Word(_("No connection yet"), _("Create the QuickBooks connection first."), "quiet")
    if row.gone_at:
        return gone()
    if not row.at_codat:
        return Word(
            _("Not yet at Codat"),
            _("The connection was not created. It has to be continued."),
            "warn",
        )
    return _headline(row, accounts, now)


def _headline(row: Connection, accounts: Sequence[SourceAccount], now: dt.datetime) -> Word:
    states = [account.status.lower() for account in accounts]
    connected, lost = states.count("connected"), states.count("disconnected")
    if row.is_withdrawn(*accounts):
        return Word(
            _("Access withdrawn"),
            _("Permission was withdrawn. A new link and a new consent are needed."),
            "bad",
            row.status,
        )
    if row.status == "Unlinked" or (states and lost == len(states)):
        return Word(
            pgettext("connection", "Disconnected"),
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


def gone() -> Word:
    """Of a company or a connection."""
    return Word(
        _("Removed at Codat"), _("No longer exists at Codat. Its history stays here."), "bad"
    )


def account_label(codat_word: str) -> str:
    """The label of an account's status as Codat names it."""
    known = ACCOUNT_WORDS.get(codat_word.lower())
    return str(known[0]) if known else _unclear(codat_word).label


def unlinked(row: SourceAccount) -> Word:
    """Of an account that was connected over a connection that is unlinked."""
    return Word(
        _("Disconnected"),
        _("Its connection was unlinked at Codat. Nothing is sent over it any more."),
        "bad",
        row.status,
    )


def withdrawn(row: SourceAccount) -> Word:
    """Of an account that Codat called connected before permission was taken back."""
    return Word(
        _("Access withdrawn"),
        _("Nothing can be sent until the client agrees again."),
        "bad",
        row.status,
    )


def account(row: SourceAccount) -> Word:
    if row.gone_at:
        return Word(
            _("Removed"),
            _("Taken off the feed. The account in QuickBooks and what it holds stay."),
            "quiet",
            row.status,
        )
    if row.not_wanted_at:
        return Word(
            _("Not wanted"),
            _(
                "The client does not want this account in QuickBooks."
                " No reminders, nothing is sent."
            ),
            "quiet",
            row.status,
        )
    if row.intent != Intent.DONE:
        return Word(_("Not yet at Codat"), said(row.problem) or _("It was not added yet."), "warn")
    known = ACCOUNT_WORDS.get(row.status.lower())
    if known is None:
        return Word(
            _unclear(row.status).label,
            _("Not a known status. Nothing is sent. Refresh, then ask Codat."),
            "warn",
            row.status,
        )
    label, explanation, tone = known
    return Word(str(label), str(explanation), tone, row.status)
