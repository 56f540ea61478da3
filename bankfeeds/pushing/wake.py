"""A message of Codat's wakes a push: it is asked about soon, and nothing else about it changes.

What became of the write is learned by asking, as ever: a message may be old, doubled or wrong.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.db.models import Q

from bankfeeds import conf
from bankfeeds.models import Push, PushStatus

# Long enough for the other messages of the same company to come in: one call then asks for all.
GATHERING = dt.timedelta(seconds=2)
# Whose end may still be learned from Codat.
OPEN = (PushStatus.SUBMITTED, PushStatus.TIMED_OUT)


def wake(operation_key: uuid.UUID, *, now: dt.datetime) -> Push | None:
    """The push that Codat knows by this key, due within two seconds; None when none has it.

    A push that is due earlier stays so; one that has ended, or waits for a person, is left alone.
    """
    soon = now + GATHERING * conf.timing_factor()
    mine = Push.objects.filter(push_operation_key=operation_key)
    later = Q(next_attempt_at=None) | Q(next_attempt_at__gt=soon)
    mine.filter(later, status__in=OPEN).update(next_attempt_at=soon)
    return mine.first()
