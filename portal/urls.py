from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

# The pages come before the look-up of the site that they register on: begun by that, they would
# end on a first site, which the look-up then replaces by a second.
import bankfeeds.admin  # noqa: F401
from bankfeeds import senders, webhooks

admin.autodiscover()

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
