"""What is shown of stops and incidents on pages about something else: bands, and beside a status.

Each function makes the context of one template in templates/admin/bankfeeds/sendingstop/.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from bankfeeds import ageing, health, senders, words
from bankfeeds.models import Company, Incident, Sender, SendingStop, SourceAccount
from bankfeeds.words import Band, Word
from bankfeeds.words.senders import missing_band

from .at_a_glance import Glance


def bands(seen: Glance, *, now: dt.datetime) -> list[tuple[Band, str]]:
    """The bands below the header, the worst first, each with the address of its page or ""."""
    found = health.troubles(now=now, others=bool(seen.incidents or seen.stops))
    lost = words.lost(found.loss.first, found.loss.already)
    every = [*_bands(found, lost), *(_missing_files() if seen.missing_files else ())]
    return [(band, address(band.by)) for band in every]


def _bands(found: health.Troubles, lost: str) -> Iterator[Band]:
    if found.refused is not None:
        yield words.refused_band(found.refused, loss=lost)
    if found.worker is not None:
        yield words.worker_band(found.worker.since, loss=lost)
    if found.outage is not None:
        yield words.outage_band(found.outage, loss=lost)
    if found.everything is not None:
        yield words.everything_band(found.everything, loss=lost)


def _missing_files() -> Iterator[Band]:
    for sender, missing in senders.missing_now():
        yield missing_band(sender, missing)


def address(by: SendingStop | Incident | Sender | None) -> str:
    if by is None:
        return ""
    return reverse(f"admin:bankfeeds_{by._meta.model_name}_change", args=(by.pk,))


@dataclass(frozen=True)
class Beside:
    """One open stop, as it stands beside the status of what it stops."""

    stop: SendingStop
    word: Word
    scope: str
    who: str

    @property
    def address(self) -> str:
        return address(self.stop)


def of_account(account: SourceAccount) -> list[Beside]:
    """The open stops that hold it: its own, its company's, and that of everything."""
    scope = Q(account=account) | Q(company=account.company_id) | Q(account=None, company=None)
    return _beside(scope)


def of_company(company: Company) -> list[Beside]:
    """The open stops that hold it or one of its accounts."""
    scope = Q(company=company) | Q(account__company=company) | Q(account=None, company=None)
    return _beside(scope, name_accounts=True)


def _beside(scope: Q, *, name_accounts: bool = False) -> list[Beside]:
    rows = SendingStop.objects.filter(scope, allowed_at=None).select_related("account")
    rows = rows.defer("account__sealed_body", "account__problem").order_by("stopped_at", "pk")
    return [
        Beside(
            stop,
            words.stopped(stop),
            str(stop.account) if name_accounts and stop.account else words.scope(stop),
            words.who(stop),
        )
        for stop in rows
    ]


def stop_here(stops: list[Beside], *, account: Any = None, company: Any = None) -> str:
    """Address of *Stop sending* for it; "" when exactly that is stopped already."""
    own = (account.pk if account else None, company.pk if company else None)
    if any((beside.stop.account_id, beside.stop.company_id) == own for beside in stops):
        return ""
    place = reverse("admin:bankfeeds_sendingstop_stop")
    if account is not None:
        return f"{place}?account={account.pk}"
    return f"{place}?company={company.pk}" if company is not None else f"{place}?everything=yes"


# --- What would age out ----------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """What becomes too late meanwhile: one sentence, and a line for each day."""

    sentence: str
    days: list[tuple[ageing.AgeingDay, list[tuple[str, str]]]]
    already: int
    under_way: int


def preview(
    *,
    account: SourceAccount | None = None,
    company: Company | None = None,
    now: dt.datetime,
) -> Preview:
    found = ageing.foresee(account=account, company=company, now=now)
    sentence = words.ageing((day.on, day.rows) for day in found.days)
    days = [(day, _flows(day)) for day in found.days]
    under_way = sum(day.under_way for day in found.days)
    return Preview(sentence, days, found.already, under_way)


def _flows(day: ageing.AgeingDay) -> list[tuple[str, str]]:
    """Money in and money out, for each currency."""
    return [
        (
            _("In %(sum)s") % {"sum": words.money(flow.money_in, currency)},
            _("Out %(sum)s") % {"sum": words.money(abs(flow.money_out), currency)},
        )
        for currency, flow in sorted(day.flows.items())
    ]
