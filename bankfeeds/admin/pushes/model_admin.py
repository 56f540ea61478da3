"""Push history, the page of a push and the confirmation page: their addresses and who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.translation import gettext as _

from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import identifier
from bankfeeds.admin.push_words import MOVING
from bankfeeds.models import Push
from bankfeeds.words import legend

from . import confirm, decide, mistake, together, totals
from . import dry_run as push_dry_run
from . import page as push_page
from . import pre_flight as push_pre_flight
from .history import PushHistory

OfPush = Callable[[Any, HttpRequest, Push], HttpResponse]


def _of_push(view: OfPush) -> Callable[..., HttpResponse]:
    def shown(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
        demand(request, "view_push")
        return view(admin, request, push_page.find_or_404(pk))

    return shown


def _button(press: OfPush) -> Callable[..., HttpResponse]:
    """Of the push's page; its address opened by GET only shows that page, if there is one."""

    def pressed(admin: PortalAdmin, request: HttpRequest, push: Push) -> HttpResponse:
        if request.method != "POST":
            return redirect(decide.address(push))
        return press(admin, request, push)

    return _of_push(pressed)


@admin.register(Push)
class PushAdmin(PushHistory):
    explained = (legend.of_pushes,)

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Callable[..., HttpResponseBase]]] = {
            "dry-run/": ("dry_run", push_dry_run.view),
            "dry-run/<int:pk>/": ("dry_run_file", push_dry_run.file),
            "pre-flight/<int:pk>/": ("pre_flight", push_pre_flight.of_account),
            "pre-flight/<int:pk>/export/": ("pre_flight_export", push_pre_flight.export_of_account),
            "<int:pk>/pre-flight/": ("found", push_pre_flight.of_push),
            "<int:pk>/pre-flight/export/": ("found_export", push_pre_flight.export_of_push),
            "<int:pk>/mistake/": ("mistake", mistake.record),
            "<int:pk>/client-text/": ("client_text", mistake.client_text),
            "confirm/": ("confirm", confirm.view),
            "together/": ("together", together.view),
            "totals/": ("totals", totals.view),
            "<int:pk>/status/": ("status", _of_push(push_page.status_view)),
            "<int:pk>/body/": ("body", _of_push(push_page.body_view)),
            "<int:pk>/stop/": ("stop", _button(decide.stop)),
            "<int:pk>/look/": ("look", _button(decide.look)),
            "<int:pk>/decide/": ("decide", _button(decide.decide)),
        }
        own = [self.own(route, name, view) for route, (name, view) in pages.items()]
        return [*own, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was just confirmed moves by itself, also without a script."""
        answer = super().changelist_view(request, extra_context)
        batch = identifier(request.GET.get("batch", ""))
        if batch and Push.objects.filter(form_key=str(batch), status__in=MOVING).exists():
            answer["Refresh"] = "3"
        return answer

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        push = push_page.find(pk)
        return push_page.view(self, request, push) if push else None

    def missing(self, request: HttpRequest, object_id: str) -> HttpResponse:
        messages.warning(request, _("There is no push with this number."))
        return redirect(self.page_name("changelist"))
