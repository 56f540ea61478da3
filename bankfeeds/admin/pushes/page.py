"""The page of one push: status, facts, what Codat said, timeline, attempts, rows, exact body.

Reads only. What a person may do here is in `push_decide`; GET changes nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import health, holding, pushing, words
from bankfeeds.admin import holding_shown, parts, push_words, rule_pages
from bankfeeds.admin.posted import numbers
from bankfeeds.admin.resending import choose
from bankfeeds.models import (
    Incident,
    Push,
    PushBody,
    PushDecision,
    PushItem,
    PushMark,
    PushStatus,
    SendingStop,
    Statement,
)
from bankfeeds.models.states import UNDECIDED

from . import answers, timeline, unknown
from .history import both_ways

SENT_IN_ERROR = PushMark.Kind.SENT_IN_ERROR
DECISIONS = (
    Prefetch("decisions", PushDecision.objects.select_related(None)),
    Prefetch("replaces", PushDecision.objects.only("kind", "push_id", "replacement_id")),
    "marks",
)


def find(pk: int) -> Push | None:
    """The push with all that its page names; None when there is none."""
    rows = Push.objects.select_related("company", "account", "connection")
    rows = rows.defer("account__sealed_body", "connection__link_url")
    return rows.prefetch_related(*DECISIONS).filter(pk=pk).first()


def find_or_404(pk: int) -> Push:
    push = find(pk)
    if push is None:
        raise Http404(_("There is no push with this number."))
    return push


def view(
    admin: parts.PortalAdmin, request: HttpRequest, push: Push, *, problem: str = ""
) -> HttpResponse:
    """The whole page; with `problem` after a press that could not be carried out."""
    lines = answers.lines(_items(push))
    said = answers.said(push, lines)
    given = request.POST if problem else None
    holds_others = push.status == PushStatus.READY or push_words.is_undecided(push)
    also_stops = pushing.waiting_behind(push) if holds_others else []
    context: dict[str, Any] = {
        **status_context(request, push),
        "facts": facts(push),
        "said": said,
        "problem": problem,
        "sent_in_error": any(mark.kind == SENT_IN_ERROR for mark in push.marks.all()),
        "reason": given.get("reason", "") if given else "",
        "ticked": numbers(given.getlist("leave_out")) if given else _ticked(push, lines),
        "events": timeline.lines(push),
        "attempts": unknown.attempts(push),
        "lost_try": unknown.lost_try(push),
        "lines": lines,
        "body": body(push),
        "rules_kept": rule_pages.kept(push),
        "asks": asks(request, push),
        "also_stops": also_stops,
        "stops": len(also_stops) + 1,
        **_deciding(push),
    }
    title = _("Push #%(id)d – %(company)s") % {"id": push.pk, "company": push.company.name}
    return admin.page(request, "page", title=title, **context)


def _deciding(push: Push) -> dict[str, Any]:
    if push.status in unknown.UNKNOWN:
        return unknown.deciding(push)
    return unknown.going_again(push) if push_words.is_refused(push) else {}


def _ticked(push: Push, lines: list[answers.Line]) -> set[int]:
    """Left out unless a person says otherwise: bad rows, and whatever may be at Codat already."""
    doubtful = push.status != PushStatus.FAILED
    return {line.row.pk for line in lines if line.is_bad or doubtful}


def status_view(admin: parts.PortalAdmin, request: HttpRequest, push: Push) -> HttpResponse:
    """The block at the top alone: what the page looks at again while the push moves."""
    template = "admin/bankfeeds/push/status.html"
    return TemplateResponse(request, template, status_context(request, push))


def status_context(request: HttpRequest, push: Push) -> dict[str, Any]:
    now = timezone.now()
    behind = pushing.behind(push) if push.status == PushStatus.READY else None
    holds = holding.holds([push], now=now)
    held = words.held(push, holds, now=now) if holds else None
    stopped, has = _worker(push, now), _may_what(request)
    return {
        "push": push,
        "word": push_words.status(push, now=now, behind=behind, holds=holds),
        "marks": push_words.marks(push),
        "next_step": next_step(
            push, behind=behind, held=held, has=has, stopped=stopped is not None
        ),
        "behind": behind,
        "held": held,
        "held_address": holding_shown.address(held.by) if held else "",
        "moving": push.status in push_words.MOVING,
        "needs_decision": push_words.is_undecided(push),
        "worker_stopped": stopped,
        "seen": seen(push),
        "may_push": may(request, "push_sourceaccount"),
        "may_decide": may(request, "decide_push"),
    }


def seen(push: Push) -> str:
    """What state a page showed: a press from an older page changes nothing."""
    return f"{push.status}.{push.fence}.{len(push.decisions.all())}"


def may(request: HttpRequest, permission: str) -> bool:
    return request.user.has_perm(f"bankfeeds.{permission}")


def asks(request: HttpRequest, push: Push) -> str:
    """Which buttons the page has for this person now: one of the names in page.html, or ""."""
    if push.status == PushStatus.READY and may(request, "stop_push"):
        return "stop"
    if push_words.is_undecided(push) and may(request, "decide_push"):
        return str(push.status)
    return ""


def _worker(push: Push, now: dt.datetime) -> health.Stopped | None:
    return health.stopped(now=now) if push.status in push_words.MOVING else None


# The buttons that the sentences below point at, by what a person may press.
BUTTONS = ("decide_push", "stop_push", "stop_sending", "end_incident")


def _may_what(request: HttpRequest) -> frozenset[str]:
    return frozenset(name for name in BUTTONS if may(request, name))


def next_step(
    push: Push,
    *,
    behind: Push | None,
    held: words.Held | None = None,
    has: frozenset[str],
    stopped: bool = False,
) -> str:
    """What to do now, in one sentence; whoever has no button for it is told who has.

    `stopped`: the worker does not run.
    """
    decides = "decide_push" in has
    if behind is not None and behind.status in UNDECIDED and not decides:
        text = _("Somebody who may decide has to decide push #%(id)d first.")
        return text % {"id": behind.pk}
    if behind is not None and behind.status in UNDECIDED:
        return _("Decide push #%(id)d first; this one then goes on by itself.") % {"id": behind.pk}
    if held is not None and held.remedy:
        return held.remedy if _may_mend(held, has) else held.for_others
    if behind is not None:
        return _("Nothing to do: it goes as soon as push #%(id)d has ended.") % {"id": behind.pk}
    if stopped:
        return _("Tell the administrator: it goes on by itself once the worker runs again.")
    if push.status == PushStatus.FAILED and not push_words.is_undecided(push):
        return _("Nothing to do: a decision was made.")
    if push_words.may_be_missing(push) and (again := choose.stands(push)):
        return " ".join(again)
    if push_words.may_be_missing(push) and not decides:
        return _("Somebody who may send again has to choose what goes again.")
    if push_words.may_be_missing(push):
        return _("Choose on the page of its account what goes again, or mark it as seen to.")
    if any(mark.kind == SENT_IN_ERROR for mark in push.marks.all()):
        return _("Give the client the text: they exclude these rows in QuickBooks.")
    if push_words.is_undecided(push) and not decides:
        return _("Somebody who may decide has to look at it and decide.")
    if push.status in unknown.UNKNOWN and push.company.gone_at is not None:
        return _(
            "The company no longer exists at Codat, so nothing can be looked up there. Ask the"
            " client whether these rows are in QuickBooks, then give up below."
        )
    if push.status == PushStatus.READY and "stop_push" in has:
        return _("Nothing to do: it leaves by itself. You can still stop it.")
    return str(_next_steps().get(push.status, ""))


def _may_mend(held: words.Held, has: frozenset[str]) -> bool:
    """Whether the remedy is in the hands of this person."""
    if isinstance(held.by, SendingStop):
        return "stop_sending" in has
    return "end_incident" in has if isinstance(held.by, Incident) else True


def _next_steps() -> dict[str, str]:
    return {
        PushStatus.READY: _("Nothing to do: it leaves by itself."),
        PushStatus.SENDING: _("Nothing to do: this page moves by itself."),
        PushStatus.RECONCILING: _("Nothing to do: this page moves by itself."),
        PushStatus.SUBMITTED: _("Nothing to do: this page moves by itself."),
        PushStatus.SUCCEEDED: _(
            "Nothing to do. A client who wants the rows at once presses Update in QuickBooks."
        ),
        PushStatus.FAILED: _("Read what Codat said, then decide below."),
        PushStatus.TIMED_OUT: _("Look again at Codat, below."),
        PushStatus.NEEDS_REVIEW: _("Look again at Codat, below, then decide."),
        PushStatus.CANCELLED: _("Nothing to do. Rows that are free can be pushed again."),
    }


def facts(push: Push) -> dict[str, Any]:
    money_in, money_out = both_ways(push)
    statements = Statement.objects.filter(transactions__items__push=push).distinct()
    return {
        "money_in": money_in,
        "money_out": money_out,
        "by": push_words.by(push),
        "took": push_words.took(push),
        "balance_after": words.money(push.balance_after, push.currency),
        "files": list(statements.only("file_name", "imported_by", "saved_at").order_by("id")),
    }


def _items(push: Push) -> list[PushItem]:
    rows = push.items.select_related("transaction").order_by("position")
    return list(rows)


def body(push: Push) -> dict[str, Any]:
    """The exact bytes: how many, their digest, and whether that is the one that was confirmed."""
    stored = PushBody.objects.filter(push=push).first()
    if stored is None:
        return {}
    content = stored.content
    return {
        "size": len(content),
        "digest": hashlib.sha256(content).hexdigest(),
        "is_same": hashlib.sha256(content).hexdigest() == push.body_sha256,
        "address": reverse("admin:bankfeeds_push_body", args=(push.pk,)),
    }


def body_view(admin: parts.PortalAdmin, request: HttpRequest, push: Push) -> HttpResponse:
    stored = PushBody.objects.filter(push=push).first()
    if stored is None:
        raise Http404(_("No body was kept for this push."))
    answer = HttpResponse(stored.content, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="push-{push.pk}.json"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    return answer
