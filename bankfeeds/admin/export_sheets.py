"""The lists of staff as tables: which columns each has in a file. Reads rows as the lists do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bankfeeds import exporting, words
from bankfeeds.exporting import Column, Sheet
from bankfeeds.models import (
    BankTransaction,
    Closure,
    ColumnProfile,
    Company,
    Connection,
    Doubt,
    Event,
    FeedRun,
    FeedSchedule,
    Incident,
    Push,
    ReceivedFile,
    Resending,
    Sender,
    SendingStop,
    SourceAccount,
    Statement,
    WebhookMessage,
)
from bankfeeds.words import feeds as feed_words
from bankfeeds.words import webhooks as webhook_words
from bankfeeds.words.stored import said

from . import feed_shown, intake_sheets, mirror_rows, mirror_words, next_step


def _headline(company: Company, tie: Connection | None) -> str:
    return mirror_words.headline(company, tie, now=timezone.now()).label


def _next_step(company: Any) -> str:
    tie = mirror_rows.current(company)
    now = timezone.now()
    return next_step.of_client(company, tie, now=now, barriers=company.barriers).text


def _owner(company: Company) -> str:
    return words.person(company.owner) if company.owner else ""


def _connected(tie: Connection | None) -> int:
    return len(mirror_rows.connected(tie))


def _counted(tie: Connection | None) -> int:
    return len(mirror_rows.counted(tie))


def _waiting(company: Company) -> int:
    return mirror_rows.waiting(mirror_rows.to_go(company))[0]


def _held(company: Company) -> int:
    return mirror_rows.held(mirror_rows.to_go(company))


def _send_by(company: Company) -> dt.date | None:
    return mirror_rows.send_by(mirror_rows.to_go(company))


def companies() -> Sheet:
    current = mirror_rows.current
    columns = (
        Column(_("Company"), lambda row: row.name),
        Column(_("Reference"), lambda row: row.reference),
        Column(_("Country"), lambda row: row.get_country_display()),
        Column(_("Status"), lambda row: _headline(row, current(row))),
        Column(_("Next step"), _next_step),
        Column(_("Accounts connected"), lambda row: _connected(current(row))),
        Column(_("Accounts"), lambda row: _counted(current(row))),
        Column(_("Waiting rows"), _waiting),
        Column(_("Rows in pushes that wait"), _held),
        Column(_("Send by"), _send_by),
        Column(_("Last accepted"), lambda row: row.accepted_at, is_moment=True),
        Column(_("Owner"), _owner),
        Column(_("Created"), lambda row: row.requested_at, is_moment=True),
        Column(_("Codat id"), lambda row: str(row.codat_id or "")),
    )
    return Sheet("companies", _("Companies"), columns, mirror_rows.put_holds)


def connections() -> Sheet:
    columns = (
        Column(_("Company"), lambda row: row.company.name),
        Column(_("Reference"), lambda row: row.company.reference),
        Column(_("Status"), lambda row: _headline(row.company, row)),
        Column(_("Accounts connected"), _connected),
        Column(_("Accounts"), _counted),
        Column(_("Codat's word"), lambda row: row.status),
        Column(_("Read"), lambda row: row.status_as_of, is_moment=True),
        Column(_("Created"), lambda row: row.requested_at, is_moment=True),
        Column(_("Codat id"), lambda row: str(row.codat_id or "")),
    )
    return Sheet("connections", _("Connections"), columns)


def _last4(row: SourceAccount) -> str:
    # As on every page: a bare 0012 would become 12 in a spreadsheet.
    return f"••{row.number_last4}"


def accounts() -> Sheet:
    columns = (
        Column(_("Company"), lambda row: row.company.name),
        Column(_("Reference"), lambda row: row.company.reference),
        Column(_("Account"), lambda row: row.name),
        Column(_("Type"), lambda row: mirror_words.account_type(row.account_type)),
        Column(_("Number"), _last4),
        Column(_("Currency"), lambda row: row.currency),
        Column(_("Account id"), lambda row: row.account_id),
        Column(_("Status"), lambda row: mirror_words.account(row, now=timezone.now()).label),
        Column(_("Codat's word"), lambda row: row.status),
        Column(_("As of"), lambda row: row.status_as_of, is_moment=True),
        Column(_("Feed start date"), lambda row: row.feed_start_date),
        Column(_("Waiting rows"), lambda row: row.waiting),
        Column(_("Rows in pushes that wait"), lambda row: row.held.rows),
        Column(_("Send by"), lambda row: mirror_rows.send_by([row])),
        Column(_("Money in by then"), _in_by_then),
        Column(_("Money out by then"), _out_by_then),
        Column(_("Accepted up to"), lambda row: row.accepted_to),
        Column(_("Balance then"), lambda row: row.balance_then),
    )
    return Sheet("accounts", _("Source accounts"), columns, _put_held)


def _in_by_then(row: Any) -> Decimal | None:
    """Of the rows that should leave first."""
    return next((money_in for _currency, money_in, _out in mirror_rows.urgent([row])), None)


def _out_by_then(row: Any) -> Decimal | None:
    return next((money_out for _currency, _in, money_out in mirror_rows.urgent([row])), None)


def _put_held(rows: Sequence[Any]) -> None:
    mirror_rows.put_held(rows, today=timezone.localdate())


def runs() -> Sheet:
    columns = (
        Column(_("Day"), lambda row: row.day),
        Column(_("Company"), lambda row: row.account.company.name),
        Column(_("Account"), lambda row: str(row.account)),
        Column(_("Outcome"), lambda row: feed_words.run(row).label),
        Column(_("Words"), lambda row: said(row.words)),
        Column(_("Ran"), lambda row: row.ran_at, is_moment=True),
        Column(_("Push"), lambda row: row.push_id),
    )
    return Sheet("days-of-feeds", _("Days of feeds"), columns)


def schedules() -> Sheet:
    """Rows: schedules read by `feed_shown.schedules`."""
    columns = (
        Column(_("Company"), lambda row: row.account.company.name),
        Column(_("Account"), lambda row: str(row.account)),
        Column(_("State"), lambda row: feed_words.state(row).label),
        Column(_("When"), feed_words.when),
        Column(_("Next run"), lambda row: row.next_run),
        Column(_("Last day"), lambda row: row.last_day),
        Column(_("Outcome"), _last_outcome),
        Column(_("Changed"), lambda row: row.changed_at, is_moment=True),
        Column(_("By"), lambda row: row.changed_by),
    )
    return Sheet("feed-schedules", _("Feeds that run by themselves"), columns, _with_next_run)


def _with_next_run(rows: Sequence[Any]) -> None:
    feed_shown.place(rows, now=timezone.now())


def _last_outcome(row: Any) -> str:
    word = feed_shown.last_run(row)
    return word.label if word else ""


def closures() -> Sheet:
    columns = (
        Column(_("Day"), lambda row: row.day),
        Column(_("Country"), feed_shown.country_of),
        Column(_("Name"), lambda row: row.name),
    )
    return Sheet("closing-days", _("Closing days"), columns)


def orders() -> Sheet:
    """Rows: orders read by the list of orders, which counts what became of their pushes."""
    columns = (
        Column(_("Order"), str),
        Column(_("Asked"), lambda row: row.asked_at, is_moment=True),
        Column(_("By"), lambda row: row.asked_by),
        Column(_("Choice"), lambda row: row.choice),
        Column(_("Pushes"), lambda row: row.total),
        Column(_("In a new push"), lambda row: row.sent_rows),
        Column(_("Not sent again"), lambda row: row.left_rows),
        Column(_("Ended"), lambda row: row.ended_at, is_moment=True),
        Column(_("Reason"), lambda row: row.reason),
    )
    return Sheet("orders-to-send-again", _("Orders to send again"), columns)


def stops() -> Sheet:
    columns = (
        Column(_("What"), str),
        Column(_("State"), lambda row: words.stopped(row).label),
        Column(_("Stopped"), lambda row: row.stopped_at, is_moment=True),
        Column(_("Stopped by"), lambda row: row.stopped_by),
        Column(_("Reason"), lambda row: row.reason),
        Column(_("Allowed again"), lambda row: row.allowed_at, is_moment=True),
        Column(_("Allowed by"), lambda row: row.allowed_by),
        Column(_("Reason for allowing"), lambda row: row.allowed_reason),
    )
    return Sheet("stops-of-sending", _("Stops of sending"), columns)


def incidents() -> Sheet:
    columns = (
        Column(_("What"), str),
        Column(_("State"), lambda row: words.incident(row).label),
        Column(_("Since"), lambda row: row.started_at, is_moment=True),
        Column(_("Ended"), lambda row: row.ended_at, is_moment=True),
        Column(_("Ended by"), lambda row: words.named(row.ended_by)),
        Column(_("Words"), lambda row: said(row.words)),
    )
    return Sheet("incidents", _("Incidents"), columns)


def webhook_messages() -> Sheet:
    columns = (
        Column(_("Received"), lambda row: row.received_at, is_moment=True),
        Column(_("Event"), lambda row: row.event_type),
        Column(_("State"), lambda row: webhook_words.message(row).label),
        Column(_("Words"), lambda row: said(row.words)),
        Column(_("Processed"), lambda row: row.processed_at, is_moment=True),
        Column(_("Message id"), lambda row: row.webhook_id),
    )
    return Sheet("messages-from-codat", _("Messages from Codat"), columns)


def too_late() -> Sheet:
    """Rows: `feeds.Lost`, each with its account and company read."""
    columns = (
        Column(_("Company"), lambda lost: lost.row.account.company.name),
        Column(_("Account"), lambda lost: str(lost.row.account)),
        Column(_("Date"), lambda lost: lost.row.date),
        Column(_("Description"), lambda lost: lost.row.description),
        Column(_("Amount"), lambda lost: lost.row.amount),
        Column(_("Currency"), lambda lost: lost.row.account.currency),
        Column(_("Id"), lambda lost: lost.row.transaction_id),
        Column(_("Reason"), lambda lost: str(lost.why.reason)),
        Column(_("What to do"), lambda lost: str(lost.why.remedy)),
    )
    return Sheet("too-late-for-the-feed", _("Too late for the feed"), columns)


SHEETS: dict[type[Model], Callable[[], Sheet]] = {
    BankTransaction: exporting.transactions,
    Closure: closures,
    ColumnProfile: intake_sheets.profiles,
    Company: companies,
    Connection: connections,
    Doubt: intake_sheets.doubts,
    Event: exporting.record,
    FeedRun: runs,
    FeedSchedule: schedules,
    Incident: incidents,
    Push: exporting.pushes,
    ReceivedFile: intake_sheets.files,
    Resending: orders,
    Sender: intake_sheets.senders,
    SendingStop: stops,
    SourceAccount: accounts,
    Statement: intake_sheets.statements,
    WebhookMessage: webhook_messages,
}
