"""Lists and pages about clients ask the database as often for one row as for a hundred."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from bankfeeds.models import SourceAccount
from tests import support
from tests.admin.pushes import signed_in

LISTS = ("company", "connection", "sourceaccount")
ALL_LISTS = (*LISTS, "push", "statement", "banktransaction", "event")


def queries(browser: Any, path: str) -> int:
    support.no_worker_runs()
    with CaptureQueriesContext(
        database,
    ) as asked:
        answer = browser.get(path)
    assert answer.status_code == 200
    return len(asked)


def client_with_everything() -> SourceAccount:
    account = support.make_account()
    support.make_account(account.connection, status="pending")
    support.make_transactions(account)
    return account


@pytest.mark.parametrize("role", ["manager", "auditor"])
@pytest.mark.parametrize("name", ALL_LISTS)
def test_a_list_asks_as_often_for_100_rows_as_for_one(
    people: dict[str, Any], name: str, role: str
) -> None:
    browser, path = signed_in(people[role]), f"/admin/bankfeeds/{name}/"
    _client_and_push()
    queries(browser, path)
    one = queries(browser, path)
    for _ in range(100 if name in LISTS else 30):
        _client_and_push()
    # Of companies, which ask most: four know the person; seven make the list (its filter, count
    # and rows, their connections, accounts and stops, and what their pushes hold); two are
    # about what stands above every page (whether anything has to, and the worker), and four ask
    # what else keeps it from leaving and what it costs that no worker runs.
    assert queries(browser, path) == one <= 17


def _client_and_push() -> None:
    support.make_push(client_with_everything())


@pytest.mark.parametrize("page", ["company", "connection", "sourceaccount"])
def test_a_page_asks_as_often_for_many_accounts(people: dict[str, Any], page: str) -> None:
    browser, account = signed_in(people["manager"]), client_with_everything()
    row = {
        "company": account.company,
        "connection": account.connection,
        "sourceaccount": account,
    }[page]
    path = f"/admin/bankfeeds/{page}/{row.pk}/change/"
    queries(browser, path)
    one = queries(browser, path)
    for _ in range(20):
        support.make_transactions(support.make_account(account.connection))
    support.make_push(account)
    # Decisions, replacements and marks of pushes are asked for once there is a push.
    assert queries(browser, path) <= one + 3


@pytest.mark.parametrize("name", LISTS)
def test_no_list_reads_a_link_or_a_sealed_body(people: dict[str, Any], name: str) -> None:
    client_with_everything()
    browser = signed_in(people["manager"])
    with CaptureQueriesContext(database) as asked:
        browser.get(f"/admin/bankfeeds/{name}/")
    for query in asked.captured_queries:
        columns = query["sql"].split(" FROM ")[0]
        assert "link_url" not in columns and "sealed_body" not in columns, query["sql"]


def test_no_list_counts_all_rows_or_offers_all_companies(db: None) -> None:
    for model, page in admin.site._registry.items():
        if model._meta.app_label == "bankfeeds":
            assert page.show_full_result_count is False, model
            assert page.date_hierarchy is None, model
            assert page.show_facets is admin.ShowFacets.NEVER, model
