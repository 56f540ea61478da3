"""What Codat says: one frozen dataclass per answer, one StrEnum per known set of words.

Fields that Codat adds are ignored, words that it adds to a set are kept as they came (so
status fields are plain `str`), a missing required field is a ShapeError. Knows no HTTP, no Django.
Source: Codat's Bank Feeds API reference and its guides for QuickBooks Online bank feeds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from bankfeeds.codat import reading
from bankfeeds.codat.reading import ShapeError

__all__ = [
    "PLATFORM_KEY",
    "AccountStatus",
    "AccountType",
    "AccountTypeV1",
    "Company",
    "Connection",
    "ConnectionStatus",
    "Integration",
    "PushOperation",
    "PushStatus",
    "ShapeError",
    "SourceAccount",
    "SourceType",
    "ValidationItem",
    "read_account_type",
    "stored_name",
]

PLATFORM_KEY = "hcws"  # QuickBooks Online Bank Feeds

_FORBIDDEN_IN_NAME = re.compile(r"[^A-Za-z0-9\s\-',&@.?!]")
CORRELATION = re.compile(r"Correlation ID: ([0-9a-f-]{32,36})\b", re.ASCII | re.IGNORECASE)


class ConnectionStatus(StrEnum):
    PENDING_AUTH = "PendingAuth"
    LINKED = "Linked"
    UNLINKED = "Unlinked"
    DEAUTHORIZED = "Deauthorized"


class SourceType(StrEnum):
    ACCOUNTING = "Accounting"
    BANKING = "Banking"
    BANK_FEED = "BankFeed"
    COMMERCE = "Commerce"
    EXPENSE = "Expense"
    OTHER = "Other"
    UNKNOWN = "Unknown"


class AccountStatus(StrEnum):
    PENDING = "pending"
    CONNECTED = "connected"
    CONNECTING = "connecting"
    DISCONNECTED = "disconnected"
    UNKNOWN = "unknown"


class AccountType(StrEnum):
    """Words of the source-account schema v2 (integrations begun since August 2024)."""

    CHECKING = "checking"
    SAVINGS = "savings"
    LOAN = "loan"
    CREDIT_CARD = "creditCard"
    PREPAID_CARD = "prepaidCard"


class AccountTypeV1(StrEnum):
    """Words of the source-account schema v1."""

    CREDIT = "Credit"
    DEBIT = "Debit"
    UNKNOWN = "Unknown"


class PushStatus(StrEnum):
    PENDING = "Pending"
    SUCCESS = "Success"
    FAILED = "Failed"
    TIMED_OUT = "TimedOut"


def read_account_type(words: str) -> AccountType | AccountTypeV1 | None:
    """Find the known type behind a word of either schema, upper or lower case; None if unknown."""
    wanted = words.strip().lower()
    for kinds in (AccountType, AccountTypeV1):
        for kind in kinds:
            if kind.value.lower() == wanted:
                return kind
    return None


def stored_name(name: str) -> str:
    """Return the company name as Codat will keep it: it drops forbidden characters silently."""
    return _FORBIDDEN_IN_NAME.sub("", name)


@dataclass(frozen=True, slots=True)
class Company:
    """A client of the institution. `redirect` lets its holder into Codat's link flow: a secret."""

    id: UUID
    name: str
    redirect: str = field(repr=False)
    description: str = ""
    created: datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, value: object) -> Company:
        source = reading.an_object(value)
        return cls(
            id=reading.identifier(source, "id"),
            name=reading.text(source, "name"),
            redirect=reading.text(source, "redirect"),
            description=reading.optional_text(source, "description"),
            created=reading.optional_moment(source, "created"),
            raw=reading.without_links(source),
        )


@dataclass(frozen=True, slots=True)
class Connection:
    """One company's tie to QuickBooks Online. `link_url` is a secret of that client, one hour."""

    id: UUID
    status: str
    link_url: str = field(repr=False)
    created: datetime
    platform_name: str
    source_type: str
    integration_key: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, value: object) -> Connection:
        source = reading.an_object(value)
        return cls(
            id=reading.identifier(source, "id"),
            status=reading.text(source, "status"),
            link_url=reading.text(source, "linkUrl"),
            created=reading.moment(source, "created"),
            platform_name=reading.text(source, "platformName"),
            source_type=reading.text(source, "sourceType"),
            integration_key=reading.optional_text(source, "integrationKey"),
            raw=reading.without_links(source),
        )


