"""A small client of the sandbox's wire, so that its tests need nothing of the portal."""

from __future__ import annotations

import base64
import datetime as dt
import time
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

import requests

KEY = "sandbox-test-key"
ZONE = "America/Toronto"
BASIC = "Basic " + base64.b64encode(KEY.encode()).decode()
CHECKING = {
    "id": "ac-001",
    "accountName": "account-001",
    "accountType": "checking",
    "accountNumber": "12345670",
    "sortCode": "12-34-56",
    "currency": "USD",
    "balance": 4002,
}


def account(account_id: str = "ac-001", **fields: Any) -> dict[str, Any]:
    return {**CHECKING, "id": account_id, **fields}


class Talk:
    """Requests with the key, and the short ways through the story."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = BASIC

    def __enter__(self) -> Talk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.session.close()

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> requests.Response:
        more = dict(headers or {})
        if key:
            more["Idempotency-Key"] = key
        return self.session.request(
            method, self.url + path, json=body, data=data, headers=more, params=params, timeout=10
        )

    def get(self, path: str, **params: str) -> Any:
        answer = self.send("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, *, key: str | None = None) -> Any:
        answer = self.send("POST", path, body, key=key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def control(self, name: str, body: Any) -> Any:
        answer = requests.post(f"{self.url}/_sandbox/{name}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ledger(self) -> Any:
        return requests.get(f"{self.url}/_sandbox/ledger", timeout=10).json()

    # The story

    def company(self, name: str = "Acme") -> str:
        return str(self.post("/companies", {"name": name})["id"])

    def connection(self, company_id: str) -> dict[str, Any]:
        path = f"/companies/{company_id}/connections"
        return dict(self.post(path, {"platformKey": "hcws"}))

    def client(self, *accounts: dict[str, Any], name: str = "Acme", connect: bool = True) -> Client:
        """A company with one connection and these source accounts, connected."""
        company_id = self.company(name)
        connection = self.connection(company_id)
        made = Client(self, company_id, connection["id"], connection["linkUrl"])
        for each in accounts or (CHECKING,):
            self.post(made.accounts, each)
        if connect:
            ids = [each["id"] for each in accounts or (CHECKING,)]
            self.control("connect", {"connectionId": made.connection_id, "accountIds": ids})
        return made


class Client:
    """One company of the sandbox as the tests use it."""

    def __init__(self, talk: Talk, company_id: str, connection_id: str, link: str) -> None:
        self.talk, self.link = talk, link
        self.company_id, self.connection_id = company_id, connection_id
        self.base = f"/companies/{company_id}/connections/{connection_id}"
        self.accounts = self.base + "/connectionInfo/bankFeedAccounts"

    def rows(self, account_id: str = "ac-001") -> str:
        return f"{self.base}/push/bankAccounts/{account_id}/bankTransactions"

    def push(
        self, *rows: dict[str, Any], account_id: str = "ac-001", key: str | None = None
    ) -> dict[str, Any]:
        body = {"accountId": account_id, "transactions": list(rows)}
        return dict(self.talk.post(self.rows(account_id), body, key=key))

    def operation(self, operation: dict[str, Any]) -> dict[str, Any]:
        path = f"/companies/{self.company_id}/push/{operation['pushOperationKey']}"
        return dict(self.talk.get(path))

    def ended(self, operation: dict[str, Any]) -> dict[str, Any]:
        """The operation when it is no longer pending."""
        until = time.monotonic() + 5
        while time.monotonic() < until:
            now = self.operation(operation)
            if now["status"] != "Pending":
                return now
            time.sleep(0.01)
        raise AssertionError("still pending")

    def account(self, account_id: str = "ac-001") -> dict[str, Any]:
        found = {each["id"]: each for each in self.talk.get(self.accounts)}
        return dict(found[account_id])


def today() -> dt.date:
    return dt.datetime.now(ZoneInfo(ZONE)).date()


def row(row_id: str, *, days_ago: int = 0, **fields: Any) -> dict[str, Any]:
    """One transaction, dated by the institution's calendar."""
    date = (today() - dt.timedelta(days=days_ago)).isoformat()
    made = {"id": row_id, "date": date, "description": "x", "amount": 10.5, "balance": 100.25}
    return {**made, **fields}
