"""A column profile is made in the browser: guessed, rehearsed in plain words, confirmed, kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bankfeeds.importing import profiles
from bankfeeds.intake.profile import profile_of
from bankfeeds.models import ColumnProfile, Event, SampleFile, SourceAccount, Statement
from tests import support as portal
from tests.admin.pushes import signed_in, text
from tests.importing.support import BY
from tests.intake.corpus import HERE
from tests.intake.corpus.profiles import PROFILES
from tests.intake.xlsx_writer import number, workbook
from tests.matrix.forms import fields_of

LIST = "admin:bankfeeds_columnprofile_changelist"
ADD = "admin:bankfeeds_columnprofile_add"
SAMPLE = "admin:bankfeeds_columnprofile_sample"
PAGE = "admin:bankfeeds_columnprofile_change"
RETIRE = "admin:bankfeeds_columnprofile_retire"
IMPORT = "admin:bankfeeds_statement_import"


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account()


@pytest.fixture
def manager(people: dict[str, User]) -> Client:
    return signed_in(people["manager"])


@pytest.fixture
def support(people: dict[str, User]) -> Client:
    return signed_in(people["support"])


def corpus(name: str) -> bytes:
    return (HERE / "profile" / name).read_bytes()


def file(content: bytes, name: str = "day.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def uploaded(client: Client, account: SourceAccount, content: bytes) -> Any:
    posted = {"account": account.pk, "file": file(content)}
    return client.post(reverse(IMPORT), posted, follow=True)


def fields(page: Any) -> dict[str, Any]:
    """What the form of the page would send as it stands."""
    found = fields_of(page.content.decode(), page.request["PATH_INFO"], itself=True)
    assert found is not None
    return {name: values[-1] for name, values in found.items() if values}


def pressed(client: Client, page: Any, **changes: Any) -> Any:
    posted = {**fields(page), **changes}
    return client.post(page.request["PATH_INFO"], posted, follow=True)


def make(name: str = "caisse", **more: Any) -> ColumnProfile:
    return profiles.make(
        PROFILES[name], institution="Caisse", name=name, by=BY, now=timezone.now(), **more
    )


# --- From a file that nothing reads to its preview ------------------------------------------------


def test_from_an_unread_file_to_its_preview(manager: Client, account: SourceAccount) -> None:
    page = uploaded(manager, account, corpus("caisse-clean.csv"))
    assert "Nothing was saved." in text(page)
    assert "Read it by a profile" in text(page)
    sample = SampleFile.objects.get()
    assert not Statement.objects.exists()

    form = manager.get(reverse(SAMPLE, args=[sample.pk]))
    said = text(form)
    assert "On Nov 19, 2026 the client PAID 40.25 USD to Hydro-Québec (line 5)." in said
    assert "On Nov 20, 2026 the client PAID 9.75 USD to Café (line 6)." in said
    assert "On Nov 18, 2026 the client RECEIVED 250.00 USD from Dépôt (line 4)." in said
    assert "18/11/2026;Dépôt;250,00;1 050,00" in said
    assert not ColumnProfile.objects.exists()

    # Not without the sentences.
    refused = pressed(manager, form, name="Daily", press="save")
    assert "read the sentences and confirm" in text(refused)
    assert not ColumnProfile.objects.exists()

    preview = pressed(manager, form, name="Daily", press="save", right="yes")
    assert preview.redirect_chain[-1][0] == reverse(
        "admin:bankfeeds_statement_preview", args=[Statement.objects.get().pk]
    )
    assert "Daily (Our institution), version 1" in text(preview)
    profile = ColumnProfile.objects.get()
    assert profile_of(profile.setup) == PROFILES["caisse"]
    assert not SampleFile.objects.exists()
    assert Event.objects.get(action="profile.made").actor_name == "manager"


def test_a_profile_without_a_balance(manager: Client, account: SourceAccount) -> None:
    content = (
        "Posted;Text;Value\n18/11/2026;Dépôt;250,00\n19/11/2026;Hydro;-40,25\n"
        "31/12/2026;Café;-9,75\n"
    )
    uploaded(manager, account, content.encode())
    form = manager.get(reverse(SAMPLE, args=[SampleFile.objects.get().pk]))
    assert "or leave it out where the file has none" in text(form)
    given = {"name": "Bare", "amount": "2", "amounts": "one", "sign": "minus_out", "date": "0"}
    given |= {"description": "1", "order": "dmy", "balance": "", "decimal": ",", "thousands": "."}
    form = pressed(manager, form, **given, press="look")
    assert "nothing in it tells whether the signs are right" in text(form)
    assert "the client PAID 40.25 USD to Hydro" in text(form)
    preview = pressed(manager, form, press="save", right="yes")
    assert "Work out the balances" in text(preview)
    profile = ColumnProfile.objects.get()
    assert profile_of(profile.setup).balance is None
    page = text(manager.get(reverse(PAGE, args=[profile.pk])))
    assert "Balance after the transaction None" in page


def sheet(*rows: tuple[int, str, str, str]) -> bytes:
    """A workbook as a bank exports it: a title, a header of its own, days as Excel counts them."""
    cells = [(number(day, 1), text, number(amount), number(at)) for day, text, amount, at in rows]
    return workbook(("Relevé",), (), ("Date", "Libellé", "Montant", "Solde"), *cells)


def test_a_workbook_of_the_bank_is_read_by_a_profile(
    manager: Client, account: SourceAccount
) -> None:
    # 46344: November 18, 2026.
    first = sheet((46344, "Dépôt", "250", "1050"), (46345, "Hydro", "-40.25", "1009.75"))
    page = manager.post(
        reverse(IMPORT), {"account": account.pk, "file": file(first, "nov.xlsx")}, follow=True
    )
    assert "Read it by a profile" in text(page)
    form = manager.get(reverse(SAMPLE, args=[SampleFile.objects.get().pk]))
    said = text(form)
    assert "On Nov 18, 2026 the client RECEIVED 250.00 USD from Dépôt (line 4)." in said
    assert "On Nov 19, 2026 the client PAID 40.25 USD to Hydro (line 5)." in said
    preview = pressed(manager, form, name="Workbook", press="save", right="yes")
    assert "Workbook (Our institution), version 1" in text(preview)
    assert "Excel" in text(preview) and "CSV" not in text(preview)

    # The same bytes are the same file, and the next day's are read without asking.
    assert uploaded(manager, account, first).redirect_chain[-1][0] == preview.request["PATH_INFO"]
    following = sheet((46346, "Café", "-9.75", "1000"))
    assert "Workbook (Our institution), version 1" in text(uploaded(manager, account, following))
    assert Statement.objects.count() == 2


def test_a_workbook_is_a_sample_too(manager: Client, db: None) -> None:
    content = sheet((46344, "Dépôt", "250", "1050"), (46345, "Hydro", "-40.25", "1009.75"))
    form = manager.post(reverse(ADD), {"file": file(content, "nov.xlsx")}, follow=True)
    assert "the client PAID 40.25 to Hydro (line 5)" in text(form)
    kept = pressed(manager, form, name="Workbook", press="save", right="yes")
    assert "The profile was kept" in text(kept)
    damaged = manager.post(reverse(ADD), {"file": file(b"PK xl/workbook.xml", "x.xlsx")})
    assert "Nothing was saved." in text(damaged)


def test_what_is_kept_is_what_was_confirmed(manager: Client, account: SourceAccount) -> None:
    uploaded(manager, account, corpus("caisse-clean.csv"))
    form = manager.get(reverse(SAMPLE, args=[SampleFile.objects.get().pk]))
    turned = pressed(manager, form, name="Daily", sign="minus_in", press="save", right="yes")
    said = text(turned)
    assert "Nothing was kept yet" in said
    assert "the client RECEIVED 40.25 USD from Hydro-Québec" in said
    assert "The signs look reversed." in said
    assert 'name="right" value="yes" checked' not in turned.content.decode()
    assert not ColumnProfile.objects.exists()
    pressed(manager, turned, press="save", right="yes")
    assert ColumnProfile.objects.get().setup["sign"] == "minus_in"


def test_what_is_still_to_be_said_is_named(manager: Client, account: SourceAccount) -> None:
    content = b"When;What;Amount;Balance\n28/11/2026;Sale;10,00;110,00\n"
    uploaded(manager, account, content)
    form = manager.get(reverse(SAMPLE, args=[SampleFile.objects.get().pk]))
    assert "Still to be said below: Signs." in text(form)
    assert "Not one line" not in text(form)
    # A name is asked for when the profile is to be kept, not for a look.
    looked = pressed(manager, form, name="", sign="minus_out", press="look")
    assert "the client RECEIVED 10.00 USD from Sale" in text(looked)
    assert "This field is required." not in text(looked)
    refused = pressed(manager, looked, name="", press="save", right="yes")
    assert "This field is required." in text(refused)
    assert "the client RECEIVED 10.00 USD from Sale" in text(refused)
    assert not ColumnProfile.objects.exists()


def test_support_reads_by_a_profile_and_makes_none(support: Client, account: SourceAccount) -> None:
    first, other = make(), make("union")
    page = uploaded(support, account, corpus("caisse-clean.csv"))
    assert str(first) in text(page)
    assert Statement.objects.get().profile == first
    # A file of no profile: those there are are offered, and no way to make one.
    page = uploaded(support, account, corpus("caisse-one-line-less.csv"))
    assert f"Read it by {first}" in text(page) and f"Read it by {other}" in text(page)
    assert "Make a profile from this file" not in text(page)
    sample = SampleFile.objects.get()
    chosen = {"account": account.pk, "sample": sample.pk, "profile": first.pk}
    page = support.post(reverse(IMPORT), chosen, follow=True)
    assert "is not the header that the profile knows" in text(page)
    assert Statement.objects.count() == 1


def test_where_two_fit_one_press_says_which(support: Client, account: SourceAccount) -> None:
    make()
    second = profiles.make(
        PROFILES["caisse"], institution="Other", name="Cards", by=BY, now=timezone.now()
    )
    page = uploaded(support, account, corpus("caisse-clean.csv"))
    assert "More than one profile fits this file" in text(page)
    sample = SampleFile.objects.get()
    chosen = {"account": account.pk, "sample": sample.pk, "profile": second.pk}
    page = support.post(reverse(IMPORT), chosen, follow=True)
    assert Statement.objects.get().profile == second
    assert "Look before saving" in text(page)


def test_a_kept_file_is_offered_to_its_account_alone(
    support: Client, account: SourceAccount
) -> None:
    profile = make("union")
    uploaded(support, account, corpus("caisse-clean.csv"))
    other = portal.make_account()
    for sample in (SampleFile.objects.get().pk, "x", "9" * 30):
        posted = {"account": other.pk, "sample": sample, "profile": profile.pk}
        assert "Choose the file first." in text(support.post(reverse(IMPORT), posted))
    assert not Statement.objects.exists()


# --- Made from a sample ---------------------------------------------------------------------------


def sampled(client: Client, content: bytes, **more: Any) -> Any:
    return client.post(reverse(ADD), {"file": file(content), **more}, follow=True)


def test_fixed_widths_are_told_by_a_person(manager: Client, db: None) -> None:
    form = sampled(manager, corpus("core-clean.txt"))
    assert "Still to be said below: " in text(form)
    given = {"delimiter": "widths", "widths": "8,16,10,1,11", "above": "0", "has_header": ""}
    form = pressed(manager, form, **given, press="look")
    assert "the columns were guessed again" in text(form)
    assert (fields(form)["kind"], fields(form)["date"]) == ("3", "0")
    form = pressed(
        manager, form, name="Core", description="1", amount="2", balance="4", decimal="none",
        thousands="none", amounts="typed", sign="unsigned", out_words="D", in_words="C",
        order="ymd", press="look",
    )  # fmt: skip
    assert "the client PAID 40.25 to POWER COMPANY" in text(form)
    page = pressed(manager, form, press="save", right="yes")
    assert profile_of(ColumnProfile.objects.get().setup) == PROFILES["core"]
    assert "In use: a file that it fits is read by it." in text(page)


def test_an_order_that_cannot_be_told_is_not_filled_in(manager: Client, db: None) -> None:
    form = sampled(manager, corpus("caisse-clock-change.csv"))
    assert "fits more than one order" in text(form)
    assert fields(form).get("order", "") == ""
    answer = pressed(manager, form, name="Daily", sign="minus_out", press="save", right="yes")
    assert "Say how dates are written." in text(answer)
    assert not ColumnProfile.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "a\u202eb"}, "cannot be printed (U+202E)"),
        ({"name": "taken"}, "There is a profile of this name already."),
        ({"balance": "2"}, "A column can hold one thing alone."),
        ({"amount": ""}, "Choose the column."),
        ({"amounts": "two"}, "Choose the column."),
        ({"amounts": "typed", "kind": "1"}, "Give the words, with commas between them."),
        ({"sign": "unsigned"}, "it has to go with the amounts"),
        ({"thousands": ","}, "This mark stands before the cents already."),
        ({"widths": "1,x"}, ""),
        ({"delimiter": "widths", "widths": "1,x"}, "Write numbers with commas"),
        ({"delimiter": "widths"}, "Give the widths of the columns."),
        ({"above": "101"}, "less than or equal to 100"),
        ({"above": "90"}, "This file has a header and no rows below it."),
        ({"laid_out": "x"}, "the columns were guessed again"),
        ({"rehearsed": "x"}, "Nothing was kept yet"),
        ({"date": "99"}, "Select a valid choice."),
    ],
)
def test_what_does_not_go_is_said(manager: Client, db: None, changes: Any, said: str) -> None:
    profiles.make(
        PROFILES["union"], institution="Our institution", name="taken", by=BY, now=timezone.now()
    )
    form = sampled(manager, corpus("caisse-clean.csv"))
    answer = pressed(manager, form, **{"name": "Daily", "press": "save", "right": "yes", **changes})
    assert said in text(answer)
    assert ColumnProfile.objects.count() == (1 if said else 2)


NUMBER = "0004500123456"
WITH_NUMBERS = {
    "headerless.csv": (
        f"20261118,{NUMBER},Deposit {NUMBER},250.00,1050.00\n"
        f"20261119,{NUMBER},Hydro,-40.25,1009.75\n20261120,{NUMBER},x,y,1.00\n"
    ),
    "above.csv": (
        f"Account;{NUMBER};CAD\nDate;Text;Card;Amount\n18/11/2026;Deposit;{NUMBER};250,00\n"
        f"19/11/2026;Hydro;{NUMBER};-40,25\n"
    ),
    "header.csv": f"Account,{NUMBER},CAD,1\n20261118,Deposit,250.00,1050.00\n",
    "fixed.txt": "".join(
        f"202611{day}{NUMBER}{cents:09d}{text:<12}\n"
        for day, cents, text in ((18, 25_000, "DEPOSIT"), (19, 4_025, "HYDRO"))
    ),
}


@pytest.mark.parametrize("name", WITH_NUMBERS)
def test_no_account_number_is_shown_whatever_column_it_is_taken_for(
    manager: Client, db: None, name: str
) -> None:
    form = sampled(manager, WITH_NUMBERS[name].encode())
    seen = [text(form)]
    held = ("description", "amount", "balance", "id")
    given = {"amounts": "one", "sign": "minus_out", "order": "ymd", "press": "look"}
    # Each column in its turn taken for all that a column can hold.
    for turn in range(4):
        places = {what: 1 + (n + turn) % 4 for n, what in enumerate(held)}
        seen.append(text(pressed(manager, form, **given, **places)))
    seen.append(text(pressed(manager, form, **given, date="1", description="0", id="")))
    assert [page for page in seen if "4500123456" in page or "500,123,456" in page] == []
    assert "3456" in seen[0]


def test_a_line_with_a_number_is_no_header(manager: Client, db: None) -> None:
    form = sampled(manager, WITH_NUMBERS["header.csv"].encode())
    given = {"name": "Daily", "press": "save", "right": "yes", "date": "0", "description": "1"}
    given |= {"amount": "2", "amounts": "one", "sign": "minus_out", "order": "ymd"}
    assert "so it names no columns" in text(pressed(manager, form, **given))
    assert not ColumnProfile.objects.exists()
    answer = text(pressed(manager, form, above="1", has_header="", press="look"))
    assert "so it names no columns" not in answer
    assert "the columns were guessed again" in answer


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\0\1\2\3\4\5\6\7\x08", b"2026-11-20;" * 201]
)
def test_what_is_no_sample_is_refused(manager: Client, db: None, content: bytes) -> None:
    assert "Nothing was saved." in text(sampled(manager, content))
    assert not SampleFile.objects.exists()


def test_a_sample_that_is_gone_is_said(manager: Client, db: None) -> None:
    for pk in (77, 2**64):
        page = manager.get(reverse(SAMPLE, args=[pk]), follow=True)
        assert "This sample is no longer kept." in text(page)


@pytest.mark.parametrize(
    ("name", "file_name", "above"),
    [
        ("caisse", "caisse-one-line-less.csv", "1"),
        ("caisse", "union-clean.csv", "0"),
        ("core", "core-clean.txt", "0"),
        ("core", "union-clean.csv", "0"),
    ],
)
def test_a_next_version_of_a_file_that_has_changed(
    manager: Client, name: str, file_name: str, above: str
) -> None:
    before = make(name)
    form = sampled(manager, corpus(file_name), follows=before.pk)
    assert form.status_code == 200
    assert fields(form)["above"] == above
    if file_name == "core-clean.txt":
        assert "the client PAID 40.25 to POWER COMPANY" in text(form)
    if name == "caisse":
        pressed(manager, form, press="save", right="yes")
        assert ColumnProfile.objects.filter(name="caisse").count() == 2


def test_lines_below_the_table_are_guessed_and_named(
    manager: Client, account: SourceAccount
) -> None:
    content = corpus("caisse-clean.csv") + b"Total;;200,00;\nFin\n"
    uploaded(manager, account, content)
    form = manager.get(reverse(SAMPLE, args=[SampleFile.objects.get().pk]))
    assert fields(form)["end_words"] == "Total, Fin"
    preview = text(pressed(manager, form, name="Daily", press="save", right="yes"))
    assert "Lines below the table, which are left out: 7 “Total;;200,00;”, 8 “Fin”." in preview
    assert "none bad" in preview
    profile = ColumnProfile.objects.get()
    assert "Total, Fin" in text(manager.get(reverse(PAGE, args=[profile.pk])))
    # A version of before the end was asked for.
    older = make()
    assert fields(sampled(manager, content, follows=older.pk))["end_words"] == "Total, Fin"
    assert fields(sampled(manager, content, follows=profile.pk))["end_words"] == "Total, Fin"


def test_a_file_that_breaks_off_within_is_said(manager: Client, db: None) -> None:
    answer = sampled(manager, corpus("union-truncated.csv"))
    assert "A quotation mark is opened on line 3" in text(answer)
    assert not ColumnProfile.objects.exists()


# --- Versions, the list, retiring -----------------------------------------------------------------


def test_a_new_version_and_a_retired_profile(manager: Client, support: Client) -> None:
    first = make()
    page = manager.get(reverse(PAGE, args=[first.pk]))
    assert "1: Date" in text(page) and "Make a new version" in text(page)
    form = sampled(manager, corpus("caisse-clean.csv"), follows=first.pk)
    assert "institution" not in fields(form)
    form = pressed(manager, form, sign="minus_in", press="look")
    page = pressed(manager, form, press="save", right="yes")
    second = ColumnProfile.objects.get(version=2)
    assert page.redirect_chain[-1][0] == reverse(PAGE, args=[second.pk])
    old = text(manager.get(reverse(PAGE, args=[first.pk])))
    assert "There is a newer version." in old and "Retire this profile" not in old
    assert "Retire this profile" not in text(support.get(reverse(PAGE, args=[second.pk])))
    listed = text(manager.get(reverse(LIST)))
    assert "caisse Caisse 2 In use manager" in listed and "1 column profile" in listed

    answer = manager.post(reverse(RETIRE, args=[first.pk]), {"reason": "x"}, follow=True)
    assert "There is a newer version of this profile." in text(answer)
    retire = reverse(RETIRE, args=[second.pk])
    assert "Give a reason; it is kept." in text(manager.post(retire, {"reason": " "}, follow=True))
    answer = manager.post(retire, {"reason": "new core"}, follow=True)
    assert "The profile was retired." in text(answer) and "Retired on" in text(answer)
    again = manager.post(retire, {"reason": "new core"}, follow=True)
    assert "This profile was retired already." in text(again)
    assert "Retired" in text(manager.get(reverse(LIST)))
    assert Event.objects.get(action="profile.retired").reason == "new core"


def test_a_profile_with_a_column_of_accounts(manager: Client, account: SourceAccount) -> None:
    rows = ["11112222;2026-11-19;Sales;1.00;5.00", "33334444;2026-11-20;Rent;-2.00;3.00"]
    rows += ["11112222;2026-11-20;Tea;-1.00;4.00", "33334444;2026-11-20;Fee;-1.00;2.00"]
    content = "\n".join(["Account;Date;Text;Amount;Balance", *rows, ""]).encode()
    form = manager.post(reverse(ADD), {"file": file(content)}, follow=True)
    said = form.content.decode()
    assert "Balance moves with the amounts: yes" in said
    # Masked where lines are shown beside their values.
    assert '<td class="mono text">••2222;2026-11-19;Sales' in said
    refused = pressed(manager, form, name="Several", account="", routing="1")
    assert "Choose the column." in text(refused)
    kept = pressed(manager, form, name="Several", press="save", right="yes")
    assert "Account number Column 1: Account" in text(kept)
    assert profile_of(ColumnProfile.objects.get().setup).account == "Account"
