"""What docs/production.md tells people to write and to run, read from its text."""

from __future__ import annotations

import configparser
import re
import secrets
import shlex
import sys
from functools import cache
from pathlib import Path

from tests import support

DOC = support.ROOT / "docs" / "production.md"
API_KEY = "key-of-the-sample-0123456789"
# What stands in <…> in the sample, filled in as a person would.
FILLED = {
    "SECRET_KEY": secrets.token_urlsafe(50),
    "ACCOUNT_NUMBER_KEY": secrets.token_urlsafe(50),
    "CODAT_API_KEY": API_KEY,
    "DATABASE_URL": "postgresql://portal:secret@127.0.0.1:5432/portal",
    "CODAT_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "EMAIL_URL": "smtp+tls://portal:secret@mail.example.com:587",
}


@cache
def _text() -> str:
    return DOC.read_text()


def file(path: str) -> str:
    """The content that the page gives a file: the block below its name."""
    found = re.findall(rf"^`{re.escape(path)}`\n\n```\w*\n(.*?)^```", _text(), re.M | re.S)
    assert len(found) == 1, f"{path} stands {len(found)} times in {DOC.name}"
    return str(found[0])


def sample() -> dict[str, str]:
    """/etc/portal.env as it stands there."""
    lines = file("/etc/portal.env").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def required() -> list[str]:
    part = file("/etc/portal.env").split("# Recommended.")[0]
    return [line.split("=")[0] for line in part.splitlines() if not line.startswith("#")]


def environment(**changes: str) -> dict[str, str]:
    """The sample, filled in; `changes` as on another machine."""
    asked = {name for name, value in sample().items() if "<" in value}
    assert asked == FILLED.keys()
    return {**sample(), **FILLED, **changes}


def unit(name: str) -> dict[str, str]:
    """The [Service] of a unit."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(file(f"/etc/systemd/system/{name}.service"))
    return dict(parser["Service"])


def commands() -> list[list[str]]:
    """Those that prepare, in the order of the page."""
    part = _text().split("now and at every upgrade:")[1].split("```sh\n")[1].split("```")[0]
    return [here(line) for line in part.splitlines()]


def here(line: str) -> list[str]:
    """A command of the page with the Python and the programs of this run."""
    words = shlex.split(line)
    program = Path(words[0])
    assert program.parent == Path("/opt/portal/.venv/bin"), line
    module = [] if program.name == "python" else ["-m", program.name]
    return [sys.executable, *module, *words[1:]]
