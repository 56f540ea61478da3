"""Record a mistake on a push that Codat has accepted, and the text that helps the client."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import holding, mistakes, words
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor, numbers, reason, see_other
from bankfeeds.models import Language, Push, PushStatus

from . import page


def record(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the rows to tick, and what it means. POST: mark them; then the text for the client."""
    demand(request, "decide_push")
    push = _found(pk)
    if request.method != "POST":
        return _ask(admin, request, push)
    given = request.POST
    why, _wrong = reason(request)
    try:
        new = mistakes.record(
            push,
            numbers(given.getlist("row")),
            reason=why,
            wrong_client="wrong_client" in given,
            by=actor(request),
            now=timezone.now(),
        )
    except ValueError as problem:
        return _ask(admin, request, push, problem=str(problem))
    _tell(request, push, new)
    return see_other(reverse("admin:bankfeeds_push_client_text", args=[pk]))


def client_text(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The list of what was sent in error, and the words for the client in both languages."""
    demand(request, "view_push")
    push = _found(pk)
    items = mistakes.marked(push)
    if not items:
        raise Http404(_("No mistake is recorded on this push."))
    last = push.events.filter(action="push.mistake").order_by("-pk").first()
    return admin.page(
        request,
        "client_text",
        title=_("Sent in error: push #%(id)d") % {"id": push.pk},
        push=push,
        currency=push.currency,
        items=items,
        texts=_texts(push, [item.transaction for item in items]),
        wrong_client=bool(last and last.after.get("wrong_client")),
        stopped=holding.open_stop(account=push.account),
    )


def _texts(push: Push, rows: list[Any]) -> list[tuple[str, str, str]]:
    """Language code, its name, the text: the client's own language first."""
    first = push.company.language
    codes = sorted(Language.values, key=lambda code: code != first)
    return [
        (
            code,
            str(Language(code).label),
            words.mistake_message(
                company=push.company.name,
                account=str(push.account),
                currency=push.currency,
                rows=rows,
                language=code,
            ),
        )
        for code in codes
    ]


def _ask(
    admin: PortalAdmin, request: HttpRequest, push: Push, *, problem: str = ""
) -> HttpResponse:
    items = list(push.items.select_related("transaction").order_by("position"))
    before = {item.pk for item in mistakes.marked(push)}
    return admin.page(
        request,
        "mistake",
        title=_("Record a mistake: push #%(id)d") % {"id": push.pk},
        push=push,
        currency=push.currency,
        items=items,
        before=before,
        ticked=numbers(request.POST.getlist("row")),
        reason=request.POST.get("reason", ""),
        wrong_client="wrong_client" in request.POST,
        stop="stop" in request.POST,
        may_stop=request.user.has_perm("bankfeeds.stop_sending"),
        problem=problem,
    )


def _tell(request: HttpRequest, push: Push, new: int) -> None:
    if new:
        text = ngettext("%(n)d row is marked.", "%(n)d rows are marked.", new)
        messages.success(request, text % {"n": new})
    else:
        messages.info(request, _("These rows were marked already. Nothing was changed."))
    if "stop" in request.POST and request.user.has_perm("bankfeeds.stop_sending"):
        why, _wrong = reason(request)
        holding.stop_sending(
            account=push.account, reason=why, by=actor(request), now=timezone.now()
        )
        messages.success(request, _("Sending is stopped for this account."))


def _found(pk: int) -> Push:
    push = page.find_or_404(pk)
    if push.status != PushStatus.SUCCEEDED:
        raise Http404(_("Only what Codat has accepted can have been sent in error."))
    return push
