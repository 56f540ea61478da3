"""Close a company: nothing of it is sent any more, its history stays; and open it again."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from bankfeeds.models import Actor, Company, Connection, Departure, Event
from bankfeeds.models.record import demand_reason
from bankfeeds.pushing.confirm import lock_all

from .order import Kind, commit, standing, stop_waiting
from .wanted import begin_anew


class WrongReplacement(ValueError):
    """That company cannot go on in place of the closed one. Carries the words."""


def close(
    company: Company,
    *,
    replaced_by: Company | None = None,
    reason: str,
    by: Actor,
    now: dt.datetime,
) -> Departure | None:
    """Stop what waits, and commit that the connection is unlinked, if it is linked.

    Returns that order, for `carry_out`; also of a company that was closed before, as long as it
    is open. `replaced_by`: the company of which this one is a duplicate. Raises WrongReplacement;
    Blocked when a push left in this moment.
    """
    demand_reason(reason)
    with transaction.atomic():
        owned = _locked(company)
        live = Connection.objects.live().filter(company=company).first()
        rows = Company.objects.filter(pk=company.pk, closed_at=None)
        if replaced_by is not None:
            _check(company, replaced_by)
        if not rows.update(closed_at=now, replaced_by=replaced_by):
            return standing(live, None) if live else None
        stop_waiting(owned, reason=reason, by=by, now=now)
        after = {"replaced_by": replaced_by.pk if replaced_by else None}
        Event.objects.record(
            "company.closed", by=by, at=now, company=company, reason=reason, after=after
        )
        return _unlink(live, reason=reason, by=by, now=now) if live else None


def reopen(company: Company, *, reason: str, by: Actor, now: dt.datetime) -> bool:
    """It may be worked with again; False when it was open. What was unlinked stays unlinked."""
    demand_reason(reason)
    with transaction.atomic():
        begin_anew(list(company.accounts.values_list("pk", flat=True)), now=now)
        _locked(company)
        rows = Company.objects.filter(pk=company.pk).exclude(closed_at=None)
        if not rows.update(closed_at=None, replaced_by=None):
            transaction.set_rollback(True)
            return False
        Event.objects.record("company.reopened", by=by, at=now, company=company, reason=reason)
    return True


def _locked(company: Company) -> list[int]:
    """Whoever confirms or closes takes turns by the company's accounts."""
    owned = list(company.accounts.order_by("pk").values_list("pk", flat=True))
    lock_all(owned)
    return owned


def _check(company: Company, other: Company) -> None:
    other.refresh_from_db()
    if other.pk == company.pk:
        raise WrongReplacement(_("A company cannot replace itself. Name the other one."))
    if other.closed_at is not None or other.gone_at is not None:
        raise WrongReplacement(
            _("%(name)s is closed itself. Name the company that goes on.") % {"name": other.name}
        )


def _unlink(
    connection: Connection, *, reason: str, by: Actor, now: dt.datetime
) -> Departure | None:
    """Also while a push is on its way: its end is looked up."""
    Connection.objects.filter(pk=connection.pk).withdraw_links(now=now)
    before = standing(connection, None)
    linked = connection.accounts.filter(gone_at=None, status__iexact="connected").exists()
    if before is not None or not connection.at_codat:
        return before
    if connection.status != "Linked" and not linked:
        return None
    key = str(uuid.uuid4())
    return commit(Kind.UNLINK, connection, None, reason=reason, form_key=key, by=by, now=now)
