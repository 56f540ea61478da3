"""The import in the browser's words: choose, look, save or cancel, and the lists afterwards."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bankfeeds import holding, sealing
from bankfeeds.admin.statements.form import FilesForm, UploadForm
from bankfeeds.models import (
    BankTransaction,
    Event,
    Origin,
    Push,
    PushDecision,
    PushItem,
    PushStatus,
    SourceAccount,
    Statement,
)
from tests import support as portal
from tests.importing.support import BY, csv_of, look, rows_of, save
from tests.intake.ofx_writer import Account, Row, ofx
from tests.intake.support import file_of, written
from tests.intake.xlsx_writer import HEADER, workbook
from tests.matrix.forms import fields_of

IMPORT = "admin:bankfeeds_statement_import"
UNDO = "admin:bankfeeds_statement_undo"
PREVIEW = "admin:bankfeeds_statement_preview"
SAVE = "admin:bankfeeds_statement_save"
DISCARD = "admin:bankfeeds_statement_discard"
BAD_ROWS = "admin:bankfeeds_statement_bad_rows"
PAGE = "admin:bankfeeds_statement_change"
FILES = "admin:bankfeeds_statement_changelist"
ROWS = "admin:bankfeeds_banktransaction_changelist"


@pytest.fixture
def account(db: None) -> SourceAccount:
    company = portal.make_company("Café Québec", folded_name="cafe quebec")
    return portal.make_account(portal.make_connection(company))


@pytest.fixture
def support(client: Client, people: dict[str, User]) -> Client:
    client.force_login(people["support"])
    return client


def upload(client: Client, account: SourceAccount, content: bytes, name: str = "day.csv") -> Any:
    file = SimpleUploadedFile(name, content, content_type="text/csv")
    return client.post(reverse(IMPORT), {"account": account.pk, "file": file}, follow=True)


def text(answer: Any) -> str:
    """The page as one line, so that sentences can be looked for."""
    return " ".join(answer.content.decode().split())


def bad_file() -> bytes:
    today = portal.today()
    return file_of(f"A,{today},x,1,1", f"B,{today},=HYPERLINK(1),NaN,2", f"C,{today},x,1,2")


# --- The way through -----------------------------------------------------------------------------


def test_from_the_file_to_the_saved_rows(support: Client, account: SourceAccount) -> None:
    page = support.get(reverse(IMPORT), {"account": account.pk})
    assert str(account) in text(page)
    assert "Café Québec" in text(page)

    shown = upload(support, account, csv_of(["1200.00", "-75.50"]))
    [(preview, _status)] = shown.redirect_chain
    assert "Line 2: 1,200.00 USD came in from Row T1" in text(shown)
    assert "Line 3: 75.50 USD left the account to Row T2" in text(shown)
    assert "Balance moves with the amounts: yes" in text(shown)
    assert "Save 2 rows" in text(shown)
    assert not BankTransaction.objects.exists()

    statement = Statement.objects.get()
    assert preview == reverse(PREVIEW, args=[statement.pk])
    done = support.post(reverse(SAVE, args=[statement.pk]), follow=True)
    assert done.redirect_chain[-1][0] == reverse(PAGE, args=[statement.pk])
    assert "2 rows of this file were saved." in text(done)
    assert f"{reverse('admin:bankfeeds_push_confirm')}?account={account.pk}" in text(done)
    assert BankTransaction.objects.count() == 2


def test_the_account_is_found_without_a_script(support: Client, account: SourceAccount) -> None:
    other = portal.make_account()
    page = support.get(reverse(IMPORT), {"q": "cafe quebec"})
    assert f'{reverse(IMPORT)}?account={account.pk}"' in text(page)
    assert f'?account={other.pk}"' not in text(page)
    of_company = support.get(reverse(IMPORT), {"company": other.company_id})
    assert f'?account={other.pk}"' in text(of_company)
    assert f'?account={account.pk}"' not in text(of_company)


@pytest.mark.parametrize("given", ["999999", "abc", "-1", "9" * 30, "٣"])
def test_an_account_that_is_none(support: Client, account: SourceAccount, given: str) -> None:
    page = support.get(reverse(IMPORT), {"account": given, "company": given})
    assert page.status_code == 200
    assert "There is no such account." in text(page)


def test_saving_twice_shows_the_first_result(support: Client, account: SourceAccount) -> None:
    upload(support, account, csv_of(["1.00"]))
    url = reverse(SAVE, args=[Statement.objects.get().pk])
    pages = [text(support.post(url, follow=True)) for _ in range(2)]
    assert all("1 row of this file was saved." in page for page in pages)
    assert BankTransaction.objects.count() == 1


def test_a_file_of_another_account_is_asked_about(support: Client, account: SourceAccount) -> None:
    content, other = csv_of(["5.00", "-1.00"]), portal.make_account()
    first = save(look(other, content))
    shown = upload(support, account, content)
    assert "This very file was imported for another account." in text(shown)
    assert reverse(PAGE, args=[first.pk]) in text(shown)
    statement = Statement.objects.get(account=account)
    refused = support.post(reverse(SAVE, args=[statement.pk]), follow=True)
    assert f"This very file was imported for {other} of {other.company}" in text(refused)
    assert not account.transactions.exists()
    done = support.post(reverse(SAVE, args=[statement.pk]), {"is_of_account": "yes"}, follow=True)
    assert "2 rows of this file were saved." in text(done)


def test_what_is_saved_is_what_was_shown(support: Client, account: SourceAccount) -> None:
    day = portal.today()
    first = upload(support, account, file_of(f"A,{day},x,1,1", f"B,{day},x,1,2"))
    statement = Statement.objects.get()
    shown = fields_of(first.content.decode(), reverse(SAVE, args=[statement.pk]), itself=False)
    save(look(account, file_of(f"A,{day},x,1,1")))
    answer = support.post(reverse(SAVE, args=[statement.pk]), shown, follow=True)
    assert "while the page was open" in text(answer)
    assert "Save 1 row" in text(answer)
    assert BankTransaction.objects.count() == 1
    again = fields_of(answer.content.decode(), reverse(SAVE, args=[statement.pk]), itself=False)
    support.post(reverse(SAVE, args=[statement.pk]), again)
    assert BankTransaction.objects.count() == 2


def test_opening_and_reloading_saves_nothing(support: Client, account: SourceAccount) -> None:
    upload(support, account, csv_of(["1.00"]))
    pk = Statement.objects.get().pk
    for name in (PREVIEW, PREVIEW, SAVE, DISCARD):
        answer = support.get(reverse(name, args=[pk]), follow=True)
        assert "Nothing is saved yet." in text(answer)
    assert not BankTransaction.objects.exists()


def test_cancel_and_cancel_again(support: Client, account: SourceAccount) -> None:
    upload(support, account, csv_of(["1.00"]))
    pk = Statement.objects.get().pk
    for _ in range(2):
        answer = support.post(reverse(DISCARD, args=[pk]), follow=True)
        assert "The upload was cancelled. Nothing was saved." in text(answer)
    assert not Statement.objects.exists()
    for name in (PREVIEW, SAVE):
        answer = support.post(reverse(name, args=[pk]), follow=True)
        assert "no longer kept" in text(answer)


def test_a_saved_file_cannot_be_cancelled(support: Client, account: SourceAccount) -> None:
    pk = save(look(account, csv_of(["1.00"]))).pk
    assert "It stays" in text(support.post(reverse(DISCARD, args=[pk]), follow=True))
    assert BankTransaction.objects.exists()


# --- Bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "This file is empty."),
        (file_of(), "a header and no rows"),
        (b"\0\1\2\3" * 500, "neither text nor a workbook"),
        ("id,date".encode("utf-16"), "UTF-16"),
        ("id,date,description,amount,balance\nÉ".encode("cp1252"), "Line 2 has a letter"),
        (b"a,b,c\n1,2,3", "does not name: id, date"),
    ],
)
def test_a_file_that_is_none(
    support: Client, account: SourceAccount, content: bytes, words: str
) -> None:
    answer = upload(support, account, content)
    assert answer.status_code == 200
    assert words in text(answer)
    assert "Nothing was saved." in text(answer)
    assert not Statement.objects.exists()


def test_no_file_at_all(support: Client, account: SourceAccount) -> None:
    assert "Choose the file first." in text(support.post(reverse(IMPORT), {"account": account.pk}))


def test_a_file_above_the_limit(support: Client, account: SourceAccount, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 1024
    answer = upload(support, account, csv_of(["1.00"] * 100))
    assert "a page takes 1.0" in text(answer) and "or 200,000 rows. Nothing" in text(answer)
    assert "import_transactions" in text(answer)
    assert not Statement.objects.exists()


def test_the_same_file_again_leads_to_the_first(support: Client, account: SourceAccount) -> None:
    content = csv_of(["1.00"])
    first = save(look(account, content))
    answer = upload(support, account, content, name="renamed.csv")
    assert "This file was imported on" in text(answer)
    assert "Nothing was changed." in text(answer)
    assert f'<a href="{reverse(PAGE, args=[first.pk])}">Open that import</a>' in text(answer)


def test_an_account_removed_at_codat(support: Client, account: SourceAccount) -> None:
    SourceAccount.objects.update(gone_at=timezone.now())
    assert "removed at Codat" in text(upload(support, account, csv_of(["1.00"])))


def test_bad_rows_are_named_and_left_out_with_a_tick_only(
    support: Client, account: SourceAccount
) -> None:
    shown = upload(support, account, bad_file())
    assert "Save 2, leave 1 out" in text(shown)
    assert "Its amount “NaN” is not a number" in text(shown)
    url = reverse(SAVE, args=[Statement.objects.get().pk])
    refused = support.post(url, follow=True)
    assert "Nothing was saved: 1 row is bad." in text(refused)
    assert not BankTransaction.objects.exists()
    done = support.post(url, {"leave_out_bad": "yes"}, follow=True)
    assert "2 saved · 0 already here · 1 left out" in text(done)
    assert "Its amount “NaN” is not a number" in text(done)
    # Kept in the language of who saved it, read in that of who looks.
    page = reverse("admin:bankfeeds_statement_change", args=[Statement.objects.get().pk])
    support.post("/admin/language/", {"language": "fr-ca"})
    assert "est pas un nombre comme -1234.56." in text(support.get(page))


def test_bad_rows_to_mend_are_safe_in_a_spreadsheet(
    support: Client, account: SourceAccount
) -> None:
    upload(support, account, bad_file())
    answer = support.get(reverse(BAD_ROWS, args=[Statement.objects.get().pk]))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="day-bad-rows.csv"'
    header, row = answer.content.decode("utf-8-sig").splitlines()
    assert header == "line,code,reason,file,id,date,description,amount,balance"
    assert row.startswith("3,not-a-number,")
    assert ",'=HYPERLINK(1),NaN,2" in row
    handed_out = Event.objects.get(action="statement.bad_rows_handed_out")
    assert (handed_out.actor_name, handed_out.words) == ("support", "day.csv")


def test_bad_rows_come_again_as_they_were_mended(support: Client, account: SourceAccount) -> None:
    upload(support, account, bad_file())
    first = Statement.objects.get()
    url = reverse(BAD_ROWS, args=[first.pk])
    bad = support.get(url).content
    unmended = text(upload(support, account, bad, name="day-bad-rows.csv"))
    assert "0 rows mended · <strong" in unmended
    assert "1 still wrong" in unmended
    assert "Save 2, leave 1 out" in unmended
    shown = upload(support, account, bad.replace(b",NaN,", b",1,"), name="day-bad-rows.csv")
    assert f'<a href="{reverse(PAGE, args=[first.pk])}">day.csv</a>' in text(shown)
    assert "1 row mended · none still wrong" in text(shown)
    assert "Not saved yet: it is saved together with these rows." in text(shown)
    assert "1 to 1 of 1" in text(shown)
    assert "=HYPERLINK(1)" in text(shown)
    assert "&#x27;=HYPERLINK(1)" not in text(shown)
    [(preview, _status)] = shown.redirect_chain
    assert "1 to 3 of 3" in text(support.get(preview, {"all": "1"}))
    done = support.post(preview.replace("preview", "save"), follow=True)
    assert "1 row of this file was saved." in text(done)
    assert "Mended rows of" in text(done)
    page = text(support.get(reverse(PAGE, args=[first.pk])))
    assert "day-bad-rows.csv</a>: 1 row saved" in page
    assert "Mended and saved since." in page
    assert list(account.transactions.in_feed_order().values_list("line", flat=True)) == [2, 3, 4]


def test_a_workbook_is_called_so_and_a_bad_row_begins_with_why(
    support: Client, account: SourceAccount
) -> None:
    rows = [["A", str(portal.today()), "x", "1", "1"], ["B", "soon", "x", "1", "2"]]
    shown = text(upload(support, account, workbook(HEADER, *rows), "day.xlsx"))
    assert 'day.xlsx <span class="small">Excel,' in shown
    assert shown.index("Its date “soon”") < shown.index("B,soon,x,1,2")


def test_only_the_problems(support: Client, account: SourceAccount) -> None:
    upload(support, account, bad_file())
    page = support.get(reverse(PREVIEW, args=[Statement.objects.get().pk]), {"problems": "1"})
    assert "1 to 1 of 1" in text(page)
    assert ">A<" not in text(page)


def test_a_long_file_is_shown_page_by_page(support: Client, account: SourceAccount) -> None:
    shown = text(upload(support, account, csv_of(["1.00"] * 1_001)))
    assert "1 to 500 of 1,001" in shown
    assert "Save 1,001 rows" in shown
    assert "?all=1&amp;page=2#lines" in shown
    url = reverse(PREVIEW, args=[Statement.objects.get().pk])
    last = text(support.get(url, {"all": "1", "page": "3"}))
    assert "1,001 to 1,001 of 1,001" in last
    assert "T1001," in last
    assert "T1000," not in last


def test_what_stands_in_the_file_is_shown_beside_each_row(
    support: Client, account: SourceAccount
) -> None:
    lines = [f"A,{portal.today()},Café & thé,+1.00,00000001.00,4500-1234-5678-9012,0012345678"]
    content = file_of(*lines, header="id,date,description,amount,balance,card,branch")
    shown = text(upload(support, account, content))
    raw = f"A,{portal.today()},Café &amp; thé,+1.00,00000001.00,••9012,••5678"
    assert f'In the file:</span> <span class="mono">{raw}<' in shown


def test_nothing_new(support: Client, account: SourceAccount) -> None:
    save(look(account, csv_of(["1.00"])))
    shown = upload(support, account, csv_of(["1.00"]) + b"\n")
    assert "Nothing new: every row that was understood is here already." in text(shown)


def test_what_a_file_says_is_escaped(support: Client, account: SourceAccount) -> None:
    rows = [["<b>1</b>", portal.today(), "<script>alert(1)</script>", "1.00", "1.00"]]
    shown = upload(support, account, written(rows), name="<img src=x>.csv")
    assert "<script>alert" not in text(shown)
    assert "<img src=x" not in text(shown)


def test_the_sample_is_understood(support: Client, account: SourceAccount) -> None:
    sample = support.get(reverse("admin:bankfeeds_statement_sample"))
    shown = upload(support, account, sample.content)
    assert "Save 3 rows" in text(shown)
    assert "Balance moves with the amounts: yes" in text(shown)
    assert "0 of 3" not in text(shown)


def test_the_page_of_an_upload_says_how_it_goes_on(support: Client, account: SourceAccount) -> None:
    page = text(support.get(f"{reverse(IMPORT)}?account={account.pk}"))
    assert "Undo import on its page takes its rows out again" in page
    assert "Dry run on the page of the push shows exactly what would go" in page
    assert "Received files" in page


# --- Who may -------------------------------------------------------------------------------------


def test_the_auditor_reads_and_imports_nothing(
    client: Client, people: dict[str, User], account: SourceAccount
) -> None:
    waiting = look(account, csv_of(["1.00"]))
    saved = save(look(account, csv_of(["2.00"], prefix="U")))
    client.force_login(people["auditor"])
    for name, args in (
        (IMPORT, []),
        ("admin:bankfeeds_statement_sample", []),
        (PREVIEW, [waiting.pk]),
        (SAVE, [waiting.pk]),
        (DISCARD, [waiting.pk]),
    ):
        assert client.get(reverse(name, args=args)).status_code == 403, name
        assert client.post(reverse(name, args=args)).status_code == 403, name
    assert Statement.objects.get(pk=waiting.pk).state == Statement.State.PREVIEWED
    page = client.get(reverse(PAGE, args=[saved.pk]))
    assert "1 row of this file was saved." in text(page)
    assert "Push now" not in text(page)
    assert "Import another file" not in text(page)
    unsaved = client.get(reverse(PAGE, args=[waiting.pk]))
    assert "Looked at, not saved" in text(unsaved)
    files = client.get(reverse(FILES))
    assert files.status_code == 200
    assert "Import a file" not in text(files)
    assert client.get(reverse(ROWS)).status_code == 200
    # It has whole account numbers.
    assert client.get(reverse(BAD_ROWS, args=[saved.pk])).status_code == 403
    assert not Event.objects.filter(action="statement.bad_rows_handed_out").exists()


def test_nobody_from_outside(client: Client, account: SourceAccount) -> None:
    for name in (IMPORT, FILES, ROWS):
        assert client.get(reverse(name)).status_code == 302


@pytest.mark.parametrize("role", ["manager", "support"])
def test_nobody_adds_changes_or_deletes_by_hand(
    client: Client, people: dict[str, User], account: SourceAccount, role: str
) -> None:
    row = portal.make_transactions(account)[0]
    client.force_login(people[role])
    statement = reverse("admin:bankfeeds_statement_add")
    transaction = reverse("admin:bankfeeds_banktransaction_add")
    change = reverse("admin:bankfeeds_banktransaction_change", args=[row.pk])
    delete = reverse("admin:bankfeeds_banktransaction_delete", args=[row.pk])
    for url in (statement, transaction, change, delete):
        assert client.post(url, {"post": "yes"}).status_code == 403, url
    assert client.get(change).status_code == 200


# --- The lists -----------------------------------------------------------------------------------


def put_into_push(account: SourceAccount, rows: list[BankTransaction], **changes: Any) -> Push:
    values: dict[str, Any] = {
        "company": account.company,
        "connection": account.connection,
        "account": account,
        "sequence": Push.objects.filter(account=account).count() + 1,
        "status": PushStatus.SUCCEEDED,
        "origin": Origin.PERSON,
        "requested_at": timezone.now(),
        "requested_by": "manager",
        "environment": "sandbox",
        "rows": len(rows),
        "first_date": rows[0].date,
        "last_date": rows[-1].date,
        "money_in": 0,
        "money_out": 0,
        "balance_after": rows[-1].balance,
        "currency": account.currency,
        "body_sha256": "0" * 64,
    }
    push = Push.objects.create(**{**values, **changes})
    for position, row in enumerate(rows):
        PushItem.objects.create(
            push=push, connection=account.connection, transaction=row, position=position
        )
    return push


def test_every_state_in_words(support: Client, account: SourceAccount) -> None:
    today = portal.today()
    day = dt.timedelta(days=1)
    portal.make_transactions(account, ["1.00"], date=today)
    sent = portal.make_transactions(account, ["2.00"], date=today - 3 * day)
    push = put_into_push(account, sent)
    portal.make_transactions(account, ["3.00"], date=today - 4 * day)
    portal.make_transactions(account, ["4.00"], date=today + day)
    [left] = portal.make_transactions(account, ["5.00"], date=today)
    left.left_out_by = PushDecision.objects.create(
        push=push,
        kind="leave_out",
        reason="typing mistake",
        made_at=timezone.now(),
        made_by="manager",
    )
    left.save()
    page = text(support.get(reverse(ROWS)))
    assert "Waiting" in page
    assert "Send by" in page
    assert f"In push #{push.pk}" in page
    assert "Too late for the feed" in page
    assert "Blocked – Its date lies in the future" in page
    assert "Left out" in page
    assert "typing mistake" in page


@pytest.mark.parametrize(
    ("state", "number"), [("waiting", 2), ("push", 1), ("out", 0), ("moved", 0), ("x", 3)]
)
def test_the_filter_by_state(
    support: Client, account: SourceAccount, state: str, number: int
) -> None:
    rows = portal.make_transactions(account)
    put_into_push(account, rows[:1])
    page = support.get(reverse(ROWS), {"state": state})
    assert page.context["cl"].result_count == number


def test_search_is_by_the_whole_id(support: Client, account: SourceAccount) -> None:
    rows = portal.make_transactions(account)
    wanted = rows[0].transaction_id
    found = support.get(reverse(ROWS), {"q": f" {wanted} "}).context["cl"]
    assert [row.pk for row in found.result_list] == [rows[0].pk]
    assert support.get(reverse(ROWS), {"q": wanted[:5]}).context["cl"].result_count == 0


def test_filters_by_account_file_and_day(support: Client, account: SourceAccount) -> None:
    rows = portal.make_transactions(account)
    portal.make_transactions(portal.make_account())
    queries: tuple[dict[str, Any], ...] = (
        {"account__id__exact": account.pk},
        {"statement__id__exact": rows[0].statement_id},
        {"account__id__exact": account.pk, "from": portal.today().isoformat()},
    )
    for query in queries:
        assert support.get(reverse(ROWS), query).context["cl"].result_count == 3


@pytest.mark.parametrize("query", [{"account__id__exact": "x"}, {"date__gte": "soon"}, {"p": "z"}])
def test_a_broken_address_is_no_error(
    support: Client, account: SourceAccount, query: dict[str, str]
) -> None:
    assert support.get(reverse(ROWS), query, follow=True).status_code == 200


def questions(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(url).status_code == 200
    return len(asked)


def test_the_lists_ask_as_much_for_100_rows_as_for_one(support: Client) -> None:
    def one_more() -> None:
        account = portal.make_account()
        rows = portal.make_transactions(account, ["1.00"])
        put_into_push(account, rows)

    one_more()
    urls = [reverse(ROWS), reverse(FILES)]
    first = [questions(support, url) for url in urls]
    for _ in range(99):
        one_more()
    assert [questions(support, url) for url in urls] == first


def test_the_list_of_files_reads_no_contents(support: Client, account: SourceAccount) -> None:
    save(look(account, csv_of(["1.00"])))
    with CaptureQueriesContext(connection) as asked:
        page = support.get(reverse(FILES))
    assert "day.csv" in text(page)
    assert not [query for query in asked if '"piece"' in query["sql"]]
    assert not [query for query in asked if '"sealed_body"' in query["sql"]]


def test_a_reference_is_met_however_it_is_written(support: Client) -> None:
    for reference in ("QC-0042", "ON-7"):
        company = portal.make_company(f"Client of {reference}", reference=reference)
        account = portal.make_account(portal.make_connection(company))
        portal.make_doubt(account, portal.make_transactions(account, ["1.00"])[0])
    for typed in ("QC-0042", "qc 0042", "qc00"):
        for page in (IMPORT, FILES, "admin:bankfeeds_doubt_changelist"):
            found = support.get(reverse(page), {"q": typed}).content.decode()
            assert "Client of QC-0042" in found and "Client of ON-7" not in found, (page, typed)


@pytest.mark.parametrize(("typed", "number"), [("DAY", 1), ("cafe", 1), ("nothing like it", 0)])
def test_files_are_found_by_name_and_company(
    support: Client, account: SourceAccount, typed: str, number: int
) -> None:
    save(look(account, written(rows_of(["1.00"]))))
    assert support.get(reverse(FILES), {"q": typed}).context["cl"].result_count == number


def test_a_file_that_is_not_there(support: Client, account: SourceAccount) -> None:
    for url in (reverse(PAGE, args=[99_999]), reverse(PREVIEW, args=[99_999])):
        assert support.get(url, follow=True).status_code == 200
    assert support.get(reverse(BAD_ROWS, args=[99_999])).status_code == 404
    assert support.get(f"{reverse(FILES)}{'9' * 30}/preview/", follow=True).status_code == 200


def test_a_statement_of_another_format(support: Client, account: SourceAccount) -> None:
    account.number_hash = sealing.number_hash("000123456789")
    account.save()
    day = f"{portal.today():%Y%m%d}"
    ours, other = (
        Account([Row("T1", day, "250.00", "Payer")]),
        Account([Row("X1", day, "9.99", "Theirs")], number="555566667777"),
    )
    pending = b"<BANKTRANLISTP><STMTTRNP><TRNAMT>-3.00<NAME>Bakery</STMTTRNP></BANKTRANLISTP>"
    content = ofx(ours, other).replace(b"<LEDGERBAL>", pending + b"<LEDGERBAL>", 1)
    page = text(upload(support, account, content, "day.qfx"))
    for words in (
        "OFX,",
        "••7777",
        "1 held out",
        "It is pending and not yet booked.",
        "Worked out from the balance that the file states.",
        "Save 1 row",
    ):
        assert words in page
    assert "Theirs" not in page
    assert "555566667777" not in page
    refused = text(upload(support, account, ofx(other), "day.ofx"))
    assert "The file is not of this account" in refused
    [(_where, _status)] = support.post(
        reverse(SAVE, args=[Statement.objects.get().pk]), follow=True
    ).redirect_chain
    assert BankTransaction.objects.get().transaction_id == "T1"


# --- Undo ----------------------------------------------------------------------------------------


def test_an_import_is_taken_back_with_a_reason(support: Client, account: SourceAccount) -> None:
    upload(support, account, csv_of(["1.00", "2.00"]))
    statement = Statement.objects.get()
    support.post(reverse(SAVE, args=[statement.pk]))
    page, url = reverse(PAGE, args=[statement.pk]), reverse(UNDO, args=[statement.pk])
    assert f'href="{url}"' in text(support.get(page))
    asked = text(support.get(url))
    assert "2 rows of this file are taken out of the portal." in asked
    assert "Nothing was changed." in text(support.post(url, {"reason": " "}))
    assert BankTransaction.objects.count() == 2
    done = text(support.post(url, {"reason": "wrong client"}, follow=True))
    assert "The import was taken back. Nothing of it was sent." in done
    assert "The same file can be imported again." in done
    assert "By support, " in done and ": wrong client</p>" in done
    assert f'href="{url}"' not in done
    assert not BankTransaction.objects.exists()
    assert "This import was taken back already." in text(support.get(url))


def test_an_import_that_was_pushed_says_why_it_stays(
    support: Client, account: SourceAccount
) -> None:
    upload(support, account, csv_of(["1.00"]))
    statement = Statement.objects.get()
    support.post(reverse(SAVE, args=[statement.pk]))
    said = text(support.get(reverse(PAGE, args=[statement.pk])))
    assert "1 of them waits in no push. It waits until somebody pushes it." in said
    portal.make_push(account, list(account.transactions.all()))
    for name in (PAGE, UNDO):
        page = text(support.get(reverse(name, args=[statement.pk])))
        assert "Rows of this file are or were in a push, so it stays." in page
    support.post(reverse(UNDO, args=[statement.pk]), {"reason": "wrong"})
    assert BankTransaction.objects.count() == 1


def test_the_page_of_a_file_says_what_became_of_its_rows(
    support: Client, account: SourceAccount
) -> None:
    upload(support, account, csv_of(["1.00", "2.00"]))
    statement = Statement.objects.get()
    support.post(reverse(SAVE, args=[statement.pk]))
    page = reverse(PAGE, args=[statement.pk])
    assert "2 of them wait in no push. They wait until somebody pushes them." in text(
        support.get(page)
    )
    portal.make_push(account, list(account.transactions.all()))
    shown = text(support.get(page))
    assert "All of them are in pushes, or were decided on." in shown and "Push now" not in shown


def test_push_now_says_that_sending_is_stopped(support: Client, account: SourceAccount) -> None:
    upload(support, account, csv_of(["1.00"]))
    statement = Statement.objects.get()
    support.post(reverse(SAVE, args=[statement.pk]))
    holding.stop_sending(account=account, reason="audit", by=BY, now=timezone.now())
    shown = text(support.get(reverse(PAGE, args=[statement.pk])))
    assert '<button type="button" disabled>Push now</button>' in shown
    assert "Sending is stopped for this account by tests: audit." in shown


def test_several_files_each_with_its_own_result(support: Client, account: SourceAccount) -> None:
    save(look(account, csv_of(["9.00"], prefix="K"), name="known.csv"))
    contents = {
        "b.csv": csv_of(["2.00"], prefix="B"),
        "a.csv": csv_of(["1.00"], prefix="A"),
        "known.csv": csv_of(["9.00"], prefix="K"),
        "none<b>.csv": b"\x00\x01",
    }
    files = [SimpleUploadedFile(name, content) for name, content in contents.items()]
    answer = support.post(reverse(IMPORT), {"account": account.pk, "file": files})
    found = text(answer)
    kept = Statement.objects.filter(state="previewed").order_by("file_name")
    assert [each.file_name for each in kept] == ["a.csv", "b.csv"]
    assert found.index("Look at a.csv") < found.index("Look at b.csv")
    assert "This file was imported on" in found
    assert "none&lt;b&gt;.csv" in found
    assert "read it by a profile" not in found
    assert BankTransaction.objects.count() == 1
    for each in kept:
        support.post(reverse(SAVE, args=[each.pk]))
    assert BankTransaction.objects.count() == 3
    of_a_profile = [
        SimpleUploadedFile("p.csv", b"When;What;Sum\n2026-11-20;x;1,00\n"),
        SimpleUploadedFile("q.csv", b"\0"),
    ]
    found = text(support.post(reverse(IMPORT), {"account": account.pk, "file": of_a_profile}))
    assert found.count("Choose it alone to read it by a profile.") == 1
    many = [SimpleUploadedFile(f"{n:02}.csv", csv_of(["1.00"], prefix=f"M{n}-")) for n in range(22)]
    found = text(support.post(reverse(IMPORT), {"account": account.pk, "file": many}))
    assert "choose these again: 20.csv, 21.csv" in found


def test_one_file_for_all_of_its_accounts(support: Client, account: SourceAccount) -> None:
    numbers = [f"00012345678{n}" for n in range(3)]
    accounts = [account, portal.make_account(), portal.make_account(currency="CAD")]
    for each, number in zip(accounts, numbers, strict=True):
        each.number_hash = sealing.number_hash(number)
        each.save()
    row = Row("T1", f"{portal.today():%Y%m%d}", "1.00", "Payer")
    content = ofx(*(Account([row], number=number) for number in (*numbers, "9990001111")))
    file = SimpleUploadedFile("all.ofx", content)
    found = text(support.post(reverse(IMPORT), {"file": file}))
    kept = list(Statement.objects.order_by("pk"))
    assert [each.account for each in kept] == accounts[:2]
    assert all(reverse(PREVIEW, args=[each.pk]) in found for each in kept)
    assert "••1111" in found and "No account here has this number." in found
    assert "1 account of this file is not known here" in found
    assert "The statement is in USD and this account is in CAD." in found
    support.post(reverse(SAVE, args=[kept[1].pk]))
    file.seek(0)
    again = text(support.post(reverse(IMPORT), {"file": file}))
    assert reverse(PAGE, args=[kept[1].pk]) in again
    assert BankTransaction.objects.count() == 1

    for given, words in (
        (csv_of(["1.00"]), "This file does not say whose it is."),
        (b"%PDF", "This file is a PDF"),
        (None, "Choose the file first."),
    ):
        posted = {} if given is None else {"file": SimpleUploadedFile("day.csv", given)}
        assert words in text(support.post(reverse(IMPORT), posted))
    two = [SimpleUploadedFile(f"{n}.ofx", content) for n in range(2)]
    assert "Choose one file at a time." in text(support.post(reverse(IMPORT), {"file": two}))
    assert Statement.objects.count() == 2


def test_a_sample_is_one_file() -> None:
    assert "multiple" in str(FilesForm()["file"])
    assert "multiple" not in str(UploadForm()["file"])
