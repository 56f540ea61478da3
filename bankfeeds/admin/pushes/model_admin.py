"""Push history, the page of a push and the confirmation page: their addresses and who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from bankfeeds.admin.posted import identifier
from bankfeeds.admin.push_words import MOVING
from bankfeeds.models import Push
from bankfeeds.words import legend

from . import confirm, decide, mistake, together, totals
from . import dry_run as push_dry_run
from . import page as push_page
from . import pre_flight as push_pre_flight
from .history import PushHistory

View = Callable[..., HttpResponse]
Press = Callable[[Any, HttpRequest, Push], HttpResponse]


@admin.register(Push)
class PushAdmin(PushHistory):
    explained = (legend.of_pushes,)

    def get_urls(self) -> list[URLPattern]:
        own: list[tuple[str, View, str]] = [
            ("confirm/", self.confirm_view, "confirm"),
            ("together/", self.together_view, "together"),
            ("totals/", self.totals_view, "totals"),
            ("<path:object_id>/status/", self.status_view, "status"),
            ("<path:object_id>/body/", self.body_view, "body"),
            ("<path:object_id>/stop/", self.stop_view, "stop"),
            ("<path:object_id>/look/", self.look_view, "look"),
            ("<path:object_id>/decide/", self.decide_view, "decide"),
        ]
        dry_run = (
            self.own("dry-run/", "dry_run", push_dry_run.view),
            self.own("dry-run/<int:pk>/", "dry_run_file", push_dry_run.file),
        )
        pre_flight = (
            ("pre-flight/<int:pk>/", "pre_flight", push_pre_flight.of_account),
            ("pre-flight/<int:pk>/export/", "pre_flight_export", push_pre_flight.export_of_account),
            ("<int:pk>/pre-flight/", "found", push_pre_flight.of_push),
            ("<int:pk>/pre-flight/export/", "found_export", push_pre_flight.export_of_push),
        )
        ways_out = (
            self.own("<int:pk>/mistake/", "mistake", mistake.record),
            self.own("<int:pk>/client-text/", "client_text", mistake.client_text),
        )
        return [
            *dry_run,
            *(self.own(*each) for each in pre_flight),
            *ways_out,
            *(self._path(*page) for page in own),
            *super().get_urls(),
        ]

    def _path(self, at: str, view: View, name: str) -> URLPattern:
        return path(at, self.admin_site.admin_view(view), name=f"bankfeeds_push_{name}")

    def confirm_view(self, request: HttpRequest) -> HttpResponse:
        return confirm.view(self, request)

    def together_view(self, request: HttpRequest) -> HttpResponse:
        return together.view(self, request)

    def totals_view(self, request: HttpRequest) -> HttpResponse:
        return totals.view(self, request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was just confirmed moves by itself, also without a script."""
        answer = super().changelist_view(request, extra_context)
        batch = identifier(request.GET.get("batch", ""))
        if batch and Push.objects.filter(form_key=str(batch), status__in=MOVING).exists():
            answer["Refresh"] = "3"
        return answer

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one push instead of a form: there is nothing in it to change."""
        self._demand_view(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        push = push_page.find(object_id)
        if push is None:
            messages.warning(request, _("There is no push with this number."))
            return redirect("admin:bankfeeds_push_changelist")
        return push_page.view(self, request, push)

    def status_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        self._demand_view(request)
        return push_page.status_view(request, push_page.find_or_404(object_id))

    def body_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        self._demand_view(request)
        return push_page.body_view(push_page.find_or_404(object_id))

    def stop_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._press(decide.stop, request, object_id)

    def look_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._press(decide.look, request, object_id)

    def decide_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._press(decide.decide, request, object_id)

    def _press(self, press: Press, request: HttpRequest, object_id: str) -> HttpResponse:
        """A button of the push's page; its address opened by GET only shows that page."""
        self._demand_view(request)
        push = push_page.find_or_404(object_id)
        if request.method != "POST":
            return redirect(decide.address(push))
        return press(self, request, push)

    def _demand_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied
