"""That a run on both databases drops no test, and which tests it carries out on both."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import databases, halves

EITHER = set(databases.VENDORS)


def collected(request: pytest.FixtureRequest) -> dict[str, set[str]]:
    """Every test of this run by its id, with the databases that it runs on."""
    return request.config.stash[halves.COLLECTED]


def test_what_one_half_leaves_out_the_other_carries_out(request: pytest.FixtureRequest) -> None:
    on = collected(request)
    assert on
    assert all(where and where <= EITHER for where in on.values())
    left_out = {test for test, where in on.items() if databases.which() not in where}
    carried_out = {item.nodeid for item in request.session.items}
    assert not left_out & carried_out or not halves.is_one_of_two(request.config)
    (other,) = EITHER - {databases.which()}
    assert all(on[test] == {other} for test in left_out)


@pytest.mark.django_db
def test_a_test_with_a_database_runs_on_both(request: pytest.FixtureRequest) -> None:
    assert collected(request)[request.node.nodeid] == EITHER


@pytest.mark.both_databases
def test_a_test_that_says_so_runs_on_both(request: pytest.FixtureRequest) -> None:
    assert collected(request)[request.node.nodeid] == EITHER


def test_a_test_without_a_database_runs_once(request: pytest.FixtureRequest) -> None:
    assert len(collected(request)[request.node.nodeid]) == 1


def test_every_file_is_dealt_to_one_half_and_both_get_some() -> None:
    files = sorted(halves.TESTS.rglob("test_*.py"))
    dealt = [halves.dealt_to(file) for file in files]
    assert set(dealt) == EITHER
    assert dealt == [halves.dealt_to(Path(str(file))) for file in files]


def test_only_what_is_named_runs_once_in_spite_of_a_database(
    request: pytest.FixtureRequest,
) -> None:
    odd = [
        item.nodeid
        for item in request.session.items
        if halves.asks_for_database(item)
        and halves.halves_of(item) != EITHER
        and not any(item.path.is_relative_to(place) for place in halves.ONCE)
    ]
    assert odd == []
