"""The pages that a person sees: which page answers, and the sandbox's own index.

Codat's link pages are in `link_pages`, what follows in QuickBooks in `quickbooks`. All work without
JavaScript.
"""

from __future__ import annotations

from html import escape

from . import accounts, connections, faults, link_pages, quickbooks
from .answers import Answer, Refused
from .api import Api
from .markup import (
    alert,
    field,
    form,
    link,
    p,
    page,
    see_other,
    style,
    table,
)
from .world import Record, World, stamp

MOST_SHOWN = 100
LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    b'<circle cx="16" cy="16" r="16" fill="#237a1f"/></svg>'
)


def wants(path: str) -> bool:
    """Whether a path is a page's (the API has no such path)."""
    if path in ("/", "/sandbox.css", "/logo.svg", "/clock", "/favicon.ico"):
        return True
    parts = path.strip("/").split("/")
    is_link = len(parts) == 5 and parts[0] == "companies" and parts[4] in link_pages.STEPS
    return is_link or parts[0] in ("company", "quickbooks")


def answer(
    api: Api, *, method: str, path: str, params: dict[str, str], form: list[tuple[str, str]]
) -> Answer:
    """One page; `form` holds the fields that were sent, in order."""
    if path == "/sandbox.css":
        return style()
    if path == "/logo.svg":
        return Answer(200, LOGO, "image/svg+xml")
    parts = path.strip("/").split("/")
    with api.world.lock:
        api.world.settle()
        try:
            if parts[0] == "quickbooks":
                found = quickbooks.answer(api, method, parts[1:], params, form)
            elif parts[0] == "companies":
                found = link_pages.answer(api.world, method, parts, dict(form) if form else params)
            elif path == "/clock" and method == "POST":
                found = _advance(api.world, dict(form))
            elif parts[0] == "company":
                found = _no_link_flow()
            else:
                found = _index(api) if path == "/" else _not_found()
        except Refused as refused:
            found = _not_found() if refused.answer.status == 404 else refused.answer
        api.world.journal.commit()
    return found


def _not_found() -> Answer:
    return page("Not found", p("There is no such page."), link("/", "To the sandbox"), status=404)


def _no_link_flow() -> Answer:
    text = "QuickBooks Online Bank Feeds is not offered here: use the link of its connection."
    return page("Connect your data", p(text), brand="codat")


# The index


def _index(api: Api) -> Answer:
    world = api.world
    return page(
        "A sandbox of Codat's Bank Feeds API",
        p(
            "This server plays Codat and QuickBooks Online for tests and demonstrations. No real "
            "bank, no real client, nothing leaves this machine."
        ),
        "<h2>Companies</h2>",
        _companies(world),
        "<h2>Clock</h2>",
        p(f"It is {stamp(world.now())[:19]} UTC; the institution's date is {world.today()}."),
        form(
            "/clock",
            field("Advance by hours", "hours", value="1", kind="number", more='min="0" step="any"'),
            button="Advance the clock",
        ),
        "<h2>Faults</h2>",
        p(
            "Write a marker into a company name, an account name or a transaction description, or "
            "order it through POST /_sandbox/faults. End it with -once or -always. A marker in a "
            "name hits later requests when it names them: fault-connections-503-once, "
            "fault-accounts-..., fault-push-..., fault-reads-..."
        ),
        table(
            ("Marker", "What happens"),
            [
                (f"<code>fault-{escape(name)}</code>", escape(text))
                for name, text in faults.CATALOGUE.items()
            ],
        ),
    )


def _companies(world: World) -> str:
    newest = list(world.table("companies").values())[-MOST_SHOWN:][::-1]
    if not newest:
        return p("None yet.")
    rows = [row for company in newest for row in _company_rows(world, company)]
    return table(("Company", "Connection", "Source accounts", "Open"), rows)


def _company_rows(world: World, company: Record) -> list[list[str]]:
    name = escape(company["name"])
    found = world.children("connections", company["id"])
    rows = []
    for connection in found:
        statuses = [each["status"] for each in accounts.every(world, connection["id"])]
        counts = ", ".join(f"{statuses.count(s)} {s}" for s in dict.fromkeys(statuses)) or "none"
        links = [link(f"/quickbooks/connections/{connection['id']}", "Their QuickBooks")]
        url = connections.link_url(world, connection)
        if connections.link_works(world, connection["id"], otp=url[-6:]):
            links.insert(0, link(url.removeprefix(world.base), "Link page"))
        rows.append([name, escape(connection["status"]), escape(counts), "<br>".join(links)])
    return rows or [[name, "none", "none", ""]]


def _advance(world: World, form: dict[str, str]) -> Answer:
    try:
        hours = float(form.get("hours", ""))
    except ValueError:
        hours = -1.0
    if not 0 <= hours <= 24 * 366:
        text = "Give a number of hours from 0 to 8784."
        return page("Clock", alert(text), link("/", "Back"), status=400)
    world.advance(hours * 3600)
    world.settle()
    return see_other("/")
