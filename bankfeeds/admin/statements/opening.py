"""A file without balances: a person states the one before its first row, on its preview."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from bankfeeds import importing
from bankfeeds.admin.parts import demand
from bankfeeds.admin.posted import actor, see_other
from bankfeeds.importing import Preview
from bankfeeds.intake import cells
from bankfeeds.models import Statement

from . import shown

FIELD, LONGEST = "opening_balance", 60


def facts(request: HttpRequest, found: Preview) -> dict[str, Any] | None:
    """What the preview says of it; None of a file that states a balance."""
    if not found.from_zero:
        return None
    told = importing.told(found.statement.mends or found.statement)
    offer = importing.offered(found)
    known = told or offer
    value = cells.figure(known.balance) if known else ""
    return {
        "told": told.words if told else "",
        "where": offer.words if offer else "",
        "offered": offer.balance if offer else None,
        "value": request.POST.get(FIELD, value)[:LONGEST],
        "problem": _problem(request, found.statement),
        "bad": found.bad if found.needs_every_row else 0,
    }


def _problem(request: HttpRequest, statement: Statement) -> str:
    """What is wrong with what was typed, for the page on which it is corrected."""
    typed = request.POST.get(FIELD)
    if typed is None:
        return ""
    try:
        importing.amount_of(typed, statement.account)
    except importing.WrongOpening as wrong:
        return str(wrong)
    return ""


def state(request: HttpRequest, pk: int) -> HttpResponse | None:
    """POST `opening_balance`: kept, and no row saved. None: the preview says what is wrong."""
    demand(request, "add_statement")
    page = reverse("admin:bankfeeds_statement_preview", args=[pk])
    statement = shown.statement(pk)
    if request.method != "POST" or statement is None:
        return redirect(page)
    typed = request.POST.get(FIELD, "")
    try:
        importing.state_opening(statement, typed, by=actor(request), now=timezone.now())
    except importing.WrongOpening:
        return None
    except (importing.UploadGone, importing.CannotImport) as refusal:
        messages.warning(request, str(refusal))
    return see_other(f"{page}#opening")
