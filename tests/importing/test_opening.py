"""A file that states no balance: a person states the one before its first row, and it is kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from bankfeeds import importing
from bankfeeds.importing import CannotImport, Kind, OpeningNeeded, Outdated, WrongOpening
from bankfeeds.intake.shape import Line, UnreadableFile
from bankfeeds.models import Actor, BankTransaction, Doubt, Event, SourceAccount, Statement
from tests import support as portal
from tests.intake import bai_writer
from tests.intake.corpus.profiles import PROFILES
from tests.intake.ofx_writer import Account, Row
from tests.intake.support import file_of

from .support import look, preview, save, worked_out
from .test_formats import file, numbered, rows
from .test_mending import mended
from .test_profiles import make

ANN = Actor.command("ann")
BARE = "id,date,description,amount"


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account()


def day(*said: str, on: dt.date | None = None, header: str = BARE) -> bytes:
    """Rows of one day: id, text, amount."""
    when = on or portal.today()
    cells = (row.split(",", 1) for row in said)
    return file_of(*(f"{first},{when},{rest}" for first, rest in cells), header=header)


def state(upload: Statement, text: str, by: Actor = ANN) -> None:
    importing.state_opening(upload, text, by=by, now=timezone.now())


def rows_in(upload: Statement) -> list[Line]:
    return [entry.row for entry in preview(upload).entries if entry.row]


def balances(account: SourceAccount) -> list[str]:
    return [f"{row.balance:.2f}" for row in account.transactions.in_feed_order()]


def test_balances_are_worked_out_from_what_a_person_states(account: SourceAccount) -> None:
    upload = look(account, day("A,Sale,250.00", "B,Rent,-40.25"))
    found = preview(upload)
    assert (found.needs_opening, found.derived, found.new) == (True, True, 2)
    assert (importing.offered(found), found.opening_differs_by) == (None, None)
    assert found.movement.first_break is None
    with pytest.raises(OpeningNeeded, match="states no balance"):
        save(upload)
    state(upload, "1000.00")
    state(upload, "-100")
    state(upload, "-100.00", Actor.command("bob"))
    found = preview(upload)
    assert (found.needs_opening, found.opening, found.closing) == (
        False, Decimal("-100"), Decimal("109.75"),
    )  # fmt: skip
    saved = save(upload)
    assert balances(account) == ["150.00", "109.75"]
    told = importing.told(saved)
    assert told
    assert "−100.00 USD" in told.words
    assert "stated by ann" in told.words
    stated = Event.objects.filter(action="statement.opening_stated").order_by("pk")
    assert [(each.actor_name, each.before, each.after) for each in stated] == [
        ("ann", {}, {"opening_balance": "1000.00"}),
        ("ann", {"opening_balance": "1000.00"}, {"opening_balance": "-100.00"}),
    ]
    event = Event.objects.get(action="statement.saved")
    assert event.after["opening_stated_by"] == "ann"
    assert told.words in event.words
    with pytest.raises(CannotImport, match="saved already"):
        state(upload, "1.00")
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Statement.objects.update(opening_balance=Decimal(1))


@pytest.mark.parametrize("text", ["", "x", "1e3", "NaN", "1,5", "(12.00)", "1.234", "9" * 20])
def test_what_is_no_balance_is_refused(account: SourceAccount, text: str) -> None:
    upload = look(account, day("A,Sale,1.00"))
    with pytest.raises(WrongOpening, match="such as -1234.56"):
        state(upload, text)
    upload.refresh_from_db()
    assert (upload.opening_balance, Event.objects.count()) == (None, 0)


def test_none_is_stated_for_a_file_that_states_its_own(account: SourceAccount) -> None:
    upload = look(account, file_of(f"A,{portal.today()},Sale,1.00,5.00"))
    with pytest.raises(CannotImport, match="states its balances itself"):
        state(upload, "1.00")
    assert importing.told(upload) is None
    # A column that is unknown here may be the balance.
    with pytest.raises(UnreadableFile) as refused:
        look(account, day("A,Sale,1.00,5.00", header=f"{BARE},solde"))
    assert refused.value.code == "columns-missing"


def test_the_newest_row_first(account: SourceAccount) -> None:
    today, before = portal.today(), portal.today() - dt.timedelta(days=1)
    content = file_of(
        f"C,{today},Sale,5.00", f"B,{today},Rent,-3.00", f"A,{before},Sale,1.00", header=BARE
    )
    upload = look(account, content)
    state(upload, "10.00")
    save(upload)
    assert balances(account) == ["11.00", "8.00", "13.00"]


def test_other_formats_without_a_balance(db: None) -> None:
    account = numbered()
    upload = look(account, file(Account(rows("250.00", "-40.25"), balance=None)))
    assert preview(upload).needs_opening
    state(upload, "1.00")
    save(upload)
    assert balances(account) == ["251.00", "210.75"]
    first, second = rows("1.00", prefix="U"), rows("2.00", prefix="V")
    two = file(Account(first, balance=None), Account(second, balance=None))
    upload = look(account, two)
    state(upload, "210.75")
    assert [row.balance for row in rows_in(upload)] == [
        Decimal("211.75"), Decimal("213.75"),
    ]  # fmt: skip
    again = preview(look(account, file(*[Account(first, balance=None)] * 2)))
    assert (again.understood, again.bad) == (1, 1)


def test_behind_a_bad_row_of_several_statements_no_balance_is_worked_out(db: None) -> None:
    account = numbered()

    def three(second: list[Row]) -> bytes:
        first, third = rows("1.00", "2.00", prefix="U"), rows("8.00", prefix="W")
        return file(*(Account(each, balance=None) for each in (first, second, third)))

    upload = look(account, three(rows("4.00", "x", "5.00", prefix="V")))
    found = preview(upload)
    said = {entry.reason.code for entry in found.entries if entry.reason}
    assert (found.understood, found.bad, found.needs_opening) == (3, 3, True)
    assert said == {"not-a-number", "balance-unsure"}
    state(upload, "100.00")
    save(upload, leave_out_bad=True)
    assert balances(account) == ["101.00", "103.00", "107.00"]
    # Sent again without the fault: known, and the others follow on.
    whole = look(account, three(rows("4.00", "-1.00", "5.00", prefix="V")))
    state(whole, "100.00")
    assert (preview(whole).known, preview(whole).new) == (3, 3)
    save(whole)
    assert balances(account) == ["101.00", "103.00", "107.00", "106.00", "111.00", "119.00"]
    # Where nothing is sure to stand before the bad row, nothing is sure.
    with pytest.raises(UnreadableFile, match="several statements of this account"):
        look(account, three(rows("x", prefix="V")))


def test_a_bad_row_is_mended_first(account: SourceAccount) -> None:
    upload = look(account, day("A,Sale,10.00", "B,Rent,x", "C,Fee,-1.00"))
    state(upload, "100.00")
    assert preview(upload).needs_every_row
    with pytest.raises(CannotImport, match="it cannot be left out. Mend it first"):
        save(upload, leave_out_bad=True)
    again = look(account, mended(upload, {3: {"amount": "-5.00"}}))
    found = preview(again)
    assert (found.needs_opening, found.needs_every_row) == (False, False)
    save(again)
    assert balances(account) == ["110.00", "105.00", "104.00"]
    # It stands with the file that it mends, and is told of both.
    assert Event.objects.filter(after__opening_stated_by="ann").count() == 2


def test_a_header_once_more_moves_no_balance(account: SourceAccount) -> None:
    """So that it may be left out, unlike a bad row of which that is not known."""
    when = portal.today()
    rows = (f"A,{when},Sale,10.00", BARE, f"B,{when},Fee,-1.00")
    upload = look(account, file_of(*rows, header=BARE))
    state(upload, "100.00")
    assert (preview(upload).bad, preview(upload).needs_every_row) == (1, False)
    save(upload, leave_out_bad=True)
    assert balances(account) == ["110.00", "109.00"]


def test_what_was_shown_is_what_is_saved(account: SourceAccount) -> None:
    upload = look(account, day("A,Sale,10.00"))
    state(upload, "1.00")
    shown = preview(upload).digest
    state(upload, "2.00")
    with pytest.raises(Outdated):
        importing.save(upload, leave_out_bad=False, shown=shown, by=ANN, now=timezone.now())
    stale = Statement.objects.get(pk=upload.pk)
    state(upload, "3.00")
    with pytest.raises(Outdated):
        save(stale)
    save(upload)
    assert balances(account) == ["13.00"]


def test_the_balance_that_the_portal_knows_is_offered(account: SourceAccount) -> None:
    first = look(account, day("A,Sale,10.00"))
    state(first, "1.00")
    save(first)
    found = preview(look(account, day("B,Rent,-2.00")))
    offer = importing.offered(found)
    assert offer
    assert (offer.balance, "“Sale”" in offer.words) == (Decimal("11.00"), True)
    # The next file begins with a row that is here: the one before that.
    longer = look(account, day("A,Sale,10.00", "B,Rent,-2.00"))
    offer = importing.offered(preview(longer))
    assert offer
    assert (offer.balance, "here already" in offer.words) == (Decimal("1.00"), True)
    state(longer, "1.00")
    found = preview(longer)
    assert (found.known, found.new, found.opening_differs_by) == (1, 1, Decimal(0))
    save(longer)
    assert balances(account) == ["11.00", "9.00"]


# --- Ids that are made of what a row says ---------------------------------------------------------

UNION = replace(PROFILES["caisse"], balance=None)


def union(*said: str) -> bytes:
    when = portal.today().strftime("%d/%m/%Y")
    lines = ["Caisse;;;", "Relevé;;;", "Date;Libellé;Montant;Solde"]
    return "\n".join([*lines, *(f"{when};{each};" for each in said)]).encode("cp1252")


def ids(upload: Statement) -> list[str]:
    return [row.transaction_id for row in rows_in(upload)]


def test_a_made_id_never_changes_by_what_is_stated(account: SourceAccount) -> None:
    make(UNION)
    upload = look(account, union("Café;-4,50", "Loyer;-50,00", "Café;-4,50"))
    bare = ids(upload)
    assert len(set(bare)) == 3
    state(upload, "100.00")
    assert ids(upload) == bare
    state(upload, "200.00")
    assert ids(upload) == bare
    save(upload)
    # The same rows with one more: known, and the new one follows on.
    more = look(account, union("Café;-4,50", "Loyer;-50,00", "Café;-4,50", "Prime;9,00"))
    assert importing.offered(preview(more)).balance == Decimal("200.00")  # type: ignore[union-attr]
    state(more, "200.00")
    found = preview(more)
    assert (found.known, found.new, found.changed, found.alike) == (3, 1, 0, 0)
    # With another opening balance they are recognised all the same, and a person looks at them.
    state(more, "300.00")
    found = preview(more)
    assert (found.known, found.changed, found.new) == (0, 3, 1)
    assert ids(more)[:3] == bare


def test_one_more_row_within_a_day_leaves_the_others_known(account: SourceAccount) -> None:
    make(UNION)
    upload = look(account, union("Café;-4,50", "Loyer;-50,00"))
    state(upload, "100.00")
    save(upload)
    more = look(account, union("Café;-4,50", "Prime;9,00", "Loyer;-50,00"))
    state(more, "100.00")
    found = preview(more)
    assert (found.known, found.new, found.changed) == (2, 1, 0)


def test_two_equal_rows_of_two_files_of_a_day_are_not_taken_for_one(
    account: SourceAccount,
) -> None:
    make(UNION)
    morning = look(account, union("Café;-4,50"))
    state(morning, "100.00")
    save(morning)
    evening = look(account, union("Café;-4,50", "Prime;9,00"))
    state(evening, "95.50")
    found = preview(evening)
    assert (found.known, found.changed, found.new) == (0, 1, 1)
    save(evening)
    doubt = Doubt.objects.get()
    importing.decide(
        doubt,
        Doubt.Answer.NEW,
        seen=importing.seen_of(doubt),
        reason="two coffees",
        by=ANN,
        now=timezone.now(),
    )
    assert balances(account) == ["95.50", "91.00", "100.00"]
    night = look(account, union("Café;-4,50") + b"\n")
    state(night, "100.00")
    kinds = [entry.kind for entry in preview(night).entries]
    assert kinds == [Kind.KNOWN]
    assert BankTransaction.objects.count() == 3


def test_a_preview_that_is_kept_is_of_what_is_stated(account: SourceAccount, settings: Any) -> None:
    settings.IMPORT_AT_ONCE_ROWS = 0
    make(UNION)
    morning = look(account, union("Café;-4,50"))
    state(morning, "100.00")
    save(morning)

    def twice(upload: Statement) -> importing.Preview:
        shown = [worked_out(upload) for _each in range(2)]
        said = [[entry.words for entry in each.entries] for each in shown]
        assert said[0] == said[1]
        assert shown[0].digest == shown[1].digest
        return shown[1]

    evening = look(account, union("Café;-4,50", "Prime;9,00"))
    assert twice(evening).needs_opening
    state(evening, "95.50")
    found = twice(evening)
    assert (found.needs_opening, found.changed) == (False, 1)
    assert "another balance" in found.entries[0].words
    state(evening, "100.00")
    assert twice(evening).known == 1
    broken = look(account, day("A,Sale,10.00", "B,Rent,x"))
    assert twice(broken).needs_every_row
    again = look(account, mended(broken, {3: {"amount": "-5.00"}}))
    assert twice(again).needs_opening
    state(broken, "1.00")
    assert not twice(Statement.objects.get(pk=again.pk)).needs_opening


def test_a_file_of_bad_rows_alone_can_be_looked_at(account: SourceAccount) -> None:
    upload = look(account, day("A,Sale,x"))
    state(upload, "1.00")
    found = preview(upload)
    assert (found.bad, found.understood, found.opening) == (1, 0, None)


def test_two_equal_rows_of_two_statements_of_a_day_are_not_taken_for_one(db: None) -> None:
    """Their ids are made of what they say; the balances are worked out from the stated ones."""
    account = numbered()
    on = f"{portal.today():%y%m%d}"

    def statement(opening: int, *said: str) -> Statement:
        made = [bai_writer.row(475, 450, each) for each in said]
        of = bai_writer.Account(made, opening=opening, closing=opening - 450 * len(said))
        return look(account, bai_writer.bai2(of, day=on))

    save(statement(10_000, "COFFEE"))
    evening = statement(9_550, "COFFEE", "TEA")
    found = preview(evening)
    assert (found.known, found.changed, found.new) == (0, 1, 1)
    assert "another balance" in found.entries[0].words
    save(evening)
    assert Doubt.objects.open().count() == 1
    # The whole day told again: the first coffee is the one that is here.
    assert preview(statement(10_000, "COFFEE", "TEA")).known == 2
