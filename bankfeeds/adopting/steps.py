"""The single steps of a look: a page of Codat's list, one company read, one company taken."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from bankfeeds import budget, messages
from bankfeeds.codat import errors, shapes
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, FoundAs, FoundCompany, Look, Origin

from .reading import AtCodat, read_company, without_accounts
from .standing import Stands, stands
from .taking import CannotAdopt, Taken, take

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
Outcome = FoundCompany.Outcome

# Whatever comes next would meet the same.
_CONCERNS_ALL = (errors.KeyRefused, errors.PaymentRequired, errors.Throttled)
# A company whose answer fails so often by itself must not keep the others from theirs.
_ENOUGH = 2


def next_step(look: Look, *, client: Client, line: budget.Line, clock: Clock) -> int | None:
    """Do the next thing; how many calls it took at most, None: all is done.

    Raises CodatError for trouble that is not of one company alone.
    """
    if look.next_page:
        return _page(look, client=client)
    # What a person has chosen comes before what is still to be looked at.
    if (row := look.found.filter(outcome=Outcome.WAITING).first()) is not None:
        _alone(look, row, partial(_adopt, row, client=client, clock=clock), line=line)
        return 4
    if (row := look.found.filter(found_as=FoundAs.UNREAD).first()) is not None:
        _alone(look, row, partial(_read, row, client=client), line=line)
        return 2
    return None


def _page(look: Look, *, client: Client) -> int:
    page = client.companies_page(look.next_page)
    rows = [_found(look, each) for each in page.rows]
    with transaction.atomic():
        FoundCompany.objects.bulk_create(rows, ignore_conflicts=True)
        Look.objects.filter(pk=look.pk, next_page=look.next_page).update(
            next_page=0 if page.is_last else look.next_page + 1, total=page.total
        )
    return 1


def _found(look: Look, answer: shapes.Company) -> FoundCompany:
    """One without a connection is judged at once; the others are asked about their accounts."""
    found = without_accounts(answer)
    row = FoundCompany(look=look, codat_id=answer.id, name=found.name)
    if found.tie is None:
        _put(row, _columns(found, stands(found)))
    return row


def _read(row: FoundCompany, *, client: Client) -> None:
    found = read_company(client.get_company(row.codat_id), client=client)
    _save(row, _columns(found, stands(found)))


def _adopt(row: FoundCompany, *, client: Client, clock: Clock) -> None:
    """Read anew, then all in one transaction: what was shown may be a while ago."""
    found = read_company(client.get_company(row.codat_id), client=client, writes=True)
    now = clock()
    with transaction.atomic():
        rows = FoundCompany.objects.select_for_update(of=("self",))
        if not rows.filter(pk=row.pk, outcome=Outcome.WAITING).exists():
            return
        by = Actor(row.chosen_by, Origin.PERSON, row.chosen_by_user_id)
        try:
            taken = take(found, country=row.country, owner_id=row.owner_id, by=by, now=now)
        except CannotAdopt as why:
            columns = _columns(found, stands(found))
            _save(row, {**columns, **_failed(str(why))})
            return
        _save(row, {**_columns(found, stands(found)), **_ended(taken, now)})


def _ended(taken: Taken, now: dt.datetime) -> dict[str, Any]:
    return {
        "outcome": Outcome.ADOPTED if taken.anything else Outcome.NOTHING,
        "words": taken.words,
        "company": taken.company,
        "done_at": now,
    }


def _failed(words: str) -> dict[str, Any]:
    return {"outcome": Outcome.FAILED, "words": words}


def _alone(look: Look, row: FoundCompany, act: Callable[[], None], *, line: budget.Line) -> None:
    """Trouble of this company alone is written on its row, and the next has its turn."""
    try:
        act()
    except _CONCERNS_ALL:
        raise
    except errors.CodatError as error:
        if isinstance(error, errors.Unavailable) and look.failures < _ENOUGH:
            raise
        line.met(error)
        _give_up(row, messages.explain(error))
    except (DataError, IntegrityError) as error:
        log.exception("company %s of look %s could not be kept", row.codat_id, look.pk)
        words = _("It could not be written down here: %(what)s. Tell the administrator.")
        _give_up(row, words % {"what": type(error).__name__})


def _give_up(row: FoundCompany, words: str) -> None:
    waited = row.outcome == Outcome.WAITING
    _save(row, _failed(words) if waited else {"found_as": FoundAs.UNREADABLE, "words": words})


def _columns(found: AtCodat, where: Stands) -> dict[str, Any]:
    return {
        "name": found.name,
        "found_as": where.found_as,
        "words": where.words,
        "status": found.tie.status if found.tie else "",
        "accounts": where.shown_accounts(),
        "company": where.company,
    }


def _put(row: FoundCompany, columns: dict[str, Any]) -> None:
    for name, value in columns.items():
        setattr(row, name, value)


def _save(row: FoundCompany, columns: dict[str, Any]) -> None:
    _put(row, columns)
    row.save(update_fields=list(columns))
