"""How far a kept file is: the block that its page looks at again while the worker reads it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import health
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.models import ReceivedFile, Statement
from bankfeeds.words.senders import received as word

S = ReceivedFile.State
MOVING = (S.RECEIVED, S.READING)


def context(request: HttpRequest, row: ReceivedFile) -> dict[str, Any]:
    moving = row.state in MOVING
    return {
        "row": row,
        "word": word(row),
        "moving": moving,
        "stopped": moving and health.stands_still(row.claimed_at, now=timezone.now()),
        "leads_to": leads_to(request, row),
    }


def leads_to(request: HttpRequest, row: ReceivedFile) -> str:
    """The preview of an upload for one account, while it waits for whoever may save it; else ""."""
    if row.state != S.READ or not request.user.has_perm("bankfeeds.add_statement"):
        return ""
    kept = [each["statement"] for each in row.accounts if each["status"] == "previewed"]
    if len(row.accounts) != 1 or not kept:
        return ""
    waits = Statement.objects.filter(pk=kept[0], state=Statement.State.PREVIEWED)
    return reverse("admin:bankfeeds_statement_preview", args=kept) if waits.exists() else ""


def view(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "view_receivedfile")
    row = ReceivedFile.objects.defer("sealed_body").filter(pk=pk).first()
    if row is None:
        raise Http404(_("There is no such file."))
    page = "admin/bankfeeds/receivedfile/status.html"
    return TemplateResponse(request, page, context(request, row))
