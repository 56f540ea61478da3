"""Sums of money: right to the last digit on both databases."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db.models import Q

from bankfeeds.models import BankTransaction, MoneySum
from tests import support as portal

pytestmark = pytest.mark.django_db


def test_a_long_sum_does_not_drift() -> None:
    """Three hundred such rows are enough for the floating point of SQLite to be off."""
    account = portal.make_account()
    portal.make_transactions(account, ["4950190.1001"] * 300)
    for default in (None, Decimal(0)):
        found = BankTransaction.objects.aggregate(
            into=MoneySum("amount", filter=Q(amount__gt=0), default=default),
            none=MoneySum("amount", filter=Q(amount__lt=0), default=default),
        )
        assert found["into"] == 300 * Decimal("4950190.1001") and found["none"] == default
    [grouped] = BankTransaction.objects.values("account").annotate(every=MoneySum("amount"))
    assert grouped["every"] == found["into"]
