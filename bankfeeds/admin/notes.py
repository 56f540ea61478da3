"""The notes of a company or a push: read by all who see it, added by whoever looks after it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import notes
from bankfeeds.going_back import back
from bankfeeds.models import Company, Push

from .parts import PortalAdmin, demand, given_form_key, new_form_key, pressed_only
from .posted import actor, number, see_other

SHOWN = 50


@pressed_only
def add(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Add a note to a company, or to the push of it that the form names."""
    demand(request, "add_note")
    page = reverse("admin:bankfeeds_company_change", args=[pk])
    company = Company.objects.filter(pk=pk).first()
    if company is None:
        messages.error(request, _("There is no such company."))
        return see_other(reverse("admin:bankfeeds_company_changelist"))
    named = request.POST.get("push", "")
    push = company.pushes.filter(pk=number(named) or 0).first()
    if named and push is None:
        messages.error(request, _("This company has no such push. The note was not kept."))
        return see_other(page)
    try:
        notes.add(
            company,
            text=request.POST.get("text", ""),
            by=actor(request),
            now=timezone.now(),
            form_key=given_form_key(request),
            push=push,
        )
    except notes.NoNote as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The note was kept."))
    return see_other(back(request, otherwise=page))


def block(request: HttpRequest, company: Company, push: Push | None = None) -> dict[str, Any]:
    """Context of templates/admin/bankfeeds/mirror/notes.html."""
    return {
        "company": company,
        "push": push,
        "notes": notes.about(company, push=push).select_related("push")[:SHOWN],
        "may_add": request.user.has_perm("bankfeeds.add_note"),
        "form_key": new_form_key(),
        "here": request.path,
        "most": notes.LONGEST,
        "request": request,
    }
