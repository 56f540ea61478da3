"""Choose what goes again: the rows of an account that may not have reached QuickBooks.

A person ticks rows to send them again, takes the file for the client, or marks all as seen to.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import holding, marks, resending, words
from bankfeeds.admin import downloads, parts, push_words
from bankfeeds.admin.posted import actor, numbers, reason, see_other
from bankfeeds.models import Push, PushMark, PushStatus, SourceAccount

from . import estimate

MOST_ROWS = 1000


def view(admin: parts.PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    parts.demand(request, "view_push")
    account = _find(pk)
    if request.method == "POST":
        return _send(admin, request, account)
    return _page(admin, request, account)


def see_to(admin: parts.PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The other way out: somebody has looked, and nothing has to go again."""
    account = _find(pk)
    if request.method != "POST":
        return see_other(_address(account))
    _demand(request)
    why, wrong = reason(request)
    if wrong:
        return _page(admin, request, account, problem=wrong)
    pushes = numbers(request.POST.getlist("push"))
    number = resending.see_to(account, pushes, reason=why, by=actor(request), now=timezone.now())
    if number:
        text = ngettext(
            "%(n)d push is marked as seen to.", "%(n)d pushes are marked as seen to.", number
        )
        messages.success(request, text % {"n": number})
    else:
        messages.info(request, _("All of it was seen to before. Nothing was changed now."))
    return see_other(_account_page(account))


def file_view(admin: parts.PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The marked rows as a file: all, or those that cannot go again."""
    parts.demand(request, downloads.HANDS_OUT)
    account = _find(pk)
    if request.method != "POST":
        return see_other(_address(account))
    choice = resending.choice(account, now=timezone.now())
    chosen = choice.rows if request.POST.get("rows") == "all" else choice.cannot_go
    if not chosen:
        messages.info(request, _("No row needs a file."))
        return see_other(_address(account))
    rows = [one.row for one in chosen]
    made = resending.client_files(account, rows, by=actor(request), now=timezone.now())
    return downloads.client_files(made)


def block(request: HttpRequest, account: SourceAccount) -> dict[str, Any]:
    """What the account's own page says of it; {} when nothing is open."""
    pushes = list(marks.perhaps_missing(account).only("pk", "rows", "first_date", "last_date"))
    if not pushes:
        return {}
    return {
        "pushes": pushes,
        "rows": sum(push.rows for push in pushes),
        "address": _address(account),
        "is_connected": resending.may_send(account),
        "has_ended": resending.has_ended(account),
        "may_choose": estimate.may(request),
    }


def stands(push: Push) -> list[str]:
    """Of a push whose rows went again: how those in which they are now stand, and what to do."""
    if not any(mark.kind == PushMark.Kind.SENT_AGAIN for mark in push.marks.all()):
        return []
    rows = marks.holding_again(push).select_related("account").defer("account__sealed_body")
    return _said(rows.prefetch_related("decisions"))


def _said(rows: Iterable[Push]) -> list[str]:
    pushes, now = list(rows), timezone.now()
    holding.place(pushes, now=now)
    return [
        words.what_of_it(
            push_words.listed(one, now=now),
            one.pk,
            is_refused=push_words.is_undecided(one),
            is_through=one.status == PushStatus.SUCCEEDED,
        )
        for one in pushes
    ]


def _again(choice: resending.Choice) -> list[tuple[Push, Push, str]]:
    """What went again: the marked push, the one in which its rows are, and what of that."""
    prefetch_related_objects([fresh for _old, fresh in choice.again], "decisions")
    said = _said([fresh for _old, fresh in choice.again])
    return [(old, fresh, text) for (old, fresh), text in zip(choice.again, said, strict=True)]


def _find(pk: int) -> SourceAccount:
    rows = SourceAccount.objects.select_related("company", "connection")
    account = rows.defer("sealed_body", "connection__link_url").filter(pk=pk).first()
    if account is None:
        raise Http404(_("There is no such account."))
    return account


def _demand(request: HttpRequest) -> None:
    if not estimate.may(request):
        raise PermissionDenied


def _address(account: SourceAccount) -> str:
    return reverse("admin:bankfeeds_resending_choose", args=(account.pk,))


def _account_page(account: SourceAccount) -> str:
    return reverse("admin:bankfeeds_sourceaccount_change", args=(account.pk,))


def _send(admin: parts.PortalAdmin, request: HttpRequest, account: SourceAccount) -> HttpResponse:
    _demand(request)
    why, _wrong = reason(request)
    try:
        made = resending.send_chosen(
            account,
            numbers(request.POST.getlist("row")),
            reason=why,
            form_key=parts.given_form_key(request),
            by=actor(request),
            now=timezone.now(),
        )
    except resending.ChoiceChanged:
        problem = _("What may go has changed since this page was shown. Nothing was sent.")
        return _page(admin, request, account, problem=problem)
    except ValueError as error:
        return _page(admin, request, account, problem=str(error))
    estimate.tell(request, made)
    return see_other(estimate.page_of(made))


def _page(
    admin: parts.PortalAdmin, request: HttpRequest, account: SourceAccount, *, problem: str = ""
) -> HttpResponse:
    choice = resending.choice(account, now=timezone.now())
    if not choice.pushes:
        messages.info(request, _("Nothing is left to choose: all of it has been seen to."))
        return see_other(_account_page(account))
    given = request.POST if problem else None
    return admin.page(
        request,
        "choose",
        title=_("Choose what goes again – %(account)s") % {"account": account},
        account=account,
        choice=choice,
        again=_again(choice),
        shown=choice.rows[:MOST_ROWS],
        more=max(0, len(choice.rows) - MOST_ROWS),
        going={one.row.pk for one in choice.may_go},
        ticked=numbers(given.getlist("row")) if given else set(),
        reason=given.get("reason", "") if given else "",
        problem=problem,
        form_key=parts.new_form_key(),
        may_choose=estimate.may(request),
    )
