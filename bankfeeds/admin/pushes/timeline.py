"""The timeline of one push in words: its steps, what came late, and the trouble at Codat meanwhile.

Reads the record; the codes that people filter by there are words here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds import words
from bankfeeds.admin import push_words
from bankfeeds.models import Event, Incident, Push, PushStatus

# What is no step: what stands in the place of the new status.
HAPPENED: dict[str, Promise] = {
    "push.late_answer": gettext_lazy("Answer that came too late"),
    "push.too_late": gettext_lazy("Rows too late for the feed"),
    "push.left_out": gettext_lazy("Left out"),
}
S = PushStatus
WAITS_FOR_NEXT = gettext_lazy("It is not sure that nothing arrived: the same key goes out again.")
NEW_KEY = gettext_lazy("It is sent again, under a new key.")
SENT_ONCE_MORE = gettext_lazy("Sent once more, with the same key.")
WE_LOOK = gettext_lazy("We look for it at Codat before anything is sent again.")
MOST_INCIDENTS = 20


@dataclass(frozen=True)
class Line:
    """`before`: "" where the line is no step."""

    at: dt.datetime
    who: str
    before: str
    after: str
    words: str
    reason: str = ""


def lines(push: Push) -> list[Line]:
    """The oldest first."""
    own = [_line(push, event) for event in push.events.order_by("id")]
    return sorted([*own, *_incidents(push)], key=lambda line: line.at)


def _line(push: Push, event: Event) -> Line:
    before, after = str(event.before.get("status", "")), str(event.after.get("status", ""))
    said = [words.said(event.words), _means(before, after, told=event.words)]
    return Line(
        event.at,
        words.actor(event.actor_name, event.origin),
        words.push_label(before),
        _after(push, event),
        " ".join(text for text in said if text),
        event.reason,
    )


def _means(before: str, after: str, *, told: str) -> str:
    """What a step is, where that does not follow from the names of its states."""
    if (before, after) == (S.SENDING, S.SENDING):
        return str(WAITS_FOR_NEXT if told else SENT_ONCE_MORE)
    if (before, after) == (S.RECONCILING, S.READY):
        return str(NEW_KEY)
    return str(WE_LOOK) if after == S.RECONCILING else ""


def _after(push: Push, event: Event) -> str:
    """Of one that never got an answer: given up, sent again in another push, or stopped."""
    after = str(event.after.get("status", ""))
    if after == S.CANCELLED:
        return push_words.status(push, now=timezone.now()).label
    return words.push_label(after) or str(HAPPENED.get(event.action, event.action))


def _incidents(push: Push) -> Iterator[Line]:
    """Trouble that concerned every client while this push was under way."""
    until = push.ended_at or timezone.now()
    meanwhile = Q(ended_at=None) | Q(ended_at__gte=push.requested_at)
    rows = Incident.objects.filter(meanwhile, started_at__lte=until).order_by("-started_at")
    for incident in rows[:MOST_INCIDENTS]:
        what = str(incident)
        if incident.started_at >= push.requested_at:
            yield Line(incident.started_at, _("Every client"), "", what, words.said(incident.words))
        if incident.ended_at is not None and incident.ended_at <= until:
            over = _("Over: %(what)s") % {"what": what}
            yield Line(incident.ended_at, words.named(incident.ended_by), "", over, "")
