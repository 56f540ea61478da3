"""That each half of the run has the database that it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from tests import databases


@pytest.mark.django_db
def test_this_half_runs_on_the_database_that_it_says() -> None:
    assert connection.vendor == databases.VENDORS[databases.which()]


@pytest.mark.django_db
def test_other_processes_can_see_the_test_database() -> None:
    if connection.vendor == "sqlite":
        assert Path(connection.settings_dict["NAME"]).is_file()
