"""The main job, done through the web pages: from a new client to pushes that Codat accepted.

Two people play it, each with a browser of their own: the manager and the client.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

import requests

from .visitor import NotThere, Visitor

ENDS_WITHIN = 120.0
LOOK_EVERY = 0.5
ACCEPTED = "Accepted by Codat"
# What a push shows while nobody has to do anything.
ON_ITS_WAY = ("Waiting", "Sending", "Checking what Codat received", "At Codat")
SHARED = frozenset({"Company, reference", "By"})
ZONE = ZoneInfo("America/Toronto")

Say = Callable[[str], None]


class Failed(Exception):  # noqa: N818 - said to a person as it stands
    """The story did not come to its end; the words say at what and why."""


@dataclass(frozen=True)
class Account:
    """What is typed for an account, and the rows of the file imported for it, if any."""

    name: str
    kind: str
    balance: str
    rows: tuple[tuple[int, str, str], ...] = ()  # days ago, description, amount

    def csv(self, *, prefix: str, today: dt.date) -> bytes:
        balance = Decimal(self.balance)
        lines = ["id,date,description,amount,balance"]
        for number, (days, description, amount) in enumerate(self.rows, start=1):
            balance += Decimal(amount)
            day = today - dt.timedelta(days=days)
            lines.append(f"{prefix}-{number:03d},{day},{description},{amount},{balance}")
        return ("\n".join(lines) + "\n").encode()


ACCOUNTS = (
    Account(
        "Operating",
        "Checking",
        "4210.55",
        (
            (3, "Card sales of Monday", "612.40"),
            (2, "Maple Flour Mill invoice 1182", "-186.35"),
            (2, "Rent", "-950.00"),
            (1, "Catering for the town hall", "480.00"),
            (0, "Card sales of the day", "355.10"),
        ),
    ),
    Account(
        "Company card",
        "Credit card",
        "-250.00",
        (
            (3, "Delivery van fuel", "-61.20"),
            (1, "Packaging", "-44.95"),
            (0, "Payment of the card", "250.00"),
        ),
    ),
    Account("Reserve", "Savings", "15000.00"),
)
CONNECTED = ACCOUNTS[:2]


def tell(*, web: str, sandbox: str, password: str, say: Say, check: Callable[[], None]) -> str:
    """Do it all as `manager`; the history as a table. Raises Failed.

    check is called while waiting and may raise to end the story.
    """
    mark = secrets.token_hex(3)
    name = f"Maple Street Bakery {mark}"
    try:
        with Visitor() as manager, Visitor() as client:
            _sign_in(manager, web, password)
            link = _onboard(manager, name, say=say)
            if not link.startswith(f"{sandbox}/"):
                raise Failed("The link does not lead to the demo's own sandbox.")
            _be_the_client(client, link, say=say)
            company = _refresh(manager, web, name, say=say)
            for account in CONNECTED:
                _import(manager, company, account, prefix=f"{mark}-{account.name[:3]}", say=say)
            _push(manager, company, say=say)
            return _follow(manager, web, name, say=say, check=check)
    except NotThere as error:
        raise Failed(f"The story stopped: {error}") from error
    except requests.RequestException as error:
        raise Failed(f"The story stopped: {type(error).__name__}: {error}") from error


def _sign_in(manager: Visitor, web: str, password: str) -> None:
    manager.open(f"{web}/admin/")
    manager.press("Log in", {"Username": "manager", "Password": password})
    if "Log out" not in manager.page.text:
        raise manager.not_there("manager is not signed in")


def _onboard(manager: Visitor, name: str, *, say: Say) -> str:
    say(f"- manager adds the company {name}, its connection and {len(ACCOUNTS)} accounts")
    manager.open("/admin/bankfeeds/company/add/")
    reference = name.rpartition(" ")[2].upper()
    manager.press("Create company", {"Our name": name, "Internal reference": reference})
    manager.press("Add accounts", _rows())
    if f"{len(ACCOUNTS)} accounts added" not in manager.page.text:
        raise manager.not_there("the accounts were not added")
    say("- manager copies the link for the client")
    manager.press("Copy link")
    return manager.page.fields["client-link"].value


def _rows() -> dict[str, str]:
    """The form of *Add accounts*, filled in; numbers that no two accounts share."""
    filled: dict[str, str] = {}
    for index, account in enumerate(ACCOUNTS):
        number = f"44{secrets.randbelow(10**8):08d}"
        filled |= {
            f"name-{index}": account.name,
            f"account_type-{index}": account.kind,
            f"account_number-{index}": number,
            f"sort_code-{index}": "021000021",
            f"balance-{index}": account.balance,
        }
    return filled


def _be_the_client(client: Visitor, link: str, *, say: Say) -> None:
    say("- the client opens it and connects two of the three accounts in QuickBooks")
    client.open(link)
    client.press("Next")
    client.press("Get credentials")
    username, password = (client.page.by_id[f"shown-{n}"] for n in ("username", "password"))
    client.press("Continue to QuickBooks")
    client.press("Sign in", {"Username": username, "Password": password})
    client.press("Connect", {account.name: True for account in CONNECTED})
    if "2 of your accounts are connected" not in client.page.text:
        raise client.not_there("the accounts were not connected")


def _refresh(manager: Visitor, web: str, name: str, *, say: Say) -> str:
    """The address of the company's page."""
    say("- manager refreshes the statuses")
    manager.open(f"{web}/admin/bankfeeds/company/?q={name}")
    manager.follow(name)
    company = manager.url.partition("?")[0]
    manager.press("Refresh statuses")
    if "2 of 3" not in manager.page.text:
        raise manager.not_there("two of three accounts should be connected")
    return company


