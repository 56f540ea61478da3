"""Profiles are kept version by version, found by what is in a file, and what they read stays."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, transaction
from django.utils import timezone

from bankfeeds import importing, tasks
from bankfeeds.importing import profiles, rehearsal
from bankfeeds.intake.profile import Sign
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import BankTransaction, ColumnProfile, Event, SampleFile, SourceAccount
from tests import support
from tests.intake.corpus import HERE
from tests.intake.corpus.profiles import PROFILES

from .support import BY, csv_of, look, preview, save

CAISSE = PROFILES["caisse"]


@pytest.fixture
def account(db: None) -> SourceAccount:
    return support.make_account()


def make(profile: Any = CAISSE, name: str = "Daily", **more: Any) -> ColumnProfile:
    return profiles.make(
        profile, institution="Caisse", name=name, by=BY, now=timezone.now(), **more
    )


def corpus(name: str) -> bytes:
    return (HERE / "profile" / name).read_bytes()


def day(*rows: str, **of: dt.date) -> bytes:
    """A file of the caisse with today's rows: text;amount;balance."""
    when = of.get("on", support.today()).strftime("%d/%m/%Y")
    lines = ["Caisse;;;", "Relevé;;;", "Date;Libellé;Montant;Solde", *(f"{when};{r}" for r in rows)]
    return "\n".join(lines).encode("cp1252")


def ids(account: SourceAccount) -> list[str]:
    return list(
        BankTransaction.objects.filter(account=account)
        .order_by("pk")
        .values_list("transaction_id", flat=True)
    )


# --- Found by the file ----------------------------------------------------------------------------


def test_a_file_that_a_profile_fits_is_read_by_it(account: SourceAccount) -> None:
    profile = make()
    make(PROFILES["union"], "Union")
    make(PROFILES["core"], "Core")
    upload = look(account, corpus("caisse-clean.csv"))
    assert upload.profile == profile
    found = preview(upload)
    assert [entry.row.amount for entry in found.entries if entry.row] == [
        Decimal("250.00"), Decimal("-40.25"), Decimal("-9.75"),
    ]  # fmt: skip
    saved = save(upload)
    assert (saved.rows_saved, saved.profile) == (3, profile)
    assert look(account, corpus("union-clean.csv")).profile_id != profile.pk
    assert preview(look(account, corpus("core-clean.txt"))).understood == 3


def test_the_portals_own_csv_and_other_formats_need_none(account: SourceAccount) -> None:
    make()
    assert look(account, csv_of(["1.00"])).profile is None
    with pytest.raises(UnreadableFile) as error:
        look(account, corpus("union-clean.csv"))
    assert error.value.code == "columns-missing"
    with pytest.raises(UnreadableFile) as error:
        look(account, b"\0\1\2\3\4\5\6\7\x08")
    assert error.value.code == "binary"


def test_where_two_fit_a_person_says_which(account: SourceAccount) -> None:
    make()
    other = make(replace(CAISSE, sign=Sign.MINUS_IN), "Cards")
    content = corpus("caisse-clean.csv")
    with pytest.raises(importing.SeveralProfiles, match="Cards.*Daily"):
        look(account, content)
    upload = importing.look(
        account, file_name="a.csv", content=content, profile=other, by=BY, now=timezone.now()
    )
    assert preview(upload).money_out.first[0].amount == Decimal("-250.00")
    assert preview(upload).movement.signs_reversed


def test_bad_rows_are_listed_and_can_be_taken_out(account: SourceAccount) -> None:
    make()
    upload = look(account, corpus("caisse-amounts.csv"))
    found = preview(upload)
    assert (found.understood, found.bad) == (4, 7)
    header, bad = importing.bad_rows(upload)
    assert header == ("Date", "Libellé", "Montant", "Solde")
    rows = list(bad)
    assert [row.line for row in rows] == [4, 5, 7, 8, 12, 13, 14]
    assert rows[0].cells == ("20/11/2026", "Montant 0", "1e999", "1,00")


# --- Never twice, never lost ----------------------------------------------------------------------


def test_a_file_made_anew_brings_no_row_twice_and_two_coffees_are_two(
    account: SourceAccount,
) -> None:
    make()
    coffees = ("Café;-4,50;95,50", "Café;-4,50;91,00")
    saved = save(look(account, day(*coffees)))
    assert saved.rows_saved == 2
    first = ids(account)
    assert len(set(first)) == 2
    # Another header line above, blanks, the newest first, and a third coffee: one row is new.
    again = day("Café;-4,50;86,50", *(row + "  " for row in reversed(coffees)))
    saved = save(look(account, again.replace(b"Caisse;;;", b"Caisse;2;;")))
    assert (saved.rows_saved, saved.rows_known, saved.rows_rejected) == (1, 2, 0)
    assert ids(account)[:2] == first
    # A file that begins behind the first coffee.
    saved = save(look(account, day(coffees[1], "Café;-4,50;86,50", "Loyer;-50,00;36,50")))
    assert (saved.rows_saved, saved.rows_known) == (1, 2)
    assert BankTransaction.objects.filter(account=account).count() == 4


def test_a_row_in_other_words_is_listed_and_not_taken_for_new(account: SourceAccount) -> None:
    make()
    save(look(account, day("Café;-4,50;95,50")))
    found = preview(look(account, day("Café du coin;-4,50;95,50")))
    assert (found.new, found.changed) == (0, 1)


def test_a_version_without_ids_sends_no_row_a_second_time(account: SourceAccount) -> None:
    """Nor one with ids, after one without them."""
    today = support.today().strftime("%m/%d/%Y")
    header = "Posted,Memo,Debit,Credit,Running Balance,Ref"
    coffee = f"{today},Coffee,4.50,,95.50,R1"
    first = "\n".join((header, coffee)).encode()
    second = "\n".join((header, coffee, f"{today},Rent,50.00,,45.50,R2")).encode()
    third = second + f"\n{today},Tea,2.50,,43.00,R3".encode()
    stated = make(PROFILES["union"])
    save(look(account, first))
    derived = make(replace(PROFILES["union"], id=None), follows=stated)
    found = preview(look(account, second))
    assert (found.new, found.alike) == (1, 1)
    save(look(account, second))
    make(PROFILES["union"], follows=derived)
    found = preview(look(account, third))
    assert (found.new, found.known, found.alike) == (1, 1, 1)
    save(look(account, third))
    rows = BankTransaction.objects.filter(account=account)
    assert sorted(rows.values_list("description", flat=True)) == ["Coffee", "Rent", "Tea"]


def test_a_row_that_was_read_with_its_sign_reversed_is_listed(account: SourceAccount) -> None:
    wrong = make(replace(CAISSE, sign=Sign.MINUS_IN))
    save(look(account, day("Café;-4,50;95,50")))
    make(follows=wrong)
    found = preview(look(account, day("Café;-4,50;95,50", "Loyer;-50,00;45,50")))
    assert (found.new, found.changed) == (1, 1)
    # A refund of what is in the file too is one.
    save(look(account, day("Café;-4,50;95,50", "Loyer;-50,00;45,50")))
    found = preview(look(account, day("Loyer;-50,00;45,50", "Loyer;50,00;95,50")))
    assert (found.new, found.known) == (1, 1)


# --- Versions -------------------------------------------------------------------------------------


def test_a_change_is_a_new_version_and_what_was_read_keeps_the_old_one(
    account: SourceAccount,
) -> None:
    first = make()
    upload = look(account, corpus("caisse-clean.csv"))
    second = make(replace(CAISSE, sign=Sign.MINUS_IN), follows=first)
    assert (first.version, second.version) == (1, 2)
    assert (second.institution, second.name) == ("Caisse", "Daily")
    assert list(ColumnProfile.objects.in_use()) == [second]
    # The upload is read again by the version that read it; a new one by the new version.
    upload.refresh_from_db()
    assert upload.profile == first
    assert preview(upload).money_in.first[0].amount == Decimal("250.00")
    other = support.make_account()
    assert look(other, corpus("caisse-clean.csv")).profile == second
    events = Event.objects.filter(action="profile.made").order_by("pk")
    assert [event.words for event in events] == [str(first), str(second)]
    assert (events[1].before, events[1].after) == (first.setup, second.setup)


