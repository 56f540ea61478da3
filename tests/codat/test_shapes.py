"""Codat's answers: what must be there, what may be missing, and that nothing secret is shown."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankfeeds.codat import reading, shapes
from bankfeeds.codat.receiving import parse
from bankfeeds.codat.shapes import (
    AccountType,
    AccountTypeV1,
    Company,
    Connection,
    Integration,
    PushOperation,
    ShapeError,
    SourceAccount,
    ValidationItem,
)
from tests.codat.support import COMPANY_ANSWER, CONNECTION_ANSWER, OPERATION_ANSWER

ACCOUNT_ANSWER: dict[str, Any] = {
    "id": "acc-002",
    "accountName": "account-081",
    "accountType": "Credit",
    "accountNumber": "46762629",
    "sortCode": "009911",
    "currency": "GBP",
    "balance": 400,
    "modifiedDate": "2023-01-09T14:14:14.1057478Z",
    "status": "pending",
    "feedStartDate": "2022-10-23T00:00:00Z",
}
NUMBER = "46762629"


@given(
    st.datetimes(),
    st.sampled_from(["", "Z", "+00:00", "+05:30", "-11:00"]),
    st.integers(min_value=0, max_value=7),
    st.integers(min_value=0, max_value=9),
)
def test_every_form_of_a_moment_is_read(
    moment: datetime, zone: str, digits: int, seventh: int
) -> None:
    fraction = f"{moment.microsecond:06d}{seventh}"[:digits]
    written = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    written += f".{fraction}" if fraction else ""
    kept = int(fraction[:6].ljust(6, "0"))
    hours, minutes = (int(zone[1:3]), int(zone[4:])) if len(zone) == 6 else (0, 0)
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if zone.startswith("-") else 1)

    found = reading.parse_moment(written + zone)

    assert found.replace(tzinfo=None) == moment.replace(microsecond=kept)
    assert found.utcoffset() == offset


@given(st.dates(), st.times(), st.sampled_from(["", "Z", "+14:00", "-11:00"]))
def test_a_day_is_the_day_as_written(day: date, time: Any, zone: str) -> None:
    assert reading.parse_day(day.isoformat()) == day
    assert reading.parse_day(f"{day}T{time.strftime('%H:%M:%S')}{zone}") == day


@given(st.text())
def test_any_text_is_a_moment_or_a_shape_error(words: str) -> None:
    for read in (reading.parse_moment, reading.parse_day):
        try:
            read(words)
        except ShapeError:
            continue


@pytest.mark.parametrize(
    "words",
    ["", "now", "2024-02-30T00:00:00Z", "2024-13-01T00:00:00", "2024-05-01T25:00:00", "20240501",
     "2024-05-01", "2024-05-01T00:00:00+99:00", "２０２４-05-01T00:00:00Z"],
)  # fmt: skip
def test_what_is_no_moment_is_refused(words: str) -> None:
    with pytest.raises(ShapeError):
        reading.parse_moment(words)


def test_a_company() -> None:
    company = Company.read(
        COMPANY_ANSWER
        | {
            "description": None,
            "created": "2023-09-06T09:13:35.8188152Z",
            "platform": "",
            "dataConnections": [CONNECTION_ANSWER],
        }
    )
    assert company.created == datetime(2023, 9, 6, 9, 13, 35, 818815, UTC)
    assert company.description == ""
    assert company.raw["dataConnections"][0]["status"] == "PendingAuth"
    assert "otp" not in str(company.raw)


def test_a_connection() -> None:
    connection = Connection.read(CONNECTION_ANSWER | {"status": "SomethingNew", "extra": 1})
    assert connection.status == "SomethingNew"
    assert connection.integration_key == ""
    assert connection.link_url.endswith("otp=811482")
    assert "811482" not in f"{connection!r}{connection.raw}"


def test_a_source_account_of_either_schema() -> None:
    old = SourceAccount.read(ACCOUNT_ANSWER)
    new = SourceAccount.read(ACCOUNT_ANSWER | {"feedStartDate": "2022-10-23", "routingInfo": None})
    assert old == new
    assert old.feed_start_date == date(2022, 10, 23)
    assert old.balance == 400
    assert NUMBER not in repr(old)
    assert "009911" not in repr(old)


def test_a_source_account_needs_no_more_than_its_id() -> None:
    bare = dict.fromkeys(ACCOUNT_ANSWER) | {"id": "a"}
    assert SourceAccount.read(bare) == SourceAccount.read({"id": "a"})
    assert SourceAccount.read({"id": "a"}).status == "unknown"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15)))
def test_a_balance_comes_in_exactly(balance: Decimal) -> None:
    if abs(balance.adjusted()) > 40:
        return
    read = SourceAccount.read(parse(f'{{"id": "a", "balance": {balance:f}}}'.encode()))
    assert read.balance == balance


@pytest.mark.parametrize("balance", ["12.50", True, [], {}, Decimal("1E+9999")])
def test_a_balance_is_a_number(balance: object) -> None:
    with pytest.raises(ShapeError, match="balance"):
        SourceAccount.read({"id": "a", "balance": balance})


def test_a_push_operation_that_failed() -> None:
    failed = PushOperation.read(
        OPERATION_ANSWER
        | {
            "status": "Failed",
            "statusCode": 400,
            "completedOnUtc": "2023-09-12T12:58:45",
            "errorMessage": "see validation",
            "validation": {
                "errors": [{"itemId": "t1", "message": "too old", "validatorName": "Date"}],
                "warnings": [{"message": "sign"}],
            },
        }
    )
    assert failed.completed_on == datetime(2023, 9, 12, 12, 58, 45, tzinfo=UTC)
    assert failed.validation_errors == (ValidationItem("t1", "too old", "Date"),)
    assert failed.validation_warnings == (ValidationItem("", "sign", ""),)


@pytest.mark.parametrize("validation", [None, {}, [], "x", {"errors": None}, {"errors": ["x"]}])
def test_an_odd_validation_does_not_hide_the_operation(validation: object) -> None:
    read = PushOperation.read(OPERATION_ANSWER | {"validation": validation})
    assert read.validation_errors == ()


@pytest.mark.parametrize(
    ("shape", "whole", "required"),
    [
        (Company, COMPANY_ANSWER, ["id", "name", "redirect"]),
        (
            Connection,
            CONNECTION_ANSWER,
            ["id", "status", "linkUrl", "created", "platformName", "sourceType"],
        ),
        (SourceAccount, ACCOUNT_ANSWER, ["id"]),
        (
            PushOperation,
            OPERATION_ANSWER,
            ["companyId", "pushOperationKey", "dataConnectionKey", "requestedOnUtc", "status",
             "statusCode"],
        ),
        (Integration, {"key": "hcws", "name": "Q", "enabled": True}, ["key", "name", "enabled"]),
    ],
)  # fmt: skip
def test_each_required_field_is_required(
    shape: Any, whole: dict[str, Any], required: list[str]
) -> None:
    shape.read(whole)
    for name in required:
        for bad in ({k: v for k, v in whole.items() if k != name}, whole | {name: None}):
            with pytest.raises(ShapeError, match=name):
                shape.read(bad)
        with pytest.raises(ShapeError, match=name):
            shape.read(whole | {name: [NUMBER]})
    nothings: list[object] = [None, [], "x", 3]
    for nothing in nothings:
        with pytest.raises(ShapeError):
            shape.read(nothing)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: (
    st.lists(inner) | st.dictionaries(st.sampled_from([*ACCOUNT_ANSWER, "other"]), inner)
)))  # fmt: skip
def test_anything_is_an_account_or_a_shape_error(value: object) -> None:
    try:
        SourceAccount.read(value)
    except ShapeError as error:
        assert "missing" in str(error) or "not" in str(error) or "range" in str(error)


def test_what_no_database_can_keep_is_replaced() -> None:
    odd = COMPANY_ANSWER | {"name": "A\x00\ud800", "x": ["\x00"]}
    company = Company.read(parse(json.dumps(odd).encode()))
    assert company.name == "A\ufffd\ufffd"
    assert company.raw["x"] == ["\ufffd"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("checking", AccountType.CHECKING),
        ("CREDITCARD", AccountType.CREDIT_CARD),
        (" prepaidCard ", AccountType.PREPAID_CARD),
        ("credit", AccountTypeV1.CREDIT),
        ("Debit", AccountTypeV1.DEBIT),
        ("unknown", AccountTypeV1.UNKNOWN),
        ("mortgage", None),
        ("", None),
    ],
)
def test_account_types_of_both_schemas(words: str, kind: object) -> None:
    assert shapes.read_account_type(words) is kind


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("Company (Codat[1])", "Company Codat1"),
        ("O'Neil & Sons, Ltd. - what?!", "O'Neil & Sons, Ltd. - what?!"),
        ("Café Zoë", "Caf Zo"),
        ("株式会社", ""),
    ],
)
def test_a_name_as_codat_keeps_it(given_name: str, kept: str) -> None:
    assert shapes.stored_name(given_name) == kept


def test_offsets_are_kept() -> None:
    found = reading.parse_moment("2024-05-01T23:30:00-04:00")
    assert found.tzinfo == timezone(timedelta(hours=-4))
    assert found == datetime(2024, 5, 2, 3, 30, tzinfo=UTC)
