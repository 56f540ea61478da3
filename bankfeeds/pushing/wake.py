"""A message of Codat's wakes a push: it is asked about soon, and nothing else about it changes.

What became of the write is learned by asking, as ever: a message may be old, doubled or wrong.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.db.models import Q

from bankfeeds import conf
from bankfeeds.models import Push, PushStatus, WebhookMessage

# Long enough for the other messages of the same company to come in: one call then asks for all.
GATHERING = dt.timedelta(seconds=2)
# While Codat has more of the company of which no message came yet, those that came wait this long.
OTHERS = dt.timedelta(seconds=60)
# Two jobs that process messages of one moment do not agree about the time to the millisecond.
DIFFER = dt.timedelta(seconds=5)
# Whose end may still be learned from Codat.
OPEN = (PushStatus.SUBMITTED, PushStatus.TIMED_OUT)


def is_told() -> bool:
    """Whether Codat's messages come in here; the secret alone brings none."""
    return bool(conf.webhook_secret()) and WebhookMessage.objects.exists()


def wake(operation_key: uuid.UUID, *, now: dt.datetime) -> Push | None:
    """The push that Codat knows by this key, due within a minute; None when none has it.

    With the last of its company that Codat had to tell of, all are due within two seconds. A push
    that is due earlier stays so; one that has ended, or waits for a person, is left alone.
    """
    push = Push.objects.filter(push_operation_key=operation_key).first()
    if push is None:
        return None
    factor = conf.timing_factor()
    soon, patient = now + GATHERING * factor, now + OTHERS * factor
    company = Push.objects.filter(company=push.company_id, status=PushStatus.SUBMITTED)
    mine = Push.objects.filter(pk=push.pk, status__in=OPEN)
    # First, so that of two jobs that do this at once, the one that looks later sees both.
    mine.filter(_later_than(patient)).update(next_attempt_at=patient)
    # Without a message, a look lies further ahead than any that a message asked for.
    unheard = company.filter(next_attempt_at__gt=patient + DIFFER * factor).exclude(pk=push.pk)
    if not unheard.exists():
        (mine | company).filter(_later_than(soon)).update(next_attempt_at=soon)
    return push


def _later_than(moment: dt.datetime) -> Q:
    return Q(next_attempt_at=None) | Q(next_attempt_at__gt=moment)
