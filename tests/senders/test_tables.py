"""Text in columns from a core system: of accounts that a column names, or of one account."""

from __future__ import annotations

import csv
import zlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from bankfeeds import importing, senders
from bankfeeds.importing import profiles
from bankfeeds.intake.profile import Layout, Order, Profile
from bankfeeds.models import BankTransaction, ColumnProfile, Event, SampleFile, Statement
from tests import support as portal
from tests.admin.pushes import signed_in, text
from tests.intake.support import written
from tests.intake.xlsx_writer import workbook
from tests.support import run_jobs

from .support import BY, numbered, post, row, sender, status

pytestmark = pytest.mark.django_db
HEADER = ("Institution", "Transit", "Account", "Date", "Text", "Amount", "Balance")
FIRST, SECOND, THIRD = "000123456789", "00987654", "555566667777"
SENDERS = "/admin/bankfeeds/sender/"
DAILY = Profile(
    layout=Layout(header=HEADER, columns=7),
    date="Date",
    description="Text",
    amount="Amount",
    balance="Balance",
    order=Order.YMD,
    account="Account",
    routing="Transit",
    bank="Institution",
)


def made(profile: Profile = DAILY, name: str = "Daily") -> ColumnProfile:
    return profiles.make(profile, institution="Core", name=name, by=BY, now=timezone.now())


def canadian(number: str, **more: Any) -> Any:
    return numbered(number, sort_code="00012-003", **more)


def lines(*rows: str) -> bytes:
    """institution, transit, account; text; amount; balance."""
    today = str(portal.today())
    said = [r.replace(" | ", f",{today},", 1) for r in rows]
    return "\n".join([",".join(HEADER), *said, ""]).encode()


DAY = lines(
    f"3,12,{FIRST} | Sales,10.00,110.00",
    f"3,12,{SECOND} | Rent,-5.00,45.00",
    f"3,12,{FIRST} | Sales,10.00,120.00",
    f"3,13,{SECOND} | Elsewhere,1.00,2.00",
    f"3,12,{THIRD} | Other,1.00,8.00",
)


@pytest.mark.parametrize("day", [DAY, workbook(*csv.reader(DAY.decode().splitlines()))])
def test_each_account_of_a_column_gets_its_rows_and_numbers_are_not_kept(day: bytes) -> None:
    made()
    first, second = canadian(FIRST), canadian(SECOND)
    _row, token = sender()
    address = post(token, day).json()["statusAddress"]
    run_jobs()
    found = status(token, address).json()
    assert found["status"] == "quarantined"
    told = [(each["number"], each["status"], each["saved"]) for each in found["accounts"]]
    assert told == [
        ("••6789", "saved", 2), ("••7654", "saved", 1), ("••7654", "unknown", 0),
        ("••7777", "unknown", 0),
    ]  # fmt: skip
    assert "another routing number" in found["accounts"][2]["reason"]
    rows = BankTransaction.objects.filter(account=first).order_by("pk")
    assert [(each.line, int(each.balance)) for each in rows] == [(2, 110), (4, 120)]
    assert BankTransaction.objects.get(account=second).line == 3
    kept = [importing.read(each).statement for each in Statement.objects.all()]
    assert all(number not in repr(kept) for number in (FIRST, SECOND, THIRD))
    # The account comes; read again, nothing comes in twice.
    canadian(THIRD)
    assert senders.read_again(row(), by=BY, now=timezone.now())
    run_jobs()
    again = status(token, address).json()["accounts"]
    assert [each["status"] for each in again] == ["saved", "saved", "unknown", "saved"]
    assert BankTransaction.objects.count() == 4


def test_chosen_without_an_account_each_of_them_has_a_preview(people: dict[str, Any]) -> None:
    made()
    accounts = [canadian(FIRST), canadian(SECOND)]
    page = signed_in(people["support"])
    file = SimpleUploadedFile("day.csv", DAY)
    shown = text(page.post("/admin/bankfeeds/statement/import/", {"file": file}))
    kept = list(Statement.objects.order_by("pk"))
    assert [each.account for each in kept] == accounts
    assert "2 accounts of this file are not known here" in shown
    for each in kept:
        at = f"/admin/bankfeeds/statement/{each.pk}/"
        preview = text(page.get(f"{at}preview/"))
        assert "This very file" not in preview and "none bad" in preview
        page.post(f"{at}save/")
    assert [each.transactions.count() for each in accounts] == [2, 1]