def test_the_same_once_more_is_the_same_and_a_name_is_taken_once(db: None) -> None:
    first = make()
    assert make() == first
    assert make(follows=first) == first
    with pytest.raises(importing.ProfileNameTaken):
        make(PROFILES["union"])
    assert Event.objects.filter(action="profile.made").count() == 1


def test_a_version_is_never_changed_or_deleted(db: None) -> None:
    profile = make()
    mine = ColumnProfile.objects.filter(pk=profile.pk)
    changes: list[dict[str, Any]] = [{"setup": {}}, {"name": "Other"}, {"version": 2}]
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            mine.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        mine.delete()
    assert ColumnProfile.objects.get(pk=profile.pk).name == "Daily"


def test_a_retired_one_reads_no_file_and_keeps_what_it_read(account: SourceAccount) -> None:
    profile = make()
    upload = look(account, corpus("caisse-clean.csv"))
    now = timezone.now()
    assert profiles.retire(profile, reason="new core system", by=BY, now=now)
    assert not profiles.retire(profile, reason="again", by=BY, now=now)
    assert [e.reason for e in Event.objects.filter(action="profile.retired")] == ["new core system"]
    assert not ColumnProfile.objects.in_use()
    with pytest.raises(UnreadableFile):
        look(support.make_account(), corpus("caisse-clean.csv"))
    upload.refresh_from_db()
    assert preview(upload).understood == 3
    # It is taken up again by a new version alone.
    assert make(follows=profile).version == 2


# --- Samples, rehearsal, command ------------------------------------------------------------------


def test_a_sample_is_kept_once_and_not_for_ever(account: SourceAccount) -> None:
    now = timezone.now()
    given: dict[str, Any] = {"file_name": "a/b\0.csv", "account": account, "by": BY}
    sample = profiles.keep_sample(b"x", **given, now=now)
    assert sample.file_name == "b.csv"
    assert profiles.keep_sample(b"x", **given, now=now) == sample
    assert profiles.content_of(sample) == b"x"
    tasks.sweep()
    assert SampleFile.objects.filter(pk=sample.pk).exists()
    SampleFile.objects.update(uploaded_at=now - dt.timedelta(days=4))
    tasks.sweep()
    assert not SampleFile.objects.exists()


def test_the_rehearsal_says_what_a_profile_makes_of_a_file(db: None) -> None:
    content = corpus("caisse-clean.csv")
    found = rehearsal.rehearse(CAISSE, content)
    assert [row.description for row in found.money_out] == ["Hydro-Québec", "Café"]
    assert [row.description for row in found.money_in] == ["Dépôt"]
    assert found.follows and not found.signs_reversed and not found.bad
    turned = rehearsal.rehearse(replace(CAISSE, sign=Sign.MINUS_IN), content)
    assert turned.signs_reversed and turned.digest != found.digest


def test_the_command_finds_the_profile_or_is_told(account: SourceAccount, tmp_path: Any) -> None:
    first = make()
    make(replace(CAISSE, sign=Sign.MINUS_IN), "Cards")
    file = tmp_path / "day.csv"
    file.write_bytes(corpus("caisse-clean.csv"))
    given = {"company": str(account.company.codat_id), "account": account.account_id}
    with pytest.raises(CommandError, match="More than one profile fits"):
        call_command("import_transactions", str(file), **given)
    with pytest.raises(CommandError, match="0 column profiles 'Nothing'"):
        call_command("import_transactions", str(file), **given, profile="Nothing")
    call_command("import_transactions", str(file), **given, profile="Daily")
    assert account.statements.get().profile == first
