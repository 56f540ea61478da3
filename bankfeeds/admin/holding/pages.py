"""The pages of stops: stop sending, with what ages out first; one stop, and allow again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import holding, words
from bankfeeds.admin import holding_shown
from bankfeeds.admin.parts import PortalAdmin, demand, pressed_only
from bankfeeds.admin.posted import actor, number, reason, see_other
from bankfeeds.models import Company, Push, PushStatus, SendingStop, SourceAccount


def stop(admin: PortalAdmin, request: HttpRequest) -> HttpResponse:
    """GET: what would happen, and the reason asked for. POST: stop it."""
    demand(request, "stop_sending")
    scope = _scope(request)
    if scope is None:
        messages.warning(request, _("Choose what to stop. Nothing was changed."))
        return see_other(reverse("admin:bankfeeds_sendingstop_changelist"))
    if request.method == "POST":
        return _press_stop(admin, request, scope)
    standing = holding.open_stop(**scope)
    if standing is not None:
        return see_other(holding_shown.address(standing))
    return _ask(admin, request, scope)


def _press_stop(admin: PortalAdmin, request: HttpRequest, scope: dict[str, Any]) -> HttpResponse:
    why, wrong = reason(request)
    if wrong:
        return _ask(admin, request, scope, problem=wrong)
    made, is_new = holding.stop_sending(reason=why, by=actor(request), now=timezone.now(), **scope)
    if is_new:
        text = _("Sending is stopped for %(scope)s. Nothing of it leaves until someone allows it.")
        messages.success(request, text % {"scope": named(made)})
    else:
        text = _("Sending was stopped already for %(scope)s. Nothing was changed now.")
        messages.info(request, text % {"scope": named(made)})
    return see_other(holding_shown.address(made))


def _scope(request: HttpRequest) -> dict[str, Any] | None:
    """What the address or the form names: exactly one thing, and one that there is."""
    given = request.POST if request.method == "POST" else request.GET
    asked = [name for name in ("account", "company", "everything") if given.get(name)]
    if len(asked) != 1:
        return None
    (name,) = asked
    if name == "everything":
        return {}
    rows: Any = SourceAccount.objects.select_related("company").defer("sealed_body")
    if name == "company":
        rows = Company.objects.all()
    pk = number(given[name])
    row = rows.filter(pk=pk).first() if pk is not None else None
    if row is None:
        raise Http404(_("There is nothing with this number to stop."))
    return {name: row}


def _ask(
    admin: PortalAdmin, request: HttpRequest, scope: dict[str, Any], *, problem: str = ""
) -> HttpResponse:
    account, company = scope.get("account"), scope.get("company")
    draft = SendingStop(**scope)
    waiting = Push.objects.filter(status=PushStatus.READY, **scope).count()
    return admin.page(
        request,
        "stop",
        title=_("Stop sending for %(scope)s") % {"scope": named(draft)},
        account=account,
        company=company or (account.company if account else None),
        name=next(iter(scope), "everything"),
        value=next(iter(scope.values())).pk if scope else "yes",
        button=_("Stop sending for %(scope)s") % {"scope": words.scope(draft)},
        waiting=waiting,
        preview=holding_shown.preview(now=timezone.now(), **scope),
        cancel=_thing(draft) or reverse("admin:bankfeeds_sendingstop_changelist"),
        problem=problem,
    )


def view(
    admin: PortalAdmin, request: HttpRequest, row: SendingStop, *, problem: str = ""
) -> HttpResponse:
    """One stop: what, since when, why; while it is open, what ages out, and *Allow sending*."""
    is_open = row.allowed_at is None
    scope: dict[str, Any] = {"account": row.account, "company": row.company}
    return admin.page(
        request,
        "page",
        title=(_("Sending stopped for %(scope)s") if is_open else _over()) % {"scope": named(row)},
        stop=row,
        word=words.stopped(row),
        scope=named(row),
        thing=_thing(row),
        is_open=is_open,
        preview=holding_shown.preview(now=timezone.now(), **scope) if is_open else None,
        may_allow=is_open and request.user.has_perm("bankfeeds.stop_sending"),
        button=_("Allow sending for %(scope)s") % {"scope": words.scope(row)},
        problem=problem,
    )


def _over() -> str:
    return _("Sending was stopped for %(scope)s, and is allowed again")


@pressed_only
def allow(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "stop_sending")
    row = find(pk)
    if row is None:
        raise Http404(_("There is no such stop."))
    why, wrong = reason(request)
    if wrong and row.allowed_at is None:
        return view(admin, request, row, problem=wrong)
    said = {"scope": named(row)}
    if row.allowed_at is None and holding.allow_sending(
        row, reason=why, by=actor(request), now=timezone.now()
    ):
        text = _("Sending is allowed again for %(scope)s. What nothing else holds leaves now.")
        messages.success(request, text % said)
    else:
        text = _("Sending was allowed again already for %(scope)s. Nothing was changed now.")
        messages.info(request, text % said)
    return see_other(holding_shown.address(row))


def find(pk: int) -> SendingStop | None:
    rows = SendingStop.objects.select_related("account__company", "company")
    return rows.defer("account__sealed_body").filter(pk=pk).first()


def named(stop: SendingStop) -> str:
    """The account with its company, the company, or *everything*."""
    if stop.account is not None:
        return f"{stop.account.company.name} – {stop.account}"
    return stop.company.name if stop.company is not None else _("everything")


def _thing(stop: SendingStop) -> str:
    """Address of the page of what is stopped; "" for everything."""
    if stop.account_id:
        return reverse("admin:bankfeeds_sourceaccount_change", args=(stop.account_id,))
    if stop.company_id:
        return reverse("admin:bankfeeds_company_change", args=(stop.company_id,))
    return ""