def test_bad_rows_are_of_their_account_and_lines_that_name_none_are_told_of() -> None:
    made()
    canadian(FIRST), canadian(SECOND)
    _row, token = sender()
    body = DAY.splitlines(keepends=True)[:4] + [
        f"3,12,{SECOND},never,Odd,1.00,46.00\n".encode(), b"TOTAL,4\n",
    ]  # fmt: skip
    post(token, b"".join(body))
    run_jobs()
    first, second, none = row().accounts
    assert (first["status"], first["saved"]) == ("saved", 2)
    assert (second["status"], [each["line"] for each in second["rows"]]) == ("quarantined", [5])
    assert (none["status"], [each["line"] for each in none["rows"]]) == ("unknown", [6])
    assert "which account" in importing.words_of_row(none["rows"][0])


def test_on_the_page_of_one_account_the_others_are_named_alone() -> None:
    profile = made()
    first = canadian(FIRST)
    given: dict[str, Any] = {"file_name": "day.csv", "by": BY, "now": timezone.now()}
    upload = importing.look(first, content=DAY + b"TOTAL,4\n", **given)
    assert upload.profile == profile
    mine = importing.read(upload)
    assert [each.line for each in mine.statement.rows] == [2, 4]
    # Whoever saves it has seen that a line names no account.
    assert [each.line for each in mine.statement.rejected] == [7]
    with pytest.raises(importing.BadRowsRemain):
        importing.save(upload, leave_out_bad=False, by=BY, now=timezone.now())
    with pytest.raises(importing.CannotImport, match="••6789, ••7654, ••7777"):
        importing.look(canadian("11112222"), content=DAY, **given)


def test_our_own_columns_beside_a_column_of_accounts_are_not_one_account() -> None:
    """A file with our header and a column of accounts was taken for one account's."""
    header = ("account", "id", "date", "description", "amount", "balance")
    own = Profile(
        layout=Layout(header=header, columns=6),
        date="date",
        description="description",
        amount="amount",
        balance="balance",
        order=Order.YMD,
        account="account",
        id="id",
    )
    made(own)
    first, second = canadian(FIRST), canadian(SECOND)
    day = portal.today()
    body = f"{','.join(header)}\n{FIRST},a,{day},Sales,1.00,1.00\n{SECOND},a,{day},Rent,2.00,9.00\n"
    given: dict[str, Any] = {"file_name": "day.csv", "by": BY, "now": timezone.now()}
    upload = importing.look(first, content=body.encode(), **given)
    assert [row.line for row in importing.read(upload).statement.rows] == [2]
    _row, token = sender()
    post(token, body.encode())
    run_jobs()
    assert [each["saved"] for each in row().accounts] == [1, 1]
    assert BankTransaction.objects.filter(account=second).count() == 1


def test_files_that_name_no_account_are_of_the_senders_account(people: dict[str, Any]) -> None:
    account = canadian(FIRST)
    who, token = sender()
    boss = Client()
    boss.force_login(people["administrator"])
    page, form = f"{SENDERS}{who.pk}/change/", f"{SENDERS}{who.pk}/account/"
    csv = written([["T1", str(portal.today()), "Sales", "1.00", "1.00"]])
    address = post(token, csv).json()["statusAddress"]
    run_jobs()
    assert "names no account" in status(token, address).json()["reason"]
    assert "wait in quarantine" in boss.get(page).content.decode()
    assert "No account has it" in boss.post(form, {"account": "nope"}).content.decode()
    said = boss.post(form, {"account": account.account_id}, follow=True).content.decode()
    assert f"are of {account.name}" in said
    assert (
        "set so already"
        in boss.post(form, {"account": account.account_id}, follow=True).content.decode()
    )
    assert account.account_id in boss.get(form).content.decode()
    senders.read_again(row(), by=BY, now=timezone.now())
    run_jobs()
    assert status(token, address).json()["accounts"][0]["saved"] == 1
    assert BankTransaction.objects.get().account == account
    assert Event.objects.get(action="sender.bound").account == account
    # A file that names its accounts goes to these all the same.
    made()
    second = canadian(SECOND)
    post(token, DAY.replace(FIRST.encode(), SECOND.encode()), "day-2")
    run_jobs()
    assert BankTransaction.objects.filter(account=second).count() == 3
    assert boss.post(form, {"account": ""}).status_code == 303
    assert "wait in quarantine" in boss.get(page).content.decode()


def test_a_sample_is_kept_sealed() -> None:
    """It stood there as it came, with the account numbers in it."""
    sample = profiles.keep_sample(DAY, file_name="day.csv", by=BY, now=timezone.now())
    assert profiles.content_of(SampleFile.objects.get(pk=sample.pk)) == DAY

    with pytest.raises(zlib.error):
        zlib.decompress(bytes(sample.content))
