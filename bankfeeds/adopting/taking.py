"""Take one company that exists at Codat: our rows for it, its connection and its new accounts.

One transaction; what is here already stays as it is. Asks Codat nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import onboarding, sealing, succession
from bankfeeds.codat import shapes
from bankfeeds.models import Actor, Company, Connection, Event, FoundAs, Intent, SourceAccount
from bankfeeds.sync import account_columns

from .reading import AtCodat, is_whole, last4, plain
from .standing import Stands, stands

# Behind what is another institution's own reference may stand the mark of a portal.
_MARK = re.compile(r"\s*\(?portal [0-9a-f]{8}\)?$")


class CannotAdopt(ValueError):
    """It is not ours to take, or not in this state. Carries the words."""


@dataclass(frozen=True)
class Taken:
    company: Company
    new_company: bool = False
    new_connection: bool = False
    renamed: bool = False
    accounts: list[SourceAccount] = field(default_factory=list)
    # Accounts that could not be taken, each with why.
    left: list[str] = field(default_factory=list)

    @property
    def anything(self) -> bool:
        return self.new_company or self.new_connection or self.renamed or bool(self.accounts)

    @property
    def words(self) -> str:
        return " ".join([*self._what(), *self.left])

    def _what(self) -> list[str]:
        count = len(self.accounts)
        told = ngettext("%(n)d account adopted.", "%(n)d accounts adopted.", count) % {"n": count}
        parts = [
            (self.new_company, _("Company adopted.")),
            (self.new_connection, _("QuickBooks connection adopted.")),
            (self.renamed, _("Its name at Codat was taken over.")),
            (count, told),
            (not self.anything, _("All of it was known here already.")),
        ]
        return [text for wanted, text in parts if wanted]


def take(
    found: AtCodat, *, country: str, owner_id: int | None, by: Actor, now: dt.datetime
) -> Taken:
    """Make it known here. `country`, `owner_id`: of a company that is new; else left alone.

    CannotAdopt with words. Two at once: one of them finds what the other has taken.
    """
    try:
        return _take(found, country=country, owner_id=owner_id, by=by, now=now)
    except IntegrityError:
        return _take(found, country=country, owner_id=owner_id, by=by, now=now)


def _take(
    found: AtCodat, *, country: str, owner_id: int | None, by: Actor, now: dt.datetime
) -> Taken:
    with transaction.atomic():
        # Locked first: what stands here must not change while it is added to.
        list(Company.objects.select_for_update(no_key=True).filter(codat_id=found.company.id))
        where = stands(found)
        if where.found_as in (FoundAs.NOT_OURS, FoundAs.UNREADABLE):
            raise CannotAdopt(where.words)
        company = where.company
        if company is None:
            company = _company(found, country=country, owner_id=owner_id, by=by, now=now)
        renamed = where.company is not None and _rename(company, found, by=by, now=now)
        connection = _connection(company, found, where, by=by, now=now)
        accounts = _accounts(connection, found, where, by=by, now=now) if connection else []
        return Taken(
            company,
            new_company=where.company is None,
            new_connection=connection is not None and where.connection is None,
            renamed=renamed,
            accounts=accounts,
            left=_left(where),
        )


def _left(where: Stands) -> list[str]:
    text = _("An account was left: %(why)s")
    return [text % {"why": each.words} for each in where.accounts if each.words]


def _company(
    found: AtCodat, *, country: str, owner_id: int | None, by: Actor, now: dt.datetime
) -> Company:
    answer = found.company
    company = Company.objects.create(
        codat_id=answer.id,
        name=found.name,
        codat_name=answer.name[:200],
        folded_name=onboarding.folded(found.name),
        reference=_reference(answer.description),
        country=country,
        owner_id=owner_id,
        # Only for what is being created is Codat's text looked for; here it must but be unique.
        description=f"codat {answer.id}",
        **_there(by, now),
    )
    told = {"codat_name": company.codat_name, "reference": company.reference, "country": country}
    Event.objects.record("company.adopted", by=by, at=now, company=company, after=told)
    return company


def _reference(description: str) -> str:
    """The institution's own number of the client, if the text beside the name can be one."""
    text = plain(_MARK.sub("", description.strip()))
    return text if len(text) <= onboarding.LONGEST_REFERENCE else ""


def _there(by: Actor, now: dt.datetime) -> dict[str, Any]:
    return {"intent": Intent.DONE, "requested_by_id": by.user_id, "requested_at": now}


def _rename(company: Company, found: AtCodat, *, by: Actor, now: dt.datetime) -> bool:
    before, after = company.codat_name, found.company.name[:200]
    if before == after:
        return False
    Company.objects.filter(pk=company.pk).update(codat_name=after)
    company.codat_name = after
    Event.objects.record(
        "company.changed",
        by=by,
        at=now,
        company=company,
        before={"codat_name": before},
        after={"codat_name": after},
    )
    return True


def _connection(
    company: Company, found: AtCodat, where: Stands, *, by: Actor, now: dt.datetime
) -> Connection | None:
    tie = found.tie
    if where.connection is not None or tie is None:
        return where.connection
    if tie.is_unlinked and where.company is not None:
        return None
    connection = Connection.objects.create(
        company=company,
        codat_id=tie.id,
        status=tie.status,
        status_as_of=now,
        **_there(by, now),
    )
    told = {"status": tie.status}
    Event.objects.record("connection.adopted", by=by, at=now, connection=connection, after=told)
    return connection


def _accounts(
    connection: Connection, found: AtCodat, where: Stands, *, by: Actor, now: dt.datetime
) -> list[SourceAccount]:
    rows = [
        SourceAccount.objects.create(
            connection=connection,
            company=connection.company,
            adopted_at=now,
            written_at=found.written_at,
            **_columns(answer, now=now),
            **_there(by, now),
        )
        for answer in where.new_accounts
    ]
    for row in rows:
        told = {"account_id": row.account_id, "name": row.name, "last4": row.number_last4}
        Event.objects.record("account.adopted", by=by, at=now, account=row, after=told)
        if row.number_hash:
            succession.take_over(row, by=by, now=now)
    return rows


def _columns(answer: shapes.SourceAccount, *, now: dt.datetime) -> dict[str, Any]:
    number = answer.account_number
    name = plain(answer.account_name)[:200] or answer.id
    return {
        **account_columns(answer, now=now),
        "account_id": answer.id,
        "name": name,
        "account_type": onboarding.type_as_sent(plain(answer.account_type))[:30],
        # Nothing can be matched by the number where Codat does not show it whole.
        "number_hash": sealing.number_hash(number) if is_whole(number) else "",
        "number_last4": last4(number),
        "sort_code": plain(answer.sort_code)[:20],
        "currency": answer.currency.upper(),
    }
