"""Add company: our name, and before anything is sent the name as Codat will store it.

One press creates the company and, unless unticked, its QuickBooks connection. A name that Codat
changes, or a likely duplicate, is shown first; that step needs no JavaScript.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import onboarding
from bankfeeds.admin import asking
from bankfeeds.admin.mirror_shown import may
from bankfeeds.admin.parts import PortalAdmin, demand, given_form_key, new_form_key
from bankfeeds.admin.posted import actor, see_other
from bankfeeds.models import Company

from . import company_alike
from .company_alike import Alike
from .company_form import CompanyForm, nothing_left

# A page that asks Codat for each of these in turn must not take longer than a person waits.
MOST_CONNECTED = 10


@dataclass
class Look:
    """What a person has to see before anything is sent; `clear` when there is nothing."""

    at_codat: str = ""
    changes: list[str] = field(default_factory=list)
    name_is_new: bool = False
    alike: Alike = field(default_factory=Alike)

    @property
    def clear(self) -> bool:
        return not (self.name_is_new or self.alike.are_new)


def view(admin: PortalAdmin, request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        form = CompanyForm(me=request.user)
        return _page(admin, request, form, Look(), form_key=new_form_key())
    form_key = given_form_key(request)
    form = CompanyForm(request.POST)
    look = _look(request, form.cleaned_data) if form.is_valid() else Look()
    # After the look: what it takes for a duplicate may be what this form's first press has made.
    company = Company.objects.filter(form_key=form_key).first()
    if company is None and form.is_valid() and look.clear:
        company = asking.ask(request, lambda: _plan(request, form.cleaned_data, form_key))
    if company is not None:
        return _carry_out(request, company, form_key)
    return _page(admin, request, form, look, form_key=form_key)


def name_preview(admin: PortalAdmin, request: HttpRequest) -> HttpResponse:
    """What the page shows while the name is typed: JSON of name, changes, problem."""
    demand(request, "add_company")
    name = request.GET.get("name", "").replace("\x00", "")[:200].strip()
    at_codat = onboarding.name_at_codat(name)
    problem = nothing_left() if name and not at_codat else ""
    return JsonResponse({"name": at_codat, "changes": _changes(name), "problem": problem})


def _plan(request: HttpRequest, given: dict[str, Any], form_key: str) -> Company:
    return onboarding.plan_company(
        name=given["name"],
        reference=given["reference"],
        country=given["country"],
        by=actor(request),
        now=asking.clock(),
        form_key=form_key,
        details=onboarding.Details(
            language=given["language"],
            owner_id=given["owner"].pk if given["owner"] else None,
            contact_name=given["contact_name"],
            contact_details=given["contact_details"],
        ),
    )


def _look(request: HttpRequest, given: dict[str, Any]) -> Look:
    name, seen = given["name"], request.POST.get("seen", "")
    at_codat = onboarding.name_at_codat(name)
    return Look(
        at_codat=at_codat,
        changes=_changes(name),
        name_is_new=at_codat != name and at_codat != seen,
        alike=company_alike.look(request, name=name, reference=given["reference"]),
    )


def _changes(name: str) -> list[str]:
    """`é becomes e`, `& is dropped`: each change once."""
    return [
        _("%(from)s becomes %(to)s") % {"from": before, "to": after}
        if after
        else _("%(from)s is dropped") % {"from": before}
        for before, after in onboarding.changes_in_name(name)
    ]


def _carry_out(request: HttpRequest, company: Company, form_key: str) -> HttpResponse:
    """Create what is planned; a second press waits for the first and leads to the same page."""
    by = actor(request)
    page = reverse("admin:bankfeeds_company_change", args=[company.pk])
    onboarding.create_company(company, client=asking.client(), by=by, clock=asking.clock)
    if not asking.settle(company):
        asking.tell_unfinished(request, company)
        return see_other(page)
    if "connect" not in request.POST or not may(request, "add_connection"):
        messages.success(request, _("Company created."))
        return see_other(page)
    made = _("Company and QuickBooks connection created at Codat.")
    return connect(request, company, form_key=f"{form_key}:connection", made=made)


def connect(
    request: HttpRequest, company: Company, *, form_key: str, books: str = "", made: str = ""
) -> HttpResponse:
    """Create the QuickBooks connection, and lead to *Add accounts* once it exists.

    `books`: one of `Books`, for a client that was connected before. `made`: what to say then.
    """
    by = actor(request)
    page = reverse("admin:bankfeeds_company_change", args=[company.pk])
    given = {"form_key": form_key, "books": books}
    try:
        row = asking.ask(
            request,
            lambda: onboarding.plan_connection(company, by=by, now=asking.clock(), **given),
        )
    except onboarding.BooksNotSaid:
        return see_other(reverse("admin:bankfeeds_company_books", args=[company.pk]))
    if row is None:
        return see_other(page)
    onboarding.create_connection(row, client=asking.client(), by=by, clock=asking.clock)
    if not asking.settle(row):
        asking.tell_unfinished(request, row)
        return see_other(page)
    messages.success(request, made or _("QuickBooks connection created at Codat."))
    if not may(request, "add_sourceaccount"):
        return see_other(page)
    return see_other(reverse("admin:bankfeeds_connection_add_accounts", args=[row.pk]))


def connect_all(request: HttpRequest, companies: list[Company]) -> None:
    """Create each one's QuickBooks connection in turn; one that cannot stops none of the others,
    unless the person has waited for Codat long enough."""
    by, made, asked, since = actor(request), 0, 0, time.monotonic()
    for company in companies[:MOST_CONNECTED]:
        if asked and asking.patience_is_over(since):
            break
        asked += 1
        try:
            row = onboarding.plan_connection(
                company, by=by, now=asking.clock(), form_key=new_form_key()
            )
        except (*asking.REFUSALS, onboarding.BooksNotSaid) as refusal:
            messages.warning(request, f"{company.name}: {refusal}")
            continue
        onboarding.create_connection(row, client=asking.client(), by=by, clock=asking.clock)
        if asking.settle(row):
            made += 1
        else:
            asking.tell_unfinished(request, row, of=company.name)
    _tell_connected(request, made, left=len(companies) - asked)


def _tell_connected(request: HttpRequest, made: int, *, left: int) -> None:
    if made:
        text = ngettext(
            "%(n)d QuickBooks connection created at Codat. Add its accounts next.",
            "%(n)d QuickBooks connections created at Codat. Add their accounts next.",
            made,
        )
        messages.success(request, text % {"n": made})
    if left > 0:
        text = ngettext(
            "%(n)d more was left as it is. Choose at most %(most)d at a time.",
            "%(n)d more were left as they are. Choose at most %(most)d at a time.",
            left,
        )
        messages.warning(request, text % {"n": left, "most": MOST_CONNECTED})


def _page(
    admin: PortalAdmin, request: HttpRequest, form: CompanyForm, look: Look, *, form_key: str
) -> HttpResponse:
    posted = request.method == "POST"
    return admin.page(
        request,
        "add",
        title=_("Add company"),
        form=form,
        look=look,
        form_key=form_key,
        connect="connect" in request.POST or not posted,
        may_connect=may(request, "add_connection"),
    )
