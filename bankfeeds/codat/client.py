"""The client of Codat's Bank Feeds API for QuickBooks Online: one method per endpoint.

Bodies come in as bytes (`bodies` makes them), answers go out as `shapes`, trouble as `errors`.
Writes are sent once and never repeated here; reads are repeated a little. Knows HTTP, no Django.
Source: Codat's Bank Feeds API reference, and its guide to idempotency for the keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import requests

from bankfeeds.codat import bodies, paging, shapes
from bankfeeds.codat.batch import AccountResult
from bankfeeds.codat.paths import Id, account_segment, uuid_segment
from bankfeeds.codat.reading import a_list
from bankfeeds.codat.shapes import (
    Company,
    Connection,
    Integration,
    PushOperation,
    SourceAccount,
)
from bankfeeds.codat.wire import DEFAULT_TIMINGS, Answer, Call, Timings, Wire

__all__ = ["PUSH", "Answer", "Client", "Timings", "push_path"]

_COMPANIES = "/companies"
_COMPANY = "/companies/{companyId}"
_CONNECTIONS = _COMPANY + "/connections"
_CONNECTION = _CONNECTIONS + "/{connectionId}"
_ACCOUNTS = _CONNECTION + "/connectionInfo/bankFeedAccounts"
_BATCH = _ACCOUNTS + "/batch"
_ACCOUNT = _ACCOUNTS + "/{accountId}"
_CREDENTIALS = _ACCOUNTS + "/credentials"
PUSH = _CONNECTION + "/push/bankAccounts/{accountId}/bankTransactions"
_OPERATIONS = _COMPANY + "/push"
_OPERATION = _OPERATIONS + "/{pushOperationKey}"
_INTEGRATION = "/integrations/" + shapes.PLATFORM_KEY


class Client:
    """Codat, as one API key sees it. Safe to share between threads and across a fork.

    before_send is called before every request and may raise to forbid it. on_answer is told of
    every HTTP answer (status, rate limits); what it raises is logged and goes no further.
    Ids are UUIDs (or their text) and account ids non-empty text; anything else is a ValueError
    before a connection is opened. `key` is the Idempotency-Key of that write, a UUID.

    Raises, for all methods: errors.CodatError. For a write see `errors.Uncertain`.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        before_send: Callable[[], None] | None = None,
        on_answer: Callable[[Answer], None] | None = None,
        timings: Timings = DEFAULT_TIMINGS,
        session: requests.Session | None = None,
    ) -> None:
        self._wire = Wire(
            base_url=base_url,
            api_key=api_key,
            before_send=before_send,
            on_answer=on_answer,
            timings=timings,
            session=session,
        )

    def within(self, seconds: float) -> Client:
        """Return this client for a person who waits: no call takes longer than that."""
        twin = object.__new__(Client)
        twin._wire = replace(self._wire, timings=self._wire.timings.within(seconds))
        return twin

    def close(self) -> None:
        """Close the idle connections of this thread; the client stays usable."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Companies

    def create_company(self, body: bytes, *, key: Id) -> Company:
        """Create a company from `bodies.company_body`."""
        return self._wire.ask(_post(_COMPANIES, body, key), Company.read)

    def get_company(self, company_id: Id) -> Company:
        return self._wire.ask(_get(_COMPANY, companyId=uuid_segment(company_id)), Company.read)

    def list_companies(self, *, query: str = "", order_by: str = "") -> Iterator[Company]:
        """Walk all companies, page by page as they are consumed.

        query, order_by: Codat's query language; Codat answers few queries on companies.
        """
        call = _get(_COMPANIES)
        return paging.walk(self._wire, call, Company.read, query=query, order_by=order_by)

    def companies_page(self, number: int) -> paging.Page[Company]:
        """Page `number`, from 1, of all companies, for who walks them in pieces; mints no link."""
        return paging.one(self._wire, _get(_COMPANIES), Company.read, number=number)

    def update_company(self, company_id: Id, body: bytes, *, key: Id) -> Company:
        """Change the fields that are in the body, leave the others (PATCH)."""
        call = _patch(_COMPANY, body, key, companyId=uuid_segment(company_id))
        return self._wire.ask(call, Company.read)

    def delete_company(self, company_id: Id) -> None:
        """Delete a company for good, with its connections."""
        self._wire.tell(_delete(_COMPANY, companyId=uuid_segment(company_id)))

    # Connections

    def create_connection(self, company_id: Id, *, key: Id) -> Connection:
        """Create the company's QuickBooks Online connection; its link URL lives one hour."""
        where = uuid_segment(company_id)
        call = _post(_CONNECTIONS, bodies.connection_body(), key, companyId=where)
        return self._wire.ask(call, Connection.read)

    def get_connection(self, company_id: Id, connection_id: Id) -> Connection:
        """Read one connection. Mints a new link URL: only for a person who asked for one."""
        call = _get(_CONNECTION, **_connection(company_id, connection_id))
        return self._wire.ask(call, Connection.read)

    def list_connections(self, company_id: Id) -> Iterator[Connection]:
        """Walk a company's connections. Mints a new link URL for each: see `get_connection`."""
        call = _get(_CONNECTIONS, companyId=uuid_segment(company_id))
        return paging.walk(self._wire, call, Connection.read)

    def unlink_connection(self, company_id: Id, connection_id: Id, *, key: Id) -> Connection:
        """Unlink a linked connection; it can be linked again later."""
        where = _connection(company_id, connection_id)
        call = _patch(_CONNECTION, bodies.unlink_body(), key, **where)
        return self._wire.ask(call, Connection.read)

    def delete_connection(self, company_id: Id, connection_id: Id) -> None:
        """Delete a connection for good. Codat answers 200 with nothing in it."""
        self._wire.tell(_delete(_CONNECTION, **_connection(company_id, connection_id)))

    # Source accounts

    def list_source_accounts(self, company_id: Id, connection_id: Id) -> list[SourceAccount]:
        """Read all source accounts of a connection (one plain list); mints no link."""
        call = _get(_ACCOUNTS, **_connection(company_id, connection_id))
        return self._wire.ask(call, lambda value: [SourceAccount.read(x) for x in a_list(value)])

    def create_source_account(
        self, company_id: Id, connection_id: Id, body: bytes, *, key: Id
    ) -> SourceAccount:
        """Create one source account from `bodies.source_account_body`."""
        call = _post(_ACCOUNTS, body, key, **_connection(company_id, connection_id))
        return self._wire.ask(call, SourceAccount.read)

    def create_source_accounts(
        self, company_id: Id, connection_id: Id, body: bytes, *, key: Id
    ) -> list[AccountResult]:
        """Create several from `bodies.source_accounts_body`; Codat answers each by itself.

        201: all were created. 207, and 409 with a list: some, or none, and why.
        """
        call = _post(_BATCH, body, key, **_connection(company_id, connection_id))
        call = replace(call, also=frozenset({409}))
        found = self._wire.ask(call, lambda value: [AccountResult.read(x) for x in a_list(value)])
        return [replace(each, words=self._wire.cleaned(each.words, call)) for each in found]

    def put_source_accounts(
        self, company_id: Id, connection_id: Id, body: bytes
    ) -> list[SourceAccount]:
        """Create or overwrite several, all or none, as Codat's guide has it (withdrawn since)."""
        where = _connection(company_id, connection_id)
        call = Call(method="PUT", template=_ACCOUNTS, ids=where, body=body)
        return self._wire.ask(call, lambda value: [SourceAccount.read(x) for x in a_list(value)])

    def update_source_account(
        self, company_id: Id, connection_id: Id, account_id: str, body: bytes, *, key: Id
    ) -> SourceAccount:
        """Rename a source account with `bodies.rename_body`."""
        call = _patch(_ACCOUNT, body, key, **_account(company_id, connection_id, account_id))
        return self._wire.ask(call, SourceAccount.read)

    def delete_source_account(self, company_id: Id, connection_id: Id, account_id: str) -> None:
        """Remove a source account and end its feed; QuickBooks keeps what it has."""
        self._wire.tell(_delete(_ACCOUNT, **_account(company_id, connection_id, account_id)))

    def delete_credentials(self, company_id: Id, connection_id: Id) -> None:
        """Revoke every set of credentials with which QuickBooks reads this connection."""
        self._wire.tell(_delete(_CREDENTIALS, **_connection(company_id, connection_id)))

    # The integration

    def get_integration(self) -> Integration:
        """Ask whether QuickBooks Online Bank Feeds are enabled for this API key."""
        return self._wire.ask(_get(_INTEGRATION), Integration.read)

    # Pushes

    def push(
        self, company_id: Id, connection_id: Id, account_id: str, body: bytes, *, key: Id
    ) -> PushOperation:
        """Push transactions from `bodies.push_body` to one source account.

        Any 2xx that carries a valid operation key is an accepted push, whatever else is odd.
        """
        call = _post(PUSH, body, key, **_account(company_id, connection_id, account_id))
        return self._wire.ask(
            call,
            lambda value: PushOperation.accepted(
                value,
                company_id=call.ids["companyId"],
                connection_id=call.ids["connectionId"],
                now=datetime.now(UTC),
            ),
        )

    def get_operation(self, company_id: Id, push_operation_key: Id) -> PushOperation:
        """Read how a push stands. `status` is Codat's word, see `shapes.PushStatus`."""
        where = uuid_segment(company_id)
        call = _get(_OPERATION, companyId=where, pushOperationKey=uuid_segment(push_operation_key))
        return self._wire.ask(call, PushOperation.read)

    def list_operations(
        self, company_id: Id, *, query: str = "", order_by: str = "-requestedOnUtc"
    ) -> Iterator[PushOperation]:
        """Walk a company's push operations, newest first, page by page as they are consumed."""
        call = _get(_OPERATIONS, companyId=uuid_segment(company_id))
        return paging.walk(self._wire, call, PushOperation.read, query=query, order_by=order_by)


def _connection(company_id: Id, connection_id: Id) -> dict[str, str]:
    return {"companyId": uuid_segment(company_id), "connectionId": uuid_segment(connection_id)}


def _account(company_id: Id, connection_id: Id, account_id: str) -> dict[str, str]:
    return _connection(company_id, connection_id) | {"accountId": account_segment(account_id)}


def push_path(company_id: Id, connection_id: Id, account_id: str) -> str:
    """Where a push to this account goes, without the host."""
    return PUSH.format_map(_account(company_id, connection_id, account_id))


def _get(template: str, **ids: str) -> Call:
    return Call(method="GET", template=template, ids=ids)


def _delete(template: str, **ids: str) -> Call:
    return Call(method="DELETE", template=template, ids=ids)


def _post(template: str, body: bytes, key: Id, **ids: str) -> Call:
    return Call(method="POST", template=template, ids=ids, body=body, key=uuid_segment(key))


def _patch(template: str, body: bytes, key: Id, **ids: str) -> Call:
    return Call(method="PATCH", template=template, ids=ids, body=body, key=uuid_segment(key))
