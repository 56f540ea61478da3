"""That a shared run drops no test, and which tests it carries out on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import databases, parts

EITHER = {part for part in parts.ALL if not part.once}


def collected(request: pytest.FixtureRequest) -> dict[str, set[parts.Part]]:
    """Every test of this run by its id, with those who carry it out."""
    return request.config.stash[parts.COLLECTED]


@pytest.mark.both_databases
def test_what_one_process_leaves_out_another_carries_out(request: pytest.FixtureRequest) -> None:
    carriers = collected(request)
    assert carriers
    assert all(who and who <= parts.ALL for who in carriers.values())
    mine = {test for test, who in carriers.items() if parts.here() in who}
    run = {test.nodeid for test in request.session.items}
    assert run <= mine or not parts.is_shared(request.config)


@pytest.mark.django_db
def test_a_test_with_a_database_runs_on_both(request: pytest.FixtureRequest) -> None:
    assert collected(request)[request.node.nodeid] == EITHER


@pytest.mark.both_databases
def test_a_test_that_says_so_runs_on_both(request: pytest.FixtureRequest) -> None:
    assert collected(request)[request.node.nodeid] == EITHER


def test_a_test_without_a_database_runs_once(request: pytest.FixtureRequest) -> None:
    (part,) = collected(request)[request.node.nodeid]
    assert part.once


def test_every_file_is_dealt_to_one_database_and_both_get_some() -> None:
    files = sorted(parts.TESTS.rglob("test_*.py"))
    dealt = [parts.dealt_to(file) for file in files]
    assert set(dealt) == set(databases.VENDORS)
    assert dealt == [parts.dealt_to(Path(str(file))) for file in files]


def test_only_what_is_named_runs_once_in_spite_of_a_database(
    request: pytest.FixtureRequest,
) -> None:
    odd = [
        test.nodeid
        for test in request.session.items
        if parts.asks_for_database(test)
        and parts.parts_of(test) != EITHER
        and not any(test.path.is_relative_to(place) for place in parts.ONCE)
    ]
    assert odd == []
