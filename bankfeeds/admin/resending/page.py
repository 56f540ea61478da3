"""The page of an order to send again: how far it is, and what became of each push. Reads only,
but for the file for the client: that it was handed out is written down."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import holding, resending, words
from bankfeeds.admin import downloads, parts, push_words
from bankfeeds.admin.posted import actor, see_other
from bankfeeds.models import Push, PushDecision, PushStatus, Resending, ResendingRow
from bankfeeds.words import Tone, Word

ROWS = 100
MOST_REASONS = 20
Outcome = ResendingRow.Outcome
TONES: dict[str, Tone] = {Outcome.WAITING: "wait", Outcome.SENT: "good", Outcome.LEFT: "quiet"}


def find(pk: int) -> Resending | None:
    return Resending.objects.filter(pk=pk).first()


def view(admin: parts.PortalAdmin, request: HttpRequest, made: Resending) -> HttpResponse:
    shown = request.GET.get("show", "")
    rows = _rows(made)
    if shown in Outcome.values:
        rows = rows.filter(outcome=shown)
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    now, made_rows = timezone.now(), list(page)
    holding.place([row.replacement for row in made_rows if row.replacement], now=now)
    return admin.page(
        request,
        "page",
        title=_("Order to send again %(order)s") % {"order": made},
        **status_context(made),
        shown=shown,
        page=page,
        rows=[_shown(row, now=now) for row in made_rows],
        reasons=_reasons(made),
    )


def status_view(admin: parts.PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The block at the top alone: what the page looks at again while the order is carried out."""
    parts.demand(request, "view_resending")
    made = find(pk)
    if made is None:
        raise Http404(_("There is no such order."))
    return TemplateResponse(request, "admin/bankfeeds/resending/status.html", status_context(made))


def status_context(made: Resending) -> dict[str, Any]:
    rows = made.rows.order_by().values("outcome").annotate(n=Count("pk"))
    counted = dict(rows.values_list("outcome", "n"))
    numbers = {outcome.value: counted.get(outcome.value, 0) for outcome in Outcome}
    done = made.total - numbers[Outcome.WAITING]
    moving = made.ended_at is None
    return {
        "made": made,
        "numbers": numbers,
        "done": done,
        "moving": moving,
        # Another state every ten rows: the table below is read again as the order goes on.
        "seen": f"{done // 10}.{moving}",
    }


def file_view(admin: parts.PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The rows of one push that cannot go again, for the client."""
    parts.demand(request, downloads.HANDS_OUT)
    push = Push.objects.select_related("account").filter(pk=pk).first()
    if push is None:
        raise Http404(_("There is no push with this number."))
    page = reverse("admin:bankfeeds_push_change", args=(pk,))
    if request.method != "POST":
        return see_other(page)
    rows = resending.late_rows(push, now=timezone.now())
    if not rows:
        messages.info(request, _("No row of this push needs a file: all of them can be sent."))
        return see_other(page)
    made = resending.client_files(push.account, rows, by=actor(request), now=timezone.now())
    return downloads.client_files(made)


def _rows(made: Resending) -> QuerySet[ResendingRow]:
    decisions = PushDecision.objects.only("kind", "push_id", "replacement_id")
    rows = made.rows.select_related("push__company", "push__account", "replacement__account")
    rows = rows.defer("push__account__sealed_body", "replacement__account__sealed_body")
    known = [Prefetch(f"{of}__decisions", decisions) for of in ("push", "replacement")]
    return rows.prefetch_related(*known).order_by("pk")


def _shown(row: Any, *, now: dt.datetime) -> dict[str, Any]:
    """`needs_file`: some of its rows cannot go with any push."""
    push, fresh = row.push, row.replacement
    is_refused = row.outcome == Outcome.LEFT and push_words.is_refused(push)
    is_shorter = push.status == PushStatus.FAILED and fresh and fresh.rows < push.rows
    return {
        "row": row,
        "push": push,
        "word": Word(str(row.get_outcome_display()), words.said(row.words), TONES[row.outcome]),
        "replacement": fresh,
        "stands": push_words.listed(fresh, now=now) if fresh else None,
        "needs_file": is_refused or is_shorter,
    }


def _reasons(made: Resending) -> list[tuple[str, int]]:
    """Why pushes stayed, with how many; the most frequent first."""
    rows = made.rows.filter(outcome=Outcome.LEFT).order_by()
    counted = rows.values_list("words").annotate(n=Count("pk")).order_by("-n", "words")
    return list(counted[:MOST_REASONS])
