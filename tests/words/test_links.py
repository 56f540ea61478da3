"""The words for a link, minute by minute: never expired while it works."""

from __future__ import annotations

import datetime as dt

import pytest

from bankfeeds import words
from bankfeeds.models import Connection, Intent

ISSUED = dt.datetime(2026, 11, 20, 20, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("seconds", "label"),
    [
        (0, "Valid – 60 min left"),
        (1, "Valid – 59 min left"),
        (50 * 60, "Valid – 10 min left"),
        (50 * 60 + 1, "Ends soon – 9 min left"),
        (59 * 60 + 59, "Ends soon – 1 min left"),
        (60 * 60, "Expired"),
        (7 * 3600, "Expired"),
    ],
)
def test_the_last_minute_still_counts(seconds: int, label: str) -> None:
    link = words.link(Connection(link_issued_at=ISSUED), now=ISSUED + dt.timedelta(seconds=seconds))
    assert link.label == label


def test_no_link_yet() -> None:
    link = words.link(Connection(), now=ISSUED)
    assert (link.label, link.explanation) == ("None yet", "Create the connection first.")


def test_a_connection_that_was_adopted_has_no_link_yet_and_need_not_be_created() -> None:
    link = words.link(Connection(intent=Intent.DONE), now=ISSUED)
    assert link.label == "None yet" and "Copy link" in link.explanation
