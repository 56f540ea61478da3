"""*Too late for the feed*: what the feed takes no more, by transaction, and the client's file."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import feeds
from bankfeeds.admin import downloads, export_sheets, exporting
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor, number, see_other
from bankfeeds.exporting import MOST_ROWS, export
from bankfeeds.feeds import Losses
from bankfeeds.models import Company, Event, SourceAccount

from .schedule_page import find

# Of each account on the page; the files hold them all.
ROWS = 200


def of_account(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "view_banktransaction")
    account = _found(pk)
    title = _("Too late for the feed: %(account)s") % {"account": account}
    return _page(admin, request, [account], title=title, company=account.company, account=account)


def of_company(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "view_banktransaction")
    company = _company(pk)
    title = _("Too late for the feed: %(company)s") % {"company": company.name}
    return _page(admin, request, _accounts_of(company), title=title, company=company)


def export_of_account(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponseBase:
    demand(request, "view_banktransaction")
    account = _found(pk)
    page = reverse("admin:bankfeeds_feedschedule_too_late", args=[pk])
    return _export(request, [account], chosen=f"{account.company.name}: {account}", page=page)


def export_of_company(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponseBase:
    demand(request, "view_banktransaction")
    company = _company(pk)
    page = reverse("admin:bankfeeds_feedschedule_company_too_late", args=[pk])
    return _export(request, _accounts_of(company), chosen=company.name, page=page)


def _export(
    request: HttpRequest, accounts: Iterable[SourceAccount], *, chosen: str, page: str
) -> HttpResponseBase:
    if request.method != "POST":
        return redirect(page)
    found = [feeds.losses(account, today=timezone.localdate()) for account in accounts]
    total = sum(losses.total for losses in found)
    if total > MOST_ROWS:
        messages.warning(request, exporting.too_many())
        return see_other(page)
    sheet = export_sheets.too_late()
    rows = chain.from_iterable(losses.each() for losses in found)
    content = export(
        rows, sheet=sheet, counted=total, chosen=chosen, by=actor(request), now=timezone.now()
    )
    return downloads.streamed(exporting.name(sheet), content)


def file(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The file for the client. POST: who took what out is written down."""
    demand(request, downloads.HANDS_OUT)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    found = feeds.losses(_found(pk), today=timezone.localdate())
    part = number(request.POST.get("part", "1")) or 0
    made = feeds.file_for_client(found, part=part, by=actor(request), now=timezone.now())
    if made is None:
        raise Http404(_("Nothing is too late any more. Open the page again."))
    return downloads.whole(*made)


def _page(
    admin: PortalAdmin, request: HttpRequest, accounts: Iterable[SourceAccount], **context: Any
) -> HttpResponse:
    today = timezone.localdate()
    found = [feeds.losses(account, today=today) for account in accounts]
    shown = [_shown(losses) for losses in found if losses.total]
    return admin.page(request, "too_late", shown=shown, **context)


def _shown(losses: Losses) -> dict[str, Any]:
    taken = Event.objects.filter(account=losses.account, action="feed.file_for_client")
    return {
        "losses": losses,
        "account": losses.account,
        "rows": losses.part(1)[:ROWS],
        "parts": range(1, losses.files + 1),
        "taken": taken.order_by("-at", "-pk").first(),
    }


def _company(pk: int) -> Company:
    company = Company.objects.filter(pk=pk).first()
    if company is None:
        raise Http404(_("There is no such company."))
    return company


def _accounts_of(company: Company) -> QuerySet[SourceAccount]:
    rows = SourceAccount.objects.filter(company=company).select_related("company")
    return rows.defer("sealed_body").order_by("pk")


def _found(pk: int) -> SourceAccount:
    account = find(pk)
    if account is None:
        raise Http404(_("There is no such account."))
    return account
