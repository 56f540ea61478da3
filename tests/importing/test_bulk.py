"""One pass by the command brings what look and save bring: each row, its place, each reason."""

from __future__ import annotations

import datetime as dt
import random
import threading
import zlib
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from bankfeeds import importing
from bankfeeds.importing import BadRowsRemain, CannotImport, FileKnown, NothingToSave, bulk, pieces
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import BankTransaction, Event, SourceAccount, Statement
from tests import support as portal
from tests.intake.support import file_of, written

from .support import BY, csv_of, look, rows_of, save

pytestmark = pytest.mark.django_db
HEADER = "id,date,description,amount,balance,type"
KEPT = (
    "line", "transaction_id", "date", "description", "amount", "balance", "transaction_type",
)  # fmt: skip
COUNTS = ("state", "rows_saved", "rows_known", "rows_rejected", "rejected", "size", "sha256")


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


def in_one_pass(
    account: SourceAccount, file: Path, content: bytes, *, leave_out_bad: bool = False
) -> Statement | None:
    file.write_bytes(content)
    with file.open("rb") as opened:
        done = importing.in_one_pass(
            account,
            opened,
            file_name=file.name,
            leave_out_bad=leave_out_bad,
            by=BY,
            now=timezone.now(),
        )
        assert done is not None or opened.read() == content
    return done


def in_two_steps(
    account: SourceAccount, file: Path, content: bytes, *, leave_out_bad: bool = False
) -> Statement:
    return save(look(account, content), leave_out_bad=leave_out_bad)


def as_commanded(
    account: SourceAccount, file: Path, content: bytes, *, leave_out_bad: bool = False
) -> Statement:
    done = in_one_pass(account, file, content, leave_out_bad=leave_out_bad)
    return done or in_two_steps(account, file, content, leave_out_bad=leave_out_bad)


def outcome(account: SourceAccount, run: Callable[[], object]) -> dict[str, Any]:
    """All that anybody can see of an import, whichever account it is on."""
    error: Any = None
    try:
        run()
    except (BadRowsRemain, NothingToSave) as raised:
        bad = [(each.line, each.reason) for each in raised.parsed.rejected]
        error = type(raised), str(raised), bad, raised.parsed.rejected_count
    except UnreadableFile as raised:
        error = type(raised), str(raised), raised.line
    except FileKnown:
        error = (FileKnown,)
    uploads = Statement.objects.filter(account=account).order_by("pk")
    kept = [zlib.decompress(pieces.whole(upload)) for upload in uploads]
    return {
        "error": error,
        "rows": list(account.transactions.order_by("pk").values_list(*KEPT)),
        "kept": kept,
        "uploads": list(uploads.values_list(*COUNTS)),
        "events": list(Event.objects.filter(account=account).values_list("action", "after")),
    }


def made_up(seed: int) -> tuple[bytes, bytes, bool]:
    """A file, one that came before it, and whether bad rows are left out."""
    chance = random.Random(seed)
    day, rows = portal.today() - dt.timedelta(days=5), []
    balance = opening = Decimal(chance.choice(["100.00", "-3.10", "0.00"]))
    for number in range(chance.choice([0, 1, 2, 7, 25])):
        amount = Decimal(chance.randrange(-500, 500)).scaleb(-2)
        balance += amount
        day += dt.timedelta(days=chance.choice([0, 0, 1]))
        kind = chance.choice(["", "Credit", "debit"])
        rows.append([f"T{number}", day, f"Row \\{number} 100%", amount, balance, kind])
    earlier = [list(row) for row in rows if chance.random() < 0.3] if seed % 2 else []
    if seed % 3 == 0:
        # What the chain of balances begins with, or what it does not follow from.
        opening += chance.choice([0, 0, 1])
        earlier = [["E1", portal.today() - dt.timedelta(days=6), "x", "1.00", opening, ""]]
    for row in rows:
        if chance.random() < 0.08:
            place, other = chance.choice(
                [(0, "T0"), (1, "soon"), (2, "Other"), (3, "1,5"), (3, "9"), (4, "0.001"), (5, "x"),
                 (0, ""), (2, "Line\none"), (5, "Fee"), (4, "7")]
            )  # fmt: skip
            row[place] = other
    how = chance.choice(["as is", "as is", "backwards", "shuffled", "signs", "signs back"])
    if how == "shuffled":
        chance.shuffle(rows)
    if how in {"signs", "signs back"}:
        rows = [
            [*row[:3], -row[3] if isinstance(row[3], Decimal) else row[3], *row[4:]] for row in rows
        ]
    if how in {"backwards", "signs back"}:
        rows.reverse()
    return (
        written(rows, header=HEADER),
        written(earlier, header=HEADER),
        chance.random() < 0.7,
    )


