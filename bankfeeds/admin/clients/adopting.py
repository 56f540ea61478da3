"""Adopt from Codat: look at all that exists there, choose, and see what became of each company."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import adopting
from bankfeeds.admin.parts import PortalAdmin, demand, given_form_key, new_form_key
from bankfeeds.admin.posted import actor, number, numbers, see_other
from bankfeeds.models import Look
from bankfeeds.models.mirror import Country

from . import adopting_shown
from .company_form import owners

LOOKS_SHOWN = 10
NEEDED = ("add_company", "add_connection", "add_sourceaccount")


def view(admin: PortalAdmin, request: HttpRequest) -> HttpResponse:
    """The way in: what it does, a button, and the looks of before."""
    _demand_all(request)
    if request.method == "POST":
        key = given_form_key(request)
        made = adopting.look(form_key=key, by=actor(request), now=timezone.now())
        return see_other(_address(made))
    looks = list(Look.objects.order_by("-pk")[:LOOKS_SHOWN])
    return admin.page(
        request, "adopt", title=_("Adopt from Codat"), looks=looks, form_key=new_form_key()
    )


def look(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    _demand_all(request)
    made = _find(pk)
    if request.method != "POST":
        return _page(admin, request, made)
    if "go_on" in request.POST:
        adopting.go_on(made.pk, now=timezone.now())
        return see_other(_address(made))
    return _choose(admin, request, made)


def status(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The block at the top alone: what the page looks at again while the look is carried out."""
    _demand_all(request)
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    context = adopting_shown.progress(_find(pk))
    return TemplateResponse(request, "admin/bankfeeds/company/adopt_status.html", context)


def _choose(admin: PortalAdmin, request: HttpRequest, made: Look) -> HttpResponse:
    given = request.POST
    country, wanted = given.get("country", ""), given.get("owner", "")
    owner = number(wanted)
    problem = ""
    if country not in Country.values:
        problem = _("Choose the country. Nothing was adopted.")
    elif wanted and (owner is None or not owners().filter(pk=owner).exists()):
        problem = _("Choose another owner. Nothing was adopted.")
    rows = None if "all" in given else sorted(numbers(given.getlist("found")))
    if problem:
        return _page(admin, request, made, problem=problem)
    try:
        count = adopting.choose(
            made,
            rows,
            chosen=adopting.Chosen(country=country, owner_id=owner),
            by=actor(request),
            now=timezone.now(),
        )
    except adopting.NothingChosen as nothing:
        return _page(admin, request, made, problem=str(nothing))
    _tell(request, count)
    return see_other(_address(made))


def _tell(request: HttpRequest, count: int) -> None:
    if not count:
        messages.info(request, _("These were chosen already."))
        return
    text = ngettext(
        "%(n)d company is being adopted. It goes on by itself.",
        "%(n)d companies are being adopted. It goes on by itself.",
        count,
    )
    messages.success(request, text % {"n": count})


def _page(
    admin: PortalAdmin, request: HttpRequest, made: Look, *, problem: str = ""
) -> HttpResponse:
    shown = request.GET.get("show", "")
    page = adopting_shown.page_of(made, shown=shown, number=request.GET.get("page"))
    progress = adopting_shown.progress(made)
    people = list(owners())
    context: dict[str, Any] = {
        **progress,
        "problem_here": problem,
        "shown": shown,
        "page": page,
        "rows": [adopting_shown.row(one) for one in page],
        "tabs": adopting_shown.tabs(progress["counted"], shown=shown),
        "open_to_choice": adopting.open_to_choice(made).count(),
        # While rows are still read, they would go from under the hand that ticks them.
        "may_choose": not progress["moving"],
        "ticked": numbers(request.POST.getlist("found")),
        "countries": Country.choices,
        "country": request.POST.get("country", ""),
        "people": people,
        "owner": number(request.POST.get("owner", "")) or request.user.pk,
        "here": _address(made),
    }
    title = _("What exists at Codat – look %(look)s") % {"look": made}
    return admin.page(request, "adopt_look", title=title, **context)


def _find(pk: int) -> Look:
    made = Look.objects.filter(pk=pk).first()
    if made is None:
        raise Http404(_("There is no such look."))
    return made


def _address(made: Look) -> str:
    return reverse("admin:bankfeeds_company_adopt_look", args=[made.pk])


def _demand_all(request: HttpRequest) -> None:
    for permission in NEEDED:
        demand(request, permission)
