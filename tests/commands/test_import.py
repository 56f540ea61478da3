"""`manage.py import_transactions`: what it prints for people, and the one line for scripts."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from bankfeeds import sealing
from bankfeeds.models import BankTransaction, Event, Origin, SourceAccount, Statement
from tests import support as portal
from tests.importing.support import csv_of
from tests.intake.ofx_writer import Account, Row, ofx
from tests.intake.support import file_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


class Ran:
    """One run of the command: its last line as JSON, what people read, how it ended."""

    def __init__(self, file: Path, company: Any, account_id: str, *more: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        self.error: CommandError | None = None
        given = [str(file), "--company", str(company), "--account", account_id, *more]
        try:
            call_command("import_transactions", *given, stdout=out, stderr=err)
        except CommandError as error:
            self.error = error
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def answer(self) -> dict[str, Any]:
        [line] = self.out.splitlines()
        answer: dict[str, Any] = json.loads(line)
        return answer


def run(account: SourceAccount, file: Path, content: bytes, *more: str) -> Ran:
    file.write_bytes(content)
    return Ran(file, account.company.codat_id, account.account_id, *more)


def bad() -> bytes:
    today = portal.today()
    return file_of(f"A,{today},x,1,1", f"B,{today},x,NaN,2", f"C,{today},x,1,2")


def test_the_rows_are_saved_and_counted(account: SourceAccount, file: Path) -> None:
    ran = run(account, file, csv_of(["1.00"] * 1_001), "--json")
    assert (ran.error, ran.answer) == (None, {"saved": 1_001, "rejected": []})
    assert "saved 1001" in ran.err
    assert BankTransaction.objects.filter(account=account).count() == 1_001
    assert Event.objects.get().origin == Origin.COMMAND
    assert Statement.objects.get().file_name == "day.csv"


def test_without_json_people_read_it_on_standard_output(account: SourceAccount, file: Path) -> None:
    ran = run(account, file, csv_of(["1.00"]))
    assert "day.csv: saved 1, already here 0, left out 0." in ran.out


def test_bad_rows_stop_everything(account: SourceAccount, file: Path) -> None:
    ran = run(account, file, bad(), "--json")
    assert ran.answer["saved"] == 0
    [rejected] = ran.answer["rejected"]
    assert rejected["line"] == 3
    assert set(rejected) == {"line", "reason"}
    assert "NaN" in rejected["reason"]
    assert "Nothing was saved" in str(ran.error)
    assert "--leave-out-bad" in str(ran.error)
    assert "Line 3" in ran.err
    assert not BankTransaction.objects.exists()


def test_bad_rows_are_left_out_on_purpose(account: SourceAccount, file: Path) -> None:
    run(account, file, bad())
    ran = run(account, file, bad(), "--leave-out-bad", "--json")
    assert ran.error is None
    assert ran.answer["saved"] == 2
    assert [row["line"] for row in ran.answer["rejected"]] == [3]
    assert BankTransaction.objects.count() == 2


def test_a_file_of_nothing_but_bad_rows(account: SourceAccount, file: Path) -> None:
    ran = run(account, file, file_of("rubbish"), "--leave-out-bad", "--json")
    assert ran.error is not None
    assert (ran.answer["saved"], len(ran.answer["rejected"])) == (0, 1)


def test_the_same_file_again_is_refused(account: SourceAccount, file: Path) -> None:
    run(account, file, csv_of(["1.00"]))
    ran = run(account, file, csv_of(["1.00"]), "--json")
    assert "This file was imported on" in str(ran.error)
    assert ran.answer["saved"] == 0
    assert ran.answer["rejected"][0]["line"] == 0
    assert BankTransaction.objects.count() == 1


def test_a_file_of_another_account_is_refused(account: SourceAccount, file: Path) -> None:
    content, other = csv_of(["1.00"]), portal.make_account()
    run(account, file, content)
    refused = run(other, file, content)
    assert f"This very file was imported for {account}" in str(refused.error)
    assert not other.transactions.exists()
    # Read by a profile or in a folder, it is no other file.
    file.write_bytes(content)
    ids = ("--company", str(other.company.codat_id), "--account", other.account_id)
    with pytest.raises(CommandError, match="1 of 1 files"):
        call_command("import_transactions", str(file.parent), *ids, "--settle", "0")
    assert "This very file" in (file.parent / "quarantine" / "day.csv.txt").read_text()
    assert not other.transactions.exists()


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 500, "id,date".encode("utf-16"), file_of(), b"a;b\n1;2"]
)
def test_a_file_that_is_none(account: SourceAccount, file: Path, content: bytes) -> None:
    ran = run(account, file, content, "--json")
    assert "Nothing was saved." in str(ran.error)
    assert ran.answer == {
        "saved": 0,
        "rejected": [{"line": ran.answer["rejected"][0]["line"], "reason": str(ran.error)}],
    }


def test_no_such_file_company_or_account(account: SourceAccount, file: Path) -> None:
    company, account_id = account.company.codat_id, account.account_id
    gone = Ran(file, company, account_id, "--json")
    assert "cannot be read" in str(gone.error)
    file.write_bytes(csv_of(["1.00"]))
    for wrong in (
        Ran(file, "not-an-id", account_id, "--json"),
        Ran(file, "00000000-0000-0000-0000-000000000000", account_id, "--json"),
        Ran(file, company, "no-such-account", "--json"),
    ):
        assert wrong.error is not None
        assert wrong.answer["saved"] == 0
        assert wrong.answer["rejected"][0]["reason"] == str(wrong.error)
    assert not Statement.objects.exists()


def test_of_two_connections_the_one_in_use(account: SourceAccount, file: Path) -> None:
    account.connection.gone_at = timezone.now()
    account.connection.save()
    in_use = portal.make_account(
        portal.make_connection(account.company), account_id=account.account_id
    )
    assert run(account, file, csv_of(["1.00"])).error is None
    assert BankTransaction.objects.get().account == in_use


def test_an_account_removed_at_codat(account: SourceAccount, file: Path) -> None:
    SourceAccount.objects.update(gone_at=timezone.now())
    assert "removed at Codat" in str(run(account, file, csv_of(["1.00"])).error)


def test_the_statement_of_the_account_among_others(account: SourceAccount, file: Path) -> None:
    row = Row("T1", f"{portal.today():%Y%m%d}", "1.00", "Payer")
    content = ofx(Account([row]), Account([row], number="555566667777"))
    refused = run(account, file, content, "--json")
    assert "The file is not of this account" in str(refused.error)
    SourceAccount.objects.update(number_hash=sealing.number_hash("000123456789"))
    ran = run(account, file, content)
    assert ran.error is None
    assert "Other accounts in the file: ••7777. Nothing of them is saved." in ran.err
    assert BankTransaction.objects.count() == 1


def test_an_opening_balance_for_a_file_that_states_none(account: SourceAccount, file: Path) -> None:
    content = file_of(f"A,{portal.today()},Sale,10.00", header="id,date,description,amount")
    ran = run(account, file, content)
    assert "Or give it with --opening-balance." in str(ran.error)
    for wrong, words in (
        (["1e3"], "such as -1234.56"),
        (["X=1.00"], "'X' is not the account of this file"),
        (["1.00", f"{account.account_id}=1.00"], "one opening balance for an account"),
    ):
        given = [part for text in wrong for part in ("--opening-balance", text)]
        ran = run(account, file, content, *given)
        assert words in str(ran.error)
    assert not BankTransaction.objects.exists()
    ran = run(account, file, content, "--opening-balance", "-2.50")
    assert ran.error is None
    assert str(BankTransaction.objects.get().balance) == "7.5000"
    ran = run(account, file, csv_of(["1.00"]), "--opening-balance", "1.00")
    assert "states its balances itself" in str(ran.error)


def test_opening_balances_by_account(file: Path) -> None:
    first, second = (
        portal.make_account(
            number_hash=sealing.number_hash(number),
            number_last4=number[-4:],
            sort_code="021000021",
        )
        for number in ("000123456789", "555566667777")
    )
    today = f"{portal.today():%Y%m%d}"
    parts = [
        Account([Row(f"T{number}", today, "5.00", "Row")], number=number, balance=None)
        for number in ("000123456789", "555566667777")
    ]
    file.write_bytes(ofx(*parts))

    def taken(*openings: str) -> str:
        err = io.StringIO()
        given = [part for text in openings for part in ("--opening-balance", text)]
        try:
            call_command("import_transactions", str(file), *given, stdout=err, stderr=err)
        except CommandError as error:
            err.write(str(error))
        return err.getvalue()

    assert "states no balance" in taken()
    assert "cannot be told apart" in taken("1.00")
    assert "cannot be told apart" in taken("none=1.00")
    assert not BankTransaction.objects.exists()
    assert "2 of" not in taken(f"{first.account_id}=1.00", f"{second.account_id}=-1.00")
    found = [row.balance for row in BankTransaction.objects.order_by("account_id")]
    assert [str(each) for each in found] == ["6.0000", "4.0000"]
    assert "not of a folder" in str(run_folder(file.parent))


def run_folder(folder: Path) -> str:
    with pytest.raises(CommandError) as refused:
        call_command("import_transactions", str(folder), "--opening-balance", "1.00")
    return str(refused.value)
