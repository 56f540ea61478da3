"""The balance before the first row of a file that states none: stated by a person, and kept.

The balances of its rows are worked out from it. It is written down whose word it was.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import words
from bankfeeds.intake import cells
from bankfeeds.models import Actor, BankTransaction, Event, SourceAccount, Statement

from .look import lock
from .matching import CannotImport, Mine, places
from .pieces import UploadGone
from .preview import Preview
from .sorting import line_of
from .stamps import OPENING


class OpeningNeeded(CannotImport):
    """The file states no balance, and nobody has stated one yet."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The file states no balance, and Codat wants one after each transaction. Nothing"
                " was saved. Look at it and state the balance before its first row; the others are"
                " worked out from it."
            )
        )


class WrongOpening(CannotImport):
    """What was given is no balance."""


@dataclass(frozen=True)
class Offer:
    """A balance that the portal knows of, and in words where from."""

    balance: Decimal
    words: str


@dataclass(frozen=True)
class Told:
    """What was stated, by whom, and both in words."""

    balance: Decimal
    by: str
    words: str


def state_opening(upload: Statement, text: str, *, by: Actor, now: dt.datetime) -> None:
    """Keep what a person says; of mended rows with the file that they mend. Said twice: once.

    `text`: a plain number such as -1234.56. Raises WrongOpening, UploadGone, and CannotImport for
    an upload that is saved or states its balances itself.
    """
    whole = upload.mends or upload
    balance = amount_of(text, whole.account)
    with transaction.atomic():
        lock(whole.account)
        mine = Statement.objects.defer("rejected").filter(pk=whole.pk).first()
        if mine is None:
            raise UploadGone
        if mine.state != Statement.State.PREVIEWED:
            raise CannotImport(_("This file is saved already. Its balances stay as they are."))
        if not mine.states_no_balance:
            raise CannotImport(
                _("This file states its balances itself, so none is to be stated for it.")
            )
        if mine.opening_balance != balance:
            _keep(mine, balance, by=by, now=now)
    whole.refresh_from_db(fields=OPENING)


def _keep(upload: Statement, balance: Decimal, *, by: Actor, now: dt.datetime) -> None:
    before = upload.opening_balance
    upload.opening_balance, upload.opening_stated_by = balance, by.name
    upload.opening_stated_at = now
    upload.save(update_fields=OPENING)
    Event.objects.record(
        "statement.opening_stated",
        by=by,
        at=now,
        words=_("%(file)s: %(money)s before its first row.")
        % {"file": upload.file_name, "money": words.money(balance, upload.account.currency)},
        before={} if before is None else {"opening_balance": cells.figure(before)},
        after={"opening_balance": cells.figure(balance)},
        account=upload.account,
    )


def amount_of(text: str, account: SourceAccount) -> Decimal:
    """Digit by digit as a file's. Raises WrongOpening."""
    try:
        return cells.money(text.strip(), column="balance", places=places(account))
    except cells.BadCell:
        raise WrongOpening(
            _(
                "“%(text)s” is no opening balance. Write a number such as -1234.56, with a decimal"
                " point and at most %(places)d decimals."
            )
            % {"text": cells.shown(text), "places": places(account)}
        ) from None


def opening_of(upload: Statement) -> Decimal | None:
    return (upload.mends or upload).opening_balance


def told(upload: Statement) -> Told | None:
    """None where nobody had to state one."""
    if not upload.states_no_balance or upload.opening_balance is None:
        return None
    said = _(
        "Its balances are worked out from an opening balance of %(money)s, stated by %(who)s on"
        " %(when)s."
    ) % {
        "money": words.money(upload.opening_balance, upload.account.currency),
        "who": upload.opening_stated_by,
        "when": words.moment(upload.opening_stated_at),
    }
    return Told(upload.opening_balance, upload.opening_stated_by, said)


def refuse_without_balances(found: Mine) -> None:
    """Raise OpeningNeeded, and CannotImport where bad rows leave the balances unsure."""
    if found.needs_every_row:
        raise CannotImport(bad_first(found))
    if found.needs_opening:
        raise OpeningNeeded


def bad_first(found: Mine) -> str:
    bad = found.statement.rejected_count
    return ngettext(
        "Nothing was saved: %(bad)d row is bad, and the file states no balance. What that row did"
        " to the balance is not known, so it cannot be left out. Mend it first.",
        "Nothing was saved: %(bad)d rows are bad, and the file states no balance. What those rows"
        " did to the balance is not known, so they cannot be left out. Mend them first.",
        bad,
    ) % {"bad": bad}


def offered(found: Preview) -> Offer | None:
    """What the portal knows: of the file's first row where it is here, else of the last one."""
    if found.first_date is None:
        return None
    here = BankTransaction.objects.filter(account__in=line_of(found.statement.account))
    here = here.select_related("statement").defer("statement__rejected")
    if found.first_id and (same := here.filter(transaction_id=found.first_id).first()):
        said = _("The first row is here already, from %(file)s: this is the balance before it.")
        return Offer(same.balance - same.amount, said % {"file": same.statement})
    last = here.filter(date__lte=found.first_date).order_by("-date", "-id").first()
    if last is None:
        return None
    said = _("The balance after the last row that is here, “%(text)s” of %(day)s, from %(file)s.")
    given = {"text": last.description, "day": words.day(last.date), "file": last.statement}
    return Offer(last.balance, said % given)
