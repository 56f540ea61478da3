"""Close a company and open it again."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import leaving, onboarding
from bankfeeds.models import Company, Push, PushStatus

from . import company_page
from .leaving_ask import Question, answered
from .leaving_pages import carry_out
from .parts import PortalAdmin, demand
from .push_forms import actor, number


def close(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "change_company")
    company = company_page.found(pk)

    def act(why: str, _key: str) -> bool:
        was_closed = company.closed_at is not None
        departure = leaving.close(
            company,
            replaced_by=_replacement(request),
            reason=why,
            by=actor(request),
            now=timezone.now(),
        )
        if was_closed:
            messages.info(request, _("It was closed already."))
        else:
            messages.success(request, _("The company is closed. Nothing of it is sent any more."))
        return carry_out(request, departure) if departure is not None else True

    question = Question(
        title=_("Close %(company)s?") % {"company": company.name},
        company=company,
        consequences=[
            _("Sending stops, and no file is taken in any more."),
            *_waiting(company),
            _("Its QuickBooks connection is unlinked at Codat, if it is linked."),
            _("Its history stays here. It can be opened again; what was unlinked stays so."),
        ],
        button=_("Close company"),
        cancel=reverse("admin:bankfeeds_company_change", args=[pk]),
        fields="admin/bankfeeds/leaving/replaced_by.html",
        more={"replaced_by": request.POST.get("replaced_by", "")},
    )
    return answered(admin, request, question, act)


def reopen(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "change_company")
    company = company_page.found(pk)

    def act(why: str, _key: str) -> bool:
        if leaving.reopen(company, reason=why, by=actor(request), now=timezone.now()):
            messages.success(request, _("The company is open again."))
        else:
            messages.info(request, _("It was open already."))
        return True

    question = Question(
        title=_("Open %(company)s again?") % {"company": company.name},
        company=company,
        consequences=[
            _("Its accounts count again, and feeds that are on run from now on."),
            _("A connection that was unlinked stays so: make a new one, or renew its link."),
        ],
        button=_("Open company again"),
        cancel=reverse("admin:bankfeeds_company_change", args=[pk]),
    )
    return answered(admin, request, question, act)


def _replacement(request: HttpRequest) -> Company | None:
    """The company of which this one is a duplicate: by number, reference or name."""
    text = request.POST.get("replaced_by", "").replace("\x00", "").strip()
    if not text:
        return None
    wanted = number(text)
    known = Q(reference=text) | Q(folded_name=onboarding.folded(text))
    rows = list(Company.objects.filter(known if wanted is None else known | Q(pk=wanted))[:2])
    if len(rows) != 1:
        raise ValueError(_("No company, or more than one, has this number, reference or name."))
    return rows[0]


def _waiting(company: Company) -> list[str]:
    pushes = Push.objects.filter(company=company, status=PushStatus.READY).count()
    if not pushes:
        return []
    text = ngettext(
        "%(n)d confirmed push waits and is stopped; its rows are free again.",
        "%(n)d confirmed pushes wait and are stopped; their rows are free again.",
        pushes,
    )
    return [text % {"n": pushes}]
