"""What the tests of the client share: ids, canned answers, clients."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bankfeeds.codat.client import Client, Timings

API_KEY = "key-under-test-8d1f"
COMPANY = UUID("8a210b68-6988-11ed-a1eb-0242ac120002")
CONNECTION = UUID("2e9d2c44-f675-40ba-8049-353bfcb5e171")
OPERATION = UUID("5b7f4a2d-0d5c-4a2e-9d3d-6f1d2f0a9a11")
KEY = UUID("3f1a2b4c-5d6e-7f80-91a2-b3c4d5e6f708")
PATIENT = Timings(connect=3.0, read=5.0, deadline=10.0)
HURRIED = Timings(connect=1.0, read=0.3, deadline=0.9)

COMPANY_ANSWER: dict[str, Any] = {
    "id": str(COMPANY),
    "name": "Acme",
    "redirect": f"https://link.codat.io/company/{COMPANY}",
}
CONNECTION_ANSWER: dict[str, Any] = {
    "id": str(CONNECTION),
    "integrationId": "6b113e06-e818-45d7-977b-8e6bb3d01269",
    "sourceId": "56e6575a-3f1f-4918-b009-f7535555f0d6",
    "sourceType": "BankFeed",
    "platformName": "QuickBooks Online Bank Feeds",
    "linkUrl": "https://link-api.codat.io/companies/x/connections/y/start?otp=811482",
    "status": "PendingAuth",
    "created": "2022-09-01T10:21:57.0807447Z",
}
OPERATION_ANSWER: dict[str, Any] = {
    "companyId": str(COMPANY),
    "pushOperationKey": str(OPERATION),
    "dataConnectionKey": str(CONNECTION),
    "requestedOnUtc": "2023-09-12T12:58:39.5065472Z",
    "status": "Pending",
    "statusCode": 202,
    "dataType": "bankTransactions",
    "validation": {"errors": [], "warnings": []},
}


def client(url: str, *, timings: Timings = PATIENT, **options: Any) -> Client:
    return Client(base_url=url, api_key=API_KEY, timings=timings, **options)


def page(rows: list[Any], *, number: int = 1, total: int | None = None) -> dict[str, Any]:
    total = len(rows) if total is None else total
    return {"results": rows, "pageNumber": number, "pageSize": 100, "totalResults": total}
