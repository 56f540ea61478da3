"""What surrounds every answer: the id of its request, one log line, headers of all pages."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from bankfeeds import request_ids

log = logging.getLogger("portal.requests")

GetResponse = Callable[[HttpRequest], HttpResponse]
HEADERS = {
    # The pages use none of these.
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}
# Pages are read and buttons are pressed; many views would take any other method for reading.
METHODS = ("GET", "HEAD", "POST")
# Machines' own: they say themselves which methods they take.
DOORS = ("/webhooks/", "/api/")
# Every few seconds by machines, or many for one page: no news.
QUIET = ("/healthz", "/readyz", "/static/")


def identified(get_response: GetResponse) -> GetResponse:
    """The outermost: whatever happens inside has the id. A proxy's X-Request-ID is kept."""

    def answer(request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        given = request.headers.get("X-Request-ID", "")
        with request_ids.carried(given=given) as request_id:
            request.request_id = request_id  # type: ignore[attr-defined]  # for error pages
            response = get_response(request)
            response["X-Request-ID"] = request_id
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            _say(request, response, ms=round((time.monotonic() - began) * 1000))
        return response

    return answer


def read_or_pressed(get_response: GetResponse) -> GetResponse:
    """405 for every other method, whatever the page."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.method in METHODS or request.path_info.startswith(DOORS):
            return get_response(request)
        return HttpResponseNotAllowed(METHODS)

    return answer


def _say(request: HttpRequest, response: HttpResponse, *, ms: int) -> None:
    level = logging.DEBUG if request.path.startswith(QUIET) else logging.INFO
    match = request.resolver_match
    route = match.route if match else ""
    # The address of a password reset is a key.
    path = f"/{route}" if match and "token" in match.kwargs else request.path
    fields: dict[str, Any] = {
        "method": request.method,
        "path": path,
        "route": route,
        "status": response.status_code,
        "ms": ms,
        # Only when somebody asked already: to ask is a query.
        "person": getattr(getattr(request, "_cached_user", None), "pk", None),
    }
    log.log(level, "%s %s %s %s ms", request.method, path, response.status_code, ms, extra=fields)
