"""Undo an import: what that does, the reason, the button."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import importing
from bankfeeds.admin.leaving_ask import Question, answered
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.models import Actor, Statement

from . import shown


def undo_page(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "add_statement")
    statement = shown.statement(pk)
    if statement is None:
        raise Http404

    def act(reason: str, _form_key: str) -> bool:
        by = Actor.person(cast(User, request.user))
        if importing.undo(statement, reason=reason, by=by, now=timezone.now()):
            messages.success(request, _("The import was taken back. Nothing of it was sent."))
        else:
            messages.info(request, _("This import was taken back already."))
        return True

    return answered(admin, request, _question(statement), act)


def _question(statement: Statement) -> Question:
    rows = ngettext(
        "%(n)d row of this file is taken out of the portal. It was never in a push.",
        "%(n)d rows of this file are taken out of the portal. None of them was ever in a push.",
        statement.rows_saved,
    )
    return Question(
        title=_("Undo the import of %(file)s") % {"file": statement.file_name},
        company=statement.account.company,
        consequences=[
            rows % {"n": statement.rows_saved},
            _("The file, who imported it and this decision stay in the record."),
            _("The same file, or a corrected one, can be imported afterwards."),
        ],
        button=_("Undo import"),
        cancel=reverse("admin:bankfeeds_statement_change", args=[statement.pk]),
        why_not=importing.why_not_undo(statement),
    )
