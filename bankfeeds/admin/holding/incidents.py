"""Incidents: their list, the page of one, and the one button by which sending goes on."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds import ageing, health, holding, words
from bankfeeds.admin import holding_shown
from bankfeeds.admin.parts import PortalAdmin, ReadOnlyAdmin, badge, demand, pressed_only
from bankfeeds.admin.posted import actor, reason, see_other
from bankfeeds.models import Incident, Push


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    list_display = ("what", "state", "since", "ended", "by_whom", "said")
    list_display_links = ("what",)
    list_title = gettext_lazy("Incidents")
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    ordering = (F("ended_at").desc(nulls_first=True), "-started_at", "-id")
    actions = None

    def get_urls(self) -> list[URLPattern]:
        return [self.own("<int:pk>/go-on/", "go_on", go_on), *super().get_urls()]

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        row = Incident.objects.filter(pk=pk).first()
        return view(self, request, row) if row else None

    @admin.display(description=gettext_lazy("what"))
    def what(self, row: Incident) -> str:
        return str(row)

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: Incident) -> SafeString:
        return badge(words.incident(row))

    @admin.display(description=gettext_lazy("since"))
    def since(self, row: Incident) -> str:
        return words.moment(row.started_at)

    @admin.display(description=gettext_lazy("ended"))
    def ended(self, row: Incident) -> str:
        return words.moment(row.ended_at)

    @admin.display(description=gettext_lazy("ended by"))
    def by_whom(self, row: Incident) -> str:
        return words.named(row.ended_by) or "–"

    @admin.display(description=gettext_lazy("words"))
    def said(self, row: Incident) -> str:
        return words.said(words.short(row.words)) or "–"


def view(admin: PortalAdmin, request: HttpRequest, row: Incident) -> HttpResponse:
    """What happened, what it means, what to do; the button where there is something to press."""
    now = timezone.now()
    cost = ageing.cost(row)
    is_open = row.ended_at is None
    may_end = request.user.has_perm("bankfeeds.end_incident")
    loss = health.loss(today=timezone.localdate(now)) if is_open else health.Loss()
    waiting = Push.objects.filter(status__in=health.CONFIRMED) if is_open else Push.objects.none()
    return admin.page(
        request,
        "page",
        title=str(row),
        incident=row,
        ended_by=words.named(row.ended_by),
        word=words.incident(row),
        story=words.incident_story(row, may_end=may_end),
        cost=words.incident_cost(cost.pushes, cost.late),
        mended=holding.mended(row),
        lost=words.lost(loss.first, loss.already),
        waiting=waiting.count(),
        is_open=is_open,
        is_refusal=row.kind == Incident.Kind.REFUSED,
        may_end=may_end,
        preview=holding_shown.preview(now=now) if is_open else None,
    )


@pressed_only
def go_on(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "end_incident")
    row = Incident.objects.filter(pk=pk).first()
    if row is None:
        raise Http404(_("There is no such incident."))
    page = see_other(holding_shown.address(row))
    why, wrong = reason(request, required=False)
    if wrong:
        text = _("Nothing was changed.")
        messages.error(request, f"{wrong} {text}")
        return page
    try:
        ended = holding.go_on(row, reason=why, by=actor(request), now=timezone.now())
    except ValueError as impossible:
        messages.warning(request, str(impossible))
        return page
    if ended:
        text = _("Sending goes on. If Codat still refuses our key, everything waits again.")
        messages.success(request, text)
    else:
        messages.info(request, _("This had ended before. Nothing was changed now."))
    return page