def test_both_ways_bring_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # So that batches end in the middle of these short files.
    monkeypatch.setattr(bulk, "STAGED_AT_ONCE", 3)
    seen = set()
    for seed in range(80):
        content, earlier, leave_out_bad = made_up(seed)
        found = []
        for way in (as_commanded, in_two_steps):
            account = portal.make_account()
            if earlier.count(b"\n") > 1:
                save(look(account, earlier))
            run = partial(way, account, file, content, leave_out_bad=leave_out_bad)
            found.append(outcome(account, run))
        assert found[0] == found[1], (seed, content.decode())
        seen.add(found[0]["error"] and found[0]["error"][0])
    assert seen >= {None, BadRowsRemain, FileKnown, UnreadableFile}


def test_an_id_that_stands_twice_is_found_whatever_else_the_file_has(
    account: SourceAccount, file: Path
) -> None:
    """With rows that are here already and without; nothing of the first try stays."""
    rows = rows_of(["1.00", "2.00", "3.00", "4.00"])
    rows[3][0] = rows[2][0]
    for earlier, saved in (([], 3), (rows[:1], 2)):
        for leave_out_bad in (False, True):
            found = []
            for way in (as_commanded, in_two_steps):
                taker = portal.make_account()
                if earlier:
                    save(look(taker, written(earlier)))
                run = partial(way, taker, file, written(rows), leave_out_bad=leave_out_bad)
                found.append(outcome(taker, run))
            assert found[0] == found[1]
            assert len(found[0]["rows"]) == len(earlier) + saved * leave_out_bad
            assert bool(found[0]["error"]) is not leave_out_bad


def test_the_balance_before_tells_the_order_of_rows_that_cancel_out(
    account: SourceAccount, file: Path
) -> None:
    day = portal.today()
    before = [["E1", day - dt.timedelta(days=1), "x", "1.00", "105.00"]]
    content = written([["T1", day, "x", "5.00", "105.00"], ["T2", day, "x", "-5.00", "100.00"]])
    stored = []
    for taker, way in ((account, in_one_pass), (portal.make_account(), in_two_steps)):
        save(look(taker, written(before)))
        way(taker, file, content)
        stored.append(list(taker.transactions.order_by("pk").values_list("transaction_id")))
    assert stored == [[("E1",), ("T2",), ("T1",)]] * 2


def test_what_needs_the_other_way_is_left_to_it(account: SourceAccount, file: Path) -> None:
    row = ["T1", portal.today(), "x", "1.00", "1.00"]
    heir = portal.make_account(follows=account)
    too_large = [*row[:3], "1.00", "1000000000000.00"]
    for taker, content in (
        (account, b"a;b\n1;2"),
        (account, b"PK\x03\x04"),
        (account, b""),
        (account, written([["made-1", *row[1:]]])),
        (account, written([row, ["T2", *row[1:4], ""]])),
        (account, written([too_large])),
        (heir, written([row])),
    ):
        if taker is account:
            SourceAccount.objects.filter(pk=heir.pk).update(follows=None)
        else:
            SourceAccount.objects.filter(pk=heir.pk).update(follows=account)
        assert in_one_pass(taker, file, content) is None
    assert not Statement.objects.exists()


