"""The words for a push together with what people decided on it, its marks, and how long it took.

Reads the rows that it is given, with `decisions`, `replaces` and `marks` prefetched; asks no
database.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds.models import Decision, Push, PushDecision, PushMark, PushStatus
from bankfeeds.models.states import SETTLING

from .holds import Holds
from .marks import marks as put_marks
from .people import actor
from .pushes import push as push_word
from .word import Word

# Of pushes that ended by a decision and without an answer of Codat: *Stopped before sending*
# would say that nothing had left.
GIVEN_UP = gettext_lazy("Given up")
SENT_AGAIN = gettext_lazy("Sent again in another push")
RESOLVED = gettext_lazy("Resolved by push")
REPLACES = gettext_lazy("Replaces push")


@dataclass(frozen=True)
class Mark:
    """Put on afterwards; the state itself stays. `number`: of the other push that it names."""

    words: str
    number: int | None = None
    explanation: str = ""


def status(
    push: Push, *, now: dt.datetime, behind: Push | None = None, holds: Holds | None = None
) -> Word:
    """The words of the status; a push that was given up says that, not that nothing left."""
    if push.status == PushStatus.CANCELLED and (decision := _decided(push, Decision.NOT_THERE)):
        return sent_anew(decision.replacement_id or 0, push.codat_status)
    if is_by_word(push):
        return accepted_by_word(push.codat_status)
    if push.status == PushStatus.CANCELLED and was_given_up(push):
        return given_up(push.codat_status)
    if push.status == PushStatus.FAILED and not is_undecided(push):
        text = _("Codat reports that it did not take this push. A decision was made.")
        return Word(push.label, text, "quiet", push.codat_status)
    return push_word(push, now=now, behind=behind, holds=holds)


def accepted_by_word(codat_status: str = "") -> Word:
    text = _(
        "Codat ran out of time and never said how it ended. A person found that Codat has the"
        " rows: the decision stands below. Nothing was sent again."
    )
    return Word(_("Accepted by Codat, by a person's word"), text, "good", codat_status)


def sent_anew(other: int, codat_status: str = "") -> Word:
    """`other`: number of the push into which its rows went."""
    text = _(
        "A person found that Codat does not have it. Its rows went into push #%(id)d;"
        " those that were too late stay with the account."
    )
    return Word(str(SENT_AGAIN), text % {"id": other}, "quiet", codat_status)


def given_up(codat_status: str = "") -> Word:
    text = _("A person gave up on it. Its rows may be at Codat all the same.")
    return Word(str(GIVEN_UP), text, "quiet", codat_status)


def listed(push: Any, *, now: dt.datetime) -> Word:
    """As the push's own page says it, of a row on which `holding.place` has been."""
    behind, holds = getattr(push, "waits_behind", None), getattr(push, "holds", None)
    return status(push, now=now, behind=behind, holds=holds)


def is_by_word(push: Push) -> bool:
    """Accepted because a person said so: Codat's own word is another."""
    return (
        push.status == PushStatus.SUCCEEDED
        and push.codat_status.lower() != "success"
        and _decided(push, Decision.ADOPT) is not None
    )


def _decided(push: Push, kind: Decision) -> PushDecision | None:
    """Its decision of that kind that counts: a push that was sent anew was decided before, too."""
    found = [one for one in push.decisions.all() if one.kind == kind]
    if kind == Decision.NOT_THERE:
        found = [one for one in found if one.replacement_id is not None]
    return found[-1] if found else None


def is_undecided(push: Push) -> bool:
    if push.status == PushStatus.FAILED:
        return not any(decision.kind in SETTLING for decision in push.decisions.all())
    return push.status in {PushStatus.TIMED_OUT, PushStatus.NEEDS_REVIEW}


def is_refused(push: Push) -> bool:
    """Refused by Codat, and nobody has decided yet."""
    return push.status == PushStatus.FAILED and is_undecided(push)


def may_be_missing(push: Push) -> bool:
    """Marked as perhaps missing in QuickBooks, and nobody has seen to it."""
    kinds = {mark.kind for mark in push.marks.all()}
    return PushMark.Kind.MAY_BE_MISSING in kinds and PushMark.Kind.SEEN_TO not in kinds


def was_given_up(push: Push) -> bool:
    return any(decision.kind == Decision.GIVE_UP for decision in push.decisions.all())


def marks(push: Push) -> list[Mark]:
    """*Resolved by push #…* on the one, *Replaces push #…* on the other; what was put on it."""
    found = []
    for decision in push.decisions.all():
        if decision.replacement_id is not None:
            found.append(Mark(str(RESOLVED), decision.replacement_id))
        elif push.status == PushStatus.FAILED and decision.kind == Decision.GIVE_UP:
            found.append(Mark(str(GIVEN_UP)))
    found += [Mark(str(REPLACES), decision.push_id) for decision in push.replaces.all()]
    put = put_marks(push.marks.all())
    return found + [Mark(word.label, explanation=word.explanation) for word in put]


def took(push: Push) -> str:
    """From the confirmation to the end: `3 s`, `2 min 5 s`, `1 h 3 min`; a dash before that."""
    if push.ended_at is None:
        return "–"
    return span(max(0, round((push.ended_at - push.requested_at).total_seconds())))


def span(seconds: int) -> str:
    """`3 s`, `2 min 5 s`, `1 h 3 min`, `3 days`."""
    if seconds < 60:
        return _("%(s)d s") % {"s": seconds}
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return _("%(min)d min %(s)d s") % {"min": minutes, "s": seconds}
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return _("%(h)d h %(min)d min") % {"h": hours, "min": minutes}
    return _("%(d)d days") % {"d": hours // 24}


def by(push: Push) -> str:
    """`manager`, or `sync (Command)`: who, and how when it was not a person on a page."""
    if push.origin == "person":
        return push.requested_by
    who = actor(push.requested_by, push.origin)
    how = push.get_origin_display()
    return who if who == how else f"{who} ({how})"
