"""*Change owner*: of one company or of several, never over what another person did meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import onboarding, seen, words
from bankfeeds.admin import meanwhile
from bankfeeds.admin.parts import PortalAdmin
from bankfeeds.admin.posted import actor
from bankfeeds.models import Company

from .company_form import owners


def change_owner(
    admin: PortalAdmin, request: HttpRequest, chosen: QuerySet[Company]
) -> HttpResponse | None:
    """Ask whom the chosen companies are to belong to, then hand them over."""
    people = list(owners())
    if "owner" not in request.POST:
        return _ask(admin, request, chosen)
    to = next((user for user in people if str(user.pk) == request.POST["owner"]), None)
    if to is None:
        messages.error(request, _("Choose the new owner. Nothing was changed."))
        return None
    try:
        changed = onboarding.hand_over(
            chosen.values_list("pk", flat=True),
            to=to,
            shown=request.POST.get("seen", ""),
            by=actor(request),
            now=timezone.now(),
        )
    except seen.Moved as moved:
        return _ask(admin, request, chosen, moved=[int(pk) for pk in moved.names])
    text = ngettext(
        "%(n)d company belongs to %(who)s now.", "%(n)d companies belong to %(who)s now.", changed
    )
    messages.success(request, text % {"n": changed, "who": words.person(to)})
    return None


def _ask(
    admin: PortalAdmin,
    request: HttpRequest,
    chosen: QuerySet[Company],
    *,
    moved: Sequence[int] = (),
) -> HttpResponse:
    companies = list(chosen.order_by("name"))
    return admin.page(
        request,
        "owner",
        title=_("Change owner"),
        companies=companies,
        people=list(owners()),
        seen=onboarding.owners_version(companies),
        moved=[_moved(company) for company in companies if company.pk in moved],
    )


def _moved(company: Any) -> str:
    """One company that is not any more whose it was on the page."""
    owner = company.owner
    said = {
        "company": company.name,
        "owner": words.person(owner) if owner else _("Nobody"),
        "who": meanwhile.details_changed(company),
    }
    return _("%(company)s: the owner is %(owner)s now. %(who)s") % said
