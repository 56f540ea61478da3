"""The words for what keeps pushes from leaving: on one push, and in the bands above every page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds.models import Incident, Push, Sender, SendingStop
from bankfeeds.models.leaving import Off

from .figures import clock_time, count, day, moment
from .incidents import refusal
from .stored import said
from .word import Tone, Word

LONGEST_REASON = 200


@dataclass(frozen=True)
class Holds:
    """What holds pushes back now. `not_before`: until then nobody calls Codat, and why."""

    stops: Sequence[SendingStop] = ()
    refused: Incident | None = None
    not_before: dt.datetime | None = None
    budget_words: str = ""
    # Accounts of which nothing can be sent, and why.
    off: Mapping[int, Off] = field(default_factory=dict)

    def stop_of(self, push: Push) -> SendingStop | None:
        """The widest of the stops that hold it."""
        found = [
            stop
            for stop in self.stops
            if (stop.account_id or push.account_id) == push.account_id
            and (stop.company_id or push.company_id) == push.company_id
        ]
        return min(
            found, key=lambda stop: (bool(stop.account_id), bool(stop.company_id)), default=None
        )


@dataclass(frozen=True)
class Held:
    """Why a push waits and until when; `remedy`: what a person can do, "" when nothing.

    `for_others`: what is said to whoever has no button for the remedy.
    `by`: the stop or incident that can be opened; None when there is none.
    """

    why: str
    until: str
    explanation: str
    remedy: str = ""
    for_others: str = ""
    by: SendingStop | Incident | None = None

    @property
    def label(self) -> str:
        return _("On hold – %(why)s, until %(when)s") % {"why": self.why, "when": self.until}


def held(push: Push, holds: Holds | None, *, now: dt.datetime) -> Held | None:
    """Of a push that is ready; None when nothing holds it. Reads `push.account` if `holds`."""
    if holds is not None:
        if push.account_id in holds.off:
            return _off(holds.off[push.account_id])
        if (stop := holds.stop_of(push)) is not None:
            return _by_stop(stop)
        if holds.refused is not None:
            return _by_refusal(holds.refused)
        if not push.account.is_connected:
            return _not_connected()
        if holds.not_before is not None and holds.not_before > now:
            why = holds.budget_words or _("Codat takes no more requests from us for now")
            return _by_time(why, holds.not_before, now)
    if push.hold_reason and push.next_attempt_at and push.next_attempt_at > now:
        return _by_time(said(push.hold_reason), push.next_attempt_at, now)
    return None


@dataclass(frozen=True)
class Barriers:
    """What stands between accounts and Codat now. `stops`: by account, the widest that holds it;
    `incident`: what keeps everything from leaving."""

    stops: Mapping[int, SendingStop] = field(default_factory=dict)
    incident: Incident | None = None


def sending_stopped(stop: SendingStop, *, of: str = "") -> str:
    """Beside a button that cannot work meanwhile. `of`: what is stopped, if not *this*."""
    text = _("Sending is stopped for %(scope)s by %(who)s: %(reason)s")
    said = {"scope": of or scope(stop), "who": stop.stopped_by, "reason": short(stop.reason)}
    return f"{(text % said).rstrip('.')}."


def scope(stop: SendingStop) -> str:
    if stop.account_id:
        return _("this account")
    return _("this company") if stop.company_id else _("everything")


def stopped(stop: SendingStop) -> Word:
    """Beside the status of an account or a company, and in the list of stops."""
    if stop.allowed_at is not None:
        text = _("Allowed again on %(at)s by %(who)s.")
        text %= {"at": moment(stop.allowed_at), "who": stop.allowed_by}
        return Word(_("Allowed again"), text, "good")
    return _stopped(who(stop))


def stopped_by_somebody() -> Word:
    """As a legend explains it: of no stop in particular."""
    return _stopped(_("We stopped it: its page says why, who and when."))


def _stopped(by: str) -> Word:
    text = _("Nothing leaves until someone allows it again.")
    return Word(_("Sending stopped"), f"{by} {text}", "warn")


def who(stop: SendingStop) -> str:
    """`manager stopped it on Nov 20, 2026, 3:42 p.m. ET: wrong file.`"""
    text = _("%(who)s stopped it on %(at)s: %(reason)s")
    said = {"who": stop.stopped_by, "at": moment(stop.stopped_at), "reason": short(stop.reason)}
    return f"{(text % said).rstrip('.')}."


def short(reason: str) -> str:
    return Truncator(" ".join(reason.split())).chars(LONGEST_REASON)


def _by_stop(stop: SendingStop) -> Held:
    return Held(
        _("sending is stopped for %(scope)s") % {"scope": scope(stop)},
        _("somebody allows it"),
        f"{who(stop)} {_no_fault()}",
        _("Allow sending again once the reason is gone."),
        _("Somebody who may has to allow sending again, once the reason is gone."),
        stop,
    )


def _no_fault() -> str:
    return _("Nothing is wrong with these rows.")


def _by_refusal(incident: Incident) -> Held:
    return Held(
        _("Codat refuses our key or account"),
        _("somebody lets sending go on"),
        f"{refusal(incident.http_status)} {_no_fault()}",
        _("Tell the administrator. Once it is mended, let sending go on."),
        _("Tell the administrator, who lets sending go on once it is mended."),
        incident,
    )


def _not_connected() -> Held:
    return Held(
        _("this account is not connected"),
        _("the client connects it again"),
        _("Nothing is wrong with these rows, but they keep ageing."),
        _("Send the client a new link."),
    )


def _off(why: Off) -> Held:
    meaning = _("Nothing of it has left, and nothing can be sent for this account now.")
    remedy = _("Stop this push: its rows are free again and go on with the account that follows.")
    return Held(str(why.label), _("someone stops it"), meaning, remedy)


def _by_time(why: str, at: dt.datetime, now: dt.datetime) -> Held:
    same_day = timezone.localdate(at) == timezone.localdate(now)
    until = clock_time(at) if same_day else moment(at)
    return Held(why.rstrip("."), until, _("Nothing is wrong with these rows. Goes on by itself."))


# --- Bands -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Band:
    """One line below the header: what, since when, whether anything is lost, what to do."""

    title: str
    text: str
    tone: Tone
    by: SendingStop | Incident | Sender | None = None

    @property
    def symbol(self) -> str:
        return Word(self.title, self.text, self.tone).symbol


def lost(first: dt.date | None, already: int) -> str:
    """Whether anything is lost, and the first day on which something would be."""
    if already:
        text = ngettext(
            "%(n)d push that waits has rows that are too late for the feed already.",
            "%(n)d pushes that wait have rows that are too late for the feed already.",
            already,
        ) % {"n": already}
    else:
        text = _("Nothing is lost so far: what was confirmed waits.")
    if first is None:
        return text
    coming = _("From %(on)s on, the oldest waiting rows would be too late for the feed.")
    return f"{text} {coming % {'on': day(first)}}"


def worker_band(since: dt.datetime | None, *, loss: str) -> Band:
    title = _("Sending has stopped: the worker is not running")
    remedy = _("Everything leaves once it runs again. Tell the administrator.")
    return Band(_since(title, since), f"{loss} {remedy}", "bad")


def outage_band(incident: Incident, *, loss: str) -> Band:
    title = _since(_("Codat cannot be reached"), incident.started_at)
    remedy = _("Nothing to do: sending goes on by itself with Codat's first answer.")
    return Band(title, f"{loss} {remedy}", "bad", incident)


def refused_band(incident: Incident, *, loss: str) -> Band:
    title = _since(_("Codat refuses our key or account"), incident.started_at)
    remedy = _("Everything waits until somebody lets it go on. Tell the administrator.")
    return Band(title, f"{refusal(incident.http_status)} {loss} {remedy}", "bad", incident)


def everything_band(stop: SendingStop, *, loss: str) -> Band:
    title = _since(_("Sending is stopped for everything"), stop.stopped_at)
    said = {"who": stop.stopped_by, "reason": short(stop.reason).rstrip(".")}
    why = _("%(who)s: %(reason)s.") % said
    return Band(title, f"{why} {loss}", "warn", stop)


def _since(title: str, at: dt.datetime | None) -> str:
    if at is None:
        return f"{title}."
    return _("%(title)s (since %(at)s).") % {"title": title, "at": moment(at)}


# --- Ageing ----------------------------------------------------------------------------------


def ageing(days: Iterable[tuple[dt.date, int]]) -> str:
    """`12 rows become too late on Nov 24, 2026; 40 on Nov 25, 2026`; "" when there are none."""
    parts: list[str] = []
    for on, rows in days:
        if parts:
            text = _("; %(n)s on %(day)s")
        else:
            text = ngettext(
                "%(n)s row becomes too late on %(day)s",
                "%(n)s rows become too late on %(day)s",
                rows,
            )
        parts.append(text % {"n": count(rows), "day": day(on)})
    return "".join(parts)
