"""*Export this list*: exactly what a list shows at its address, as a CSV. POST: it is recorded.

Whoever may see a list may take it out.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import exporting, words
from bankfeeds.exporting import Sheet

from . import downloads, filtered
from .export_sheets import SHEETS
from .posted import actor, see_other


def sheet_of(page: Any) -> Sheet | None:
    """The columns of a list; None where there is nothing to take out."""
    make = SHEETS.get(page.model)
    return make() if make else None


def view(page: Any, request: HttpRequest) -> HttpResponseBase:
    if not page.has_view_permission(request):
        raise PermissionDenied
    sheet = sheet_of(page)
    back = f"{reverse(page.page_name('changelist'))}?{request.GET.urlencode()}"
    if request.method != "POST" or sheet is None:
        return redirect(back)
    found = filtered.changes(page, request)
    if found is None:
        messages.warning(request, _("This filter cannot be understood. No file was made."))
        return see_other(reverse(page.page_name("changelist")))
    rows = exporting.standing(found.queryset)
    counted = exporting.count(rows)
    if counted > exporting.MOST_ROWS:
        messages.warning(request, too_many())
        return see_other(back)
    content = exporting.export(
        rows,
        sheet=sheet,
        counted=counted,
        chosen=filtered.in_words(found, otherwise=_("everything")),
        by=actor(request),
        now=timezone.now(),
    )
    return downloads.streamed(name(sheet), content)


def name(sheet: Sheet) -> str:
    return f"{sheet.name}-{timezone.localdate().isoformat()}.csv"


def too_many() -> str:
    text = _(
        "This list has more than %(most)s rows, and a file takes no more. No file was made."
        " Choose a shorter period or another filter, and export it in parts."
    )
    return text % {"most": most()}


def most() -> str:
    """As people write it: `200,000`."""
    return words.count(exporting.MOST_ROWS)
