"""How the pages about clients speak: the headline, the one next step, the lines of a timeline.

Reads rows as `mirror_rows` hands them over; asks no database.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bankfeeds import onboarding, words
from bankfeeds.models import Company, Connection, Event, Intent, RemoteCreation, SourceAccount
from bankfeeds.words import Word

from . import mirror_rows


def headline(company: Company, connection: Connection | None, *, now: dt.datetime) -> Word:
    """The status of a client: of the company while it is not at Codat, then of the connection."""
    if company.gone_at:
        return Word(
            _("Removed at Codat"), _("No longer exists at Codat. Its history stays here."), "bad"
        )
    if (word := unfinished(company, now=now)) is not None:
        return word
    if connection is not None and (word := unfinished(connection, now=now)) is not None:
        return word
    return words.connection(connection, mirror_rows.counted(connection), now=now)


def unfinished(row: RemoteCreation, *, now: dt.datetime) -> Word | None:
    """What is said of a row whose creation at Codat has not ended well; None when it has."""
    if row.intent == Intent.DONE:
        return None
    if onboarding.in_progress(row, now=now):
        return Word(
            _("Being created"), _("Codat is being asked right now. Look again in a minute."), "wait"
        )
    problem = row.problem or _("It was not sent to Codat yet. Press Continue.")
    return Word(_("Not yet at Codat"), problem, "warn")


@dataclass(frozen=True)
class NextStep:
    """One short sentence, and which button does it: one of the names in next_step.html, or ""."""

    text: str
    kind: str = ""
    number: int | None = None


def next_step(company: Any, connection: Connection | None, *, now: dt.datetime) -> NextStep:
    if company.gone_at:
        return NextStep(_("Nothing to do: it no longer exists at Codat."))
    if company.undecided:
        text = _("Decide push #%(id)d") % {"id": company.undecided}
        return NextStep(text, "decide", company.undecided)
    if company.intent != Intent.DONE:
        return NextStep(_("Continue creating the company"), "continue")
    if connection is None or connection.gone_at or connection.status == "Unlinked":
        return NextStep(_("Create the QuickBooks connection"), "connect")
    if connection.intent != Intent.DONE:
        return NextStep(_("Continue creating the connection"), "continue")
    return _of_accounts(connection, now=now)


def _of_accounts(connection: Any, *, now: dt.datetime) -> NextStep:
    open_ones = [row for row in connection.all_accounts if row.intent != Intent.DONE]
    if open_ones:
        row = open_ones[0]
        return NextStep(_("Continue adding %(name)s") % {"name": row.name}, "account", row.pk)
    counted, ready = mirror_rows.counted(connection), mirror_rows.connected(connection)
    if not counted:
        return NextStep(_("Add accounts"), "accounts")
    number, send_by = mirror_rows.waiting(ready)
    if number:
        text = ngettext("Push %(n)d row by %(day)s", "Push %(n)d rows by %(day)s", number)
        return NextStep(text % {"n": number, "day": words.day(send_by)}, "push")
    if not ready:
        until = connection.link_valid_until
        if until and until > now:
            return NextStep(_("Give the link to the client"), "copy")
        return NextStep(_("Renew link when client calls"), "renew")
    return NextStep(_("Nothing to push: import a file when there is one"))


# --- Accounts --------------------------------------------------------------------------------


def account(row: SourceAccount, *, now: dt.datetime) -> Word:
    return unfinished(row, now=now) or words.account(row)


def account_type(codat_word: str) -> str:
    return str(dict(SourceAccount.Type.choices).get(codat_word, codat_word))


def why_no_push(row: SourceAccount) -> str:
    """Why *Push* cannot work for this account now; "" when it can."""
    if row.is_connected:
        return ""
    return _("Not connected: nothing can be sent.")


def why_no_push_at_all(company: Company, connection: Connection | None) -> str:
    ready = mirror_rows.connected(connection)
    if not ready or company.gone_at:
        return _("No account is connected yet.")
    if not mirror_rows.waiting(ready)[0]:
        return _("Nothing new to send: no rows wait.")
    return ""


def send_by(day: dt.date | None, *, today: dt.date) -> str:
    """`Send by Nov 24, 2026`; of a row on its last day, that it may be too late."""
    if day is None:
        return ""
    text = _("Send by %(day)s") % {"day": words.day(day)}
    return f"{text}. {_('QuickBooks may fetch too late.')}" if day < today else text


# --- Timeline --------------------------------------------------------------------------------

WHAT = {
    "company.requested": gettext_lazy("Company entered"),
    "company.created": gettext_lazy("Company created at Codat"),
    "company.continued": gettext_lazy("Continue pressed"),
    "company.failed": gettext_lazy("Company not created"),
    "company.changed": gettext_lazy("Name at Codat changed"),
    "company.edited": gettext_lazy("Our details changed"),
    "company.gone": gettext_lazy("Company removed at Codat"),
    "connection.requested": gettext_lazy("QuickBooks connection asked for"),
    "connection.created": gettext_lazy("QuickBooks connection created"),
    "connection.continued": gettext_lazy("Continue pressed"),
    "connection.failed": gettext_lazy("QuickBooks connection not created"),
    "connection.gone": gettext_lazy("Connection removed at Codat"),
    "connection.back": gettext_lazy("Connection found again at Codat"),
    "account.requested": gettext_lazy("Account entered"),
    "account.created": gettext_lazy("Account added"),
    "account.continued": gettext_lazy("Continue pressed"),
    "account.failed": gettext_lazy("Account not added"),
    "account.number_entered": gettext_lazy("Account number entered again"),
    "account.renamed": gettext_lazy("Account renamed"),
    "account.status": gettext_lazy("Status changed"),
    "account.changed": gettext_lazy("Changed at Codat"),
    "account.gone": gettext_lazy("Account removed"),
    "account.back": gettext_lazy("Account found again at Codat"),
    "account.marked": gettext_lazy("May not have reached QuickBooks"),
    "account.seen_to": gettext_lazy("Seen to"),
    "resending.chosen": gettext_lazy("Rows chosen to go again"),
    "link.issued": gettext_lazy("Link issued"),
    "link.renewed": gettext_lazy("Link renewed"),
    "link.copied": gettext_lazy("Link copied"),
    "statement.saved": gettext_lazy("File imported"),
    "statement.discarded": gettext_lazy("Upload cancelled"),
    "push.ready": gettext_lazy("Push confirmed"),
    "push.sending": gettext_lazy("Push leaving"),
    "push.reconciling": gettext_lazy("Looking for a push at Codat"),
    "push.late_answer": gettext_lazy("Codat answered late"),
    "push.submitted": gettext_lazy("Push at Codat, being checked"),
    "push.succeeded": gettext_lazy("Push accepted by Codat"),
    "push.failed": gettext_lazy("Push refused by Codat"),
    "push.timed_out": gettext_lazy("Outcome of push unknown"),
    "push.needs_review": gettext_lazy("Push needs a decision"),
    "push.cancelled": gettext_lazy("Push stopped or given up"),
    "push.too_late": gettext_lazy("Rows too late for the feed"),
    "feed.scheduled": gettext_lazy("Schedule set"),
    "feed.missed": gettext_lazy("The day's file did not arrive"),
    "feed.late": gettext_lazy("The day's file came late"),
    "feed.held": gettext_lazy("The day could not be sent"),
    "feed.resumed": gettext_lazy("The held day was carried out"),
    "feed.file_for_client": gettext_lazy("File for the client taken out"),
    "sending.stopped": gettext_lazy("Sending stopped"),
    "sending.allowed": gettext_lazy("Sending allowed again"),
}
SHOWN = ("status", "name", "codat_name", "reference", "country", "feed_start_date")


@dataclass(frozen=True)
class Line:
    event: Event
    what: str
    change: str
    account: str = ""


def line(event: Event) -> Line:
    what = str(WHAT.get(event.action, event.action))
    return Line(event, what, _change(event), event.account.name if event.account else "")


def _change(event: Event) -> str:
    """`Pending → Connected` in the words of the staff; "" where the line is no change."""
    moved = [
        f"{_shown(name, event.before[name])} → {_shown(name, event.after[name])}"
        for name in SHOWN
        if name in event.before
        and name in event.after
        and not event.push_id
        and event.before[name] != event.after[name]
    ]
    return ", ".join(moved)


def _shown(name: str, value: object) -> str:
    known = words.ACCOUNT_WORDS.get(str(value).lower()) if name == "status" else None
    return str(known[0]) if known else str(value if value not in ("", None) else "–")