def _import(manager: Visitor, company: str, account: Account, *, prefix: str, say: Say) -> None:
    say(f"- manager imports {len(account.rows)} transactions for {account.name}")
    today = dt.datetime.now(ZONE).date()
    file = (f"{account.name}.csv", account.csv(prefix=prefix, today=today))
    manager.open(company)
    manager.follow(f"Import file – {account.name}")
    manager.press("Look at this file", files={"File to import": file})
    manager.press(f"Save {len(account.rows)} rows")
    if f"{len(account.rows)} rows of this file were saved" not in manager.page.text:
        raise manager.not_there("the rows were not saved")


def _push(manager: Visitor, company: str, *, say: Say) -> None:
    rows = sum(len(account.rows) for account in CONNECTED)
    say(f"- manager pushes {rows} transactions; the third account is left out")
    manager.open(company)
    manager.follow("Push connected accounts")
    manager.press(f"Send {rows} transactions", {"Money in and money out are right": True})


def _follow(manager: Visitor, web: str, name: str, *, say: Say, check: Callable[[], None]) -> str:
    say("- the worker sends them and follows them to their end")
    deadline = time.monotonic() + ENDS_WITHIN
    while True:
        manager.open(f"{web}/admin/bankfeeds/push/?q={name}")
        heads, pushes = _history(manager)
        states = [row[heads.index("Status")] for row in pushes]
        if len(pushes) == len(CONNECTED) and all(ACCEPTED in state for state in states):
            return f"\nPush history of {name}:\n\n{_aligned([heads, *pushes])}"
        if not all(_may_still_move(state) for state in states):
            raise Failed(f"A push needs a person:\n{_aligned([heads, *pushes])}")
        if time.monotonic() > deadline:
            table = _aligned([heads, *pushes])
            raise Failed(f"Not every push was accepted within {ENDS_WITHIN:g} s:\n{table}")
        check()
        time.sleep(LOOK_EVERY)


def _may_still_move(state: str) -> bool:
    """Whether nobody has to do anything for this one; a state begins with its symbol.

    What waits behind another moves once that one has ended: only that one may need a person.
    """
    return re.sub(r"^\W+", "", state).startswith((ACCEPTED, *ON_ITS_WAY))


def _history(manager: Visitor) -> tuple[list[str], list[list[str]]]:
    for table in manager.page.tables:
        if table and "Status" in table[0]:
            # One company, one person: what all rows share would only widen them.
            shown = [i for i, head in enumerate(table[0]) if head and head not in SHARED]
            heads, *rows = [[row[i] for i in shown] for row in table]
            return heads, rows
    raise manager.not_there("no table of pushes")


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
