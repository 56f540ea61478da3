"""The link of a client went to the wrong person: what is done at once, and what is left to do."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from bankfeeds import leaving, links
from bankfeeds.models import Connection

from . import asking, connection_link
from .leaving_ask import Question, answered
from .parts import PortalAdmin, demand
from .push_forms import actor


def view(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "stop_sending")
    demand(request, "renew_link")
    connection = connection_link.find(pk)

    def act(why: str, _key: str) -> bool:
        try:
            leaving.link_went_wrong(
                connection,
                reason=why,
                shown=request.POST.get("issued", ""),
                client=asking.client(),
                by=actor(request),
                clock=asking.clock,
            )
        except links.AlreadyRenewed as already:
            messages.info(request, str(already))
        except links.NoValidLink as none:
            messages.warning(request, _("Sending is stopped. %(why)s") % {"why": none})
        else:
            messages.success(request, _("Sending is stopped, and a new link was made."))
        messages.warning(request, _after())
        return True

    return answered(admin, request, _question(connection), act)


def _question(connection: Connection) -> Question:
    company = connection.company
    return Question(
        title=_("Link of %(company)s went to the wrong person") % {"company": company.name},
        company=company,
        consequences=[
            _("Sending for the whole company stops at once, until someone allows it again."),
            _("A new link is made. The one that went out may work until its hour is over."),
            _after(),
        ],
        button=_("Stop sending and make a new link"),
        cancel=reverse("admin:bankfeeds_connection_change", args=[connection.pk]),
        why_not="" if connection.at_codat else _("It does not exist at Codat."),
        fields="admin/bankfeeds/leaving/issued.html",
        more={"issued": links.issue_of(connection)},
    )


def _after() -> str:
    return _(
        "If that person has finished the set-up, only unlinking or removing the connection is sure"
        " to undo it: both stand on the page of the connection."
    )
