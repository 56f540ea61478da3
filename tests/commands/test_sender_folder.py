"""A folder that stands for a sender: what lies in it is kept, read by the worker, and expected."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from bankfeeds import importing, senders
from bankfeeds.models import BankTransaction, Event, ReceivedFile, Sender, Statement
from bankfeeds.words.senders import missing_band
from tests.feeds.support import DAY, TODAY, moment
from tests.senders.support import BY, file, numbered, part, post, sender
from tests.senders.test_expecting import LONG_AGO, days
from tests.support import run_jobs

pytestmark = pytest.mark.django_db
SENDERS = "/admin/bankfeeds/sender/"
S = ReceivedFile.State


def of_folder(name: str = "Mainframe") -> Sender:
    return senders.create_of_folder(name, by=BY, now=LONG_AGO)


def run(folder: Path, name: str = "Mainframe", *more: str) -> tuple[list[dict[str, Any]], str]:
    out, err = io.StringIO(), io.StringIO()
    given = [str(folder), "--settle", "0", "--json", "--sender", name, *more]
    try:
        call_command("import_transactions", *given, stdout=out, stderr=err)
    except CommandError as error:
        err.write(str(error))
    return json.loads(out.getvalue()).get("files", []), err.getvalue()


def put(folder: Path, name: str, body: bytes) -> None:
    (folder / name).write_bytes(body)


def lies(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def states() -> list[tuple[str, str]]:
    return list(ReceivedFile.objects.order_by("id").values_list("batch_id", "state"))


def test_what_lies_there_is_kept_in_order_read_once_and_decided_on_the_page(
    tmp_path: Path, people: dict[str, Any]
) -> None:
    row = of_folder()
    numbered()
    put(tmp_path, "b.json", file(part(prefix="B", closing="2000.00", words="B")))
    put(tmp_path, "a.json", file(part(prefix="A")))
    put(tmp_path, "c.json", file(part(bad=True, prefix="C", words="C")))
    put(tmp_path, "d.csv", b"")
    answer, said = run(tmp_path)
    assert [each["batch"] for each in answer] == ["a.json", "b.json", "c.json", ""]
    assert "d.csv: The file is empty" in said
    assert "a.json: kept for the worker to read" in said
    assert lies(tmp_path) == [
        "done/a.json", "done/b.json", "done/c.json", "quarantine/d.csv", "quarantine/d.csv.txt",
    ]  # fmt: skip
    assert not BankTransaction.objects.exists()
    run_jobs()
    assert states() == [("a.json", S.SAVED), ("b.json", S.SAVED), ("c.json", S.QUARANTINED)]
    ids = BankTransaction.objects.order_by("id").values_list("transaction_id", flat=True)
    assert list(ids) == ["A1", "A2", "B1", "B2"]
    row.refresh_from_db()
    assert row.last_seen_at is not None
    # The same one again is the same batch; another under a name of before is one of its own.
    put(tmp_path, "a.json", file(part(prefix="A")))
    put(tmp_path, "b.json", file(part(prefix="D", closing="3000.00", words="D")))
    answer, said = run(tmp_path)
    assert [each["is_known"] for each in answer] == [True, False]
    assert "a.json: came before: known" in said
    [fourth] = ReceivedFile.objects.exclude(batch_id__in=["a.json", "b.json", "c.json"])
    assert fourth.batch_id == f"b ({fourth.sha256[:8]}).json" == answer[1]["batch"]
    put(tmp_path, "b.json", file(part(prefix="D", closing="3000.00", words="D")))
    assert run(tmp_path)[0][0]["is_known"]
    assert ReceivedFile.objects.count() == 4
    # What waits is decided where all others are.
    client = Client()
    client.force_login(people["support"])
    third = ReceivedFile.objects.get(batch_id="c.json")
    client.post(f"/admin/bankfeeds/receivedfile/{third.pk}/leave-out/")
    run_jobs()
    assert [state for _batch, state in states()] == [S.SAVED] * 4
    assert BankTransaction.objects.count() == 8


def test_one_that_is_put_there_again(tmp_path: Path) -> None:
    """Read again from quarantine; in anew once it was taken back; not where it was rejected."""
    of_folder()
    body = file(part(), part("555566667777"))
    put(tmp_path, "a.json", body)
    run(tmp_path)
    run_jobs()
    assert states() == [("a.json", S.QUARANTINED)]
    numbered()
    numbered("555566667777")
    put(tmp_path, "a.json", body)
    assert run(tmp_path)[0][0]["is_known"]
    run_jobs()
    assert states() == [("a.json", S.SAVED)]
    assert BankTransaction.objects.count() == 4
    for each in Statement.objects.filter(state=Statement.State.SAVED):
        importing.undo(each, reason="wrong", by=BY, now=timezone.now())
    for name in ("2)", "3)"):
        put(tmp_path, "a.json", body)
        [again], _said = run(tmp_path)
        run_jobs()
        assert again["batch"].endswith(f" {name}.json")
        assert BankTransaction.objects.count() == 4
        put(tmp_path, "a.json", body)
        assert run(tmp_path)[0][0]["is_known"]
        for each in Statement.objects.filter(state=Statement.State.SAVED):
            importing.undo(each, reason="wrong", by=BY, now=timezone.now())
    put(tmp_path, "b.json", file(part("99887766")))
    run(tmp_path)
    run_jobs()
    senders.reject(ReceivedFile.objects.get(batch_id="b.json"), reason="ours?", by=BY, now=LONG_AGO)
    put(tmp_path, "b.json", file(part("99887766")))
    [rejected], _said = run(tmp_path)
    assert "A person rejected this file" in rejected["problems"][0]
    assert "quarantine/b.json" in lies(tmp_path)


def test_a_file_that_is_expected_in_a_folder_is_missing_until_it_comes(tmp_path: Path) -> None:
    row = of_folder()
    given = {"at": dt.time(6, 0), "grace": 0, "country": "US"}
    senders.expect(row, is_on=True, **given, by=BY, now=LONG_AGO)  # type: ignore[arg-type]
    row.expected.judged_day = TODAY - DAY
    row.expected.save()
    senders.note_missing(now=moment(TODAY, "06:01"))
    assert days(row) == [TODAY]
    [(whose, rows)] = senders.missing_now()
    assert "whether the command runs that watches its folder" in missing_band(whose, rows).text
    put(tmp_path, "day.json", file())
    with time_machine.travel(moment(TODAY, "07:30"), tick=False):
        run(tmp_path)
    senders.note_missing(now=moment(TODAY, "07:31"))
    assert not list(senders.missing_now())
    assert row.missing.get().came_at == moment(TODAY, "07:30")
    # The day after it is put there again: the file of that day has not come.
    put(tmp_path, "day.json", file())
    with time_machine.travel(moment(TODAY + DAY, "05:00"), tick=False):
        run(tmp_path)
    senders.note_missing(now=moment(TODAY + DAY, "06:01"))
    assert days(row) == [TODAY, TODAY + DAY]


def test_names_that_no_page_could_show_and_files_that_are_too_long(
    tmp_path: Path, settings: Any
) -> None:
    of_folder()
    numbered()
    settings.IMPORT_MAX_BYTES = len(file()) + 1
    put(tmp_path, os.fsdecode(b"a\xff\n<b>.json"), file())
    put(tmp_path, f"{'n' * 250}.json", file(part("555566667777")))
    put(tmp_path, "long.json", file(part(words="longer")))
    answer, _said = run(tmp_path)
    assert [bool(each["batch"]) for each in answer] == [True, False, True]
    assert all(len(each["batch"]) <= 200 for each in answer)
    assert "Split it" in (tmp_path / "quarantine/long.json.txt").read_text()
    run_jobs()
    assert [state for _batch, state in states()] == [S.SAVED, S.QUARANTINED]


def test_only_a_sender_of_a_folder_and_nothing_beside_it(tmp_path: Path) -> None:
    posting, _token = sender("Core")
    row = of_folder()
    put(tmp_path, "a.json", file())
    for name in ("Core", "Nobody"):
        assert "in use has a folder" in run(tmp_path, name)[1]
    assert "set on the sender's page" in run(tmp_path, "Mainframe", "--leave-out-bad")[1]
    assert "set on the sender's page" in run(tmp_path / "a.json")[1]
    senders.revoke(row, reason="moved", by=BY, now=moment(TODAY, "08:00"))
    assert "stays there" in run(tmp_path)[1]
    assert lies(tmp_path) == ["a.json"]
    assert not ReceivedFile.objects.exists()
    assert not posting.by_folder


def test_one_of_a_folder_is_made_on_the_page_and_no_token_is_its_own(
    people: dict[str, Any],
) -> None:
    boss = Client()
    boss.force_login(people["administrator"])
    made = boss.post(SENDERS + "add/", {"name": "Night run", "way": "folder"}, follow=True)
    page = made.content.decode()
    assert "bfp_" not in page
    assert "--watch 30 --sender &#x27;Night run&#x27;" in page
    row = Sender.objects.get()
    assert row.by_folder
    assert "of this name already" in boss.post(
        SENDERS + "add/", {"name": "Night run", "way": "folder"}
    ).content.decode()  # fmt: skip
    for token in ("", f"bfp_{row.handle}_{'x' * 43}", f"bfp_{row.handle}_"):
        assert post(token, file()).status_code == 401
    assert "taken out of its folder" in boss.get(f"{SENDERS}{row.pk}/revoke/").content.decode()
    boss.post(f"{SENDERS}{row.pk}/revoke/", {"reason": "moved"})
    assert "Nothing of it is taken" in boss.get(f"{SENDERS}{row.pk}/change/").content.decode()
    assert list(Event.objects.values_list("action", flat=True)) == [
        "sender.revoked", "sender.created",
    ]  # fmt: skip
