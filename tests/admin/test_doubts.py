"""Rows to decide in the browser's words: the list, both rows, the decision."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bankfeeds import importing
from bankfeeds.admin.statements import doubts_together
from bankfeeds.models import Doubt, PushStatus, SourceAccount
from tests import support as portal
from tests.importing.support import look, save
from tests.intake.support import file_of

ROWS = "admin:bankfeeds_doubt_changelist"
PAGE = "admin:bankfeeds_doubt_change"
DECIDE = "admin:bankfeeds_doubt_decide"


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account(portal.make_connection(portal.make_company("Café Québec")))


@pytest.fixture
def support(client: Client, people: dict[str, User]) -> Client:
    client.force_login(people["support"])
    return client


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def two_coffees(account: SourceAccount) -> Doubt:
    on = portal.today()
    save(look(account, file_of(f"C1,{on},Coffee,-4.50,95.50")))
    save(look(account, file_of(f"C2,{on},Coffee,-4.50,91.00", f"T,{on},Tea,-1.00,90.00")))
    return Doubt.objects.get()


def post(client: Client, doubt: Doubt, answer: str, **changes: str) -> Any:
    form = {"answer": answer, "reason": "the client says so", "seen": importing.seen_of(doubt)}
    return client.post(reverse(DECIDE, args=[doubt.pk]), {**form, **changes}, follow=True)


def test_from_the_count_to_the_decision(support: Client, account: SourceAccount) -> None:
    doubt = two_coffees(account)
    start = support.get(reverse("admin:bankfeeds_company_changelist"))
    url = f"{reverse(ROWS)}?state=open"
    assert f'href="{url}">Rows to decide (1)</a>' in text(start)
    listed = text(support.get(url))
    page = reverse(PAGE, args=[doubt.pk])
    assert page in listed
    assert "Café Québec" in listed
    shown = text(support.get(page))
    assert "day.csv, line 2" in shown
    assert "Looks like one that is here" in shown
    assert "Both are real, as two equal coffees are." in shown
    assert "Ours was sent in error" not in shown
    imported = text(
        support.get(reverse("admin:bankfeeds_statement_change", args=[doubt.statement_id]))
    )
    assert "1 row waits for a decision" in imported
    assert "Rows left out" in imported
    assert "Download bad rows" not in imported

    done = text(post(support, doubt, "new"))
    assert "The decision is recorded." in done
    assert "Rows to decide (" not in done
    assert "the client says so" in text(support.get(page))
    assert account.transactions.count() == 3
    imported = text(
        support.get(reverse("admin:bankfeeds_statement_change", args=[doubt.statement_id]))
    )
    assert "Rows left out" not in imported
    late = text(post(support, doubt, "keep"))
    assert "decided on this row already" in late
    assert account.transactions.count() == 3


def test_a_file_of_nothing_but_rows_in_doubt_is_kept_for_the_decision(
    support: Client, account: SourceAccount
) -> None:
    on = portal.today()
    save(look(account, file_of(f"C1,{on},Coffee,-4.50,95.50", f"R1,{on},Rent,-5.50,90.00")))
    later = look(
        account,
        file_of(f"C2,{on},Coffee,-4.50,85.50", f"R1,{on},Rent,-6.50,79.00", f"X,{on},Odd,NaN,1"),
    )
    preview = support.get(reverse("admin:bankfeeds_statement_preview", args=[later.pk]))
    assert "Nothing new" not in text(preview)
    assert "leave_out_bad" in text(preview)
    assert "disabled" not in text(preview)
    form = {"shown": preview.context["found"].digest, "leave_out_bad": "yes"}
    saved = support.post(
        reverse("admin:bankfeeds_statement_save", args=[later.pk]), form, follow=True
    )
    assert "2 rows wait for a decision" in text(saved)
    assert "Download bad rows" in text(saved)
    assert Doubt.objects.open().count() == 2
    # Of them there is nothing left to decide in the next file.
    again = look(account, file_of(f"C2,{on},Coffee,-4.50,85.50"))
    preview = support.get(reverse("admin:bankfeeds_statement_preview", args=[again.pk]))
    assert "Nothing new: every row that was understood is here already." in text(preview)


def test_what_is_refused_is_said_with_what_was_typed(
    support: Client, account: SourceAccount
) -> None:
    doubt = two_coffees(account)
    assert "Choose one of the answers." in text(post(support, doubt, ""))
    assert "Choose one of the answers." in text(post(support, doubt, "mistake"))
    assert "Give a reason" in text(post(support, doubt, "new", reason=""))
    stale = text(post(support, doubt, "new", seen="before"))
    assert "Meanwhile something happened" in stale
    assert 'value="the client says so"' in stale
    assert not Doubt.objects.exclude(answer="").exists()


def test_ours_was_sent_in_error(support: Client, account: SourceAccount) -> None:
    doubt = two_coffees(account)
    assert doubt.ours
    push = portal.make_push(account, [doubt.ours], status=PushStatus.SUCCEEDED)
    assert "Ours was sent in error" in text(support.get(reverse(PAGE, args=[doubt.pk])))
    post(support, doubt, "mistake")
    assert push.marks.get().words == "the client says so"
    assert account.transactions.count() == 3


def test_who_only_reads_sees_both_and_no_button(
    client: Client, people: dict[str, User], account: SourceAccount
) -> None:
    doubt = two_coffees(account)
    client.force_login(people["auditor"])
    page = text(client.get(reverse(PAGE, args=[doubt.pk])))
    assert "A manager or support decides." in page
    assert "Record the decision" not in page
    assert post(client, doubt, "new").status_code == 403


# --- Several together -----------------------------------------------------------------------------

TOGETHER = "admin:bankfeeds_doubt_together"


def told_anew(account: SourceAccount) -> list[Doubt]:
    on = portal.today()
    save(look(account, file_of(f"A,{on},Sale,250.00,250.00", f"B,{on},Rent,-40.25,209.75")))
    again = file_of(f"XA,{on},Sale,250.00,250.00", f"XB,{on},Rent,-40.25,209.75", f"C,{on},T,1,210")
    save(look(account, again))
    return list(Doubt.objects.order_by("pk"))


def press_together(client: Client, doubts: list[Doubt], answer: str, **changes: str) -> Any:
    form: dict[str, Any] = {"chosen": [str(each.pk) for each in doubts], "answer": answer}
    form |= {f"seen-{each.pk}": importing.seen_of(each) for each in doubts}
    return client.post(reverse(TOGETHER), {**form, "reason": "resent", **changes})


def test_several_are_shown_with_their_money_and_decided(
    support: Client, account: SourceAccount
) -> None:
    doubts = told_anew(account)
    chosen = {"action": "decide_together", "_selected_action": [each.pk for each in doubts]}
    page = text(support.post(reverse(ROWS), chosen, follow=True))
    assert "2 rows to decide</h2>" in page
    assert "2 rows · Money in 250.00 USD · Money out 40.25 USD" in page
    assert "Decide on 2 rows" in page
    assert "Ours was sent in error" not in page
    imported = reverse("admin:bankfeeds_statement_change", args=[doubts[0].statement_id])
    all_of_it = f"{reverse(TOGETHER)}?statement={doubts[0].statement_id}"
    assert f'href="{all_of_it}">Decide on all of them together' in text(support.get(imported))
    assert "2 rows to decide</h2>" in text(support.get(all_of_it))

    for changes, said in (({"reason": ""}, "Give a reason"), ({"answer": "x"}, "one of the answ")):
        page = text(press_together(support, doubts, **{"answer": "keep", **changes}))
        assert said in page
        assert "Nothing was changed." in page
    assert Doubt.objects.open().count() == 2

    # One of them is decided meanwhile by somebody else.
    post(support, doubts[0], "keep")
    page = text(press_together(support, doubts, "new"))
    assert "1 of 2 decided" in page
    assert "support decided on this row already" in page
    assert "Came in as XB" in page
    assert f'href="{reverse(TOGETHER)}?chosen={doubts[0].pk}">Look at those' in page
    assert "1 of the chosen rows is decided by now" in text(
        support.get(reverse(TOGETHER), {"chosen": doubts[0].pk})
    )
    assert not Doubt.objects.open().exists()


def test_what_was_sent_in_error_is_marked_together(
    client: Client, account: SourceAccount, people: dict[str, User]
) -> None:
    doubts = told_anew(account)
    sent = [each.ours for each in doubts if each.ours]
    push = portal.make_push(account, sent, status=PushStatus.SUCCEEDED)
    client.force_login(people["manager"])
    shown = text(client.get(reverse(TOGETHER), {"chosen": f"{doubts[0].pk},{doubts[1].pk}"}))
    assert "Ours was sent in error" in shown
    page = text(press_together(client, list(Doubt.objects.order_by("pk")), "mistake"))
    assert "2 of 2 decided" in page
    marked = push.items.filter(marks__mark__kind="sent_in_error").distinct()
    assert (marked.count(), push.marks.count()) == (2, 1)
    assert account.transactions.filter(transaction_id__in=("XA", "XB")).count() == 2


def test_who_may_not_and_too_many(
    client: Client, account: SourceAccount, people: dict[str, User], monkeypatch: Any
) -> None:
    doubts = told_anew(account)
    client.force_login(people["auditor"])
    assert client.get(reverse(TOGETHER)).status_code == 403
    assert press_together(client, doubts, "keep").status_code == 403
    assert "Decide on selected rows" not in text(client.get(reverse(ROWS)))
    client.force_login(people["support"])
    monkeypatch.setattr(doubts_together, "MOST", 1)
    chosen = {"chosen": ",".join(str(each.pk) for each in doubts)}
    assert "At most 1 rows at once" in text(client.get(reverse(TOGETHER), chosen, follow=True))
    assert "At most 1 rows at once" in text(press_together(client, doubts, "keep"))
    action = {"action": "decide_together", "_selected_action": [each.pk for each in doubts]}
    assert "Nothing was decided" in text(client.post(reverse(ROWS), action, follow=True))
    # Of an import the first ones, and that there are more.
    page = text(client.get(reverse(TOGETHER), {"statement": doubts[0].statement_id}))
    assert "1 row to decide</h2>" in page
    assert "1 more row of this file comes after these" in page
    assert "None of these rows is to be decided." in text(client.get(reverse(TOGETHER)))
    assert Doubt.objects.open().count() == 2
