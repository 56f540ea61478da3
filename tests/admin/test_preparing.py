"""The preview of a long file while it is worked out: its page, and what it leads to."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bankfeeds import importing
from bankfeeds.admin.statements import pages
from bankfeeds.models import KeptPiece, KeptPreview, Preparing, PreviewPiece, Statement
from tests import support as portal
from tests.admin.pushes import signed_in, text
from tests.importing.support import BY, csv_of, look, rows_of, save
from tests.intake.support import written
from tests.matrix.forms import fields_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def short(settings: Any) -> None:
    settings.IMPORT_AT_ONCE_ROWS = 2


@pytest.fixture
def client(people: dict[str, Any]) -> Client:
    return signed_in(people["support"])


def page_of(upload: Statement) -> str:
    return f"/admin/bankfeeds/statement/{upload.pk}/preview/"


def test_the_page_opens_at_once_and_leads_to_the_preview(client: Client) -> None:
    account = portal.make_account()
    upload = look(account, csv_of(["1.00", "2.00", "3.00"]))
    page = page_of(upload)
    answer = client.get(f"{page}?problems=1&page=2")
    told = text(answer)
    assert "Being worked out" in told and "It was not worked out yet." in told
    assert "0% done" in told and "not running" not in told and "Save 3 rows" not in told
    html = answer.content.decode()
    # Named outright: an address that ends in a mark of its page is not loaded again by itself.
    again = f"{page}?problems=1&amp;page=2"
    assert f'<noscript><meta http-equiv="refresh" content="3; url={again}">' in html
    status = f"{page}status/?problems=1&amp;page=2"
    assert f'data-url="{status}"' in html
    portal.no_worker_runs()
    told = text(client.get(f"{page}status/"))
    assert "The worker is not running" in told and "Tell the administrator" in told
    portal.worker_runs()
    assert portal.run_jobs() == 1
    done = client.get(f"{page}status/?problems=1&page=2").content.decode()
    assert f'data-leads="{page}?problems=1&amp;page=2"' in done
    assert "Save 3 rows" in text(client.get(page))
    # Something comes in: the page says why it waits again, and nothing is worked out for it.
    save(look(account, csv_of(["1.00"])))
    portal.empty_queue()
    told = text(client.get(page))
    assert "since something changed" in told and "Rows of this account came in" in told
    assert "Save" not in told.partition("Being worked out")[2].partition("Cancel")[0]
    portal.run_jobs()
    told = text(client.get(page))
    assert "Save 2 rows" in told and "1 already here" in told
    save(upload)
    assert client.get(f"{page}status/")["Location"] == page


def test_a_stated_opening_balance_is_worked_out_by_the_worker(client: Client) -> None:
    day = portal.today()
    lines = [f"A{n},{day},Row,1.00" for n in range(3)]
    content = "\n".join(["id,date,description,amount", *lines]).encode()
    upload = look(portal.make_account(), content)
    page = page_of(upload)
    client.get(page)
    portal.run_jobs()
    shown = client.get(page).content.decode()
    address = page.replace("preview", "opening")
    assert fields_of(shown, address, itself=False)
    wrong = client.post(address, {"opening_balance": "much"})
    assert "is no opening balance" in text(wrong)
    told = text(client.post(address, {"opening_balance": "5.00"}, follow=True))
    assert "The opening balance was stated." in told and "Being worked out" in told
    portal.run_jobs()
    assert "closing 8.00" in text(client.get(page)).replace("\xa0", " ")


def test_one_that_was_given_up_says_so_and_is_tried_again(client: Client) -> None:
    upload = look(portal.make_account(), csv_of(["1.00", "2.00", "3.00"]))
    page = page_of(upload)
    client.get(page)
    portal.empty_queue()
    Preparing.objects.update(
        ended_at=timezone.now(), words="Working it out was broken off several times."
    )
    answer = client.get(page)
    told = text(answer)
    assert "Not worked out" in told and "broken off several times" in told
    assert "Try again" in told and "Nothing of the file is saved" in told
    assert "http-equiv" not in answer.content.decode()
    assert not portal.queued()
    assert client.get(f"{page}again/").status_code == 302 and Preparing.objects.get().ended_at
    told = text(client.post(f"{page}again/", follow=True))
    assert "Being worked out" in told and portal.run_jobs() == 1
    assert "Save 3 rows" in text(client.get(page))


def test_a_kept_preview_that_is_gone_in_that_moment(client: Client) -> None:
    upload = look(portal.make_account(), csv_of(["1.00", "2.00", "3.00"]))
    page = page_of(upload)
    client.get(page)
    portal.run_jobs()
    first = text(client.get(page))
    assert "1 to 3 of 3" in first and text(client.get(page)) == first
    PreviewPiece.objects.all().delete()
    assert "while the page was open" in text(client.get(page, follow=True))
    portal.run_jobs()
    assert "1 to 3 of 3" in text(client.get(page))
    KeptPreview.objects.all().delete()
    KeptPiece.objects.all().delete()
    told = text(client.get(page, follow=True))
    assert "This upload is no longer kept." in told
    assert client.get(f"{page}status/")["Location"] == page
    importing.discard(upload, by=BY, now=timezone.now())
    assert client.post(f"{page}again/", follow=True).status_code == 200


def test_a_page_of_many_says_what_does_not_stand_on_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "SHOWN_ROWS", 2)
    monkeypatch.setattr(pages, "KEPT_REJECTED", 1)
    rows: list[list[object]] = [
        ["A", "x", "x", "1", "1"],
        ["B", "x", "x", "1", "1"],
        *rows_of(["1.00"] * 4),
    ]
    upload = look(portal.make_account(), written(rows))
    page = page_of(upload)
    client.get(page)
    portal.run_jobs()
    answer = client.get(f"{page}?all=1&page=2")
    told = text(answer)
    assert "Of the bad rows the first 1 stand here." in told and "Page 2 of 3" in told
    html = answer.content.decode()
    assert 'href="?all=1#lines">First page' in html and 'page=3#lines">Last page' in html
