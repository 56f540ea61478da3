"""The two peers of the engine: a plain loop with the official SDK, one with `requests` and json.

Each runs in a process of its own: python -m tests.bench.loops sdk --url URL --accounts 80 …
Says a line when all is imported and the data is there, waits for one, pushes, says what it did.
Building models and JSON is inside the clock; nothing is stored, nothing is looked up.
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
from typing import Any

from .rows import Row, rows_of

KEY = "bench-key"
BASIC = "Basic " + base64.b64encode(KEY.encode()).decode()


@dataclass(frozen=True)
class Account:
    company: str
    connection: str
    id: str
    rows: list[Row]


Push = Callable[[Account], int]


def sdk(url: str) -> Push:
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

    def push(account: Account) -> int:
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
        return _number(_operation(answer).push_operation_key)

    return push


def _operation(answer: Any) -> Any:
    """Some releases wrap the operation in an answer object."""
    return getattr(answer, "create_bank_transactions_response", None) or answer


def session(url: str) -> Push:
    """The bare loop: one `requests.Session`, dicts, `json.dumps`, one header."""
    requests: Any = import_module("requests")
    made = requests.Session()
    made.headers["Authorization"] = BASIC

    def push(account: Account) -> int:
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
        return _number(answer.json()["pushOperationKey"])

    return push


PEERS: dict[str, Callable[[str], Push]] = {"sdk": sdk, "requests": session}


def _number(key: Any) -> int:
    """The stand-in counts its keys: the last part is the number."""
    return int(str(key).rpartition("-")[2], 16)


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
    push = PEERS[options.peer](options.url)
    accounts = made_up(options.accounts, transactions=options.transactions)
    _say({"stage": "ready"})
    sys.stdin.readline()
    began, cpu = time.perf_counter(), time.process_time()
    keys = [push(account) for account in accounts]
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    _say({"stage": "done", "seconds": seconds, "cpu": cpu, "keys": keys})


def _say(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
