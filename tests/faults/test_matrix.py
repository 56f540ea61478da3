"""The usual cases of the matrix, with two real workers on this half's database.

All others: python -m tests.faults.matrix --database sqlite|postgres
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from bankfeeds.codat import transport
from tests import databases, support
from tests.faults.cases import CASES, USUAL
from tests.faults.matrix import FACTOR, SETTINGS
from tests.faults.place import Place, environment, staffed
from tests.faults.scene import Scene


@pytest.fixture(scope="module")
def place(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Workers that serve all cases: the tables are emptied under their hands, which they bear."""
    folder = tmp_path_factory.mktemp("faults")
    theirs = environment(support.database_url(), factor=FACTOR, folder=folder)
    everything = {**os.environ, **theirs}
    with staffed(folder, environment=everything, workers=2, settings=SETTINGS) as running:
        for worker in running.workers:
            worker.start()
        yield running


@pytest.fixture
def scene(transactional_db: None, place: Place, settings: Any) -> Iterator[Scene]:
    settings.CODAT_BASE_URL, settings.CODAT_API_KEY = place.server.url, databases.API_KEY
    made = Scene(place, factor=FACTOR, database=databases.which())
    yield made
    made.clear()
    transport.close()


@pytest.mark.parametrize("name", USUAL)
def test_every_operation_arrives_once_and_in_order(scene: Scene, name: str) -> None:
    CASES[name](scene)


def test_every_usual_case_is_there() -> None:
    assert set(USUAL) <= set(CASES)
