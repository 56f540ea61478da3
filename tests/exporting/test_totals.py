"""*Count and total*: exactly the filter, to the last cent, by currency."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from bankfeeds import exporting
from bankfeeds.models import Event, Push
from tests import support
from tests.admin.pushes import refused, signed_in, succeeded, text

pytestmark = pytest.mark.django_db
URL = "/admin/bankfeeds/push/totals/"


@pytest.fixture
def auditor(people: dict[str, Any]) -> Any:
    return signed_in(people["auditor"])


def test_it_counts_what_the_filter_finds_by_currency(auditor: Any) -> None:
    refused(), succeeded()
    succeeded(support.make_account(currency="CAD"))
    page = text(auditor.get(URL))
    assert "all pushes" in page
    assert "CAD 1 3 In 100.00 CAD Out 29.75 CAD 70.25 CAD" in page
    assert "USD 2 6 In 200.00 USD Out 59.50 USD 140.50 USD" in page
    assert "All currencies 3 9" in page
    page = text(auditor.get(f"{URL}?status=failed&p=3"))
    assert "status: Refused by Codat" in page and "All currencies" not in page
    assert "USD 1 3 In 100.00 USD Out 29.75 USD" in page
    assert "No push fits" in text(auditor.get(f"{URL}?q=nobody"))


def test_the_list_leads_to_it_with_its_filter_and_back(auditor: Any) -> None:
    refused()
    page = auditor.get("/admin/bankfeeds/push/?status=failed").content.decode()
    assert f'href="{URL}?status=failed"' in page
    assert (
        'href="/admin/bankfeeds/push/?status=failed"'
        in auditor.get(f"{URL}?status=failed").content.decode()
    )


def test_looking_changes_nothing_and_needs_the_right_to_see(auditor: Any, client: Any) -> None:
    refused()
    before = Event.objects.count()
    auditor.get(URL)
    assert Event.objects.count() == before
    person = support.make_person("auditor", username="without")
    person.groups.clear()
    client.force_login(person)
    assert client.get(URL).status_code == 403


def test_sums_are_right_to_the_last_digit() -> None:
    push = succeeded()
    twins = []
    for number in range(300):
        twin = Push.objects.get(pk=push.pk)
        twin.pk, twin.sequence, twin.push_operation_key = None, 1000 + number, None
        twin.idempotency_key = uuid.uuid4()
        twin.money_in, twin.money_out = Decimal("90000000000.0001"), Decimal("-0.1")
        twins.append(twin)
    Push.objects.bulk_create(twins)
    [total] = exporting.totals(Push.objects.exclude(pk=push.pk))
    assert total.money_in == 300 * Decimal("90000000000.0001")
    assert total.money_out == Decimal("-30.0")
    assert (total.pushes, total.rows) == (300, 900)


def test_one_question_however_many_pushes(auditor: Any) -> None:
    def asked() -> int:
        with CaptureQueriesContext(database) as queries:
            auditor.get(URL)
        return len(queries)

    refused()
    asked()
    one = asked()
    for _ in range(5):
        refused()
    assert asked() == one
