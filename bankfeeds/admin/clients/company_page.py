"""The page of one company, and its buttons: connect, continue, refresh."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import holding, onboarding, refreshing, sync
from bankfeeds.admin import (
    asking,
    holding_shown,
    mirror_rows,
    mirror_shown,
    mirror_timeline,
    mirror_words,
    next_step,
)
from bankfeeds.admin.parts import PortalAdmin, demand, given_form_key, new_form_key, pressed_only
from bankfeeds.admin.posted import actor, see_other
from bankfeeds.going_back import back
from bankfeeds.messages import CodatError, explain
from bankfeeds.models import Company, Connection, Intent

from . import company_add, ways_out

# A page that asks Codat for each of these in turn must not take longer than a person waits.
MOST_REFRESHED = 10


def view(admin: PortalAdmin, request: HttpRequest, company: Any) -> HttpResponse:
    """`company`: as `find` reads it."""
    now = timezone.now()
    connection = mirror_rows.current(company)
    accounts = connection.all_accounts if connection is not None else []  # type: ignore[attr-defined]
    stops = holding_shown.of_company(company)
    barriers = holding.barriers(accounts)
    # Sets what of them is confirmed and has not left, which the next step says.
    shown = mirror_shown.account_rows(accounts, now=now, barriers=barriers)
    return admin.page(
        request,
        "page",
        title=company.name,
        company=company,
        connection=connection,
        earlier=[tie for tie in company.all_connections if tie != connection],
        word=mirror_words.headline(company, connection, now=now),
        next_step=next_step.of_client(company, connection, now=now, barriers=barriers),
        link=mirror_shown.link_block(request, connection, now=now),
        rows=shown,
        counted=len(mirror_rows.counted(connection)),
        connected=len(mirror_rows.connected(connection)),
        why_no_push=mirror_words.why_no_push_at_all(company, connection, barriers=barriers),
        push_waits=mirror_words.push_waits(barriers),
        why_no_accounts=why_no_accounts(connection),
        pushes=mirror_shown.pushes(now=now, company=company),
        only=f"company={company.pk}",
        lines=mirror_timeline.timeline(company=company),
        form_key=new_form_key(),
        here=request.path,
        can_connect=company.at_codat
        and company.closed_at is None
        and mirror_rows.has_ended(connection),
        unfinished=_unfinished(company, connection),
        close=ways_out.close(request, company),
        stops=stops,
        stop_here=holding_shown.stop_here(stops, company=company),
    )


def why_no_accounts(connection: Any) -> str:
    if connection is None:
        return _("Create the QuickBooks connection first.")
    if connection.company.closed_at:
        return _("The company is closed.")
    if not connection.at_codat:
        return _("The connection does not exist at Codat.")
    if connection.status == "Unlinked":
        return _("The connection was unlinked. Create a new one first.")
    return ""


def _unfinished(company: Any, connection: Any) -> Any:
    """The row that *Continue* would go on with; None if there is none."""
    if company.intent != Intent.DONE:
        return company
    if connection is not None and connection.intent != Intent.DONE and not connection.gone_at:
        return connection
    return None


@pressed_only
def go_on(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Continue: the company first, then the connection that was planned for it."""
    company = found(pk)
    page = reverse("admin:bankfeeds_company_change", args=[pk])
    row = _unfinished(company, mirror_rows.current(company))
    if row is None:
        demand(request, "view_company")
        messages.info(request, _("Nothing to continue: all of it exists at Codat."))
        return see_other(page)
    is_company = isinstance(row, Company)
    demand(request, "add_company" if is_company else "add_connection")
    create: Any = onboarding.create_company if is_company else onboarding.create_connection
    create(row, client=asking.client(), by=actor(request), clock=asking.clock)
    if asking.settle(row):
        text = _("Company created.") if is_company else _("QuickBooks connection created.")
        messages.success(request, text)
    else:
        asking.tell_unfinished(request, row)
    return see_other(page)


@pressed_only
def connect(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "add_connection")
    return company_add.connect(request, found(pk), form_key=given_form_key(request))


@pressed_only
def refresh(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "refresh_sourceaccount")
    refresh_all(request, [found(pk)])
    return see_other(back(request, otherwise=reverse("admin:bankfeeds_company_change", args=[pk])))


def refresh_all(request: HttpRequest, companies: list[Company]) -> None:
    """Refresh each in turn and say how each stands, until one meets what all would meet, or the
    person has waited long enough: then the others are left as they are, and that is said."""
    client, by, since = asking.client(), actor(request), time.monotonic()
    chosen = companies[:MOST_REFRESHED]
    for done, company in enumerate(chosen, start=1):
        read = functools.partial(
            sync.refresh_company, company, client=client, by=by, clock=asking.clock
        )
        well = tell_refreshed(request, company, read)
        if done < len(chosen) and (not well or asking.patience_is_over(since)):
            _tell_left(request, len(companies) - done)
            return
    left = len(companies) - MOST_REFRESHED
    if left > 0:
        text = ngettext(
            "%(n)d more was not refreshed. Choose at most %(most)d at a time.",
            "%(n)d more were not refreshed. Choose at most %(most)d at a time.",
            left,
        )
        messages.warning(request, text % {"n": left, "most": MOST_REFRESHED})


def _tell_left(request: HttpRequest, left: int) -> None:
    text = ngettext(
        "%(n)d more company was not asked about. Refresh it when Codat answers again.",
        "%(n)d more companies were not asked about. Refresh them when Codat answers again.",
        left,
    )
    messages.warning(request, text % {"n": left})


def tell_refreshed(request: HttpRequest, company: Company, read: Callable[[], int]) -> bool:
    """Read from Codat, then say how the client stands, or why it could not be read.

    False where the next one would meet the same.
    """
    try:
        read()
    except CodatError as error:
        messages.error(request, f"{company.name}: {explain(error)}")
        return not isinstance(error, refreshing.CONCERNS_ALL)
    fresh = found(company.pk)
    word = mirror_words.headline(fresh, mirror_rows.current(fresh), now=asking.clock())
    text = _("%(company)s, refreshed from Codat: %(status)s.")
    messages.success(request, text % {"company": fresh.name, "status": word.label})
    return True


def refresh_connection(request: HttpRequest, connection: Connection) -> None:
    read = functools.partial(
        sync.refresh_connection,
        connection,
        client=asking.client(),
        by=actor(request),
        clock=asking.clock,
    )
    tell_refreshed(request, connection.company, read)


def find(pk: int) -> Any:
    """The company as its page reads it; None when there is none."""
    rows = Company.objects.filter(pk=pk)
    return mirror_rows.companies(rows, today=timezone.localdate(), money=True).first()


def found(pk: int) -> Any:
    """As `find`; 404 when there is none."""
    row = find(pk)
    if row is None:
        raise Http404(_("There is no such company."))
    return row
