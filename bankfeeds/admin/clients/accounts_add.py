"""Add accounts: several on one page, each checked before anything is sent, a result per row.

Account numbers are in a page only when that page's own person has just typed them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables

from bankfeeds import conf, onboarding, succession, words
from bankfeeds.admin import asking, mirror_shown
from bankfeeds.admin.parts import PortalAdmin, demand, given_form_key, new_form_key
from bankfeeds.admin.posted import actor, see_other
from bankfeeds.models import Connection, Intent, SourceAccount

from . import accounts_form, company_page, connection_link
from .accounts_form import Row

# Of these something may be at Codat: they go on by *Continue*, and are never filled in anew.
OPEN = (Intent.UNKNOWN, Intent.SERVER_FAULT)


@dataclass(frozen=True)
class Result:
    """What became of a row that needs no more typing. `account`: where to look, if anywhere."""

    label: str
    words: str
    tone: str
    account: SourceAccount | None = None
    goes_on: bool = False


@dataclass
class Outcome:
    added: list[SourceAccount] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    left: list[Row] = field(default_factory=list)

    def keep(self, row: Row) -> None:
        """Its row stays, with the routing number that it took from a row which may be gone."""
        row.values["sort_code"] = row.sort_code
        self.left.append(row)


@sensitive_variables()
def view(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "add_sourceaccount")
    # In no error report either.
    request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]
    connection = connection_link.find(pk)
    if why := company_page.why_no_accounts(connection):
        messages.error(request, _("%(why)s No account was added.") % {"why": why})
        return redirect("admin:bankfeeds_company_change", connection.company_id)
    country = connection.company.country
    if request.method != "POST":
        return _page(admin, request, connection, _first_rows(connection, country=country))
    rows = accounts_form.rows_of(request.POST, country=country)
    if "more" in request.POST:
        rows += accounts_form.empty_rows(country=country, after=len(rows))
        return _page(admin, request, connection, rows, form_key=given_form_key(request))
    return _add(admin, request, connection, rows)


def _first_rows(connection: Connection, *, country: str) -> list[Row]:
    """A client that connects anew has its accounts there already; otherwise empty ones."""
    known = accounts_form.earlier_rows(succession.earlier(connection), country=country)
    return known or accounts_form.empty_rows(country=country)


def routing_preview(admin: PortalAdmin, request: HttpRequest) -> HttpResponse:
    """The exact value that Codat would hear, or what is wrong with it, while it is typed. A routing
    number is no secret."""
    demand(request, "add_sourceaccount")
    typed, country = request.GET.get("value", "")[:40], request.GET.get("country", "US")
    problem = onboarding.routing_problem(typed, country=country)
    sent = "" if problem else onboarding.routing_as_sent(typed, country=country)
    return JsonResponse({"sent": sent, "problem": problem})


def _add(
    admin: PortalAdmin, request: HttpRequest, connection: Connection, rows: list[Row]
) -> HttpResponse:
    form_key = given_form_key(request)
    filled = [row for row in rows if row.filled]
    known = _known(connection)
    accounts_form.check(filled, country=connection.company.country, known=known)
    if not filled or any(row.needs_a_look for row in filled):
        problem = "" if filled else _("Fill in at least one row. Nothing was added.")
        return _page(admin, request, connection, rows, form_key=form_key, problem=problem)
    outcome = Outcome()
    _add_rows(request, connection, filled, form_key, outcome)
    _tell(request, outcome)
    if outcome.left or len(outcome.added) < len(outcome.results):
        # What is typed now is another attempt: its keys must not find the rows of this one.
        return _page(admin, request, connection, outcome.left, results=outcome.results)
    return see_other(reverse("admin:bankfeeds_connection_change", args=[connection.pk]))


def _known(connection: Connection) -> list[accounts_form.Known]:
    """The client's accounts that are in use, whatever connection they are on."""
    rows = SourceAccount.objects.filter(company=connection.company_id, gone_at=None)
    # What Codat refused is no account: whoever types it anew goes on with the very one.
    rows = rows.exclude(intent=Intent.REFUSED)
    rows = rows.filter(connection__gone_at=None).exclude(connection__status="Unlinked")
    rows = rows.exclude(number_hash="").defer("sealed_body")
    return [accounts_form.Known(row.number_hash, row.account_id, str(row)) for row in rows]


