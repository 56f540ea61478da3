"""A company: its intent in our tables, then its creation at Codat."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from bankfeeds import free_text
from bankfeeds.codat import bodies, shapes
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Company, Event, Language

from . import references
from .creation import Clock, Creation, Words, carry_out
from .names import LONGEST, folded, name_at_codat

LONGEST_REFERENCE = 100


class NameNotUsable(ValueError):
    """The name or the reference cannot be kept here or at Codat. Carries the words."""


def likely_duplicates(
    *, name: str, reference: str, besides: int | None = None
) -> QuerySet[Company]:
    """Companies that may be the same client. `besides`: not this pk."""
    others = Company.objects.filter(alike(name=name, reference=reference), gone_at=None)
    return others if besides is None else others.exclude(pk=besides)


def alike(*, name: str, reference: str) -> Q:
    """Companies of like reference, or of like name.

    Like: equal but for case and what `references` passes over; of a name also but for accents,
    punctuation, *and*, and the legal form (Inc, Ltd ...).
    """
    found = references.like(reference)
    return found | Q(folded_name=folded(name)) if folded(name) else found


@dataclass(frozen=True)
class Details:
    """What only we know of a client; none of it is ever sent to Codat."""

    language: str = Language.ENGLISH
    owner_id: int | None = None
    contact_name: str = ""
    contact_details: str = ""


def plan_company(
    *,
    name: str,
    reference: str,
    country: str,
    by: Actor,
    now: dt.datetime,
    form_key: str,
    details: Details | None = None,
) -> Company:
    """Commit what is to be created. The same `form_key` gives the row of the first press.

    Without `details` the client belongs to the person who creates it.

    Raises NameNotUsable if Codat would keep nothing of the name, or if it or the reference is
    too long to be kept.
    """
    codat_name = name_at_codat(name)
    reference = " ".join(reference.split())
    _refuse_unusable(name.strip(), codat_name, reference)
    values = {
        "name": name.strip(),
        "codat_name": codat_name,
        "folded_name": folded(name),
        "reference": reference,
        "country": country,
        "description": _description(reference),
        "requested_by_id": by.user_id,
        "requested_at": now,
        **vars(details or Details(owner_id=by.user_id)),
    }
    with transaction.atomic():
        if form_key:
            row, new = Company.objects.get_or_create(form_key=form_key, defaults=values)
        else:
            row, new = Company.objects.create(**values), True
        if new:
            told = {"name": row.name, "codat_name": codat_name, "reference": reference}
            Event.objects.record("company.requested", by=by, at=now, company=row, after=told)
    return row


def create_company(company: Company, *, client: Client, by: Actor, clock: Clock) -> bool:
    """Create the planned company at Codat, or continue: see `creation.carry_out`."""
    return carry_out(_CompanyCreation(company, client), by=by, clock=clock)


def _refuse_unusable(name: str, codat_name: str, reference: str) -> None:
    if not codat_name:
        raise NameNotUsable(
            _("Codat would keep nothing of this name. Nothing was created. Use letters or digits.")
        )
    if len(name) > LONGEST or len(reference) > LONGEST_REFERENCE:
        raise NameNotUsable(
            _("The name or the reference is too long. Nothing was created. Shorten it.")
        )
    if wrong := free_text.problem(name) or free_text.problem(reference):
        raise NameNotUsable(f"{wrong} {_('Nothing was created.')}")


def _description(reference: str) -> str:
    """What Codat keeps beside the name: our mark makes it unique, so that it can be found."""
    mark = f"portal {secrets.token_hex(4)}"
    return f"{reference} ({mark})" if reference else mark


class _CompanyCreation(Creation[shapes.Company]):
    noun = "company"

    def __init__(self, company: Company, client: Client) -> None:
        self.row: Company = company
        self.client = client

    @property
    def words(self) -> Words:
        return Words(
            not_done=_("The company was not created."),
            unknown=_("We do not know yet whether the company was created."),
            again=_("Press Continue: no second company will be made."),
            refused=_(
                "Press Continue to try again; if it is refused again, tell the administrator."
            ),
        )

    def send(self) -> shapes.Company:
        body = bodies.company_body(name=self.row.codat_name, description=self.row.description)
        return self.client.create_company(body, key=self.row.idempotency_key)

    def look_up(self) -> shapes.Company | None:
        return next(self._ours(), None)

    def columns(self, answer: shapes.Company, *, now: dt.datetime) -> dict[str, Any]:
        return {"codat_id": answer.id, "codat_name": answer.name[:LONGEST]}

    def _ours(self) -> Iterator[shapes.Company]:
        for company in self.client.list_companies():
            if company.description.strip() == self.row.description:
                yield company
