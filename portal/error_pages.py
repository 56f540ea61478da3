"""The pages of refused and broken requests. They ask no database: it may be what is broken."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseServerError
from django.template import loader
from django.utils.html import format_html

from bankfeeds import request_ids

log = logging.getLogger("portal.error_pages")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponseBadRequest(_page("400.html"))


def server_error(request: HttpRequest) -> HttpResponse:
    return HttpResponseServerError(_page("500.html"))


def _page(name: str) -> str:
    try:
        return loader.render_to_string(name, {"request_id": request_ids.current()})
    except Exception:  # an error while an error is shown: say the least that helps
        log.exception("the page %s could not be made", name)
        return format_html("<h1>Server error</h1><p>{}</p>", request_ids.current())