@dataclass(frozen=True, slots=True)
class SourceAccount:
    """An account at the institution. Only `id` is promised by both schemas; it is our own id.

    `account_type` is as Codat wrote it (see `read_account_type`); a null status reads "unknown".
    `feed_start_date` is the calendar date as written, in either schema.
    """

    id: str
    account_name: str = ""
    account_type: str = ""
    account_number: str = field(default="", repr=False)
    sort_code: str = field(default="", repr=False)
    currency: str = ""
    balance: Decimal | None = None
    status: str = AccountStatus.UNKNOWN.value
    feed_start_date: date | None = None
    modified_date: datetime | None = None

    @classmethod
    def read(cls, value: object) -> SourceAccount:
        source = reading.an_object(value)
        return cls(
            id=reading.text(source, "id"),
            account_name=reading.optional_text(source, "accountName"),
            account_type=reading.optional_text(source, "accountType"),
            account_number=reading.optional_text(source, "accountNumber"),
            sort_code=reading.optional_text(source, "sortCode"),
            currency=reading.optional_text(source, "currency"),
            balance=reading.optional_amount(source, "balance"),
            status=reading.optional_text(source, "status", AccountStatus.UNKNOWN.value),
            feed_start_date=reading.optional_day(source, "feedStartDate"),
            modified_date=reading.optional_moment(source, "modifiedDate"),
        )


@dataclass(frozen=True, slots=True)
class ValidationItem:
    """One reason of Codat's: what it is about, in words, and which rule of theirs said it."""

    item_id: str
    message: str
    validator_name: str

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> ValidationItem:
        return cls(
            item_id=reading.loose_text(value, "itemId"),
            message=reading.loose_text(value, "message"),
            validator_name=reading.loose_text(value, "validatorName"),
        )


@dataclass(frozen=True, slots=True)
class PushOperation:
    """One write at Codat. `status_code` is the body's own number: shown, never branched on."""

    push_operation_key: UUID
    company_id: UUID
    data_connection_key: UUID
    requested_on: datetime
    completed_on: datetime | None
    status: str
    status_code: int
    error_message: str = ""
    validation_errors: tuple[ValidationItem, ...] = ()
    validation_warnings: tuple[ValidationItem, ...] = ()
    data_type: str = ""

    @property
    def correlation_id(self) -> str:
        """Of a failure: Codat says it in the middle of its words and nowhere else; "" if not."""
        named = CORRELATION.search(self.error_message)
        return named[1] if named else ""

    @classmethod
    def read(cls, value: object) -> PushOperation:
        source = reading.an_object(value)
        return cls(
            push_operation_key=reading.identifier(source, "pushOperationKey"),
            company_id=reading.identifier(source, "companyId"),
            data_connection_key=reading.identifier(source, "dataConnectionKey"),
            requested_on=reading.moment(source, "requestedOnUtc"),
            completed_on=reading.optional_moment(source, "completedOnUtc"),
            status=reading.text(source, "status"),
            status_code=reading.whole(source, "statusCode"),
            error_message=reading.optional_text(source, "errorMessage"),
            validation_errors=validation_items(source, "errors"),
            validation_warnings=validation_items(source, "warnings"),
            data_type=reading.optional_text(source, "dataType"),
        )

    @classmethod
    def accepted(
        cls, value: object, *, company_id: str, connection_id: str, now: datetime
    ) -> PushOperation:
        """Read the answer to a push: its key is all that must be right, the rest is known.

        Losing the key of an accepted push over an odd date would make a known write unknown.
        """
        try:
            return cls.read(value)
        except ShapeError:
            key = reading.identifier(reading.an_object(value), "pushOperationKey")
        return cls(
            push_operation_key=key,
            company_id=UUID(company_id),
            data_connection_key=UUID(connection_id),
            requested_on=now,
            completed_on=None,
            status=PushStatus.PENDING.value,
            status_code=0,
        )


@dataclass(frozen=True, slots=True)
class Integration:
    key: str
    name: str
    enabled: bool

    @classmethod
    def read(cls, value: object) -> Integration:
        source = reading.an_object(value)
        return cls(
            key=reading.text(source, "key"),
            name=reading.text(source, "name"),
            enabled=reading.flag(source, "enabled"),
        )


def validation_items(source: Mapping[str, Any], kind: str) -> tuple[ValidationItem, ...]:
    """Collect `validation.errors` or `validation.warnings`; either may be null or missing."""
    return tuple(ValidationItem.read(item) for item in reading.items(source, "validation", kind))
