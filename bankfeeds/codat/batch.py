"""What Codat says of several source accounts in one call: one result for each.

Knows no HTTP and no Django. Source: Codat's Bank Feeds API reference (batch of source accounts).
"""

from __future__ import annotations

from dataclasses import dataclass

from bankfeeds.codat import reading
from bankfeeds.codat.shapes import SourceAccount


@dataclass(frozen=True, slots=True)
class AccountResult:
    """What became of one account of a batch: the account, or Codat's status and words."""

    id: str
    status: int
    account: SourceAccount | None = None
    words: str = ""

    @classmethod
    def read(cls, value: object) -> AccountResult:
        source = reading.an_object(value)
        result = reading.an_object(reading.present(source, "result"))
        made = result.get("account")
        account = SourceAccount.read(made) if made is not None else None
        return cls(
            id=account.id if account else reading.text(source, "sourceAccountId"),
            status=reading.whole_or_digits(result, "statusCode"),
            account=account,
            words=reading.loose_text(result, "error"),
        )
