"""The blocks that the pages of companies, connections and accounts have in common.

Each function makes the context of one template in templates/admin/bankfeeds/mirror/.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import holding, links, words
from bankfeeds.models import Company, Connection, Language, Push, SourceAccount
from bankfeeds.words import LINK_ENDS_SOON, Word

from . import mirror_rows, mirror_words, push_words

PUSHES = 10


def may(request: HttpRequest, permission: str) -> bool:
    return request.user.has_perm(f"bankfeeds.{permission}")


# --- The link --------------------------------------------------------------------------------


@dataclass(frozen=True)
class LinkBlock:
    """State of a connection's link, never the link. `seconds`: until it ends, for the countdown.

    `why_not`: why no link can be had now; "" when it can.
    """

    connection: Connection
    word: Word
    seconds: int
    until: dt.datetime | None
    issued: str
    ends_soon: bool
    why_not: str
    may_copy: bool
    may_renew: bool

    @property
    def languages(self) -> list[tuple[str, str]]:
        """Of the message to the client: code and name, the client's own first."""
        own = self.connection.company.language
        names = [(code, str(name)) for code, name in Language.choices]
        return sorted(names, key=lambda choice: choice[0] != own)

    @property
    def can_copy(self) -> bool:
        """Copying renews a link that ends, which not everybody may."""
        return self.may_copy and (not self.ends_soon or self.may_renew)


def link_block(
    request: HttpRequest, connection: Connection | None, *, now: dt.datetime
) -> LinkBlock | None:
    """None for whoever may not see a link, and where there is no connection."""
    may_copy, may_renew = may(request, "see_link"), may(request, "renew_link")
    if connection is None or not (may_copy or may_renew):
        return None
    until = connection.link_valid_until
    left = until - now if until else dt.timedelta()
    return LinkBlock(
        connection=connection,
        word=words.link(connection, now=now),
        seconds=max(0, int(left.total_seconds())),
        until=until if left > dt.timedelta() else None,
        issued=links.issue_of(connection),
        ends_soon=left < LINK_ENDS_SOON,
        why_not=_why_no_link(connection),
        may_copy=may_copy,
        may_renew=may_renew,
    )


def _why_no_link(connection: Connection) -> str:
    if connection.company.closed_at:
        return _("The company is closed.")
    if connection.gone_at or connection.company.gone_at:
        return _("It no longer exists at Codat.")
    return "" if connection.at_codat else _("The connection does not exist at Codat yet.")


# --- Accounts --------------------------------------------------------------------------------


@dataclass(frozen=True)
class AccountRow:
    account: Any
    label: str
    word: Word
    send_by: str
    held: str
    why_no_import: str
    why_no_push: str
    push_waits: str

    @property
    def rename(self) -> str:
        return reverse("admin:bankfeeds_sourceaccount_change", args=[self.account.pk]) + "#rename"


def account_rows(
    accounts: Sequence[SourceAccount],
    *,
    now: dt.datetime,
    barriers: words.Barriers | None = None,
) -> list[AccountRow]:
    labels = push_words.account_labels(accounts)
    barriers = barriers or holding.barriers(accounts)
    mirror_rows.put_held(accounts, today=timezone.localdate(now))
    return [account_row(row, labels[row.pk], barriers=barriers, now=now) for row in accounts]


def account_row(
    account: Any, label: str, *, barriers: words.Barriers, now: dt.datetime
) -> AccountRow:
    return AccountRow(
        account=account,
        label=label,
        word=mirror_words.account(account, now=now),
        send_by=waiting_words([account], now=now),
        held=held_words(account.held.rows),
        why_no_import=mirror_words.why_no_import(account),
        why_no_push=mirror_words.why_no_push(account, barriers=barriers),
        push_waits=mirror_words.push_waits(barriers),
    )


# --- Pushes ---------------------------------------------------------------------


def pushes(*, now: dt.datetime, **of: Company | Connection | SourceAccount) -> list[Any]:
    """The newest pushes of a company, connection or account, each with its word and marks."""
    rows = Push.objects.filter(**of).select_related("account").defer("account__sealed_body")
    rows = rows.defer("validation", "error_message", "body_sha256", "account__sealed_body")
    rows = rows.prefetch_related("decisions", "replaces", "marks")
    newest = list(rows[:PUSHES])
    holding.place(newest, now=now)
    return [(row, push_words.listed(row, now=now), push_words.marks(row)) for row in newest]


def waiting_words(rows: Iterable[Any], *, now: dt.datetime) -> str:
    """By when the first of them should leave, and the money that those rows carry."""
    rows = list(rows)
    day, money = mirror_rows.send_by(rows), mirror_rows.urgent(rows)
    return mirror_words.send_by(day, today=timezone.localdate(now), money=money)


def waiting_cell(rows: Sequence[Any], *, now: dt.datetime) -> SafeString | str:
    """Of these accounts, in a list: how many rows wait, how many more were confirmed and have not
    left, and by when the first should."""
    number, held = mirror_rows.waiting(rows)[0], mirror_rows.held(rows)
    if not number and not held:
        return "–"
    below = [held_words(held), waiting_words(rows, now=now)]
    lines = format_html_join(
        "", '<br><span class="small">{}</span>', ([each] for each in below if each)
    )
    return format_html("{}{}", words.count(number), lines)


def held_words(rows: int) -> str:
    """`3 in pushes that wait`; "" when there are none."""
    if not rows:
        return ""
    text = ngettext("%(n)s in a push that waits", "%(n)s in pushes that wait", rows)
    return text % {"n": words.count(rows)}
