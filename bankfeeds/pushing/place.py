"""Where each transaction stands: waiting, blocked, in a push, left out, too late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from bankfeeds import limits, rules, words
from bankfeeds.models import Push


def place(rows: Sequence[Any], *, today: dt.date) -> None:
    """Put `state_word` on each transaction; `held` are its items that no push has released."""
    newest = Push.objects.newest_dates({row.account_id for row in rows})
    for row in rows:
        standing = rules.Standing(
            today=today,
            feed_start=row.account.feed_start_date,
            newest=newest.get(row.account_id),
            late_after=limits.late_after(),
        )
        [judged] = rules.judge([row], standing=standing)
        push = row.held[-1].push_id if row.held else None
        row.state_word = words.transaction(row, push=push, findings=judged.findings, today=today)
