"""A long file is saved by the worker: the page says how far it is, and leads on when it is done."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import health, importing
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor
from bankfeeds.models import Saving, Statement


def is_long(statement: Statement) -> bool:
    return importing.is_long(size=statement.size, rows=statement.rows_read)


def ask(request: HttpRequest, statement: Statement) -> HttpResponse:
    """Raises UploadGone, FileKnown."""
    importing.save_later(
        statement,
        leave_out_bad="leave_out_bad" in request.POST,
        is_of_account="is_of_account" in request.POST,
        shown=request.POST.get("shown", "")[:64],
        by=actor(request),
        now=timezone.now(),
    )
    return redirect("admin:bankfeeds_statement_saving", statement.pk)


def open_one(statement: Statement) -> bool:
    return Saving.objects.filter(pk=statement.pk, ended_at=None).exists()


def why_not(statement: Statement) -> str:
    """Why it was not saved when it was to be; the preview has changed since, or so have ticks."""
    row = Saving.objects.filter(pk=statement.pk).first()
    return row.words if row else ""


def page(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "add_statement")
    row = _row(pk)
    if row is None or row.ended_at is not None:
        return redirect("admin:bankfeeds_statement_change", pk)
    return admin.page(
        request,
        "saving",
        title=_("Saving: %(file)s") % {"file": row.statement.file_name},
        account=row.statement.account,
        **_context(row),
    )


def status(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The block at the top alone: what the page looks at again."""
    demand(request, "add_statement")
    row = _row(pk)
    if row is None:
        return redirect("admin:bankfeeds_statement_change", pk)
    return TemplateResponse(request, "admin/bankfeeds/statement/saving_status.html", _context(row))


def _row(pk: int) -> Saving | None:
    if pk >= 2**63:
        return None
    rows = Saving.objects.select_related("statement__account__company")
    return (
        rows.defer("statement__rejected", "statement__account__sealed_body").filter(pk=pk).first()
    )


def _context(row: Saving) -> dict[str, Any]:
    moving = row.ended_at is None
    change = reverse("admin:bankfeeds_statement_change", args=[row.pk])
    return {
        "row": row,
        "statement": row.statement,
        "moving": moving,
        "stopped": moving and health.stands_still(row.claimed_at, now=timezone.now()),
        "leads_to": "" if moving else change,
    }
