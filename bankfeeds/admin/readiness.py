"""Readiness: the last result as it was kept, and the button that asks Codat anew."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _

from bankfeeds import readiness
from bankfeeds.models import ReadinessCheck

from . import asking
from .parts import PortalAdmin, ReadOnlyAdmin, demand
from .posted import actor, see_other

HERE = "admin:bankfeeds_readinesscheck_changelist"


@admin.register(ReadinessCheck)
class ReadinessAdmin(ReadOnlyAdmin):
    """One page in place of a list: only the newest result says how things are."""

    show_facets = admin.ShowFacets.NEVER

    def get_urls(self) -> list[URLPattern]:
        return [self.own("check/", "check", check_now), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        demand(request, "view_readinesscheck")
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        done = readiness.last()
        return self.page(
            request,
            "page",
            title=_("Readiness"),
            done=done,
            lines=readiness.lines(done) if done else [],
            is_ready=done is not None and readiness.is_ready(done),
            may_check=request.user.has_perm("bankfeeds.check_readiness"),
        )

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        return redirect(HERE)


def check_now(admin: PortalAdmin, request: HttpRequest) -> HttpResponse:
    """A person waits for exactly this answer of Codat's."""
    if request.method != "POST":
        return redirect(HERE)
    demand(request, "check_readiness")
    done = readiness.check(asking.client, by=actor(request), clock=asking.clock)
    if readiness.is_ready(done):
        messages.success(request, _("Checked. Everything that is needed is in order."))
    else:
        messages.warning(request, _("Checked. Something is not in order: see what to do below."))
    return see_other(reverse(HERE))
