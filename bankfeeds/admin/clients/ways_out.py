"""What stands at the foot of the pages of companies, connections and accounts: the ways out.

Each function makes the context of templates/admin/bankfeeds/leaving/section.html: what is open,
and the buttons that the person may use, each leading to the page that asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from bankfeeds import leaving, onboarding, succession
from bankfeeds.admin.mirror_shown import may
from bankfeeds.leaving.order import standing
from bankfeeds.models import Company, Connection, Departure, Push, SourceAccount

Kind = Departure.Kind


@dataclass(frozen=True)
class Way:
    """`why_not`: why it cannot be used now. `push`: the one that has to end first."""

    label: str
    address: str
    why_not: str = ""
    push: Push | None = None


def of_connection(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    found = []
    if may(request, "stop_sending") and may(request, "renew_link"):
        why = "" if connection.at_codat else _("It does not exist at Codat.")
        address = _at(connection, "wrong_person")
        found.append(Way(_("Link went to the wrong person"), address, why))
    if (way := _move(request, connection)) is not None:
        found.append(way)
    if may(request, "add_departure"):
        for kind, name in (
            (Kind.UNLINK, "unlink"),
            (Kind.REVOKE, "revoke"),
            (Kind.REMOVE_CONNECTION, "remove"),
        ):
            why = leaving.why_not(kind, connection=connection)
            push = leaving.in_the_way(connection) if why and kind != Kind.UNLINK else None
            found.append(Way(str(kind.label), _at(connection, name), why, push))
    return _block(request, found, _open(connection=connection))


def of_account(request: HttpRequest, account: SourceAccount) -> dict[str, Any]:
    found = []
    not_added = account.gone_at is None and onboarding.surely_not_there(account)
    if may(request, "change_sourceaccount") and (account.at_codat or not_added):
        if account.not_wanted_at:
            found.append(Way(_("Wanted again"), _at(account, "wanted")))
        else:
            found.append(Way(_("Mark not wanted"), _at(account, "not_wanted")))
        if account.at_codat and _may_go_on(account):
            found.append(Way(_("Goes on from an earlier account"), _at(account, "goes_on")))
    if may(request, "add_departure"):
        why = leaving.why_not(Kind.REMOVE_ACCOUNT, connection=account.connection, account=account)
        push = leaving.in_the_way(account.connection, account) if why else None
        found.append(Way(str(Kind.REMOVE_ACCOUNT.label), _at(account, "remove"), why, push))
    open_now = standing(account.connection, account)
    block = _block(request, found, [open_now] if open_now else [])
    heir = account.followed_by.order_by("pk").first()
    follows = account.follows
    newest = Push.objects.newest_dates([follows.pk]).get(follows.pk) if follows else None
    return {**block, "follows": follows, "newest_before": newest, "heir": heir}


def close(request: HttpRequest, company: Company) -> Way | None:
    """Stands with the other buttons of a company's page."""
    if not may(request, "change_company"):
        return None
    if company.closed_at:
        return Way(_("Open company again"), _at(company, "reopen"))
    return Way(_("Close company"), _at(company, "close"))


def of_company(request: HttpRequest, company: Company) -> dict[str, Any]:
    live = onboarding.live_connection(company)
    way = _move(request, live) if live is not None and company.closed_at is None else None
    ways = [] if way is None else [way]
    block = _block(request, ways, _open(connection__company=company))
    return {**block, "replaced_by": company.replaced_by, "closed_at": company.closed_at}


def _move(request: HttpRequest, connection: Connection) -> Way | None:
    if not (may(request, "add_departure") and may(request, "add_connection")):
        return None
    label = _("Client moves to another QuickBooks company, or connects anew")
    why = why_not_move(connection)
    push = leaving.in_the_way(connection) if why else None
    return Way(label, _at(connection, "move"), why, push)


def why_not_move(connection: Connection) -> str:
    """Why the client cannot be moved from this connection now, and what comes first; "" if so."""
    if connection.company.closed_at is not None:
        return _("The company is closed. Open it again first.")
    live = onboarding.live_connection(connection.company)
    if live is None:
        return _("It has ended. Press Create QuickBooks connection on the page of the company.")
    if live.pk != connection.pk:
        return _("The client has a newer connection. Open that one.")
    if why := leaving.why_not(Kind.UNLINK, connection=connection):
        return why if connection.status == "Unlinked" else _nobody_to_move(connection)
    # Whoever moves goes on with what waits: that is whole only once this push has ended.
    wait = leaving.why_wait(connection)
    return f"{wait} {_cut_off_first()}" if wait else ""


def _nobody_to_move(connection: Connection) -> str:
    """Of a connection that Codat would not unlink."""
    chosen = connection.accounts.filter(gone_at=None).exclude(status__in=("", "pending"))
    if connection.status == "PendingAuth" and not chosen.exists():
        return _(
            "Nobody has connected over it yet. Give the client the link: which QuickBooks company"
            " it is for is chosen there."
        )
    return _(
        "Codat unlinks only a connection that is linked. Press Remove connection at Codat, then"
        " Create QuickBooks connection on the page of the company."
    )


def _cut_off_first() -> str:
    return _(
        "Must nothing more reach the old QuickBooks company? Press Unlink at Codat now, and once"
        " that push has ended Create QuickBooks connection on the page of the company."
    )


def _open(**of: Any) -> list[Departure]:
    """The open ones, in the order in which they were asked for, also of single accounts."""
    rows = Departure.objects.open().filter(**of).select_related("account")
    return list(rows.defer("account__sealed_body").order_by("pk"))


def _may_go_on(account: SourceAccount) -> bool:
    """The number did not tell, nothing was sent yet, and there is one to choose."""
    if account.follows_id is not None or not succession.candidates(account).exists():
        return False
    return not Push.objects.filter(account=account).exclude(status="cancelled").exists()


def _at(row: Any, name: str) -> str:
    return reverse(f"admin:bankfeeds_{row._meta.model_name}_{name}", args=[row.pk])


def _block(
    request: HttpRequest, ways: list[Way], departures: Sequence[Departure]
) -> dict[str, Any]:
    return {
        "ways": ways,
        "departures": departures,
        "may_go_on": bool(departures) and may(request, "add_departure"),
    }
