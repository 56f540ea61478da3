"""Back to the page that a press, a form or a sign-in came from: only ever to one of ours."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def back(request: HttpRequest, *, otherwise: str) -> str:
    """Where a press came from, if it says so and it is a page of ours; else `otherwise`."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    # No host is allowed: a path of ours needs none, and //host is not a path.
    ours = url_has_allowed_host_and_scheme(wanted, None) and wanted.startswith("/")
    return wanted if ours else otherwise
