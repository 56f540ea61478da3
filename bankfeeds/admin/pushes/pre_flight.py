"""The pre-flight report: what the rules say of each waiting row, or said of those of a push."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import exporting as sheets
from bankfeeds import pushing, rules
from bankfeeds.admin import downloads, exporting, parts
from bankfeeds.admin.posted import actor, number, see_other
from bankfeeds.models import Push, SourceAccount
from bankfeeds.pushing import LeftOut, Report
from bankfeeds.rules import Judged

from . import answers, shown
from . import page as push_page

ON_A_PAGE = 200
# One more than a file takes, so that it is known that there are more.
MOST_READ = sheets.MOST_ROWS + 1


@dataclass(frozen=True)
class About:
    """Whose rows: of an account, or of a push with what was found when it was confirmed."""

    account: SourceAccount
    read: Callable[[], Iterator[Judged[Any]]]
    address: str
    export: str
    push: Push | None = None
    nothing_goes: LeftOut | None = None


def of_account(admin: parts.PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    return _page(admin, request, _account(request, pk))


def of_push(admin: parts.PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    return _page(admin, request, _push(request, pk))


def export_of_account(admin: parts.PortalAdmin, request: HttpRequest, pk: int) -> HttpResponseBase:
    return _export(request, _account(request, pk))


def export_of_push(admin: parts.PortalAdmin, request: HttpRequest, pk: int) -> HttpResponseBase:
    return _export(request, _push(request, pk))


def _account(request: HttpRequest, pk: int) -> About:
    parts.demand(request, "view_banktransaction")
    rows = SourceAccount.objects.select_related("company", "connection")
    account = rows.defer("sealed_body", "connection__link_url").filter(pk=pk).first()
    if account is None:
        raise Http404(_("There is no such account."))
    today = pushing.today(timezone.now())
    return About(
        account,
        lambda: islice(pushing.pre_flight(account, today=today), MOST_READ),
        reverse("admin:bankfeeds_push_pre_flight", args=[pk]),
        reverse("admin:bankfeeds_push_pre_flight_export", args=[pk]),
        nothing_goes=pushing.why_nothing(account),
    )


def _push(request: HttpRequest, pk: int) -> About:
    parts.demand(request, "view_push")
    push = push_page.find_or_404(pk)
    lines = answers.lines(push.items.select_related("transaction").order_by("position"))
    return About(
        push.account,
        lambda: (Judged(line.row, line.findings) for line in lines),
        reverse("admin:bankfeeds_push_found", args=[pk]),
        reverse("admin:bankfeeds_push_found_export", args=[pk]),
        push=push,
    )


def _page(admin: parts.PortalAdmin, request: HttpRequest, about: About) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    only = _only_problems(request)
    page = max(1, number(request.GET.get("p", "1")) or 1)
    report = _read(about, only=only, page=page)
    last = max(1, -(-_asked_for(report, only) // ON_A_PAGE))
    if page > last:
        page, report = last, _read(about, only=only, page=last)
    context: dict[str, Any] = {
        "about": about,
        "why": shown.left_out([about.nothing_goes])[0][1] if about.nothing_goes else "",
        "report": report,
        "found": [(rule, report.by_rule[rule.code]) for rule in _found(report)],
        "only": only,
        "page": page,
        "last": last,
        "is_cut": report.total >= MOST_READ,
        "most": exporting.most(),
    }
    return admin.page(request, "pre_flight", title=_title(about), **context)


def _read(about: About, *, only: bool, page: int) -> Report:
    first = (page - 1) * ON_A_PAGE
    return pushing.report(about.read(), only_problems=only, first=first, most=ON_A_PAGE)


def _found(report: Report) -> list[rules.Rule]:
    return [rule for rule in rules.RULES if rule.code in report.by_rule]


def _asked_for(report: Report, only: bool) -> int:
    return report.stops + report.looks if only else report.total


def _only_problems(request: HttpRequest) -> bool:
    return request.GET.get("only") == "problems"


def _title(about: About) -> str:
    if about.push is not None:
        return _("Pre-flight report of push #%(id)d") % {"id": about.push.pk}
    return _("Pre-flight report: %(account)s") % {"account": about.account}


def _export(request: HttpRequest, about: About) -> HttpResponseBase:
    """The same rows as a file. POST: that it was taken out is written down."""
    only = _only_problems(request)
    back = f"{about.address}?only=problems" if only else about.address
    if request.method != "POST":
        return redirect(back)
    total = _asked_for(_read(about, only=only, page=1), only)
    if total > sheets.MOST_ROWS:
        messages.warning(request, exporting.too_many())
        return see_other(back)
    sheet = sheets.pre_flight(about.account)
    content = sheets.export(
        (one for one in about.read() if one.findings or not only),
        sheet=sheet,
        counted=total,
        chosen=_chosen(about, only),
        by=actor(request),
        now=timezone.now(),
    )
    return downloads.streamed(exporting.name(sheet), content)


def _chosen(about: About, only: bool) -> str:
    whose = str(about.push) if about.push else f"{about.account.company.name}: {about.account}"
    return ", ".join((whose, _("only problems"))) if only else whose
