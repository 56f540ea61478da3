"""What a command is told of opening balances: plain, or by the id of the account."""

from __future__ import annotations

from collections.abc import Iterable


def given(texts: Iterable[str], only: str | None) -> dict[str, str]:
    """By account id; under "" that of the only account. Raises ValueError with the words.

    `only`: the account's id where the command names it.
    """
    found: dict[str, str] = {}
    for text in texts:
        account, _equals, amount = text.rpartition("=")
        if only and account not in ("", only):
            raise ValueError(f"{account!r} is not the account of this file.")
        if account in found or (found and "" in (*found, account)):
            raise ValueError("Give one opening balance for an account.")
        found[account] = amount
    return found
