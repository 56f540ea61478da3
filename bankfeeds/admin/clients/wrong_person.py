"""The link of a client went to the wrong person: what is done at once, and what is left to do."""

from __future__ import annotations

import time

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from bankfeeds import leaving, links, words
from bankfeeds.admin import asking
from bankfeeds.admin.leaving_ask import Question, answered
from bankfeeds.admin.mirror_shown import may
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor
from bankfeeds.messages import CodatError, explain
from bankfeeds.models import Connection, Departure

from . import connection_link
from .leaving_pages import carry_out, moving_words

UNLINK = Departure.Kind.UNLINK


def view(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "stop_sending")
    demand(request, "renew_link")
    if "unlink" in request.POST:
        demand(request, "add_departure")
    connection = connection_link.find(pk)

    def act(why: str, form_key: str) -> bool:
        since, shown = time.monotonic(), request.POST.get("issued", "")
        leaving.link_went_wrong(
            connection, reason=why, shown=shown, by=actor(request), now=timezone.now()
        )
        messages.success(request, _("Sending is stopped."))
        # Until when the link that went out works: the new one takes its place in the row.
        until = connection.link_works_until
        if "unlink" in request.POST:
            _cut_off(request, connection, why, form_key)
        else:
            messages.warning(request, _way_to_undo(request, connection))
        if asking.patience_is_over(since):
            messages.warning(request, _no_new_link())
        else:
            _new_link(request, connection, shown=shown)
        if until is not None and until > timezone.now():
            messages.warning(request, _still_works(words.clock_time(until)))
        return True

    return answered(admin, request, _question(request, connection), act)


def _cut_off(request: HttpRequest, connection: Connection, why: str, form_key: str) -> None:
    """Before the new link, which may fail: whoever connected must not stay so meanwhile."""
    try:
        departure = leaving.plan(
            UNLINK,
            connection=connection,
            reason=why,
            form_key=form_key,
            by=actor(request),
            now=timezone.now(),
        )
    except leaving.Blocked as blocked:
        messages.warning(request, str(blocked))
    else:
        carry_out(request, departure)


def _new_link(request: HttpRequest, connection: Connection, *, shown: str) -> None:
    try:
        links.renew(
            connection,
            client=asking.client(),
            by=actor(request),
            clock=asking.clock,
            shown=shown,
        )
    except links.AlreadyRenewed as already:
        messages.info(request, str(already))
    except links.NoValidLink as none:
        messages.warning(request, str(none))
    except CodatError as error:
        messages.error(request, explain(error))
        messages.warning(request, _no_new_link())
    else:
        messages.success(request, _("A new link was made."))


def _no_new_link() -> str:
    return _("No new link was made. Press Renew link when Codat answers again.")


def _question(request: HttpRequest, connection: Connection) -> Question:
    company = connection.company
    may_unlink = may(request, "add_departure")
    why_not = leaving.why_not(UNLINK, connection=connection)
    return Question(
        title=_("Link of %(company)s went to the wrong person") % {"company": company.name},
        company=company,
        consequences=[
            _("Sending for the whole company stops at once, until someone allows it again."),
            _("A new link is made. The one that went out may work until its hour is over."),
            _after(),
            *moving_words(connection),
        ],
        button=_("Stop sending and make a new link"),
        cancel=reverse("admin:bankfeeds_connection_change", args=[connection.pk]),
        why_not="" if connection.at_codat else _("It does not exist at Codat."),
        fields="admin/bankfeeds/leaving/issued.html",
        more={
            "issued": request.POST.get("issued") or links.issue_of(connection),
            "may_unlink": may_unlink and not why_not,
            "why_not_unlink": _no_unlinking(why_not, connection)
            if may_unlink
            else _ask_a_manager(),
            "unlink": "unlink" in request.POST,
            "remove": _remove(connection) if may_unlink and connection.at_codat else "",
        },
    )


def _remove(connection: Connection) -> str:
    return reverse("admin:bankfeeds_connection_remove", args=[connection.pk])


def _after() -> str:
    return _(
        "If that person has finished the set-up, only unlinking or removing the connection is sure"
        " to undo it."
    )


def _no_unlinking(why_not: str, connection: Connection) -> str:
    """What the mirror says may be older than what that person did."""
    if not why_not or connection.status == "Unlinked":
        return why_not
    return _(
        "As far as is known here nobody is connected, so there is nothing to unlink. If that person"
        " may have connected meanwhile, press Remove connection at Codat right after this."
    )


def _way_to_undo(request: HttpRequest, connection: Connection) -> str:
    if not may(request, "add_departure"):
        return _after()
    label = Departure.Kind.REMOVE_CONNECTION.label
    return format_html('{} <a href="{}">{}</a>', _after(), _remove(connection), label)


def _still_works(time: str) -> str:
    text = _(
        "The link that went out may still work until %(time)s. Look at the connection again then:"
        " it must not have become connected."
    )
    return text % {"time": time}


def _ask_a_manager() -> str:
    return _("Only a manager may unlink: call one now if that person has finished the set-up.")
