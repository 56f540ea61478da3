"""Close a company and open it again."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import leaving, onboarding, words
from bankfeeds.admin import mirror_search
from bankfeeds.admin.leaving_ask import Question, answered
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor, number
from bankfeeds.models import Company, Push, PushStatus

from . import company_page
from .leaving_pages import carry_out, moving_words, stopped_words, undecided_words

# So many are named to whoever has not met one exactly.
MOST_LIKE = 5


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
            *_moving(company),
            *_link_that_is_out(company),
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
    known = onboarding.alike(name=text, reference=text)
    rows = list(Company.objects.filter(known if wanted is None else known | Q(pk=wanted))[:2])
    if len(rows) == 1:
        return rows[0]
    refused = _("No company, or more than one, has this number, reference or name.")
    like = Company.objects.filter(mirror_search.named(text), closed_at=None)
    raise ValueError(" ".join([refused, *_perhaps(list(like.order_by("pk")[:MOST_LIKE]))]))


def _perhaps(rows: list[Company]) -> list[str]:
    if not rows:
        return []
    named = [" · ".join(filter(None, (str(row.pk), row.name, row.reference))) for row in rows]
    return [_("It may be one of these, by its number: %(names)s.") % {"names": "; ".join(named)}]


def _link_that_is_out(company: Company) -> list[str]:
    ties = company.connections.live().exclude(link_issued_at=None).order_by("-link_issued_at")
    tie = ties.first()
    until = tie.link_works_until if tie else None
    if until is None or until <= timezone.now():
        return []
    text = _(
        "A link that works until %(time)s is out: whoever has it can still connect. To be sure,"
        " remove the connection first, on its page."
    )
    return [text % {"time": words.clock_time(until)}]


def _moving(company: Company) -> list[str]:
    tie = company.connections.live().first()
    return [*moving_words(tie), *undecided_words(tie)] if tie else []


def _waiting(company: Company) -> list[str]:
    waiting = Push.objects.filter(company=company, status=PushStatus.READY)
    return stopped_words(waiting.count())
