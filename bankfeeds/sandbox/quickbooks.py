"""QuickBooks Online as the client sees it, simulated: sign in, choose, connect, disconnect."""

from __future__ import annotations

import datetime as dt
import secrets
from html import escape

from . import accounts, connections
from .answers import Answer, refuse
from .api import Api
from .markup import alert, field, form, hidden, link, note, p, page, see_other, table
from .rules import local_date
from .world import Record, World

SESSION_SECONDS = 1800
TARGETS = (
    "Chequing (1000)",
    "Savings (1010)",
    "Payroll (1020)",
    "Visa (2100)",
    "Mastercard (2110)",
    "Line of credit (2200)",
)
NEW = "Add a new account"
WRONG = "The username or the password is not right. Please enter them again."
NONE = "No accounts were found for these credentials. Ask your bank, then enter them again."
Form = list[tuple[str, str]]


def answer(api: Api, method: str, parts: list[str], params: dict[str, str], form: Form) -> Answer:
    world, given = api.world, dict(form)
    step = parts[0] if parts else "link-account"
    if step == "link-account":
        return _sign_in_page(world, given)
    if step == "sign-in" and method == "POST":
        return _sign_in(world, given)
    if step == "choose":
        connection = _session(world, params.get("session", ""))
        return _choose(world, connection, params["session"]) if connection else _again(world)
    if step == "connect" and method == "POST":
        connection = _session(world, given.get("session", ""))
        return _connect(world, connection, form) if connection else _again(world)
    if step == "cancel" and method == "POST":
        connection = _session(world, given.get("session", ""))
        return _cancel(world, connection, given) if connection else _again(world)
    if step == "connections" and len(parts) > 1:
        connection = world.table("connections").get(parts[1])
        if connection and parts[2:] == ["disconnect"] and method == "POST":
            return _disconnect(world, connection, given)
        if connection and len(parts) == 2:
            return _overview(world, connection)
    raise refuse(404)


# Link account


def _sign_in_page(world: World, given: dict[str, str], *above: str) -> Answer:
    institution = world.settings.institution
    return page(
        "Link account",
        *above,
        p(f"Sign in to {institution} with the username and password from its set-up page."),
        form(
            "/quickbooks/sign-in",
            field("Username", "username", value=given.get("username", ""), more=_NO_HELP),
            field("Password", "password", value=given.get("password", ""), more=_NO_HELP),
            button="Sign in",
        ),
        brand="quickbooks",
    )


_NO_HELP = 'autocomplete="off" spellcheck="false" required'


def _again(world: World) -> Answer:
    return _sign_in_page(world, {}, alert("Please sign in again."))


def _sign_in(world: World, given: dict[str, str]) -> Answer:
    connection_id = connections.sign_in(
        world, username=given.get("username", ""), password=given.get("password", "")
    )
    if connection_id is None:
        return _sign_in_page(world, {"username": given.get("username", "")}, alert(WRONG))
    if not accounts.every(world, connection_id):
        return _sign_in_page(world, {}, alert(NONE))
    token = secrets.token_urlsafe(24)
    for key, old in list(world.table("sessions").items()):
        if old["expires"] < world.now():
            world.drop("sessions", key)
    expires = world.now() + SESSION_SECONDS
    world.put("sessions", token, {"connectionId": connection_id, "expires": expires})
    return see_other(f"/quickbooks/choose?session={token}")


def _session(world: World, token: str) -> Record | None:
    found = world.table("sessions").get(token)
    if found is None or found["expires"] < world.now():
        return None
    connection: Record | None = world.table("connections").get(found["connectionId"])
    return connection


# Choose and connect


def _choose(world: World, connection: Record, token: str, *above: str) -> Answer:
    every = accounts.every(world, connection["id"])
    free = _free_targets(every)
    offered = [each for each in every if not _has_feed(each)]
    if not offered:
        return _overview(world, connection, note("Every account is connected already."))
    today = world.today()
    week_ago = (today - dt.timedelta(days=7)).isoformat()
    return page(
        "Choose your accounts",
        *above,
        form(
            "/quickbooks/connect",
            hidden("session", token),
            table(
                ("Account at the bank", "Balance", "QuickBooks account"),
                [_account_row(each, free, index) for index, each in enumerate(offered)],
            ),
            field(
                "Start the feed on", "feedStartDate", value=week_ago, kind="date", more="required"
            ),
            p("QuickBooks Online takes at most the last seven days; an earlier date is ignored."),
            button="Connect",
        ),
        form("/quickbooks/cancel", hidden("session", token), button="Cancel", look="quiet"),
        brand="quickbooks",
    )


