"""The page of one source account, and its buttons: rename, continue, refresh."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from bankfeeds import holding, onboarding, pushing
from bankfeeds.admin import (
    asking,
    feed_shown,
    holding_shown,
    meanwhile,
    mirror_rows,
    mirror_shown,
    mirror_timeline,
    push_words,
    status_timeline,
    transactions,
)
from bankfeeds.admin.parts import PortalAdmin, demand, given_form_key, new_form_key, pressed_only
from bankfeeds.admin.posted import actor, see_other
from bankfeeds.admin.resending import choose
from bankfeeds.going_back import back
from bankfeeds.models import BankTransaction, Intent, PushItem, SourceAccount
from bankfeeds.seen import Moved

from . import company_page

ROWS = 50


def view(
    admin: PortalAdmin,
    request: HttpRequest,
    account: Any,
    *,
    problem: str = "",
    name: str = "",
    seen: str = "",
) -> HttpResponse:
    """`problem`: why a new name could not be taken, with that name still in the field; `seen`:
    what the person's page showed."""
    now = timezone.now()
    mirror_rows.put_held([account], today=timezone.localdate(now))
    stops = holding_shown.of_account(account)
    label = f"{account} · {account.account_id}" if _shares_last4(account) else str(account)
    return admin.page(
        request,
        "page",
        title=label,
        account=account,
        row=mirror_shown.account_row(account, label, barriers=holding.barriers([account]), now=now),
        name=name or account.name,
        problem=problem,
        seen=seen or onboarding.name_version(account),
        form_key=new_form_key(),
        unfinished=account.intent != Intent.DONE,
        may_go_on=account.not_wanted_at is None,
        needs_number=onboarding.needs_number(account, now=now),
        transactions=_transactions(account),
        pushes=mirror_shown.pushes(now=now, account=account),
        only=f"account={account.pk}",
        lines=mirror_timeline.timeline(account=account),
        turns=status_timeline.of_account(account),
        states=transactions.STATES,
        sent_elsewhere=push_words.sent_elsewhere(account, is_first=account.accepted_push is None),
        missing=choose.block(request, account),
        here=request.path,
        feed=feed_shown.feed(account, now=now),
        stops=stops,
        stop_here=holding_shown.stop_here(stops, account=account),
    )


def _shares_last4(account: SourceAccount) -> bool:
    others = SourceAccount.objects.filter(
        company=account.company_id, number_last4=account.number_last4
    )
    return others.exclude(pk=account.pk).exists()


def _transactions(account: SourceAccount) -> list[Any]:
    held = PushItem.objects.filter(released=False).order_by("pk")
    rows = BankTransaction.objects.filter(account=account).select_related(
        "account", "statement", "left_out_by"
    )
    rows = rows.defer("statement__rejected", "account__sealed_body")
    newest = list(rows.prefetch_related(Prefetch("items", queryset=held, to_attr="held"))[:ROWS])
    pushing.place(newest, today=timezone.localdate())
    return newest


@pressed_only
def rename(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "change_sourceaccount")
    account, name = find_or_404(pk), request.POST.get("name", "").strip()
    page = see_other(reverse("admin:bankfeeds_sourceaccount_change", args=[pk]))
    if name == account.name:
        messages.info(request, _("The account is called %(name)s.") % {"name": name})
        return page
    shown = request.POST.get("seen", "")
    try:
        asked = asking.ask(
            request,
            lambda: _rename(request, account, name, shown=shown),
            unsure=_(
                "We do not know yet whether it was renamed there. Press Refresh when Codat answers"
                " again: it then shows the name that it has."
            ),
        )
    except Moved:
        fresh = find_or_404(pk)
        problem = _(
            "Somebody renamed it since your page was shown: it is called %(name)s now. %(who)s"
            " Press Rename again if it shall be called otherwise."
        )
        said = {"name": fresh.name, "who": meanwhile.renamed(fresh)}
        return view(admin, request, fresh, problem=problem % said, name=name)
    except ValueError as unusable:
        return view(admin, request, account, problem=str(unusable), name=name, seen=shown)
    if asked:
        messages.success(request, _("The account is now called %(name)s.") % {"name": account.name})
    return page


def _rename(request: HttpRequest, account: Any, name: str, *, shown: str) -> bool:
    onboarding.rename_account(
        account,
        name,
        shown=shown,
        key=uuid.UUID(given_form_key(request)),
        client=asking.client(),
        by=actor(request),
        clock=asking.clock,
    )
    return True


@pressed_only
@sensitive_variables()
def go_on(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Continue adding it; `number` where the sealed one is kept no longer."""
    demand(request, "add_sourceaccount")
    request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]
    account, by = find_or_404(pk), actor(request)
    page = see_other(reverse("admin:bankfeeds_sourceaccount_change", args=[pk]))
    if account.not_wanted_at is not None:
        messages.error(request, _("It is marked as not wanted. It was not added."))
        return page
    number = request.POST.get("number", "").strip()
    if number and onboarding.needs_number(account, now=timezone.now()):
        try:
            onboarding.renew_account_number(account, number, by=by, now=timezone.now())
        except ValueError as unusable:
            messages.error(request, str(unusable))
            return page
    onboarding.create_account(account, client=asking.client(), by=by, clock=asking.clock)
    if asking.settle(account):
        messages.success(request, _("Account added: %(account)s.") % {"account": account})
    else:
        asking.tell_unfinished(request, account)
    return page


@pressed_only
def refresh(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "refresh_sourceaccount")
    account = find_or_404(pk)
    company_page.refresh_connection(request, account.connection)
    page = reverse("admin:bankfeeds_sourceaccount_change", args=[pk])
    return see_other(back(request, otherwise=page))


def find(pk: int) -> Any:
    """The account as its page reads it; None when there is none. The sealed body only if open."""
    today = timezone.localdate()
    rows = SourceAccount.objects.select_related("company", "connection__company")
    known = mirror_rows.accounts(rows.defer("connection__link_url"), today=today)
    return mirror_rows.with_money(known, today=today).filter(pk=pk).first()


def find_or_404(pk: int) -> Any:
    row = find(pk)
    if row is None:
        raise Http404(_("There is no such account."))
    return row