def test_rows_that_were_told_in_another_way_before(account: SourceAccount, file: Path) -> None:
    save(look(account, written([["made-1", portal.today(), "Coffee", "-4.50", "95.50"]])))
    content = written([["T1", portal.today(), "Coffee", "-4.50", "95.50"]])
    assert in_one_pass(account, file, content) is None
    assert BankTransaction.objects.count() == 1


def test_more_bad_rows_than_are_kept(account: SourceAccount, file: Path) -> None:
    day = portal.today()
    lines = [f"T{n % 1_500},{day},x,1.00,{'x' if n % 3 == 0 else '1.00'}" for n in range(4_000)]
    content = file_of(*lines)
    twin = portal.make_account()
    assert outcome(
        account, partial(in_one_pass, account, file, content, leave_out_bad=True)
    ) == outcome(twin, partial(in_two_steps, twin, file, content, leave_out_bad=True))
    upload = Statement.objects.get(account=account)
    assert (upload.rows_saved, upload.rows_rejected, len(upload.rejected)) == (1_000, 3_000, 1_000)


def test_an_account_that_takes_nothing(account: SourceAccount, file: Path) -> None:
    SourceAccount.objects.update(gone_at=timezone.now())
    account.refresh_from_db()
    with pytest.raises(CannotImport, match="removed at Codat"):
        in_one_pass(account, file, csv_of(["1.00"]))
    assert not Statement.objects.exists()


def test_a_file_that_breaks_off_in_the_middle_leaves_nothing(
    account: SourceAccount, file: Path
) -> None:
    chance = random.Random(1)
    content = csv_of(["1.00"] * 2_500) + b"T9,2026-11-20,Caf\xe9,1.00,1.00\r\n"
    with pytest.raises(UnreadableFile, match="not UTF-8"):
        in_one_pass(account, file, content)
    assert not Statement.objects.exists()
    assert not BankTransaction.objects.exists()
    # The same connection takes the next one, and keeps more of it than one piece.
    content = csv_of([f"{chance.randrange(10**7)}.01" for _ in range(20_000)])
    assert in_one_pass(account, file, content) is not None
    upload = Statement.objects.get()
    packed = pieces.whole(upload)
    assert upload.pieces.count() == len(packed) // pieces.SIZE + 1 > 2
    assert zlib.decompress(packed) == content


def test_a_row_that_comes_late_into_its_day_is_left_to_the_other_way(
    account: SourceAccount, file: Path
) -> None:
    rows = rows_of(["1.00", "2.00", "3.00"])
    save(look(account, written(rows[1:])))
    assert in_one_pass(account, file, written(rows)) is None
    assert account.transactions.count() == 2
    # The first of the day once more, and one behind it: nothing has to move.
    assert in_one_pass(account, file, written([*rows[1:], *rows_of(["9.00"], prefix="N")]))


@pytest.mark.django_db(transaction=True)
def test_both_ways_at_once_lose_and_double_nothing(file: Path) -> None:
    """Outside any other transaction, as a command runs."""
    account = portal.make_account()
    rows = rows_of(["1.00"] * 60, date=portal.today() - dt.timedelta(days=1))
    other = look(account, written(rows[20:]))
    together = threading.Barrier(2)
    done: list[Statement | None] = []

    def run(way: Callable[[], Statement | None]) -> None:
        try:
            together.wait(timeout=10)
            done.append(way())
        finally:
            connections.close_all()

    ways = (partial(as_commanded, account, file, written(rows[:40])), partial(save, other))
    threads = [threading.Thread(target=run, args=(way,)) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert BankTransaction.objects.count() == 60
    assert sorted((each.rows_saved, each.rows_known) for each in done if each) in (
        [(20, 20), (40, 0)],
    )
