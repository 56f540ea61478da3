"""That a shared run drops no test, and which tests it carries out on both databases."""

from __future__ import annotations

import json

import pytest

from tests import asked, databases, parts


def collected(request: pytest.FixtureRequest) -> parts.Deal:
    """Every test of this run by its id, with those who carry it out."""
    return request.config.stash[parts.COLLECTED]


def databases_of(request: pytest.FixtureRequest, test: str = "") -> list[str]:
    """Of this test, or another of the run: the database of each who carries it out."""
    return sorted(part.database for part in collected(request)[test or request.node.nodeid])


@pytest.mark.both_databases
def test_what_one_process_leaves_out_another_carries_out(request: pytest.FixtureRequest) -> None:
    carriers = collected(request)
    assert carriers
    assert all(who and who <= set(parts.ALL) for who in carriers.values())
    mine = {test for test, who in carriers.items() if parts.here() in who}
    run = {test.nodeid for test in request.session.items}
    assert run <= mine or not parts.is_shared(request.config)


@pytest.mark.django_db
def test_a_test_with_a_database_runs_on_both(request: pytest.FixtureRequest) -> None:
    assert databases_of(request) == sorted(databases.VENDORS)


@pytest.mark.both_databases
def test_a_test_that_says_so_runs_on_both(request: pytest.FixtureRequest) -> None:
    assert databases_of(request) == sorted(databases.VENDORS)


def test_a_test_without_a_database_runs_once(request: pytest.FixtureRequest) -> None:
    assert len(databases_of(request)) == 1


@pytest.mark.django_db
@pytest.mark.once("is about the mark itself")
def test_a_test_that_says_so_runs_once(request: pytest.FixtureRequest) -> None:
    assert len(databases_of(request)) == 1


def test_only_what_is_named_runs_once_in_spite_of_a_database(
    request: pytest.FixtureRequest,
) -> None:
    odd = [
        test.nodeid
        for test in request.session.items
        if parts.asks_for_database(test)
        and databases_of(request, test.nodeid) != sorted(databases.VENDORS)
        and not any(test.path.is_relative_to(place) for place in parts.ONCE_PLACES)
        and test.nodeid not in asked.elsewhere()
        and not [mark.args[0] for mark in test.iter_markers(parts.ONCE)]
    ]
    assert odd == []


def test_what_need_not_be_asked_again_is_of_pages() -> None:
    odd = [test for test in asked.elsewhere() if not asked.is_of_page(test)]
    gone = [page for page in asked.PAGES if not (parts.TESTS / page).is_file()]
    assert (odd, gone) == ([], []), "ask again, or take these lines out"


def test_of_pages_that_ask_the_same_the_cheapest_runs_on_both() -> None:
    other, page = "tests/test_rules.py::test", f"tests/{asked.PAGES[0]}::test"
    listener = asked.Listener()
    listener.asked.update(
        {
            other: {"known"},
            f"{page}_the_same": {"known"},
            f"{page}_cheap": {"known", "new"},
            f"{page}_dear": {"new"},
            f"{page}_in_threads": {"known"},
        }
    )
    listener.seconds.update({f"{page}_cheap": 1.0, f"{page}_dear": 2.0})
    listener.own.add(f"{page}_in_threads")
    assert listener.both_databases() == {other, f"{page}_cheap", f"{page}_in_threads"}


# --- The deal --------------------------------------------------------------------------------


def test_the_deal_is_the_same_whatever_the_order(request: pytest.FixtureRequest) -> None:
    items = request.session.items
    assert parts.deal(items) == parts.deal(items[::-1])


def test_what_was_weighed_is_there() -> None:
    weighed = json.loads(parts.WEIGHTS.read_text())
    gone = [file for file in weighed if not (parts.TESTS / file).is_file()]
    assert gone == [], "weigh again, or take these lines out"


def test_tests_of_one_file_stay_together_and_browsers_are_few(
    request: pytest.FixtureRequest,
) -> None:
    for piece in parts.pieces(request.session.items):
        whose = {frozenset(collected(request)[test]) for test in piece.tests}
        assert len(whose) == 1, piece.file
        if piece.file.startswith("e2e/") and not piece.database:
            assert {part.number for part in whose.pop()} == {1}, piece.file
