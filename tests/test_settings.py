"""Knobs: `.env.example` and portal/settings.py name the same ones, with the same defaults."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import databases

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "portal/settings.py"
# As the operating system needs it, and nothing of ours.
BARE = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def knobs() -> set[str]:
    """Names that settings ask the environment for."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(SETTINGS.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("env."):
            name = node.args[0]
            assert isinstance(name, ast.Constant) and isinstance(name.value, str), ast.unparse(node)
            found.add(name.value)
    return found


def example() -> dict[str, str]:
    """Knob -> the default that `.env.example` states."""
    lines = re.findall(r"^# ([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert len(dict(lines)) == len(lines), "a knob has two lines"
    return dict(lines)


def loaded(environment: dict[str, str]) -> str:
    """Every setting as settings.py makes it in exactly this environment."""
    code = (
        "import portal.settings as s, environ\n"
        "for name in sorted(vars(s)):\n"
        "    if name.isupper() and name != 'ENVIRON': print(name, repr(getattr(s, name)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**BARE, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout


def test_every_knob_is_explained_and_every_explained_knob_exists() -> None:
    assert set(example()) == knobs()


def test_each_knob_has_its_explanation_above_it() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    for above, line in zip(lines, lines[1:], strict=False):
        if re.match(r"# [A-Z_]+=", line):
            assert re.match(r"# [^-].*\.$", above), f"{line} has no sentence above it"


@pytest.mark.skipif((ROOT / ".env").exists(), reason="a .env of your own changes the defaults")
def test_the_example_states_the_defaults() -> None:
    assert loaded(example()) == loaded({})


def test_the_tests_decide_every_knob() -> None:
    """So that a `.env` in the checkout cannot change what is tested."""
    assert set(databases.KNOBS) | {"DATABASE_URL", "STATIC_ROOT"} == knobs()