def _add_rows(
    request: HttpRequest, connection: Connection, rows: list[Row], form_key: str, outcome: Outcome
) -> None:
    """Every row is planned first, so that nothing typed is lost whatever Codat answers."""
    planned: list[tuple[Row, SourceAccount]] = []
    for row in rows:
        key = f"{form_key}:{row.index}"
        account = _plan(request, connection, row, key, outcome)
        if account is not None:
            planned.append((row, account))
    onboarding.create_accounts(
        [account for _row, account in planned],
        way=onboarding.Way(conf.add_accounts()),
        client=asking.client(),
        by=actor(request),
        clock=asking.clock,
    )
    for row, account in planned:
        _note(row, account, outcome)


def _plan(
    request: HttpRequest, connection: Connection, row: Row, form_key: str, outcome: Outcome
) -> SourceAccount | None:
    by, now = actor(request), timezone.now()
    try:
        return onboarding.plan_account(connection, row.draft, by=by, now=now, form_key=form_key)
    except onboarding.AccountIdTaken as taken:
        there = _already_there(connection, row)
        if there is None:
            row.problems["account_id"] = str(taken)
            outcome.keep(row)
        else:
            outcome.results.append(Result(str(there), _("Already there"), "quiet", there))
    except onboarding.NotAtCodat as gone:
        row.problems["row"] = str(gone)
        outcome.keep(row)
    return None


def _note(row: Row, account: SourceAccount, outcome: Outcome) -> None:
    if asking.settle(account):
        outcome.added.append(account)
        outcome.results.append(Result(str(account), _("Added"), "good", account))
    elif account.intent in OPEN:
        text = _("Not added yet: %(why)s") % {"why": words.said(account.problem)}
        outcome.results.append(Result(str(account), text, "warn", account, goes_on=True))
    else:
        row.problems["row"] = _("Not added: %(why)s") % {"why": words.said(account.problem)}
        outcome.keep(row)


def _already_there(connection: Connection, row: Row) -> SourceAccount | None:
    """The account that bears this id, if it is the very one that was typed in."""
    number = row.draft.account_number
    rows = SourceAccount.objects.filter(connection=connection, account_id=row.draft.account_id)
    there = rows.first()
    same = there is not None and there.number_hash == accounts_form.number_hash(number)
    return there if same else None


def _tell(request: HttpRequest, outcome: Outcome) -> None:
    if outcome.added:
        text = ngettext(
            "%(n)d account added: %(names)s.",
            "%(n)d accounts added: %(names)s.",
            len(outcome.added),
        )
        names = ", ".join(f"{row.name} ••{row.number_last4}" for row in outcome.added)
        messages.success(request, text % {"n": len(outcome.added), "names": names})
    if outcome.left:
        messages.error(
            request,
            ngettext(
                "%(n)d account was not added; its row is still filled in.",
                "%(n)d accounts were not added; their rows are still filled in.",
                len(outcome.left),
            )
            % {"n": len(outcome.left)},
        )


def _page(
    admin: PortalAdmin,
    request: HttpRequest,
    connection: Connection,
    rows: list[Row],
    *,
    form_key: str = "",
    results: list[Result] | None = None,
    problem: str = "",
) -> HttpResponse:
    country = connection.company.country
    context: dict[str, Any] = {
        "connection": connection,
        "company": connection.company,
        "rows": accounts_form.renumbered(rows),
        "results": results or [],
        "problem": problem,
        "problems": sum(bool(row.problems) for row in rows),
        "to_look_at": [row for row in rows if row.notices],
        "only_numbers": not any(row.notices.keys() - {"sort_code"} for row in rows),
        "earlier": [row.values["earlier"] for row in rows if row.values["earlier"]],
        "form_key": form_key or new_form_key(),
        "types": SourceAccount.Type.choices,
        "currencies": accounts_form.currencies(country),
        "is_canada": country == "CA",
        "link": mirror_shown.link_block(request, connection, now=timezone.now()),
        "here": reverse("admin:bankfeeds_connection_change", args=[connection.pk]),
    }
    title = _("Add accounts of %(company)s") % {"company": connection.company.name}
    answer = admin.page(request, "add_accounts", title=title, **context)
    answer["Cache-Control"] = "no-store"
    return answer
