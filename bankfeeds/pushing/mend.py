"""What died or grew old on its way: leases that ran out, keys that nobody may use once more."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bankfeeds.models import Incident, Push, PushStatus
from bankfeeds.models.record import WORKER
from bankfeeds.models.states import Seen, Step

from . import clocks
from .claim import lease
from .outcome import MOST_TRIES, Closing, Outcome, Verdict, perhaps_sent, searching, too_many_tries
from .settle import settle

# Bound of one round.
A_ROUND = 200

_SEEN = ("id", "status", "fence", "company_id", "connection_id", "account_id")


def mend(*, now: dt.datetime) -> None:
    """Leases that ran out, connections cut off, and keys too old to be used once more.

    When the clock was set, nobody knows any more how old a key is: all are looked up.
    """
    was_set = clocks.check(now=now)
    orphans = Push.objects.lease_ran_out(now=clocks.database_now(), lease=lease())
    settle([_orphaned(row, now) for row in orphans.order_by("id")[:A_ROUND]], now=now)
    waiting = Push.objects.filter(status=PushStatus.SENDING, lease_until=None)
    cut = _("Its connection is cut off: it is not sent again, only looked for.")
    _look_up(waiting.cut_off()[:A_ROUND], words=cut, now=now)
    old = waiting if was_set else waiting.key_too_old(now)[:A_ROUND]
    _look_up(old, words=_("Its key has become too old to be sent again."), now=now)


def _look_up(pushes: QuerySet[Push], *, words: str, now: dt.datetime) -> None:
    columns = {"next_attempt_at": now, "polls": 0}
    seen = [Seen(**row) for row in pushes.values(*_SEEN)]
    steps = [Step(push, PushStatus.RECONCILING, words, columns) for push in seen]
    Push.objects.step_all(steps, by=WORKER, now=now)


def _orphaned(push: Push, now: dt.datetime) -> Verdict:
    """The worker died or hung while the push was on its way: it may have arrived."""
    words = _("The worker ended while this push was on its way. It may have arrived.")
    if push.unsure_since is None:
        to, columns = perhaps_sent(first_sent_at=push.first_sent_at, now=now)
    else:
        # The second try of a key, and nobody saw how Codat answered: not a third.
        to, columns = searching(now)
    columns = {**columns, "lease_until": None, "unsure_since": push.unsure_since or now}
    if not Incident.objects.open().exists():
        columns["tries"] = push.tries + 1
    if columns.get("tries", 0) > MOST_TRIES:
        to, words = PushStatus.NEEDS_REVIEW, too_many_tries(columns["tries"])
    seen = Seen(**{name: getattr(push, name) for name in _SEEN})
    # Two sweeps that read the same lease: one mends it.
    step = Step(seen, to, words, columns, fits={"lease_until": push.lease_until})
    return Verdict(
        step, Closing(Outcome.UNKNOWN, words=words), seen, push.fence, push.idempotency_key
    )
