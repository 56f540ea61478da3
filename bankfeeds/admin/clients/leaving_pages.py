"""What ends at Codat: unlink, remove a connection or an account, revoke; and going on with it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import leaving
from bankfeeds.admin import asking
from bankfeeds.admin.leaving_ask import Question, answered
from bankfeeds.admin.mirror_shown import may
from bankfeeds.admin.parts import PortalAdmin, demand, pressed_only
from bankfeeds.admin.posted import actor, number, see_other
from bankfeeds.leaving.order import needs_reason
from bankfeeds.models import Connection, Departure, SourceAccount

from . import account_page, company_add, connection_link

Kind = Departure.Kind


def unlink(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    return _of_connection(admin, request, Kind.UNLINK, pk)


def remove_connection(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    return _of_connection(admin, request, Kind.REMOVE_CONNECTION, pk)


def revoke(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    return _of_connection(admin, request, Kind.REVOKE, pk)


def remove_account(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "add_departure")
    account = account_page.find_or_404(pk)
    return _answered(admin, request, Kind.REMOVE_ACCOUNT, account.connection, account)


@pressed_only
def go_on(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Continue what was asked for and has not ended."""
    demand(request, "add_departure")
    departure = _named(request, pk)
    if departure is None:
        return _nothing(request, pk)
    if carry_out(request, departure) and departure.books and may(request, "add_connection"):
        return go_on_moving(request, departure)
    return see_other(page_of(departure))


def go_on_moving(request: HttpRequest, departure: Departure) -> HttpResponse:
    """The client was unlinked to move: make the new connection, once however often pressed."""
    key, company = f"{departure.form_key}:connection", departure.connection.company
    return company_add.connect(request, company, form_key=key, books=departure.books)


