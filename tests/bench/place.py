"""Where runs take place: a seeded database, and the stand-in that knows its accounts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bankfeeds.management.process import Family

from .databases import Seeded, seeded
from .processes import Server, Void, environment, run, standin


@dataclass(frozen=True)
class Place:
    """`folder`: for files of this place alone."""

    family: Family
    server: Server
    data: Seeded
    folder: Path

    @property
    def log(self) -> Path:
        """What the worker writes, of all runs one after the other."""
        return self.folder / "worker.log"


@contextmanager
def prepared(
    folder: Path, *, database: str, accounts: int, transactions: int, per_company: int = 1
) -> Iterator[Place]:
    """Pushes of `transactions` rows wait, one of each account, frozen and outside every clock."""
    folder.mkdir()
    world = folder / "world"
    with seeded(database, folder=folder) as data, Family(grace=8, orphan_grace=2) as family:
        note(f"seeding {accounts} accounts with {transactions} transactions each")
        made = run(
            "seed",
            *("--accounts", accounts, "--transactions", transactions),
            *("--per-company", per_company, "--world", world),
            env=environment(database=data.url),
        )
        if (made["pushes"], made["transactions"]) != (accounts, accounts * transactions):
            raise Void(f"the seed made {made}")
        with standin(family, world=world) as server:
            yield Place(family, server, data, folder)


def say(words: str) -> None:
    """A result."""
    sys.stdout.write(f"{words}\n\n")
    sys.stdout.flush()


def note(words: str) -> None:
    """Progress."""
    sys.stderr.write(f"{words}\n")
