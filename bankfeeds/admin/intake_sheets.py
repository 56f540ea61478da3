"""The lists of what comes in, as tables: files, their senders and profiles, rows to decide."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds.exporting import Column, Sheet
from bankfeeds.models import ColumnProfile, Sender
from bankfeeds.words.doubts import doubt
from bankfeeds.words.senders import received, why


def statements() -> Sheet:
    columns = (
        Column(gettext_lazy("File"), lambda row: row.file_name),
        Column(gettext_lazy("Company"), lambda row: row.company.name),
        Column(gettext_lazy("Account"), lambda row: str(row.account)),
        Column(gettext_lazy("State"), lambda row: row.get_state_display()),
        Column(gettext_lazy("Rows saved"), lambda row: row.rows_saved),
        Column(gettext_lazy("Rows already here"), lambda row: row.rows_known),
        Column(gettext_lazy("Rows left out"), lambda row: row.rows_rejected),
        Column(gettext_lazy("Opening balance as stated"), lambda row: row.opening_balance),
        Column(gettext_lazy("Stated by"), lambda row: row.opening_stated_by),
        Column(gettext_lazy("Size in bytes"), lambda row: row.size),
        Column(gettext_lazy("By"), lambda row: row.imported_by),
        Column(gettext_lazy("Uploaded"), lambda row: row.uploaded_at, is_moment=True),
        Column(gettext_lazy("Saved"), lambda row: row.saved_at, is_moment=True),
    )
    return Sheet("imported-files", gettext_lazy("Imported files"), columns)


def files() -> Sheet:
    """Rows: files read by their list, with what is kept of accounts that are not saved whole."""
    columns = (
        Column(gettext_lazy("Received"), lambda row: row.received_at, is_moment=True),
        Column(gettext_lazy("From"), lambda row: str(row.sender or row.uploaded_by)),
        Column(gettext_lazy("Batch"), lambda row: row.batch_id),
        Column(gettext_lazy("State"), lambda row: received(row).label),
        Column(gettext_lazy("Why"), lambda row: why(row, row.not_whole or ())),
        Column(gettext_lazy("Size in bytes"), lambda row: row.size),
        Column(gettext_lazy("Read"), lambda row: row.processed_at, is_moment=True),
    )
    return Sheet("received-files", gettext_lazy("Received files"), columns)


def senders() -> Sheet:
    columns = (
        Column(gettext_lazy("Name"), lambda row: row.name),
        Column(gettext_lazy("State"), _state_of_sender),
        Column(gettext_lazy("Made"), lambda row: row.created_at, is_moment=True),
        Column(gettext_lazy("By"), lambda row: row.created_by),
        Column(gettext_lazy("Last heard of"), lambda row: row.last_seen_at, is_moment=True),
        Column(gettext_lazy("Revoked"), lambda row: row.revoked_at, is_moment=True),
        Column(gettext_lazy("Revoked by"), lambda row: row.revoked_by),
    )
    return Sheet("senders", gettext_lazy("Senders"), columns)


def _state_of_sender(row: Sender) -> str:
    return _("Revoked") if row.revoked_at else _("In use")


def profiles() -> Sheet:
    columns = (
        Column(gettext_lazy("Name"), lambda row: row.name),
        Column(gettext_lazy("Institution"), lambda row: row.institution),
        Column(gettext_lazy("Version"), lambda row: row.version),
        Column(gettext_lazy("State"), _state_of_profile),
        Column(gettext_lazy("Made"), lambda row: row.made_at, is_moment=True),
        Column(gettext_lazy("By"), lambda row: row.made_by),
        Column(gettext_lazy("Retired"), lambda row: row.retired_at, is_moment=True),
    )
    return Sheet("column-profiles", gettext_lazy("Column profiles"), columns)


def _state_of_profile(row: ColumnProfile) -> str:
    return _("Retired") if row.retired_at else _("In use")


def doubts() -> Sheet:
    columns = (
        Column(gettext_lazy("Company"), lambda row: row.account.company.name),
        Column(gettext_lazy("Account"), lambda row: str(row.account)),
        Column(gettext_lazy("File"), lambda row: row.statement.file_name),
        Column(gettext_lazy("Line"), lambda row: row.line),
        Column(gettext_lazy("Id"), lambda row: row.transaction_id),
        Column(gettext_lazy("Date"), lambda row: row.date),
        Column(gettext_lazy("Description"), lambda row: row.description),
        Column(gettext_lazy("Amount"), lambda row: row.amount),
        Column(gettext_lazy("Currency"), lambda row: row.account.currency),
        Column(gettext_lazy("Why"), lambda row: row.get_kind_display()),
        Column(gettext_lazy("State"), lambda row: doubt(row).label),
        Column(gettext_lazy("Since"), lambda row: row.asked_at, is_moment=True),
        Column(gettext_lazy("Decided"), lambda row: row.answered_at, is_moment=True),
        Column(gettext_lazy("By"), lambda row: row.answered_by),
        Column(gettext_lazy("Reason"), lambda row: row.reason),
    )
    return Sheet("rows-to-decide", gettext_lazy("Rows to decide"), columns)
