"""The page on which a person confirms a push: sees what goes, what not, and the signs in words.

GET plans, POST confirms by one verb; a page whose rows have changed since comes back unsent.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import conf, pushing
from bankfeeds.admin import parts, push_words
from bankfeeds.admin.posted import actor, number, numbers, see_other
from bankfeeds.models import Push, SourceAccount

from . import shown

MOST_ACCOUNTS = 200


def view(admin: parts.PortalAdmin, request: HttpRequest) -> HttpResponse:
    parts.demand(request, "push_sourceaccount")
    given = request.POST if request.method == "POST" else request.GET
    accounts = chosen(given)
    if not accounts:
        messages.warning(request, _("Choose the accounts to push first. Nothing was sent."))
        return see_other(reverse("admin:bankfeeds_sourceaccount_changelist"))
    if request.method == "POST":
        return _pressed(admin, request, accounts)
    return _page(admin, request, accounts, plan_of(accounts))


def chosen(given: QueryDict) -> list[SourceAccount]:
    return list(asked_for(given)[:MOST_ACCOUNTS])


def asked_for(given: QueryDict) -> QuerySet[SourceAccount]:
    """The accounts named one by one and those of a company's live connection, in one order."""
    wanted = Q(pk__in=numbers(given.getlist("account")[:MOST_ACCOUNTS]))
    if company := number(given.get("company", "")):
        live = Q(connection__gone_at=None) & ~Q(connection__status="Unlinked")
        wanted |= Q(company=company) & live
    rows = SourceAccount.objects.filter(wanted).select_related("company", "connection")
    rows = rows.defer("sealed_body", "connection__link_url")
    return rows.order_by("company__name", "company_id", "id")


def plan_of(accounts: list[SourceAccount]) -> pushing.Plan:
    return pushing.plan(accounts, today=pushing.today(timezone.now()))


def _pressed(
    admin: parts.PortalAdmin, request: HttpRequest, accounts: list[SourceAccount]
) -> HttpResponse:
    given = request.POST
    plan = plan_of(accounts)
    missing = _ticks_missing(plan, given)
    if missing and plan.fingerprint == given.get("fingerprint"):
        return _page(admin, request, accounts, plan, missing=missing)
    try:
        pushes = pushing.confirm(
            accounts,
            fingerprint=given.get("fingerprint", ""),
            form_key=parts.given_form_key(request),
            by=actor(request),
            now=timezone.now(),
        )
    except pushing.RowsChanged as changed:
        lines = shown.changes(given.getlist("shown"), changed.plan)
        return _page(admin, request, accounts, changed.plan, changed=lines or [_other_rows()])
    if not pushes:
        messages.warning(request, _("Nothing new to send. Nothing was sent."))
        return _page(admin, request, accounts, plan)
    messages.success(request, _confirmed(pushes))
    return see_other(_result(pushes))


def _confirmed(pushes: list[Push]) -> str:
    """The same after the first press and after the second."""
    rows = push_words.transactions(sum(push.rows for push in pushes))
    if len(pushes) == 1:
        text = _("Push #%(id)d confirmed: %(rows)s. It leaves by itself.")
        return text % {"id": pushes[0].pk, "rows": rows}
    text = _("%(pushes)d pushes confirmed: %(rows)s. They leave by themselves, in order.")
    return text % {"pushes": len(pushes), "rows": rows}


def _other_rows() -> str:
    return _("As many rows as before, but not the same ones.")


def _ticks_missing(plan: pushing.Plan, given: QueryDict) -> frozenset[str]:
    asked = {shown.tick_name(p) for p in plan.accounts if p.is_first}
    return frozenset(name for name in asked if given.get(name) != "right")


def _result(pushes: list[Push]) -> str:
    """One push: its own page. Several: the history of exactly these."""
    if len(pushes) == 1:
        return reverse("admin:bankfeeds_push_change", args=(pushes[0].pk,))
    return f"{reverse('admin:bankfeeds_push_changelist')}?batch={pushes[0].form_key}"


def _page(
    admin: parts.PortalAdmin,
    request: HttpRequest,
    accounts: list[SourceAccount],
    plan: pushing.Plan,
    *,
    missing: frozenset[str] = frozenset(),
    changed: list[str] | None = None,
) -> HttpResponse:
    perhaps_there = pushing.perhaps_there(planned.account for planned in plan.accounts)
    context: dict[str, Any] = {
        "plan": plan,
        "accounts": accounts,
        "companies": _companies(accounts),
        "shown": shown.shown(plan, missing=missing, perhaps_there=perhaps_there),
        "left_out": shown.left_out(plan.left_out),
        "button": _button(plan),
        "form_key": parts.new_form_key(),
        "tick_missing": bool(missing),
        "changed": changed or [],
        "back": _back(accounts),
        "dry_run": _dry_run(accounts),
    }
    return admin.page(request, "confirm", title=_title(), **context)


def _title() -> str:
    world = "LIVE" if conf.environment() == "live" else "SANDBOX"
    return _("Send to QuickBooks through Codat – %(world)s") % {"world": _(world)}


def _button(plan: pushing.Plan) -> str:
    """`Send 398 transactions of 2 accounts`; "" where nothing can go."""
    if not plan.rows:
        return ""
    return _("Send %(transactions)s of %(accounts)s") % {
        "transactions": push_words.transactions(plan.rows),
        "accounts": push_words.accounts(len(plan.accounts)),
    }


def _companies(accounts: list[SourceAccount]) -> list[Any]:
    return list({account.company_id: account.company for account in accounts}.values())


def _back(accounts: list[SourceAccount]) -> str:
    """Where Cancel leads: the account's page, or the company's, or the list."""
    if len(accounts) == 1:
        return reverse("admin:bankfeeds_sourceaccount_change", args=(accounts[0].pk,))
    if len(_companies(accounts)) == 1:
        return reverse("admin:bankfeeds_company_change", args=(accounts[0].company_id,))
    return reverse("admin:bankfeeds_sourceaccount_changelist")


def _dry_run(accounts: list[SourceAccount]) -> str:
    query = urlencode({"account": [account.pk for account in accounts]}, doseq=True)
    return f"{reverse('admin:bankfeeds_push_dry_run')}?{query}"
