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
# While Codat has more of the company of which no message came yet, those that came wait this long.
OTHERS = dt.timedelta(seconds=30)
# Whose end may still be learned from Codat.
OPEN = (PushStatus.SUBMITTED, PushStatus.TIMED_OUT)


def wake(operation_key: uuid.UUID, *, now: dt.datetime) -> Push | None:
    """The push that Codat knows by this key, due within half a minute; None when none has it.

    Within two seconds when it is the last of its company that Codat had to tell of. A push that is
    due earlier stays so; one that has ended, or waits for a person, is left alone.
    """
    push = Push.objects.filter(push_operation_key=operation_key).first()
    if push is None:
        return None
    factor = conf.timing_factor()
    # Without a message, a look lies further ahead than any that a message asked for.
    unheard = Push.objects.filter(
        company=push.company_id,
        status=PushStatus.SUBMITTED,
        next_attempt_at__gt=now + OTHERS * factor,
    ).exclude(pk=push.pk)
    soon = now + (OTHERS if unheard.exists() else GATHERING) * factor
    later = Q(next_attempt_at=None) | Q(next_attempt_at__gt=soon)
    Push.objects.filter(later, pk=push.pk, status__in=OPEN).update(next_attempt_at=soon)
    return push
