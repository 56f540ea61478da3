"""What people write: what shows as something else than it is, or not at all, is not kept."""

from __future__ import annotations

import pytest

from bankfeeds import free_text
from bankfeeds.models.record import LONGEST_REASON, demand_reason

TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("character", [*TURNING, *"\x00\x07\x1b\x7f\x85\u2028\u2029\ud800\ufeff"])
def test_what_cannot_be_seen_is_named(character: str) -> None:
    for lines in (False, True):
        wrong = free_text.problem(f"call{character}me", lines=lines)
        assert f"(U+{ord(character):04X})" in wrong
    with pytest.raises(ValueError, match=f"U.{ord(character):04X}"):
        demand_reason(f"call{character}me")


def test_what_people_write_is_kept() -> None:
    for text in (
        "Café « Québec » – 24 h",
        "\u05d0\u05d1 and \u0627\u0644",
        "\U0001f469\u200d\U0001f33e",
        "a\u00a0b",
    ):
        assert free_text.problem(text) == ""
    assert free_text.problem("a\nb") and free_text.problem("a\tb\r\nc", lines=True) == ""


def test_a_reason_is_not_cut_off_in_silence() -> None:
    demand_reason("x" * LONGEST_REASON)
    with pytest.raises(ValueError, match="2001 characters; at most 2000"):
        demand_reason("x" * (LONGEST_REASON + 1))