@pressed_only
def leave_it(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Not after all: of what was surely not done."""
    demand(request, "add_departure")
    departure = _named(request, pk)
    if departure is None:
        return _nothing(request, pk)
    if leaving.abandon(departure, by=actor(request), now=timezone.now()):
        text = _("Left as it is: nothing was changed at Codat. Pushes can be confirmed again.")
        messages.success(request, text)
    else:
        messages.warning(request, _("It may have been done already. Press Continue."))
    return see_other(page_of(departure))


def _nothing(request: HttpRequest, pk: int) -> HttpResponse:
    messages.info(request, _("It has ended already. Nothing was done now."))
    return see_other(reverse("admin:bankfeeds_connection_change", args=[pk]))


def page_of(departure: Departure) -> str:
    if departure.account_id is not None:
        return reverse("admin:bankfeeds_sourceaccount_change", args=[departure.account_id])
    return reverse("admin:bankfeeds_connection_change", args=[departure.connection_id])


def _of_connection(
    admin: PortalAdmin, request: HttpRequest, kind: Departure.Kind, pk: int
) -> HttpResponse:
    demand(request, "add_departure")
    return _answered(admin, request, kind, connection_link.find(pk), None)


def _named(request: HttpRequest, pk: int) -> Departure | None:
    """The open one of this connection that the form names."""
    wanted = number(request.POST.get("departure", ""))
    rows = Departure.objects.open().select_related("connection__company", "account")
    return rows.filter(pk=wanted, connection=pk).first() if wanted is not None else None


def _answered(
    admin: PortalAdmin,
    request: HttpRequest,
    kind: Departure.Kind,
    connection: Connection,
    account: SourceAccount | None,
) -> HttpResponse:
    def act(why: str, form_key: str) -> bool:
        departure = leaving.plan(
            kind,
            connection=connection,
            account=account,
            reason=why,
            form_key=form_key,
            by=actor(request),
            now=timezone.now(),
        )
        return carry_out(request, departure)

    return answered(admin, request, _question(kind, connection, account), act)


def carry_out(request: HttpRequest, departure: Departure) -> bool:
    """Ask Codat, or wait for the press that does; then say what became of it."""
    leaving.carry_out(departure, client=asking.client(), by=actor(request), clock=asking.clock)

    def ended() -> bool:
        departure.refresh_from_db()
        return not leaving.in_progress(departure, now=asking.clock())

    asking.wait_until(ended)
    if departure.state == Departure.State.DONE:
        text = _("Done at Codat: %(what)s.") % {"what": departure}
        messages.success(request, text)
        return True
    messages.error(request, departure.problem or _("Codat is being asked right now. Look again."))
    return False


# --- The question ------------------------------------------------------------------------------


def _question(
    kind: Departure.Kind, connection: Connection, account: SourceAccount | None
) -> Question:
    company = connection.company
    name = str(account) if account is not None else company.name
    title = {
        Kind.UNLINK: _("Unlink %(name)s at Codat?"),
        Kind.REMOVE_CONNECTION: _("Remove the connection of %(name)s at Codat?"),
        Kind.REMOVE_ACCOUNT: _("Remove the account %(name)s?"),
        Kind.REVOKE: _("Revoke the QuickBooks credentials of %(name)s?"),
    }[kind]
    page = "sourceaccount" if account is not None else "connection"
    why_not = leaving.why_not(kind, connection=connection, account=account)
    may_wait = bool(why_not) and kind != Kind.UNLINK
    return Question(
        title=title % {"name": name},
        company=company,
        consequences=[*_meaning(kind, account), *waiting_words(kind, connection, account)],
        button=str(kind.label),
        cancel=reverse(f"admin:bankfeeds_{page}_change", args=[(account or connection).pk]),
        why_not=why_not,
        push=leaving.in_the_way(connection, account) if may_wait else None,
        needs_reason=needs_reason(kind, account),
        confirm=company.name if kind == Kind.REMOVE_CONNECTION else "",
    )


def _meaning(kind: Departure.Kind, account: SourceAccount | None) -> list[str]:
    match kind:
        case Kind.UNLINK:
            return [
                _("QuickBooks stops asking for every account of this connection."),
                _("What QuickBooks has taken in stays there; the history stays here."),
                _("The client can connect again later, with a new link or a new connection."),
            ]
        case Kind.REMOVE_CONNECTION:
            return [
                _("This cannot be taken back: Codat deletes the connection with its accounts."),
                _("Every feed of it ends. What QuickBooks has taken in stays there."),
                _("Its history stays here. To go on, make a new connection and add accounts."),
            ]
        case Kind.REVOKE:
            return [
                _("Every set of credentials of this connection stops working, not one alone."),
                _("Sending for the company is stopped, until someone allows it again."),
                _("The client needs a new link, gets new credentials and connects once more."),
            ]
    if account is None or not needs_reason(kind, account):
        return [_("Nothing of this account was ever sent. It is taken off the connection.")]
    return [
        _("This cannot be taken back. The feed of %(account)s ends.") % {"account": account},
        _("The account in QuickBooks and what it holds stay; the history stays here."),
        _("Added again, it is a new account that the client connects once more."),
    ]


def waiting_words(
    kind: Departure.Kind, connection: Connection, account: SourceAccount | None
) -> list[str]:
    """What becomes of the pushes that it finds open, as sentences."""
    # Only unlinking does not wait for what is on its way.
    moving = moving_words(connection) if kind == Kind.UNLINK else []
    undecided = undecided_words(connection, account, removes=kind == Kind.REMOVE_CONNECTION)
    return [*_stopped(kind, connection, account), *moving, *undecided]


def _stopped(
    kind: Departure.Kind, connection: Connection, account: SourceAccount | None
) -> list[str]:
    return [] if kind == Kind.REVOKE else stopped_words(leaving.waiting(connection, account))


def stopped_words(pushes: int) -> list[str]:
    """Of so many confirmed pushes that would be stopped."""
    if not pushes:
        return []
    text = ngettext(
        "%(n)d confirmed push waits and is stopped; its rows are free again.",
        "%(n)d confirmed pushes wait and are stopped; their rows are free again.",
        pushes,
    )
    return [text % {"n": pushes}]


def moving_words(connection: Connection) -> list[str]:
    """What becomes of each push that is on its way over a connection that is unlinked."""
    text = _(
        "Push #%(id)d is on its way: its rows may still reach the books that are connected now."
        " It is not sent again; we look up how it ended, and rows that did not arrive wait again"
        " once you have decided on it."
    )
    return [text % {"id": push.pk} for push in leaving.on_its_way(connection)]


def undecided_words(
    connection: Connection, account: SourceAccount | None = None, *, removes: bool = False
) -> list[str]:
    """What becomes of each push that a person has to decide on. `removes`: the connection."""
    stays = _("Push #%(id)d needs a decision. It stays open: decide on it before, or afterwards.")
    lost = _(
        "Nobody knows yet how push #%(id)d ended. Decide on it first: once the connection is gone,"
        " Codat may not tell any more."
    )
    return [
        (lost if removes and push.status in leaving.UNKNOWN else stays) % {"id": push.pk}
        for push in leaving.undecided(connection, account)
    ]
