"""A client connects anew: the same QuickBooks company, or another? The answer is kept.

From a live connection one press unlinks it and makes the new one; without one, it is made.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import leaving, onboarding
from bankfeeds.admin.leaving_ask import Question, answered
from bankfeeds.admin.parts import PortalAdmin, demand, given_form_key, new_form_key
from bankfeeds.admin.posted import actor
from bankfeeds.models import Books, Connection, Departure

from . import company_add, company_page, connection_link, ways_out
from .leaving_pages import carry_out, go_on_moving, waiting_words

UNLINK = Departure.Kind.UNLINK


def books(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """For a client that was connected before and has no live connection."""
    demand(request, "add_connection")
    company = company_page.found(pk)
    if request.method == "POST" and request.POST.get("books") in Books.values:
        key, said = given_form_key(request), request.POST["books"]
        return company_add.connect(request, company, form_key=key, books=said)
    answer = admin.page(
        request,
        "books",
        title=_("Connect %(company)s again") % {"company": company.name},
        company=company,
        crumb=company,
        books=Books,
        problem=_which() if request.method == "POST" else "",
        form_key=new_form_key(),
        live=onboarding.live_connection(company),
    )
    answer.template_name = "admin/bankfeeds/leaving/books.html"
    return answer


def move(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Unlink this connection and make a new one. Stopped half way, the same press goes on."""
    demand(request, "add_departure")
    demand(request, "add_connection")
    connection = connection_link.find(pk)

    def act(why: str, form_key: str) -> HttpResponse | None:
        if request.POST.get("books") not in Books.values:
            raise ValueError(_which())
        pressed_before = Departure.objects.filter(form_key=form_key).exists()
        if not pressed_before and (problem := ways_out.why_not_move(connection)):
            raise leaving.Blocked(problem)
        departure = leaving.plan(
            UNLINK,
            connection=connection,
            books=request.POST["books"],
            reason=why,
            form_key=form_key,
            by=actor(request),
            now=timezone.now(),
        )
        return go_on_moving(request, departure) if carry_out(request, departure) else None

    return answered(admin, request, _question(request, connection), act)


def _question(request: HttpRequest, connection: Connection) -> Question:
    company = connection.company
    why_not = ways_out.why_not_move(connection)
    return Question(
        title=_("Move %(company)s to a new QuickBooks connection?") % {"company": company.name},
        company=company,
        consequences=[
            _("The connection is unlinked at Codat: QuickBooks stops asking for its accounts."),
            *waiting_words(UNLINK, connection, None),
            _(
                "A new connection is made at Codat. You add its accounts next; then the client"
                " gets a new link and connects once more."
            ),
            _("What QuickBooks has taken in stays there; the history stays here."),
        ],
        button=_("Unlink, and create the new connection"),
        cancel=reverse("admin:bankfeeds_connection_change", args=[connection.pk]),
        why_not=why_not,
        push=leaving.in_the_way(connection) if why_not else None,
        fields="admin/bankfeeds/leaving/whose_books.html",
        more={"books": Books, "chosen": request.POST.get("books", "")},
    )


def _which() -> str:
    return _("Say which of the two it is.")
