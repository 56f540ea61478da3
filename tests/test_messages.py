"""Every error that a person may meet has three parts: what happened, what it means, what to do."""

from __future__ import annotations

import pytest

from bankfeeds import messages
from bankfeeds.codat import errors
from bankfeeds.codat.errors import CodatError
from bankfeeds.codat.shapes import ValidationItem

NOTHING = "Nothing was created or sent."
ITEM = ValidationItem("Company", "Company limit exceeded.", "CreateCompany")


def every_kind() -> list[type[CodatError]]:
    kinds: list[type[CodatError]] = []
    left: list[type[CodatError]] = [CodatError]
    while left:
        kind = left.pop()
        kinds.append(kind)
        left += kind.__subclasses__()
    return kinds


@pytest.mark.parametrize("kind", every_kind())
def test_every_error_has_three_parts(kind: type[CodatError]) -> None:
    words = messages.explain(kind("some words", status=None))
    assert words.count(". ") >= 2 and words.endswith(".")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            errors.KeyRefused("x", status=401),
            f"Codat does not accept our key. {NOTHING} Tell the administrator; everything waits.",
        ),
        (
            errors.Uncertain("x"),
            "Codat did not answer. We do not know yet whether it was done and are checking."
            " Do not start again.",
        ),
        (
            errors.PaymentRequired("x", status=402, validation=[ITEM]),
            f"Codat asks for payment: Company limit exceeded. {NOTHING}"
            " Tell the administrator; everything waits.",
        ),
        (
            errors.Throttled("x", status=429, retry_after=600.0),
            f"Codat takes no more requests from us for now. {NOTHING} Try again in 10 minutes.",
        ),
        (
            errors.Unavailable("x", status=503, correlation_id="abc"),
            "Codat has a fault (503). Nothing was changed. Try again in a minute; if it stays so,"
            " tell the administrator. Codat's support reference: abc.",
        ),
    ],
)
def test_the_words(error: CodatError, words: str) -> None:
    assert messages.explain(error) == words
