"""The pages of sending again: who may, what is shown before, and what a press does once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds.models import Push, PushMark, PushStatus, Resending, SourceAccount
from tests import support
from tests.admin.pushes import hidden, refused, signed_in, succeeded, text, timed_out
from tests.resending.support import many, marked, run_orders

pytestmark = pytest.mark.django_db

HISTORY = "/admin/bankfeeds/push/"
ORDERS = "/admin/bankfeeds/resending/"
ADD = f"{ORDERS}add/"
ROLES = {"manager": True, "support": True, "auditor": False, "administrator": False}


@pytest.fixture
def browser(people: dict[str, Any]) -> Any:
    return signed_in(people["support"])


def press(browser: Any, url: str, page: Any, **given: Any) -> Any:
    form = {"reason": "Codat was down", **given}
    for name in ("form_key", "fingerprint"):
        if f'name="{name}"' in page.content.decode():
            form.setdefault(name, hidden(page, name))
    return browser.post(url, form)


@pytest.mark.parametrize(("role", "may"), ROLES.items())
def test_who_may(people: dict[str, Any], role: str, may: bool) -> None:
    browser, push = signed_in(people[role]), refused()
    lost = marked(succeeded())
    again = browser.get(f"{ADD}?chosen={push.pk}")
    assert again.status_code == (200 if may else 403)
    assert browser.post(f"{ADD}?chosen={push.pk}", {"reason": "x"}).status_code == (
        200 if may else 403
    )
    choose = f"{ORDERS}account/{lost.account_id}/"
    shown = browser.get(choose)
    assert shown.status_code == 200
    assert (b"seen-to/" in shown.content) == may
    history = browser.get(f"{HISTORY}?status=failed").content.decode()
    assert ('value="send_again"' in history) == ("Send again all that match" in history) == may
    assert browser.get(ORDERS).status_code == 200
    if not may:
        row = lost.items.first()
        assert row is not None
        for url in (choose, f"{choose}seen-to/"):
            given = {"reason": "x", "row": row.transaction_id, "push": lost.pk}
            assert browser.post(url, given).status_code == 403
        assert Push.objects.count() == 2 and PushMark.objects.count() == 1


def test_both_permissions_are_needed(people: dict[str, Any]) -> None:
    group = people["support"].groups.get()
    group.permissions.remove(group.permissions.get(codename="decide_push"))
    browser = signed_in(people["support"])
    assert browser.get(f"{ADD}?chosen={refused().pk}").status_code == 403


def test_the_action_leads_to_the_estimate_of_what_was_ticked(browser: Any) -> None:
    chosen = [refused(), timed_out()]
    refused()
    given = {"action": "send_again", "_selected_action": [push.pk for push in chosen]}
    answer = browser.post(HISTORY, given, follow=True)
    said = text(answer)
    assert "2 ticked pushes" in said
    assert "Send 1 push with 3 transactions again" in said
    assert "Its outcome is unknown" in said and "never sent again in bulk" in said
    assert Resending.objects.count() == 0 and Push.objects.count() == 3


def test_all_that_match_the_filter_go_however_many_pages(browser: Any) -> None:
    many(120)
    many(5, status=PushStatus.SUCCEEDED)
    shown = Push.objects.filter(status=PushStatus.FAILED).latest("pk").pk
    given = {"action": "send_again", "_selected_action": [shown], "select_across": "1"}
    answer = browser.post(f"{HISTORY}?status=failed&p=2", given)
    page = browser.get(answer.url)
    assert "status: Refused by Codat" in text(page)
    assert "Send 120 pushes" in text(page)
    done = press(browser, answer.url, page)
    assert done.status_code == 303
    made = Resending.objects.get()
    assert (made.total, made.choice, made.asked_by) == (120, "status: Refused by Codat", "support")
    again = press(browser, answer.url, page)
    assert again.url == done.url and Resending.objects.count() == 1
    assert text(browser.get(again.url)).count(f"Order #{made.pk} is written down.") == 2


def test_the_order_is_followed_on_its_page(browser: Any) -> None:
    pushes = [refused(), timed_out()]
    url = f"{ADD}?chosen={pushes[0].pk},{pushes[1].pk}"
    done = press(browser, url, browser.get(url))
    made = Resending.objects.get()
    waiting = browser.get(done.url)
    assert "0 of 2 pushes had their turn" in text(waiting) and "Under way" in text(waiting)
    status = f"{ORDERS}{made.pk}/status/"
    assert 'data-moving="yes"' in browser.get(status).content.decode()
    run_orders()
    said = text(browser.get(done.url))
    replacement = pushes[0].decisions.get().replacement
    assert "2 of 2" in said and replacement and f"#{replacement.pk} Waiting to be sent" in said
    assert "Its outcome is unknown" in said
    assert 'data-moving="no"' in browser.get(status).content.decode()
    left = text(browser.get(f"{done.url}?show=left"))
    assert f"#{pushes[1].pk}" in left and f"#{replacement.pk} Waiting" not in left
    assert "1/2" in text(browser.get(ORDERS))
    assert browser.get(f"{ORDERS}9999/change/").status_code == 302
    assert browser.get(f"{ORDERS}9999/status/").status_code == 404


def test_without_a_reason_or_after_a_change_nothing_is_ordered(browser: Any) -> None:
    push = refused()
    url = f"{ADD}?chosen={push.pk}"
    page = browser.get(url)
    assert "Give a reason" in text(press(browser, url, page, reason=" "))
    SourceAccount.objects.filter(pk=push.account_id).update(status="disconnected")
    said = text(press(browser, url, page))
    assert "has changed since" in said and "not connected" in said
    assert not Resending.objects.exists()


@pytest.mark.parametrize("query", ["chosen=", "chosen=9999", "chosen=x,%00", "status=nonsense"])
def test_an_address_that_means_nothing_leads_back(browser: Any, query: str) -> None:
    refused()
    answer = browser.get(f"{ADD}?{query}")
    assert answer.status_code == 303 and answer.url == HISTORY


def test_more_than_anybody_looks_through_is_refused(browser: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("bankfeeds.admin.resending.estimate.MOST", 2)
    for _ in range(3):
        refused()
    said = text(browser.get(f"{ADD}?status=failed"))
    assert "More than 2 pushes match" in said and "Reason" not in said


def test_the_file_of_rows_that_are_too_late_stands_beside_the_push(browser: Any) -> None:
    account = support.make_account()
    push = refused(account, date=support.today() - dt.timedelta(days=7))
    url = f"{ADD}?chosen={push.pk}"
    SourceAccount.objects.filter(pk=account.pk).update(feed_start_date=support.today())
    page = browser.get(url)
    assert "3 rows are left out" in text(page) and "Nothing of this can be sent" in text(page)
    file = f"{ORDERS}push/{push.pk}/file/"
    assert browser.get(file).status_code == 303
    answer = browser.post(file)
    assert answer["Content-Type"].startswith("text/csv")
    assert answer.content.decode().count("\n") == 4
    assert browser.post(f"{ORDERS}push/{refused().pk}/file/").status_code == 303


def test_marks_are_shown_and_found(browser: Any) -> None:
    lost, fine = marked(succeeded()), succeeded()
    seen = marked(succeeded())
    PushMark.objects.create(
        push=seen, kind="seen_to", made_at=timezone.now(), made_by="support", words="they have it"
    )
    wrong = succeeded()
    PushMark.objects.create(
        push=wrong, kind="sent_in_error", made_at=timezone.now(), made_by="support"
    )

    def found(mark: str) -> set[int]:
        return {push.pk for push in browser.get(f"{HISTORY}?mark={mark}").context["cl"].result_list}

    assert found("any") == {lost.pk, seen.pk, wrong.pk}
    assert found("open") == {lost.pk} and found("seen_to") == {seen.pk}
    assert found("sent_in_error") == {wrong.pk} and fine.pk in found("nonsense")
    label = "May not have reached QuickBooks"
    assert label in text(browser.get(HISTORY))
    page = text(browser.get(f"{HISTORY}{lost.pk}/change/"))
    assert label in page and "Accepted by Codat" in page
    assert "Choose on the page of its account" in page
    assert "they have it" in text(browser.get(f"{HISTORY}{seen.pk}/change/"))
    account = browser.get(f"/admin/bankfeeds/sourceaccount/{lost.account_id}/change/")
    assert "Choose what goes again" in text(account) and label in text(account)
    none = browser.get(f"/admin/bankfeeds/sourceaccount/{seen.account_id}/change/")
    assert "Choose what goes again" not in text(none)


def test_rows_are_chosen_on_the_account(browser: Any) -> None:
    account = support.make_account()
    old = marked(succeeded(account, date=support.today() - dt.timedelta(days=1)))
    new = marked(succeeded(account))
    url = f"{ORDERS}account/{account.pk}/"
    page = browser.get(url)
    assert page.content.count(b'type="checkbox"') == 3
    said = text(page)
    assert "doubles it" in said and "older than the newest transaction already sent" in said
    assert "Tick the rows" in text(press(browser, url, page))
    row = new.items.get(position=0).transaction
    no_reason = press(browser, url, page, row=row.pk, reason="")
    assert "Give a reason" in text(no_reason) and b"checked" in no_reason.content
    done = press(browser, url, page, row=row.pk)
    assert done.status_code == 303
    assert "is written down" in text(browser.get(done.url))
    assert press(browser, url, page, row=row.pk).url == done.url
    assert "is written down" in text(browser.get(done.url))
    assert Push.objects.count() == 3
    result = text(browser.get(done.url))
    assert "1 row sent again in push #" in result and f"#{new.pk}" in result
    seen = browser.post(f"{url}seen-to/", {"reason": "there", "push": [old.pk, new.pk]})
    assert seen.status_code == 303
    assert "Choose what goes again" not in text(browser.get(seen.url))
    again = browser.post(f"{url}seen-to/", {"reason": "there", "push": [old.pk, new.pk]})
    assert "All of it was seen to before." in text(browser.get(again.url))
    assert browser.get(url).status_code == 303


def test_the_file_of_what_may_be_missing(browser: Any) -> None:
    account = support.make_account()
    marked(succeeded(account, date=support.today() - dt.timedelta(days=1)))
    marked(succeeded(account))
    url = f"{ORDERS}account/{account.pk}/file/"
    assert browser.get(url).status_code == 303
    assert browser.post(url, {"rows": "all"}).content.count(b"\n") == 7
    assert browser.post(url).content.count(b"\n") == 4
    assert browser.post(f"{ORDERS}account/9999/file/").status_code == 404


def test_until_the_client_is_back_nothing_can_be_chosen(browser: Any) -> None:
    push = marked(succeeded())
    SourceAccount.objects.filter(pk=push.account_id).update(status="disconnected")
    url = f"{ORDERS}account/{push.account_id}/"
    page = browser.get(url)
    assert b"checkbox" not in page.content and "not connected" in text(page)
    row = push.items.get(position=0).transaction
    assert "Nothing was sent" in text(press(browser, url, page, row=row.pk))
    account = text(browser.get(f"/admin/bankfeeds/sourceaccount/{push.account_id}/change/"))
    assert "When the client has connected again" in account
