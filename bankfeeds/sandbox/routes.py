"""The table of the API: which verb on which path is which endpoint."""

from __future__ import annotations

from collections.abc import Callable

from . import endpoints as do
from .answers import Answer, refuse
from .endpoints import Call

Handler = Callable[[Call], Answer]
COMPANY = "companies/{company}"
BASE = COMPANY + "/connections/{connection}"
ACCOUNTS = BASE + "/connectionInfo/bankFeedAccounts"
MAPPING = BASE + "/bankFeedAccounts/mapping"
ROWS = "/bankAccounts/{account}/bankTransactions"

TABLE: list[tuple[str, str, Handler]] = [
    ("POST", "companies", do.create_company),
    ("GET", "companies", do.list_companies),
    ("GET", COMPANY, do.read_company),
    ("PUT", COMPANY, do.replace_company),
    ("PATCH", COMPANY, do.update_company),
    ("DELETE", COMPANY, do.delete_company),
    ("GET", COMPANY + "/accessToken", do.access_token),
    ("POST", COMPANY + "/connections", do.create_connection),
    ("GET", COMPANY + "/connections", do.list_connections),
    ("GET", BASE, do.read_connection),
    ("PATCH", BASE, do.unlink),
    ("DELETE", BASE, do.delete_connection),
    ("GET", ACCOUNTS, do.list_accounts),
    ("POST", ACCOUNTS, do.create_account),
    ("PUT", ACCOUNTS, do.upsert_accounts),
    ("POST", ACCOUNTS + "/batch", do.create_batch),
    ("POST", ACCOUNTS + "/credentials", do.make_credentials),
    ("DELETE", ACCOUNTS + "/credentials", do.revoke),
    ("PATCH", ACCOUNTS + "/{account}", do.update_account),
    ("DELETE", ACCOUNTS + "/{account}", do.delete_account),
    ("GET", MAPPING, do.mapping),
    ("POST", MAPPING, do.no_mapping),
    ("POST", BASE + "/push" + ROWS, do.push),
    ("GET", BASE + "/options" + ROWS, do.push_option),
    ("GET", COMPANY + "/push", do.list_pushes),
    ("GET", COMPANY + "/push/{operation}", do.read_push),
    ("GET", "integrations/{key}", do.integration),
    ("GET", "webhooks", do.list_consumers),
    ("POST", "webhooks", do.add_consumer),
    ("DELETE", "webhooks/{webhook}", do.drop_consumer),
]
ROUTES = [(method, tuple(path.split("/")), handler) for method, path, handler in TABLE]


def find(method: str, segments: tuple[str, ...]) -> tuple[Handler, dict[str, str]]:
    """The handler and the names in the path; 404 for no such path, 405 for the wrong verb."""
    known = False
    for wanted, pattern, handler in ROUTES:
        names = names_in(pattern, segments)
        if names is not None:
            if wanted == method:
                return handler, names
            known = True
    raise refuse(405 if known else 404)


def names_in(pattern: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    if len(pattern) != len(segments):
        return None
    names = {}
    for wanted, given in zip(pattern, segments, strict=True):
        if wanted[0] == "{":
            names[wanted[1:-1]] = given
        elif wanted != given:
            return None
    return names
