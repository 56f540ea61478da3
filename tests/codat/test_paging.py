"""Lists: pages walked by number, and never a list that is silently short."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from bankfeeds.codat.errors import Garbled
from tests.codat.faultserver import FaultServer, answer, closed_port
from tests.codat.support import COMPANY, COMPANY_ANSWER, CONNECTION, client, page


def test_pages_are_walked_by_number() -> None:
    rows = [COMPANY_ANSWER | {"id": str(UUID(int=n))} for n in range(250)]
    pages = [
        page(rows[at : at + 100], number=n, total=250) | {"_links": {"next": {"href": "//evil/x"}}}
        for n, at in enumerate((0, 100, 200), start=1)
    ]
    with FaultServer(*(answer(200, one) for one in pages)) as server:
        found = list(client(server.url).list_companies(query="a=b&c", order_by="-created"))
    assert [company.id.int for company in found] == list(range(250))
    assert [seen.path for seen in server.seen] == [
        f"/companies?query=a%3Db%26c&orderBy=-created&pageSize=100&page={n}" for n in (1, 2, 3)
    ]


def test_an_empty_list_is_one_page() -> None:
    with FaultServer(answer(200, page([]))) as server:
        assert list(client(server.url).list_operations(COMPANY)) == []
    assert server.seen[0].path == (
        f"/companies/{COMPANY}/push?orderBy=-requestedOnUtc&pageSize=100&page=1"
    )


@pytest.mark.parametrize(
    "pages",
    [
        [page([COMPANY_ANSWER], number=1, total=5), page([], number=2, total=5)],
        [page([COMPANY_ANSWER], number=1, total=5), page([COMPANY_ANSWER], number=1, total=5)],
        [{"results": [COMPANY_ANSWER]}],
        [page([]) | {"results": {}}],
        [page([{}])],
        [[COMPANY_ANSWER]],
    ],
)
def test_a_list_that_would_come_out_wrong_is_garbled(pages: list[Any]) -> None:
    with FaultServer(*(answer(200, one) for one in pages)) as server, pytest.raises(Garbled):
        list(client(server.url).list_companies())


def test_a_list_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bankfeeds.codat.paging.MAX_PAGES", 3)
    endless = [answer(200, page([COMPANY_ANSWER], number=n, total=10**9)) for n in range(1, 9)]
    with FaultServer(*endless) as server, pytest.raises(Garbled, match="too many"):
        list(client(server.url).list_companies())
    assert len(server.seen) == 3


def test_a_query_has_a_largest_length() -> None:
    with pytest.raises(ValueError, match="2048"):
        client(closed_port()).list_companies(query="x" * 2048)


def test_source_accounts_are_a_plain_list() -> None:
    with FaultServer(answer(200, [{"id": "a"}, {"id": "b"}]), answer(200, page([]))) as server:
        codat = client(server.url)
        assert [account.id for account in codat.list_source_accounts(COMPANY, CONNECTION)] == [
            "a",
            "b",
        ]
        with pytest.raises(Garbled):
            codat.list_source_accounts(COMPANY, CONNECTION)
