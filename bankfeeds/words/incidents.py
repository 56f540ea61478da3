"""The words for incidents: trouble that concerns every client at once, now and afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bankfeeds.models import Incident

from .figures import count, moment
from .word import Word


def refusal(http_status: int | None) -> str:
    """What happened, in one sentence, by the status that Codat answered with."""
    if http_status == 401:
        return _("Codat does not accept our key.")
    if http_status == 402:
        return _("Codat asks for payment: our account there has expired or reached its limit.")
    if http_status == 403:
        return _("Codat does not allow our key to do this: it is outdated or not ours.")
    return _("Codat refuses our key or account.")


def everything_waits(incident: Incident) -> str:
    """Beside a button that works, although what it does must wait."""
    if incident.kind == Incident.Kind.OUTAGE:
        return _("Codat cannot be reached: what is confirmed waits until it answers again.")
    return _(
        "Codat refuses our key or account: what is confirmed waits until somebody lets it go on."
    )


def incident(row: Incident) -> Word:
    if row.ended_at is not None:
        text = _("From %(start)s to %(end)s.")
        text %= {"start": moment(row.started_at), "end": moment(row.ended_at)}
        return Word(_("Over"), text, "quiet")
    if row.kind == Incident.Kind.OUTAGE:
        return Word(_("Going on"), _("Ends by itself with Codat's first answer."), "bad")
    return Word(_("Everything waits"), _("Until somebody lets sending go on."), "bad")


REMEDIES: dict[int | None, Promise] = {
    401: gettext_lazy(
        "Tell the administrator: the key in the settings must be one that stands in Codat's portal"
        " under Developers, API keys."
    ),
    402: gettext_lazy(
        "Tell the administrator: our account at Codat needs a payment or a larger plan."
    ),
    403: gettext_lazy(
        "Tell the administrator: the key must be of the same Codat account as our clients, and"
        " bank feeds must be allowed for it."
    ),
    None: gettext_lazy("Tell the administrator."),
}


@dataclass(frozen=True)
class Story:
    """The three parts of a message: what happened, what it means, what to do."""

    happened: str
    means: str
    remedy: str


def incident_story(row: Incident, *, may_end: bool) -> Story:
    """In the present while it goes on, in the past afterwards; then nothing is left to do.

    `may_end`: whether the reader has the button by which sending goes on.
    """
    if row.ended_at is not None:
        return _past_story(row)
    if row.kind == Incident.Kind.OUTAGE:
        return Story(
            _("Codat does not answer any call."),
            _("Nothing is sent meanwhile. What may have arrived is looked for before it is sent"
              " again. The time of an outage counts towards no limit of a push."),
            _("Nothing to do: sending goes on by itself. If it lasts, look at status.codat.io"
              " and tell the administrator."),
        )  # fmt: skip
    return Story(
        refusal(row.http_status),
        _("Nothing was created or sent. Everything waits, for every client."),
        f"{REMEDIES.get(row.http_status, REMEDIES[None])} {_who_goes_on(may_end=may_end)}",
    )


def _who_goes_on(*, may_end: bool) -> str:
    if may_end:
        return _("Once it is mended, let sending go on.")
    return _("Once it is mended, ask a manager, support or the administrator to let it go on.")


def _past_story(row: Incident) -> Story:
    if row.kind == Incident.Kind.OUTAGE:
        return Story(
            _("Codat did not answer any call."),
            _("Nothing was sent meanwhile. What may have arrived was looked for before it was sent"
              " again. The time of the outage counts towards no limit of a push."),
            _("Nothing: sending went on by itself with Codat's first answer."),
        )  # fmt: skip
    happened = PAST_REFUSALS.get(row.http_status, PAST_REFUSALS[None])
    means = _("Nothing was created or sent meanwhile. Everything waited, for every client.")
    return Story(str(happened), means, _("Nothing: sending goes on."))


PAST_REFUSALS: dict[int | None, Promise] = {
    401: gettext_lazy("Codat did not accept our key."),
    402: gettext_lazy(
        "Codat asked for payment: our account there had expired or reached its limit."
    ),
    403: gettext_lazy("Codat did not allow our key to do this: it was outdated or not ours."),
    None: gettext_lazy("Codat refused our key or account."),
}


def incident_cost(pushes: int, late: int) -> str:
    """What an incident that is over has cost: pushes that waited, rows that aged out meanwhile."""
    if not pushes:
        return _("Nothing: no confirmed push had to wait.")
    waited = ngettext("%(n)s confirmed push waited.", "%(n)s confirmed pushes waited.", pushes) % {
        "n": count(pushes)
    }
    if not late:
        return " ".join((waited, _("No row of them became too late for the feed meanwhile.")))
    lost = ngettext(
        "%(n)s row of them became too late for the feed meanwhile: give the client a file.",
        "%(n)s rows of them became too late for the feed meanwhile: give the clients a file.",
        late,
    ) % {"n": count(late)}
    return f"{waited} {lost}"
