"""Tables in memory with a file behind them: a snapshot and, beside it, a journal of changes.

Every commit appends one line, so that a write costs what it changes and a killed process has
lost nothing that was answered. Replaying a journal over a newer snapshot changes nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

SMALLEST = 4_000_000  # bytes of journal below which folding it in is not worth it

Tables = dict[str, dict[str, Any]]


class StateUnusable(Exception):
    """The state file cannot be read, or another sandbox holds it."""


class Journal:
    """Keyed tables. `put` and `drop` mark, `commit` writes. With no path it stays in memory."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.tables: Tables = {}
        self._dirty: dict[tuple[str, str], None] = {}
        self._fd = -1
        self._written = 0
        self._snapshot_size = 0
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = _hold(path.with_name(path.name + ".journal"))
            try:
                self._load(path)
            except ValueError as error:
                os.close(self._fd)
                raise StateUnusable(f"{path} is not a state of the sandbox: {error}") from error
            self.compact()

    def table(self, name: str) -> dict[str, Any]:
        return self.tables.setdefault(name, {})

    def put(self, table: str, key: str, record: Any) -> None:
        self.table(table)[key] = record
        self._dirty[table, key] = None

    def drop(self, table: str, key: str) -> None:
        if self.table(table).pop(key, None) is not None:
            self._dirty[table, key] = None

    def commit(self) -> None:
        """Writes what changed since the last commit, before the answer goes out."""
        if self.path is None or not self._dirty:
            self._dirty.clear()
            return
        changes = [[t, k, self.tables[t].get(k)] for t, k in self._dirty]
        line = json.dumps(changes, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        try:
            _write(self._fd, line)
        except OSError:
            os.ftruncate(self._fd, self._written)
            raise
        self._dirty.clear()
        self._written += len(line)
        if self._written > max(SMALLEST, 2 * self._snapshot_size):
            self.compact()

    def compact(self) -> None:
        """Replaces the snapshot in one step, then starts an empty journal."""
        if self.path is None:
            return
        body = json.dumps(self.tables, ensure_ascii=False, separators=(",", ":")).encode()
        fresh = self.path.with_name(self.path.name + ".new")
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.fchmod(fd, 0o600)
            _write(fd, body)
            os.fsync(fd)
        finally:
            os.close(fd)
        fresh.replace(self.path)
        os.ftruncate(self._fd, 0)
        self._snapshot_size, self._written = len(body), 0

    def close(self) -> None:
        if self._fd >= 0:
            self.compact()
            os.close(self._fd)
            self._fd = -1

    def _load(self, path: Path) -> None:
        if path.exists():
            self.tables = json.loads(path.read_bytes())
        log = path.with_name(path.name + ".journal").read_bytes()
        # A last line without its end was cut by a kill: nobody was answered for it.
        for line in log.split(b"\n")[:-1]:
            self._replay(json.loads(line))

    def _replay(self, changes: list[tuple[str, str, Any]]) -> None:
        for table, key, record in changes:
            if record is None:
                self.table(table).pop(key, None)
            else:
                self.table(table)[key] = record


def _hold(log: Path) -> int:
    """Opens the journal for appending and keeps every other sandbox away from it."""
    fd = os.open(log, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.fchmod(fd, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise StateUnusable(f"Another sandbox is using {log}") from error
    return fd


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
