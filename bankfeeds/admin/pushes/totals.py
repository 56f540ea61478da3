"""*Count and total* of the push history: on demand, for exactly the filter in the address."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import exporting
from bankfeeds.admin import filtered
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import see_other


def view(admin: PortalAdmin, request: HttpRequest) -> HttpResponse:
    demand(request, "view_push")
    found = filtered.changes(admin, request)
    history = reverse("admin:bankfeeds_push_changelist")
    if found is None:
        messages.warning(request, _("This filter cannot be understood. Nothing was counted."))
        return see_other(history)
    totals = exporting.totals(found.queryset)
    return admin.page(
        request,
        "totals",
        title=_("Count and total"),
        totals=totals,
        pushes=sum(total.pushes for total in totals),
        rows=sum(total.rows for total in totals),
        chosen=filtered.in_words(found, otherwise=_("all pushes")),
        counted_at=timezone.now(),
        back=f"{history}{found.get_query_string()}",
    )
