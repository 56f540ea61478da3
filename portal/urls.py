from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from bankfeeds import senders, webhooks

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("webhooks/codat", webhooks.receive, name="webhooks"),
    path("api/statements", senders.take, name="statements"),
    path("api/statements/<uuid:key>", senders.status, name="received"),
    path("sign-in/", include("bankfeeds.sign_in.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "portal.error_pages.bad_request"
handler500 = "portal.error_pages.server_error"
