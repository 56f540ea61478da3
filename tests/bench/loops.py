"""The two peers of the engine: a plain loop with the official SDK, one with `requests` and json.

Each runs in a process of its own: python -m tests.bench.loops sdk --url URL --accounts 80 …
Says a line when all is imported and the data is there, waits for one, pushes, says what it did.
Building models and JSON is inside the clock; nothing is stored. Then each outcome is asked for
once, on a clock of its own.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import json
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

from .rows import Row, rows_of

KEY = "bench-key"
SUCCESS = "Success"
BASIC = "Basic " + base64.b64encode(KEY.encode()).decode()


@dataclass(frozen=True)
class Account:
    company: str
    connection: str
    id: str
    rows: list[Row]


class Peer(NamedTuple):
    """push: answers the write's key; ask: whether the write of that key has succeeded."""

    push: Callable[[Account], str]
    ask: Callable[[Account, str], bool]


def sdk(url: str) -> Peer:
    """The official SDK without its repeats; its answer is read as it reads it."""
    codat_bankfeeds: Any = import_module("codat_bankfeeds")
    shared: Any = import_module("codat_bankfeeds.models.shared")
    utils: Any = import_module("codat_bankfeeds.utils")
    codat = codat_bankfeeds.CodatBankFeeds(
        server_url=url,
        retry_config=utils.RetryConfig("none", utils.BackoffStrategy(1, 1, 1.0, 1), False),
        timeout_ms=30_000,
        security=shared.Security(auth_header=BASIC),
    )

    def push(account: Account) -> str:
        rows = [
            {
                "id": row.id,
                "date_": row.date.isoformat(),
                "description": row.description,
                "amount": row.amount,
                "balance": row.balance,
                "transaction_type": row.type,
            }
            for row in account.rows
        ]
        body = {"account_id": account.id, "transactions": rows}
        answer = codat.transactions.create(
            request={
                "company_id": account.company,
                "connection_id": account.connection,
                "account_id": account.id,
                "create_bank_transactions": body,
            }
        )
        return str(_operation(answer).push_operation_key)

    def ask(account: Account, key: str) -> bool:
        request = {"company_id": account.company, "push_operation_key": key}
        answer = codat.transactions.get_create_operation(request=request)
        operation = getattr(answer, "push_operation", None) or answer
        return _word(operation.status) == SUCCESS

    return Peer(push, ask)


def _operation(answer: Any) -> Any:
    """Some releases wrap the operation in an answer object."""
    return getattr(answer, "create_bank_transactions_response", None) or answer


def _word(status: Any) -> str:
    """An enumeration's value, or the plain word."""
    return str(getattr(status, "value", status))


def session(url: str) -> Peer:
    """The bare loop: one `requests.Session`, dicts, `json.dumps`, one header."""
    requests: Any = import_module("requests")
    made = requests.Session()
    made.headers["Authorization"] = BASIC

    def push(account: Account) -> str:
        rows = [
            {
                "id": row.id,
                "date": row.date.isoformat(),
                "description": row.description,
                "amount": float(row.amount),
                "balance": float(row.balance),
                "transactionType": row.type,
            }
            for row in account.rows
        ]
        answer = made.post(
            f"{url}/companies/{account.company}/connections/{account.connection}"
            f"/push/bankAccounts/{account.id}/bankTransactions",
            data=json.dumps({"accountId": account.id, "transactions": rows}),
            headers={"Content-Type": "application/json"},
            timeout=30,
        )
        answer.raise_for_status()
        return str(answer.json()["pushOperationKey"])

    def ask(account: Account, key: str) -> bool:
        answer = made.get(f"{url}/companies/{account.company}/push/{key}", timeout=30)
        answer.raise_for_status()
        return bool(answer.json()["status"] == SUCCESS)

    return Peer(push, ask)


PEERS: dict[str, Callable[[str], Peer]] = {"sdk": sdk, "requests": session}


def number(key: str) -> int:
    """The stand-in counts its keys: the last part is the number."""
    return int(key.rpartition("-")[2], 16)


def made_up(count: int, *, transactions: int) -> list[Account]:
    day = dt.datetime.now(dt.UTC).date()
    return [
        Account(
            company=str(uuid.uuid4()),
            connection=str(uuid.uuid4()),
            id=f"acc-{uuid.uuid4()}",
            rows=rows_of(number, count=transactions, day=day),
        )
        for number in range(count)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--url", required=True)
    parser.add_argument("--accounts", type=int, required=True)
    parser.add_argument("--transactions", type=int, required=True)
    options = parser.parse_args()
    peer = PEERS[options.peer](options.url)
    accounts = made_up(options.accounts, transactions=options.transactions)
    _say({"stage": "ready"})
    sys.stdin.readline()
    began, cpu = time.perf_counter(), time.process_time()
    keys = [peer.push(account) for account in accounts]
    seconds, taken = time.perf_counter() - began, time.process_time() - cpu
    known = [peer.ask(account, key) for account, key in zip(accounts, keys, strict=True)]
    spent = {"cpu": taken, "ended_cpu": time.process_time() - cpu}
    keys_said = [number(key) for key in keys]
    _say({"stage": "done", "seconds": seconds, **spent, "keys": keys_said, "known": all(known)})


def _say(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
