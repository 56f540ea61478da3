"""The sample environment is whole, and nothing of it can be left out unseen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import databases, support
from tests.production import recipe

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(databases.which() == "sqlite", reason="Production is on PostgreSQL."),
]


def checked(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    bare = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    command = recipe.commands()[-1]
    assert command[1:] == ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        [sys.executable, *command[1:]],
        cwd=support.ROOT,
        env={**bare, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def whole(tmp_path: Path) -> dict[str, str]:
    return recipe.environment(DATABASE_URL=support.database_url(), STATIC_ROOT=str(tmp_path))


def test_the_sample_is_whole(whole: dict[str, str]) -> None:
    answer = checked(whole)
    assert answer.returncode == 0, answer.stderr
    assert "no issues (0 silenced)" in answer.stdout


@pytest.mark.parametrize("name", recipe.required())
def test_none_can_be_left_out(whole: dict[str, str], tmp_path: Path, name: str) -> None:
    left_out = {key: value for key, value in whole.items() if key != name}
    if name == "DATABASE_URL":
        # The same kind of database as without it, and no file in the checkout.
        left_out[name] = f"sqlite:///{tmp_path / 'portal.sqlite3'}"
    answer = checked(left_out)
    assert answer.returncode != 0
    assert name in answer.stderr


def test_the_sample_as_it_stands_is_refused(whole: dict[str, str]) -> None:
    keys = ("SECRET_KEY", "ACCOUNT_NUMBER_KEY", "CODAT_API_KEY")
    answer = checked({**whole, **{name: recipe.sample()[name] for name in keys}})
    assert answer.returncode != 0
    for name in keys:
        assert f"{name} still says" in answer.stderr


def test_what_makes_it_unsafe_is_said(whole: dict[str, str]) -> None:
    answer = checked({**whole, "MAIL_FROM": "", "SECOND_FACTOR": "off", "HTTPS_ONLY": "off"})
    assert answer.returncode != 0
    for said in ("MAIL_FROM is left out", "SECOND_FACTOR is left out", "security.W012"):
        assert said in answer.stderr
