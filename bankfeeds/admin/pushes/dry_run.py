"""The dry run: the exact bodies that confirming would freeze now, and where they would go.

Reads only: nothing is sent and nothing is saved. For whoever may confirm a push.
"""

from __future__ import annotations

import io
import zipfile
from itertools import islice
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import reverse
from django.utils.translation import gettext as _

from bankfeeds import pushing
from bankfeeds.admin import downloads, parts, push_words
from bankfeeds.admin.posted import number, see_other
from bankfeeds.models import SourceAccount

from . import confirm, shown

JSON = "application/json"
# Of the first body; the files have it all.
MOST_SHOWN = 4000


def view(admin: parts.PortalAdmin, request: HttpRequest) -> HttpResponse:
    parts.demand(request, "push_sourceaccount")
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    accounts = confirm.chosen(request.GET)
    if not accounts:
        messages.warning(request, _("Choose the accounts first."))
        return see_other(reverse("admin:bankfeeds_sourceaccount_changelist"))
    plan = confirm.plan_of(accounts)
    labels = push_words.account_labels([planned.account for planned in plan.accounts])
    context: dict[str, Any] = {
        "shown": [_shown(planned, labels[planned.account.pk]) for planned in plan.accounts],
        "left_out": shown.left_out(plan.left_out),
        "chosen": request.GET.urlencode(),
    }
    return admin.page(request, "dry_run", title=_("Dry run: nothing is sent"), **context)


def _shown(planned: pushing.AccountPlan, label: str) -> dict[str, Any]:
    first = next(pushing.bodies(planned)).decode()
    return {
        "account": planned.account,
        "label": label,
        "rows": len(planned.going),
        "endpoint": pushing.endpoint(planned.account),
        "chunks": list(pushing.chunks(planned)),
        "body": first[:MOST_SHOWN],
        "is_cut": len(first) > MOST_SHOWN,
    }


def file(admin: parts.PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """One body as it is, by `part`; without it all of them in one archive."""
    parts.demand(request, "push_sourceaccount")
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    planned = _planned(pk)
    if planned is not None and "part" not in request.GET:
        return _archive(planned)
    part = (number(request.GET.get("part", "")) or 0) if planned is not None else 0
    if planned is None or not 1 <= part <= planned.writes:
        messages.warning(request, _("There is no such body any more: the rows have changed."))
        return see_other(f"{reverse('admin:bankfeeds_push_dry_run')}?account={pk}")
    content = next(islice(pushing.bodies(planned), part - 1, None))
    return downloads.whole(_name(planned, part), content, kind=JSON)


def _planned(pk: int) -> pushing.AccountPlan | None:
    account = SourceAccount.objects.filter(pk=pk).select_related("company", "connection").first()
    if account is None:
        raise Http404(_("There is no such account."))
    return next(iter(confirm.plan_of([account]).accounts), None)


def _archive(planned: pushing.AccountPlan) -> HttpResponse:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for at, content in enumerate(pushing.bodies(planned), start=1):
            archive.writestr(_name(planned, at), content)
    name = f"dry-run-account-{planned.account.pk}.zip"
    return downloads.whole(name, out.getvalue(), kind="application/zip")


def _name(planned: pushing.AccountPlan, part: int) -> str:
    return f"dry-run-account-{planned.account.pk}-{part:03d}-of-{planned.writes:03d}.json"
