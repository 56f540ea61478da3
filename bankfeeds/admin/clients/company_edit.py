"""*Edit our details* of a company. What Codat keeps stays as it is: its name was made once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import onboarding, seen, words
from bankfeeds.admin import meanwhile
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor, see_other
from bankfeeds.models import Company

from . import company_alike, company_page
from .company_alike import Alike
from .company_form import CompanyForm


def view(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "change_company")
    company = company_page.found(pk)
    form = CompanyForm(request.POST or None, company=company)
    if request.method != "POST" or not form.is_valid():
        # What is mended on a refused page is still what its first page showed.
        shown = request.POST.get("seen", seen.version(onboarding.details(company)))
        return _page(admin, request, company, form, shown=shown)
    alike = _alike(request, company, form.cleaned_data)
    if alike.are_new:
        return _page(admin, request, company, form, shown=request.POST.get("seen", ""), alike=alike)
    try:
        changed = onboarding.edit_details(
            company,
            form.cleaned_data,
            shown=request.POST.get("seen", ""),
            by=actor(request),
            now=timezone.now(),
        )
    except seen.Moved as moved:
        return _moved(admin, request, pk, form.cleaned_data, moved.names)
    if changed:
        messages.success(request, _("Our details were changed. Nothing was sent to Codat."))
    else:
        messages.info(request, _("Our details are so already. Nothing was changed."))
    return see_other(reverse("admin:bankfeeds_company_change", args=[pk]))


def _alike(request: HttpRequest, company: Company, given: dict[str, Any]) -> Alike:
    """Asked of a new name or reference only: whoever mends a telephone number renames nobody."""
    name, reference = given["name"], given["reference"]
    if (name, reference) == (company.name, company.reference):
        return Alike()
    return company_alike.look(request, name=name, reference=reference, besides=company.pk)


def _moved(
    admin: PortalAdmin, request: HttpRequest, pk: int, typed: dict[str, Any], names: Iterable[str]
) -> HttpResponse:
    """The page as it stands now, with what was changed meanwhile and what the person had typed."""
    company = company_page.found(pk)
    form = CompanyForm(company=company)
    now = onboarding.details(company)
    wanted = [name for name in onboarding.OURS if typed[name] != now[name]]
    return _page(
        admin,
        request,
        company,
        form,
        shown=seen.version(now),
        who=meanwhile.details_changed(company),
        moved=[(form[name].label, _said(form, name, now[name])) for name in names],
        wanted=[(form[name].label, _said(form, name, typed[name])) for name in wanted],
    )


def _page(
    admin: PortalAdmin,
    request: HttpRequest,
    company: Company,
    form: CompanyForm,
    *,
    shown: str,
    **context: Any,
) -> HttpResponse:
    title = _("Edit our details of %(company)s") % {"company": company.name}
    given = {"company": company, "form": form, "seen": shown, **context}
    return admin.page(request, "edit", title=title, **given)


def _said(form: CompanyForm, name: str, value: Any) -> str:
    """A value as its field shows it."""
    if name == "owner":
        return words.person(value) if value else str(_("Nobody"))
    choices = dict(getattr(form.fields[name], "choices", ()))
    return str(choices.get(value, value)) or "–"
