"""The preview of a long file while the worker works it out: what, why again, and how far it is.

It stands at the preview's own address, so that reloading it leads on by itself.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import health, importing
from bankfeeds.admin.parts import PortalAdmin, demand, pressed_only
from bankfeeds.admin.posted import see_other
from bankfeeds.models import Preparing, Statement

from . import saving, shown


def page(
    admin: PortalAdmin, request: HttpRequest, statement: Statement, row: Preparing
) -> HttpResponse:
    return admin.page(
        request,
        "preparing",
        title=_("Look before saving"),
        account=statement.account,
        not_saved=saving.why_not(statement),
        query=request.GET.urlencode(),
        **_context(request, statement, row),
    )


def status(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The block at the top alone: what the page looks at again. It leads to the preview."""
    demand(request, "add_statement")
    statement = shown.statement(pk)
    if statement is None or statement.state != Statement.State.PREVIEWED:
        return redirect("admin:bankfeeds_statement_preview", pk=pk)
    try:
        found = importing.shown(statement, today=timezone.localdate(), now=timezone.now())
    except importing.UploadGone:
        return redirect("admin:bankfeeds_statement_preview", pk=pk)
    row = found if isinstance(found, Preparing) else None
    return TemplateResponse(
        request,
        "admin/bankfeeds/statement/preparing_status.html",
        _context(request, statement, row),
    )


@pressed_only
def again(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "add_statement")
    if (statement := shown.statement(pk)) is not None:
        importing.prepare_again(statement)
    return see_other(reverse("admin:bankfeeds_statement_preview", args=[pk]))


def _context(request: HttpRequest, statement: Statement, row: Preparing | None) -> dict[str, Any]:
    """`row`: None once it is worked out."""
    moving = row is not None and row.ended_at is None
    here = reverse("admin:bankfeeds_statement_preview", args=[statement.pk])
    here = f"{here}?{request.GET.urlencode()}" if request.GET else here
    stands = row is not None and health.stands_still(row.claimed_at, now=timezone.now())
    return {
        "row": row,
        "statement": statement,
        "moving": moving,
        "stopped": moving and stands,
        "why": _why(statement) if row else [],
        "here": here,
        "leads_to": "" if row else here,
    }


def _why(statement: Statement) -> list[str]:
    """Why it is worked out again; of one that never was, that."""
    stamp = importing.stamp_of(statement, today=timezone.localdate())
    changed = importing.changed_since(statement, stamp)
    said = {
        "day": _("The day has changed, and what is too old or late goes by it."),
        "settings": _("A setting was changed, or the portal is another version."),
        "account": _("Something changed on the account, such as its feed start date."),
        "file": _("The file was chosen once more."),
        "opening": _("The opening balance was stated."),
        "sent": _("Transactions of this account were sent."),
        "rows": _("Rows of this account came in, were taken back or were decided on."),
    }
    return [said[name] for name in changed]
