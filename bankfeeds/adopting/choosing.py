"""What a person chose of a look, with the owner and the country of those that are new here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bankfeeds import doorbell
from bankfeeds.models import Actor, Event, FoundCompany, Look
from bankfeeds.models.adopting import TAKEABLE


class NothingChosen(ValueError):
    """No company that can be adopted was chosen. Carries the words."""


@dataclass(frozen=True)
class Chosen:
    """`owner_id`, `country`: given to companies that are new here; others keep theirs."""

    country: str
    owner_id: int | None = None


def open_to_choice(look: Look) -> QuerySet[FoundCompany]:
    """What can be adopted and was not chosen yet, or failed."""
    free = ("", FoundCompany.Outcome.FAILED)
    return look.found.filter(found_as__in=TAKEABLE, outcome__in=free)


def choose(
    look: Look, rows: Iterable[int] | None, *, chosen: Chosen, by: Actor, now: dt.datetime
) -> int:
    """Write down which are to be adopted, None: all that can be; says how many. Rings the worker.

    A second press finds them chosen and changes nothing. NothingChosen with words.
    """
    found = open_to_choice(look)
    if rows is not None:
        named = list(rows)
        found = found.filter(pk__in=named)
        if look.found.filter(pk__in=named).exclude(outcome="").exists() and not found.exists():
            return 0
    with transaction.atomic():
        # A turn that is about to end looks once more under the same lock.
        Look.objects.select_for_update().get(pk=look.pk)
        count = found.update(
            outcome=FoundCompany.Outcome.WAITING,
            words="",
            country=chosen.country,
            owner=chosen.owner_id,
            chosen_by=by.name,
            chosen_by_user=by.user_id,
        )
        if not count:
            raise NothingChosen(_("Tick at least one company that can be adopted."))
        Event.objects.record("adopting.chosen", by=by, at=now, after={"companies": count})
        Look.objects.filter(pk=look.pk).update(next_turn_at=now, failures=0, problem="")
        doorbell.ring(doorbell.ADOPT, look.pk)
    return count
