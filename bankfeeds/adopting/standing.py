"""How what Codat has of a company stands to what is here. Reads our tables only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from bankfeeds import onboarding
from bankfeeds.codat import shapes
from bankfeeds.models import Company, Connection, FoundAs, SourceAccount

from .reading import AtCodat, Tie, is_whole, last4, plain

LONGEST_ID = 100
MOST_SHOWN = 100
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


@dataclass(frozen=True)
class AccountStands:
    """`words`: why it cannot be taken, "" if it can or is known."""

    answer: shapes.SourceAccount = field(repr=False)
    known: bool
    words: str

    @property
    def is_new(self) -> bool:
        return not (self.known or self.words)


@dataclass(frozen=True)
class Stands:
    """`company`, `connection`: ours, where they are known."""

    found_as: FoundAs
    words: str = ""
    company: Company | None = None
    connection: Connection | None = None
    accounts: list[AccountStands] = field(default_factory=list)

    @property
    def new_accounts(self) -> list[shapes.SourceAccount]:
        return [each.answer for each in self.accounts if each.is_new]

    def shown_accounts(self) -> list[dict[str, Any]]:
        """As JSON for the page: no id, since some are account numbers."""
        return [_shown(each) for each in self.accounts[:MOST_SHOWN]]


def stands(found: AtCodat) -> Stands:
    company = Company.objects.filter(codat_id=found.company.id).first()
    tie = found.tie
    if found.odd:
        words = _("What Codat says of its connections could not be read. Look again later.")
        return Stands(FoundAs.UNREADABLE, words, company)
    if company is None and (begun := _begun_here(found.company)) is not None:
        words = _("It is being created here. Open it and press Continue.")
        return Stands(FoundAs.NOT_OURS, words, begun)
    if tie is None:
        return _without_connection(found, company)
    connection = Connection.objects.filter(codat_id=tie.id).select_related("company").first()
    if words := _in_the_way(company, connection, tie):
        return Stands(FoundAs.NOT_OURS, words, company, connection)
    accounts = list(_accounts(found.accounts, connection))
    return _judged(found, company, connection, accounts)


def _begun_here(answer: shapes.Company) -> Company | None:
    """A company of ours whose creation has not ended: it bears our mark there."""
    mark = answer.description.strip()
    return Company.objects.filter(codat_id=None, description=mark).first() if mark else None


def _without_connection(found: AtCodat, company: Company | None) -> Stands:
    if company is None:
        return Stands(FoundAs.NOT_OURS, _("It has no QuickBooks Online connection at Codat."))
    renamed = _renamed(found, company)
    return Stands(FoundAs.DIFFERS if renamed else FoundAs.KNOWN, renamed, company)


def _in_the_way(company: Company | None, connection: Connection | None, tie: Tie) -> str:
    """Why the connection cannot be taken as it is, in words; "" if it can."""
    if connection is not None and (company is None or connection.company_id != company.pk):
        return _("Its connection is known here under another company.")
    if company is not None and (company.gone_at or (connection and connection.gone_at)):
        return _("Here it counts as removed at Codat. Open it and press Refresh first.")
    if connection is not None or company is None or tie.is_unlinked:
        return ""
    if company.closed_at is not None:
        return _("It is closed here. Open it again first.")
    live = onboarding.live_connection(company)
    if live is None:
        return ""
    if live.codat_id is None:
        return _("Its connection is being created here. Open it and press Continue.")
    return _("Another connection of it is in use here. Unlink that one first.")


def _judged(
    found: AtCodat,
    company: Company | None,
    connection: Connection | None,
    accounts: list[AccountStands],
) -> Stands:
    notes = _note(found)
    if company is None:
        return Stands(FoundAs.NEW, notes, None, None, accounts)
    renamed = _renamed(found, company)
    words = " ".join(filter(None, (renamed, notes)))
    dead = found.tie is not None and found.tie.is_unlinked and connection is None
    more = not dead and (connection is None or any(each.is_new for each in accounts))
    as_known = FoundAs.DIFFERS if renamed else FoundAs.KNOWN
    return Stands(FoundAs.MORE if more else as_known, words, company, connection, accounts)


def _renamed(found: AtCodat, company: Company) -> str:
    if found.company.name[:200] == company.codat_name:
        return ""
    return _("It was known as %(name)s at Codat.") % {"name": company.codat_name}


def _note(found: AtCodat) -> str:
    if found.tie is not None and found.tie.is_unlinked:
        return _("Its connection is unlinked.")
    if found.ties > 1:
        text = _("It has %(n)d QuickBooks connections at Codat; the one in use is taken.")
        return text % {"n": found.ties}
    return ""


def _accounts(
    answers: list[shapes.SourceAccount], connection: Connection | None
) -> Iterator[AccountStands]:
    rows = SourceAccount.objects.filter(connection=connection) if connection else None
    known = set(rows.values_list("account_id", flat=True)) if rows is not None else set()
    seen: set[str] = set()
    for answer in answers:
        if answer.id not in seen:
            seen.add(answer.id)
            is_known = answer.id in known
            yield AccountStands(answer, is_known, "" if is_known else account_problem(answer))


def account_problem(answer: shapes.SourceAccount) -> str:
    """Why this account cannot be kept here, in words; "" if it can."""
    if not answer.id.strip() or len(answer.id) > LONGEST_ID or not answer.id.isprintable():
        return _("Its id cannot be kept here.")
    number = answer.account_number
    if is_whole(number) and onboarding.shows_number(answer.id, number):
        return _(
            "Its id contains its account number, which the portal keeps nowhere. Remove it at"
            " Codat and add it here with another id."
        )
    if not _CURRENCY.fullmatch(answer.currency.upper()):
        return _("Codat names no currency for it.")
    return ""


def _shown(each: AccountStands) -> dict[str, Any]:
    answer = each.answer
    return {
        "name": plain(answer.account_name)[:200],
        "type": plain(answer.account_type)[:30],
        "last4": last4(answer.account_number),
        "currency": plain(answer.currency)[:3].upper(),
        "status": plain(answer.status)[:50],
        "known": each.known,
        "words": each.words,
    }
