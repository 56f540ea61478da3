"""A long file is saved in the background: its page, and what it leads to."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from bankfeeds.models import BankTransaction, Saving, Statement
from tests import support as portal
from tests.admin.pushes import signed_in, text
from tests.importing.support import csv_of, look
from tests.matrix.forms import fields_of

pytestmark = pytest.mark.django_db


def test_a_long_file_is_saved_in_the_background(people: dict[str, Any], settings: Any) -> None:
    settings.IMPORT_AT_ONCE_ROWS = 2
    upload = look(portal.make_account(), csv_of(["1.00", "2.00", "3.00"]))
    page, client = f"/admin/bankfeeds/statement/{upload.pk}/", signed_in(people["support"])
    assert client.get(f"{page}saving/")["Location"] == f"{page}change/"
    assert client.get(f"{page}saving/status/")["Location"] == f"{page}change/"
    client.get(f"{page}preview/")
    portal.run_jobs()
    shown = client.get(f"{page}preview/").content.decode()
    given = fields_of(shown, f"{page}save/", itself=False)
    assert given
    answer = client.post(f"{page}save/", given, follow=True)
    assert answer.redirect_chain[-1][0] == f"{page}saving/"
    assert not BankTransaction.objects.exists()
    told = text(answer)
    assert "Being saved" in told and "0% done" in told and "not running" not in told
    assert '<noscript><meta http-equiv="refresh"' in answer.content.decode()
    assert "Being saved" in text(client.get("/admin/bankfeeds/statement/"))
    portal.no_worker_runs()
    assert "The worker is not running" in text(client.get(f"{page}saving/status/"))
    portal.worker_runs()
    # Whoever comes back to the preview is led on; pressed twice it is saved once.
    assert client.get(f"{page}preview/")["Location"] == f"{page}saving/"
    client.post(f"{page}save/", given)
    portal.run_jobs()
    assert f'data-leads="{page}change/"' in client.get(f"{page}saving/status/").content.decode()
    told = text(client.get(f"{page}saving/", follow=True))
    assert "3 rows of this file were saved." in told
    assert (BankTransaction.objects.count(), Statement.objects.get().imported_by) == (3, "support")


def test_why_it_was_not_saved_stands_on_the_preview(people: dict[str, Any], settings: Any) -> None:
    settings.IMPORT_AT_ONCE_BYTES = 10
    account = portal.make_account()
    upload, client = look(account, csv_of(["1.00"])), signed_in(people["support"])
    page = f"/admin/bankfeeds/statement/{upload.pk}/"
    client.post(f"{page}save/", {"shown": "of another day"})
    portal.run_jobs()
    told = text(client.get(f"{page}saving/", follow=True))
    assert "while the page was open, rows of this account came in" in told
    other = look(account, csv_of(["2.00"], prefix="S"))
    Statement.objects.filter(pk=other.pk).update(
        sha256=upload.sha256, state="saved", saved_at=timezone.now()
    )
    answer = client.post(f"{page}save/", {}, follow=True)
    assert "This file was imported on" in text(answer)
    assert Saving.objects.get().ended_at is not None
