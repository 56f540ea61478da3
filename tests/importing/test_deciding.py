"""Rows that may be here already: asked about once, decided on once, never in twice unasked."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from bankfeeds import importing
from bankfeeds.importing import AlreadyDecided, CannotImport, Kind
from bankfeeds.models import BankTransaction, Doubt, Event, PushStatus, SourceAccount
from tests import support as portal
from tests.intake.support import file_of

from .support import BY, look, preview, save

ON = portal.today()
COFFEE = f"C1,{ON},Coffee,-4.50,95.50"
AGAIN = f"C2,{ON},Coffee,-4.50,91.00"
RENT = f"R1,{ON},Rent,-50.00,41.00"
Answer = Doubt.Answer


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account()


def two_coffees(account: SourceAccount) -> Doubt:
    save(look(account, file_of(COFFEE)))
    save(look(account, file_of(AGAIN, RENT)))
    return Doubt.objects.get()


def changed(account: SourceAccount) -> Doubt:
    save(look(account, file_of(COFFEE, RENT)))
    save(look(account, file_of(COFFEE.replace("Coffee", "Café"), RENT)))
    return Doubt.objects.get()


def decide(doubt: Doubt, answer: str, *, seen: str | None = None) -> Doubt:
    seen = importing.seen_of(doubt) if seen is None else seen
    return importing.decide(doubt, answer, seen=seen, reason="asked", by=BY, now=timezone.now())


def ours(doubt: Doubt) -> BankTransaction:
    assert doubt.ours
    return doubt.ours


def here(account: SourceAccount) -> list[tuple[str, Decimal]]:
    rows = account.transactions.in_feed_order()
    return [(row.transaction_id, row.balance) for row in rows]


def test_two_equal_rows_of_one_file_are_no_question(account: SourceAccount) -> None:
    save(look(account, file_of(COFFEE, AGAIN)))
    assert account.transactions.count() == 2
    save(look(account, file_of(COFFEE, AGAIN, RENT)))
    assert not Doubt.objects.exists()


def test_an_equal_row_of_another_file_waits(account: SourceAccount) -> None:
    save(look(account, file_of(COFFEE)))
    upload = look(account, file_of(AGAIN, RENT))
    found = preview(upload)
    assert (found.new, found.alike, found.changed) == (1, 1, 0)
    [entry] = [entry for entry in found.entries if entry.kind is Kind.ALIKE]
    assert entry.is_problem
    saved = save(upload)
    assert (saved.rows_saved, saved.rows_rejected, saved.rejected[0]["code"]) == (1, 1, "alike")
    doubt = Doubt.objects.get()
    assert (doubt.kind, doubt.line, doubt.transaction_id) == ("alike", 2, "C2")
    assert doubt.ours == BankTransaction.objects.get(transaction_id="C1")
    assert [name for name, _ in here(account)] == ["C1", "R1"]


def test_it_is_real_and_comes_in_where_it_happened(account: SourceAccount) -> None:
    doubt = decide(two_coffees(account), Answer.NEW)
    assert here(account) == [("C1", Decimal("95.5")), ("C2", Decimal(91)), ("R1", Decimal(41))]
    assert doubt.taken == BankTransaction.objects.get(transaction_id="C2")
    doubt.statement.refresh_from_db()
    assert (doubt.statement.rows_saved, doubt.statement.rows_rejected) == (2, 0)
    event = Event.objects.get(action="doubt.decided")
    assert (event.actor_name, event.reason, event.after["answer"]) == ("tests", "asked", "new")
    # The same rows in a later file are here, and nobody is asked again.
    later = preview(look(account, file_of(AGAIN, RENT, f"T,{ON},Tea,-1.00,40.00")))
    assert (later.new, later.known, later.alike) == (1, 2, 0)


@pytest.mark.parametrize("answer", ["", Answer.KEEP])
def test_whether_decided_or_not_it_is_asked_about_once(account: SourceAccount, answer: str) -> None:
    doubt = two_coffees(account)
    if answer:
        decide(doubt, answer)
    save(look(account, file_of(AGAIN, RENT, f"T,{ON},Tea,-1.00,40.00")))
    assert Doubt.objects.count() == 1
    assert [name for name, _ in here(account)] == ["C1", "R1", "T"]


@pytest.mark.parametrize("name", ["C2", "X"])
def test_a_row_that_came_in_while_it_waited_is_not_taken_in_again(
    account: SourceAccount, name: str
) -> None:
    """As of a day, then of a week: the second file has both, so that it asks nothing."""
    doubt = two_coffees(account)
    save(look(account, file_of(COFFEE, AGAIN.replace("C2", name), RENT)))
    assert [each for each, _balance in here(account)] == ["C1", name, "R1"]
    with pytest.raises(ValueError, match="sent twice"):
        decide(doubt, Answer.NEW)
    [told] = importing.decide_together(
        [doubt],
        Answer.NEW,
        seen={doubt.pk: importing.seen_of(doubt)},
        reason="asked",
        by=BY,
        now=timezone.now(),
    )
    assert "sent twice" in told.words
    assert account.transactions.count() == 3
    assert decide(doubt, Answer.KEEP).answer == Answer.KEEP


def test_another_equal_row_that_came_in_meanwhile_forbids_nothing(account: SourceAccount) -> None:
    doubt = two_coffees(account)
    third = AGAIN.replace("C2", "C3").replace("91.00", "36.50")
    save(look(account, file_of(COFFEE, RENT, third)))
    assert decide(doubt, Answer.NEW).taken
    assert account.transactions.count() == 4


def test_other_content_is_another_question(account: SourceAccount) -> None:
    decide(changed(account), Answer.KEEP)
    save(look(account, file_of(COFFEE.replace("Coffee", "Thé"), RENT)))
    assert [doubt.description for doubt in Doubt.objects.order_by("pk")] == ["Café", "Thé"]
    assert BankTransaction.objects.get(transaction_id="C1").description == "Coffee"


def test_a_changed_row_comes_in_under_a_free_id(account: SourceAccount) -> None:
    doubt = decide(changed(account), Answer.NEW)
    assert doubt.taken is not None
    assert (doubt.taken.transaction_id, doubt.taken.description) == ("C1~2", "Café")
    assert BankTransaction.objects.get(transaction_id="C1").description == "Coffee"
    found = preview(look(account, file_of(COFFEE.replace("Coffee", "Café"))))
    assert (found.known, found.new, found.changed) == (1, 0, 0)


def test_a_mistake_only_where_ours_was_accepted(account: SourceAccount) -> None:
    doubt = two_coffees(account)
    with pytest.raises(ValueError, match="Choose one"):
        decide(doubt, Answer.MISTAKE)
    push = portal.make_push(account, [ours(doubt)], status=PushStatus.SUCCEEDED)
    assert importing.sent_in(doubt) == push.items.get()
    assert decide(doubt, Answer.MISTAKE).taken


def test_it_is_decided_once_on_what_was_seen(account: SourceAccount) -> None:
    doubt = two_coffees(account)
    seen = importing.seen_of(doubt)
    portal.make_push(account, [ours(doubt)])
    with pytest.raises(ValueError, match="Meanwhile something happened"):
        decide(doubt, Answer.NEW, seen=seen)
    decide(doubt, Answer.KEEP)
    with pytest.raises(AlreadyDecided, match="tests decided on this row already"):
        decide(doubt, Answer.NEW)
    assert account.transactions.count() == 2
    with pytest.raises(DatabaseError), transaction.atomic():
        Doubt.objects.update(answer="new")
    with pytest.raises(DatabaseError), transaction.atomic():
        Doubt.objects.update(amount=1)


def test_an_import_that_is_taken_back_takes_its_questions_along(account: SourceAccount) -> None:
    doubt = two_coffees(account)
    decide(doubt, Answer.NEW)
    importing.undo(doubt.statement, reason="wrong", by=BY, now=timezone.now())
    first = BankTransaction.objects.get().statement
    importing.undo(first, reason="wrong", by=BY, now=timezone.now())
    assert not BankTransaction.objects.exists()
    doubt.refresh_from_db()
    assert (doubt.ours, doubt.taken, doubt.answer) == (None, None, "new")
    save(look(account, file_of(AGAIN, RENT)))
    assert account.transactions.count() == 2


def test_nothing_is_decided_after_it_was_taken_back(account: SourceAccount) -> None:
    doubt = two_coffees(account)
    importing.undo(doubt.statement, reason="wrong", by=BY, now=timezone.now())
    assert not Doubt.objects.open().exists()
    with pytest.raises(AlreadyDecided, match="taken back"):
        decide(doubt, Answer.NEW)


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once() -> None:
    doubt = two_coffees(portal.make_account())
    together = threading.Barrier(2)
    said: list[str] = []

    def run() -> None:
        try:
            together.wait(timeout=10)
            decide(doubt, Answer.NEW)
            said.append("done")
        except AlreadyDecided:
            said.append("late")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(said) == ["done", "late"]
    assert BankTransaction.objects.count() == 3


# --- Several together -----------------------------------------------------------------------------


def told_anew(account: SourceAccount, *, name: str = "anew.csv") -> list[Doubt]:
    """Three rows that are here come again under other ids, and one that is new."""
    ids = ("A", "B", "C")
    save(look(account, file_of(*(f"{n},{ON},Row {n},10.00,{at}" for at, n in enumerate(ids)))))
    rows = [f"X{n},{ON},Row {n},10.00,{at}" for at, n in enumerate(ids)]
    save(look(account, file_of(*rows, f"D,{ON},New,1.00,3"), name=name))
    return list(Doubt.objects.order_by("line"))


def together(doubts: list[Doubt], answer: str, **seen: str) -> list[str]:
    shown = {doubt.pk: importing.seen_of(doubt) for doubt in doubts}
    found = importing.decide_together(
        doubts,
        answer,
        seen=shown | {int(pk): said for pk, said in seen.items()},
        reason="asked",
        by=BY,
        now=timezone.now(),
    )
    return [each.words for each in found]


def test_several_are_kept_out_together(account: SourceAccount) -> None:
    doubts = told_anew(account)
    assert together(doubts, Answer.KEEP) == ["", "", ""]
    assert len(here(account)) == 4
    events = Event.objects.filter(action="doubt.decided")
    assert [(each.reason, each.after["answer"]) for each in events] == [("asked", "keep")] * 3
    assert not Doubt.objects.open().exists()


def test_several_come_in_together_where_they_happened(account: SourceAccount) -> None:
    doubts = told_anew(account)
    other = Doubt.objects.get(pk=doubts[1].pk)
    decide(other, Answer.KEEP)
    words = together(doubts, Answer.NEW)
    assert [bool(each) for each in words] == [False, True, False]
    assert "decided on this row already" in words[1]
    # In the order of their file, before its new row.
    assert [name for name, _balance in here(account)] == ["A", "B", "C", "XA", "XC", "D"]
    doubts = list(Doubt.objects.order_by("line"))
    assert [each.taken and each.taken.transaction_id for each in doubts] == ["XA", None, "XC"]
    assert (doubts[0].statement.rows_saved, doubts[0].statement.rows_rejected) == (3, 1)


def test_each_of_several_is_as_it_was_seen(account: SourceAccount) -> None:
    doubts = told_anew(account)
    words = together(doubts, Answer.NEW, **{str(doubts[0].pk): "otherwise"})
    assert [bool(each) for each in words] == [True, False, False]
    assert "Look at it once more" in words[0]
    [again] = Doubt.objects.open()
    assert again == doubts[0]
    with pytest.raises(ValueError, match="Give a reason"):
        importing.decide_together(
            [again], Answer.KEEP, seen={}, reason=" ", by=BY, now=timezone.now()
        )


def test_the_very_same_row_of_two_files_comes_in_once(account: SourceAccount) -> None:
    save(look(account, file_of(COFFEE)))
    uploads = [
        look(account, file_of(AGAIN, f"R{n},{ON},Rent,-50.00,41.00"), name=f"{n}.csv")
        for n in range(2)
    ]
    # Both were asked about before either was answered.
    first = save(uploads[0])
    doubt = Doubt.objects.get()
    second = save(uploads[1])
    twin = Doubt.objects.create(
        **{
            field.attname: getattr(doubt, field.attname)
            for field in Doubt._meta.concrete_fields
            if field.name not in {"id", "statement"}
        },
        statement=second,
    )
    both = [doubt, twin]
    assert [bool(each) for each in together(both, Answer.NEW)] == [False, True]
    assert account.transactions.filter(description="Coffee").count() == 2
    with pytest.raises(ValueError, match="it would be sent twice"):
        decide(twin, Answer.NEW)
    decide(twin, Answer.KEEP)
    assert first.transactions.filter(transaction_id="C2").exists()


def test_nothing_of_several_comes_in_where_the_account_takes_none(account: SourceAccount) -> None:
    doubts = told_anew(account)
    SourceAccount.objects.update(gone_at=timezone.now())
    with pytest.raises(CannotImport, match="removed at Codat"):
        together(list(Doubt.objects.order_by("line")), Answer.NEW)
    assert Doubt.objects.open().count() == len(doubts)
    assert together(list(Doubt.objects.order_by("line")), Answer.KEEP) == ["", "", ""]
