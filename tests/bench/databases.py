"""A seeded database, and a fresh copy of it for every run of the engine.

Absolute paths everywhere: the worker's processes run in another folder.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tests import databases


class Seeded(Protocol):
    """`url`: to be seeded once; `copy`: the URL of a copy for one run."""

    url: str

    def copy(self) -> str: ...


class _Files:
    def __init__(self, folder: Path) -> None:
        self._seed = folder.resolve() / "seed.sqlite3"
        self.url = f"sqlite:///{self._seed}"

    def copy(self) -> str:
        """The copy before is deleted: only one runs at a time."""
        file = self._seed.with_name("run.sqlite3")
        for old in file.parent.glob(f"{file.name}*"):
            old.unlink()
        shutil.copy(self._seed, file)
        return f"sqlite:///{file}"


class _Server:
    def __init__(self, url: str, name: str) -> None:
        self._server, self._name = url, name
        self._numbers = itertools.count(1)
        self.url = self._create(name)

    def copy(self) -> str:
        return self._create(f"{self._name}_{next(self._numbers)}", template=self._name)

    def _create(self, name: str, *, template: str = "template1") -> str:
        import psycopg
        from psycopg import sql

        order = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(order.format(sql.Identifier(name), sql.Identifier(template)))
        base, _, host = self._server.partition("?")
        return f"{base.rpartition('/')[0]}/{name}?{host}"


@contextmanager
def seeded(vendor: str, *, folder: Path, name: str = "seed") -> Iterator[Seeded]:
    """sqlite: a file as production has it. postgres: a server from the wheel, without fsync."""
    if vendor == "sqlite":
        yield _Files(folder)
        return
    with databases._postgres() as url:
        yield _Server(url, name)