def _account_row(account: Record, free: list[str], index: int) -> list[str]:
    name = account.get("accountName") or account["id"]
    number = str(account.get("accountNumber") or "")[-4:]
    ticked = free[index] if index < len(free) else NEW
    choices = "".join(
        f"<option{' selected' if each == ticked else ''}>{escape(each)}</option>"
        for each in (*free, NEW)
    )
    money = f"{account.get('balance') or 0} {account.get('currency') or ''}"
    return [
        f'<label><input type="checkbox" name="account" value="{escape(account["id"])}">'
        f"{escape(name)} {escape('••' + number if number else '')}</label>",
        escape(money),
        f'<select name="target:{escape(account["id"])}" '
        f'aria-label="QuickBooks account of {escape(name)}">{choices}</select>',
    ]


def _has_feed(account: Record) -> bool:
    return account["status"] in ("connected", "connecting") and "_gone_at" not in account


def _free_targets(every: list[Record]) -> list[str]:
    taken = {each.get("_target") for each in every if _has_feed(each)}
    return [each for each in TARGETS if each not in taken]


def _connect(world: World, connection: Record, form: Form) -> Answer:
    given, every = dict(form), accounts.every(world, connection["id"])
    token = given["session"]
    ticked = {value for name, value in form if name == "account"}
    chosen = [each for each in every if each["id"] in ticked and not _has_feed(each)]
    targets = [given.get(f"target:{each['id']}", NEW) for each in chosen]
    start = local_date(given.get("feedStartDate", ""))
    wrong = _wrong_choice(targets, _free_targets(every), start, world.today())
    if wrong or start is None:
        return _choose(world, connection, token, alert(wrong or ""))
    for account, target in zip(chosen, targets, strict=True):
        kept = f"New: {account.get('accountName') or account['id']}" if target == NEW else target
        accounts.connect(world, account, feed_start=start, target=kept)
    world.drop("sessions", token)
    text = f"{len(chosen)} of your accounts are connected." if len(chosen) > 1 else "Connected."
    return _overview(world, connection, note(text))


def _cancel(world: World, connection: Record, given: dict[str, str]) -> Answer:
    world.drop("sessions", given["session"])
    connections.cancel(world, connection)
    return _sign_in_page(world, {}, note("You cancelled. No account was connected."))


def _wrong_choice(
    targets: list[str], free: list[str], start: dt.date | None, today: dt.date
) -> str | None:
    real = [each for each in targets if each != NEW]
    if not targets:
        return "Tick at least one account."
    if len(set(real)) < len(real) or not set(real) <= set(free):
        return "Choose a different QuickBooks account, without a feed, for each account."
    if start is None or start > today:
        return "Choose a date to start from, today or earlier."
    return None


# Afterwards


def _overview(world: World, connection: Record, *above: str) -> Answer:
    company = world.table("companies")[connection["_parent"]]
    rows = [_overview_row(connection, each) for each in accounts.every(world, connection["id"])]
    return page(
        "Bank transactions",
        *above,
        p(f"Books of {company['name']}."),
        table(("Account", "QuickBooks account", "Balance", "State", ""), rows)
        if rows
        else p("No accounts."),
        "<p>" + link("/quickbooks/link-account", "Link account") + "</p>",
        brand="quickbooks",
    )


def _overview_row(connection: Record, account: Record) -> list[str]:
    feed = _has_feed(account)
    action = f"/quickbooks/connections/{connection['id']}/disconnect"
    cells = (
        account.get("accountName") or account["id"],
        (account.get("_target") or "-") if feed else "-",
        f"{account.get('balance') or 0} {account.get('currency') or ''}",
        f"connected from {account.get('feedStartDate')}" if feed else "not connected",
    )
    button = form(action, hidden("account", account["id"]), button="Disconnect", look="quiet")
    return [*(escape(str(each)) for each in cells), button if feed else ""]


def _disconnect(world: World, connection: Record, given: dict[str, str]) -> Answer:
    """Codat is not told: the account turns `disconnected` after ten days of its clock."""
    account = accounts.find(world, connection["id"], given.get("account", ""))
    if _has_feed(account):
        accounts.disconnect_later(world, account)
    text = "Disconnected here. Codat will notice after ten days without a query."
    return _overview(world, connection, note(text))
