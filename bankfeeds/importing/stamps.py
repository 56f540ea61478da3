"""Whether everything stands yet as it stood: short hashes of what a file's meaning hangs on."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence

from django.db.models import Count, Max, Q, Sum

from bankfeeds import limits
from bankfeeds.models import BankTransaction, Doubt, Push, SourceAccount, Statement

from .sorting import line_of

# Of the shape in which it is kept: raised with it, what was kept before is worked out anew.
SHAPE = 3
# What a preview hangs on, in the order of its stamp, and how many letters each has there.
HANGS_ON = ("day", "settings", "account", "file", "opening", "sent", "rows")
OF_EACH = 20
OPENING = ("opening_balance", "opening_stated_by", "opening_stated_at")


def stamp_of(statement: Statement, *, today: dt.date) -> str:
    """Of all that a preview hangs on; see `keeping.changed_since`."""
    said = _hangs_on(statement, today)
    return ":".join(_hash(said[name]) for name in HANGS_ON)


def of_what_is_here(account: SourceAccount) -> str:
    """Another when rows came in on it, or on what it goes on from, or one was decided on."""
    line = line_of(account)
    return _hash((line, _here(line)))


def _hangs_on(statement: Statement, today: dt.date) -> Mapping[str, object]:
    account = SourceAccount.objects.values("currency", "feed_start_date").get(
        pk=statement.account_id
    )
    heavy = {"rejected", *OPENING}
    every = [field.attname for field in Statement._meta.concrete_fields]
    # Of mended rows the file that they mend, too: what was stated of it is of both.
    whole = statement.mends_id or statement.pk
    upload = Statement.objects.filter(pk__in=(statement.pk, whole)).order_by("pk")
    line = line_of(statement.account)
    return {
        "day": today,
        "settings": (SHAPE, limits.in_force()),
        "account": (account, line),
        "file": list(upload.values_list(*(name for name in every if name not in heavy))),
        "opening": list(upload.values_list(*OPENING)),
        "sent": Push.objects.newest_dates([statement.account_id]),
        "rows": _here(line),
    }


def _here(line: Sequence[int]) -> object:
    rows = BankTransaction.objects.filter(account__in=line)
    imports = Statement.objects.filter(account__in=line).exclude(state=Statement.State.PREVIEWED)
    doubts = Doubt.objects.filter(account__in=line)
    return (
        rows.aggregate(newest=Max("pk")),
        list(
            imports.order_by("state")
            .values_list("state")
            .annotate(Count("pk"), Max("saved_at"), Sum("rows_saved"))
        ),
        doubts.aggregate(newest=Max("pk"), answered=Count("pk", filter=~Q(answer=""))),
    )


def _hash(said: object) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()[:OF_EACH]
