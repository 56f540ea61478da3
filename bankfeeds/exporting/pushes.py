"""The push history as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bankfeeds import holding, words
from bankfeeds.models import Origin, Push, PushDecision
from bankfeeds.words import decided

from .sheet import Column, Sheet


def pushes() -> Sheet:
    """Rows: pushes read by `readable`, or by the history's own list."""
    return Sheet("push-history", _("Push history"), COLUMNS, _prepare)


def readable(rows: QuerySet[Push]) -> QuerySet[Push]:
    """All that the columns need; no body, no long text."""
    made = PushDecision.objects.only("kind", "push_id", "replacement_id")
    rows = rows.select_related("company", "account")
    rows = rows.defer("validation", "error_message", "account__sealed_body")
    return rows.prefetch_related(Prefetch("decisions", made), Prefetch("replaces", made), "marks")


def _prepare(rows: Sequence[Any]) -> None:
    holding.place(rows, now=timezone.now())


def _status(push: Push) -> str:
    return decided.listed(push, now=timezone.now()).label


def _marks(push: Push) -> str:
    return "; ".join(
        mark.words if mark.number is None else f"{mark.words} #{mark.number}"
        for mark in decided.marks(push)
    )


def _seconds(push: Push) -> int | None:
    if push.ended_at is None:
        return None
    return max(0, round((push.ended_at - push.requested_at) / dt.timedelta(seconds=1)))


COLUMNS = (
    Column(_("Push"), lambda push: push.pk),
    Column(_("Confirmed"), lambda push: push.requested_at, is_moment=True),
    Column(_("By"), lambda push: words.actor(push.requested_by, push.origin)),
    Column(_("Origin"), lambda push: str(Origin(push.origin).label)),
    Column(_("Company"), lambda push: push.company.name),
    Column(_("Reference"), lambda push: push.company.reference),
    Column(_("Account"), lambda push: str(push.account)),
    Column(_("Account id"), lambda push: push.account.account_id),
    Column(_("Rows"), lambda push: push.rows),
    Column(_("First date"), lambda push: push.first_date),
    Column(_("Last date"), lambda push: push.last_date),
    Column(_("Money in"), lambda push: abs(push.money_in)),
    Column(_("Money out"), lambda push: -abs(push.money_out)),
    Column(_("Balance after"), lambda push: push.balance_after),
    Column(_("Currency"), lambda push: push.currency),
    Column(_("Status"), _status),
    Column(_("Codat's word"), lambda push: push.codat_status),
    Column(_("Marks"), _marks),
    Column(_("Ended"), lambda push: push.ended_at, is_moment=True),
    Column(_("Took (seconds)"), _seconds),
    Column(_("Codat's write id"), lambda push: str(push.push_operation_key or "")),
    Column(_("Environment"), lambda push: push.environment.upper()),
)
