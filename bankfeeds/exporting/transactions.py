"""Transactions as a table: each with where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bankfeeds import pushing, words
from bankfeeds.models import BankTransaction, PushItem

from .sheet import Column, Sheet


def transactions() -> Sheet:
    """Rows: transactions read by `with_places`."""
    return Sheet("transactions", _("Transactions"), COLUMNS, _prepare)


def with_places(rows: QuerySet[BankTransaction]) -> QuerySet[BankTransaction]:
    """With account, company, file and `held`: the items of pushes that no push has released."""
    held = PushItem.objects.filter(released=False).order_by("pk").select_related("push")
    held = held.only("transaction", "push__status")
    return (
        rows.select_related("account__company", "statement", "left_out_by")
        .defer("statement__rejected", "account__sealed_body")
        .prefetch_related(Prefetch("items", queryset=held, to_attr="held"))
    )


def status_of_push(row: Any) -> str:
    """Of the push that holds a transaction read by `with_places`; "" where none does."""
    return words.push_label(row.held[-1].push.status) if row.held else ""


def _prepare(rows: Sequence[Any]) -> None:
    pushing.place(rows, today=timezone.localdate())


COLUMNS = (
    Column(_("Date"), lambda row: row.date),
    Column(_("Description"), lambda row: row.description),
    Column(_("Amount"), lambda row: row.amount),
    Column(_("Balance"), lambda row: row.balance),
    Column(_("Currency"), lambda row: row.account.currency),
    Column(_("Id"), lambda row: row.transaction_id),
    Column(_("Type"), lambda row: row.transaction_type),
    Column(_("State"), lambda row: row.state_word.label),
    Column(_("Explanation"), lambda row: row.state_word.explanation),
    Column(_("Push"), lambda row: row.held[-1].push_id if row.held else None),
    Column(_("Status of the push"), lambda row: status_of_push(row)),
    Column(_("Company"), lambda row: row.account.company.name),
    Column(_("Reference"), lambda row: row.account.company.reference),
    Column(_("Account"), lambda row: str(row.account)),
    Column(_("File"), lambda row: row.statement.file_name),
    Column(_("Line"), lambda row: row.line),
)
