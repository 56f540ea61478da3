"""`manage.py import_transactions` with a folder: in name order, half-written files are left."""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from bankfeeds.management import taking
from bankfeeds.management.inbox import Inbox, Result
from bankfeeds.models import BankTransaction
from tests.importing.support import csv_of
from tests.senders.support import file, numbered, part

OTHER = "555566667777"


def run(folder: Path, *more: str) -> tuple[list[dict[str, Any]], str]:
    """The files of the answer, and what was said beside it."""
    out, err = io.StringIO(), io.StringIO()
    given = [str(folder), "--settle", "0", "--json", *more]
    try:
        call_command("import_transactions", *given, stdout=out, stderr=err)
    except CommandError as error:
        err.write(str(error))
    return json.loads(out.getvalue())["files"], err.getvalue()


def lies(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


@pytest.mark.django_db
def test_a_folder_in_name_order(tmp_path: Path) -> None:
    numbered()
    (tmp_path / "b.json").write_bytes(file(part(prefix="B", closing="2000.00", words="B")))
    (tmp_path / "a.json").write_bytes(file(part(prefix="A")))
    (tmp_path / "c.json").write_bytes(
        file(part(prefix="C", closing="3000.00", words="C"), part(OTHER))
    )
    (tmp_path / "d.csv").write_bytes(csv_of(["1.00"]))
    (tmp_path / ".hidden").write_bytes(b"x")
    (tmp_path / "e.json.part").write_bytes(b"x")
    strange = tmp_path / os.fsdecode(b"cb\xe9\n.json")
    strange.write_bytes(file(part(prefix="E", closing="4000.00", words="E")))
    (tmp_path / "f").symlink_to(tmp_path / "a.json")
    answer, said = run(tmp_path)
    assert [each["file"] for each in answer] == [
        "a.json", "b.json", "c.json", "cb?.json", "d.csv",
    ]  # fmt: skip
    assert [each["saved"] for each in answer] == [2, 2, 2, 2, 0]
    assert "2 of 5 files could not be saved as a whole" in said
    ids = list(BankTransaction.objects.order_by("id").values_list("transaction_id", flat=True))
    assert ids == ["A1", "A2", "B1", "B2", "C1", "C2", "E1", "E2"]
    assert (tmp_path / "done" / strange.name).exists()
    (tmp_path / "done" / strange.name).unlink()
    assert lies(tmp_path) == [
        ".hidden", "done/a.json", "done/b.json", "e.json.part", "quarantine/c.json",
        "quarantine/c.json.txt", "quarantine/d.csv", "quarantine/d.csv.txt",
    ]  # fmt: skip
    assert "••7777: No account here" in (tmp_path / "quarantine/c.json.txt").read_text()
    assert "names no account" in (tmp_path / "quarantine/d.csv.txt").read_text()
    # The same file under the same name: known, and nothing is overwritten.
    (tmp_path / "a.json").write_bytes(file(part(prefix="A")))
    answer, said = run(tmp_path)
    assert [(each["saved"], each["is_known"]) for each in answer] == [(0, True)]
    assert "known" in said
    assert "done/a (2).json" in lies(tmp_path)
    # Once the account is here the file is put back, and what was saved is known.
    numbered(OTHER)
    (tmp_path / "quarantine/c.json").rename(tmp_path / "c.json")
    [again], _said = run(tmp_path)
    assert (again["saved"], again["problems"]) == (2, [])
    assert BankTransaction.objects.count() == 10


@pytest.mark.django_db
def test_a_folder_for_one_account_and_a_file_for_all(tmp_path: Path) -> None:
    account = numbered()
    chosen = ("--company", str(account.company.codat_id), "--account", account.account_id)
    (tmp_path / "d.csv").write_bytes(csv_of(["1.00"]))
    (tmp_path / "bad.csv").write_bytes(csv_of(["1.00", "NaN"], prefix="X"))
    answer, said = run(tmp_path, *chosen)
    assert [(each["file"], each["saved"]) for each in answer] == [("bad.csv", 0), ("d.csv", 1)]
    why = (tmp_path / "quarantine/bad.csv.txt").read_text()
    assert "Line 3:" in why
    assert "1 of 2 files" in said
    alone = tmp_path / "alone.json"
    alone.write_bytes(file(part(prefix="B", closing="2000.00", words="B")))
    [one], _said = run(alone)
    assert (one["saved"], alone.exists()) == (2, True)
    with pytest.raises(CommandError, match="both --company and --account"):
        call_command("import_transactions", str(alone), "--company", "x")
    with pytest.raises(CommandError, match="Only a folder"):
        call_command("import_transactions", str(alone), "--watch", "1")


def test_a_half_written_file_is_left_and_what_comes_after_it_waits(tmp_path: Path) -> None:
    taken: list[str] = []

    def take(path: Path) -> Result:
        taken.append(f"{path.name} {path.read_text()}")
        return Result(path.name)

    inbox = Inbox(tmp_path, take)
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("half")
    (tmp_path / "c").write_text("3")
    inbox.look()
    (tmp_path / "b").write_text("half and more")
    assert [each.file for each in inbox.round()] == ["a"]
    # Of the same size, written over: its time tells.
    os.utime(tmp_path / "b", ns=(0, time.time_ns() + 10**9))
    assert list(inbox.round()) == []
    # Renamed into place: seen once before it is taken.
    (tmp_path / ".new").write_text("4")
    (tmp_path / ".new").rename(tmp_path / "d")
    assert [each.file for each in inbox.round()] == ["b", "c"]
    assert [each.file for each in inbox.round()] == ["d"]
    assert taken == ["a 1", "b half and more", "c 3", "d 4"]
    assert list(inbox.round()) == []


@pytest.mark.django_db
def test_a_watch_outlives_a_share_and_a_database_that_are_away(tmp_path: Path) -> None:
    folder, away = tmp_path / "in", tmp_path / "away"
    folder.mkdir()
    troubles = [OperationalError("starting up"), OSError("I/O")]
    said: list[str] = []

    def take(path: Path) -> Result:
        if troubles:
            raise troubles.pop()
        return Result(path.name)

    def warn(words: str) -> None:
        said.append(words)
        if away.exists():
            away.rename(folder)

    (folder / "a").write_text("1")
    folder.rename(away)
    rounds = taking.watched(Inbox(folder, take), every=0, warn=warn)
    assert next(rounds).file == "a"
    assert [words.partition("(")[2].partition(")")[0] for words in said] == [
        "FileNotFoundError", "OSError", "OperationalError",
    ]  # fmt: skip
    assert (folder / "done" / "a").exists()
