"""A pre-flight report as a table: each row with what the rules say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from bankfeeds import words
from bankfeeds.models import SourceAccount
from bankfeeds.rules import Judged, Rule

from .sheet import Column, Sheet


def pre_flight(account: SourceAccount) -> Sheet:
    """Rows: transactions of this account as the rules have judged them."""
    columns = (
        Column(_("Date"), lambda one: one.row.date),
        Column(_("Description"), lambda one: one.row.description),
        Column(_("Amount"), lambda one: one.row.amount),
        Column(_("Balance"), lambda one: one.row.balance),
        Column(_("Currency"), lambda one: account.currency),
        Column(_("Id"), lambda one: one.row.transaction_id),
        Column(_("Finding"), _verdict),
        Column(_("Code"), _of_each(lambda rule: rule.code)),
        Column(_("Reason"), _of_each(lambda rule: str(rule.reason))),
        Column(_("What to do"), _of_each(lambda rule: str(rule.remedy))),
        Column(_("Source"), _of_each(lambda rule: rule.source)),
        Column(_("Line"), lambda one: one.row.line),
    )
    return Sheet("pre-flight", _("Pre-flight report"), columns)


def _verdict(one: Judged[Any]) -> str:
    return words.finding(one.severity or "").label


def _of_each(value: Callable[[Rule], str]) -> Callable[[Any], str]:
    return lambda one: " | ".join(map(value, one.findings))
