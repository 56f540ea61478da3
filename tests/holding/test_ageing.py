"""What becomes too late, by day: as the rules and the items of pushes say it, row by row."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankfeeds import ageing, pushing
from bankfeeds.models import BankTransaction, PushItem, PushStatus, SourceAccount
from tests import support
from tests.admin import pushes
from tests.admin.pushes import signed_in, text
from tests.holding.support import STOPS, stop

DAY = dt.timedelta(days=1)
UNDER_WAY = (PushStatus.SENDING, PushStatus.SUBMITTED, PushStatus.TIMED_OUT)
ENDED = (PushStatus.SUCCEEDED, PushStatus.FAILED)
FATES = ("free", "free", "free", PushStatus.READY, *UNDER_WAY, *ENDED)

rows = st.lists(
    st.tuples(
        st.integers(-2, 10),  # days old
        st.decimals(-500, 500, places=2),
        st.sampled_from(FATES),
    ),
    max_size=12,
)
accounts = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["connected", "connected", "Connected", "pending"]),
        "currency": st.sampled_from(["USD", "CAD"]),
        "started": st.sampled_from([None, 3, 7, 20]),  # days ago
        "is_gone": st.sampled_from([False, False, False, True]),
        "is_unlinked": st.sampled_from([False, False, False, True]),
        "rows": rows,
    }
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=st.lists(accounts, min_size=1, max_size=4))
def test_the_preview_counts_what_the_rules_would_send_and_what_was_confirmed(
    db: None, world: list[dict[str, Any]]
) -> None:
    with transaction.atomic():
        made = [_make(account) for account in world]
        now = timezone.now()
        found = ageing.foresee(now=now)
        assert _figures(found) == _expected(made)
        assert found.already == _too_late_already(made)
        first = made[0]
        assert _figures(ageing.foresee(account=first, now=now)) == _expected([first])
        assert _figures(ageing.foresee(company=first.company, now=now)) == _expected([first])
        transaction.set_rollback(True)


def _make(given: dict[str, Any]) -> SourceAccount:
    today, now = support.today(), timezone.now()
    connection = support.make_connection(status="Unlinked" if given["is_unlinked"] else "Linked")
    account = support.make_account(
        connection,
        status=given["status"],
        currency=given["currency"],
        feed_start_date=today - given["started"] * DAY if given["started"] else None,
        gone_at=now if given["is_gone"] else None,
    )
    by_fate = defaultdict(list)
    for age, amount, fate in given["rows"]:
        # Nobody confirms a row of the future.
        by_fate[fate if age >= 0 else "free"].append((age, amount))
    for fate, chosen in by_fate.items():
        made = [
            support.make_transactions(account, [str(amount)], date=today - age * DAY)[0]
            for age, amount in chosen
        ]
        if fate != "free":
            support.make_push(account, made, status=fate)
    return account


def _in_pushes(made: list[SourceAccount], *states: PushStatus) -> Iterator[BankTransaction]:
    items = PushItem.objects.filter(push__account__in=made, push__status__in=states)
    for item in items.select_related("transaction__account"):
        yield item.transaction


def _going(made: list[SourceAccount]) -> Iterator[BankTransaction]:
    for planned in pushing.plan(made, today=support.today()).accounts:
        for judged in planned.going:
            yield judged.row


def _expected(made: list[SourceAccount]) -> dict[dt.date, Any]:
    """By day: confirmed, under way, waiting, and by currency money in and out."""
    days: dict[dt.date, Any] = {}
    confirmed = _in_pushes(made, PushStatus.READY)
    for place, found in enumerate((confirmed, _in_pushes(made, *UNDER_WAY), _going(made))):
        for row in found:
            on = row.date + 8 * DAY
            if on <= support.today():
                continue
            counts, flows = days.setdefault(on, ([0, 0, 0], {}))
            counts[place] += 1
            flow = flows.setdefault(row.account.currency, [Decimal(0), Decimal(0)])
            flow[row.amount < 0] += row.amount
    return days


def _too_late_already(made: list[SourceAccount]) -> int:
    return sum(row.date + 8 * DAY <= support.today() for row in _in_pushes(made, PushStatus.READY))


def _figures(found: ageing.Ageing) -> dict[dt.date, Any]:
    assert [day.on for day in found.days] == sorted(day.on for day in found.days)
    return {
        day.on: (
            [day.confirmed, day.under_way, day.waiting],
            {name: [flow.money_in, flow.money_out] for name, flow in day.flows.items()},
        )
        for day in found.days
    }


def test_two_questions_whatever_the_number_of_rows(
    db: None, django_assert_num_queries: Any
) -> None:
    for _ in range(5):
        account = support.make_account()
        support.make_transactions(account)
        support.make_push(account, status=PushStatus.READY)
    with django_assert_num_queries(2):
        (day,) = ageing.foresee(now=timezone.now()).days
    assert (day.confirmed, day.waiting, day.on) == (15, 15, support.today() + 8 * DAY)


def test_rows_become_too_late_on_the_eighth_day(db: None) -> None:
    account = support.make_account()
    for age, number in ((7, 2), (6, 3)):
        amounts = ["1.00"] * number
        support.make_transactions(account, amounts, date=support.today() - age * DAY)
    found = ageing.foresee(account=account, now=timezone.now())
    assert [(day.on, day.rows) for day in found.days] == [
        (support.today() + DAY, 2),
        (support.today() + 2 * DAY, 3),
    ]


def test_what_is_under_way_is_counted_and_named_apart(people: dict[str, Any]) -> None:
    lost = pushes.unknown()
    pushes.timed_out()
    pushes.waiting()
    (day,) = ageing.foresee(now=timezone.now()).days
    assert (day.confirmed, day.under_way, day.waiting, day.rows) == (3, 6, 0, 9)
    shown = text(signed_in(people["auditor"]).get(f"{STOPS}{stop().pk}/change/"))
    assert "9 rows become too late on" in shown
    assert "6 of them are under way: Codat may have them already." in shown
    assert "Too late from Rows Waiting Under way Not confirmed yet" in shown
    (only,) = ageing.foresee(account=lost.account, now=timezone.now()).days
    assert (only.under_way, only.rows) == (3, 3)
