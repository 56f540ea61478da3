from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.generic import RedirectView

from bankfeeds import webhooks


def healthz(request: HttpRequest) -> HttpResponse:
    """200 as soon as the web process answers; says nothing of worker or database."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("healthz", healthz, name="healthz"),
    path("webhooks/codat", webhooks.receive, name="webhooks"),
    path("admin/", admin.site.urls),
]
