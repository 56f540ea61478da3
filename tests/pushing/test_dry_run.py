"""The dry run against the sandbox: what it shows is what arrives once the push is confirmed."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from bankfeeds.models import Event, Push, PushBody, PushStatus
from tests import support
from tests.admin.pushes import hidden, signed_in, text

pytestmark = pytest.mark.django_db(transaction=True)
CONFIRM, DRY_RUN = "/admin/bankfeeds/push/confirm/", "/admin/bankfeeds/push/dry-run/"


def test_what_the_dry_run_shows_is_what_arrives(
    sandbox: object, drain: Callable[[], None], people: dict[str, Any]
) -> None:
    (account,) = support.onboard().accounts
    rows = support.make_transactions(account, ["1.00"] * 1001)
    rows[0].description = "Café =1+1 \\ “quoted” \U0001f600"
    rows[0].save()
    browser = signed_in(people["support"])
    recorded = Event.objects.count()

    page = browser.get(DRY_RUN, {"account": account.pk})
    digests = re.findall(r"\b[0-9a-f]{64}\b", text(page))
    bodies = [browser.get(f"{DRY_RUN}{account.pk}/?part={part}").content for part in (1, 2)]
    archive = zipfile.ZipFile(io.BytesIO(browser.get(f"{DRY_RUN}{account.pk}/").content))
    assert [archive.read(name) for name in archive.namelist()] == bodies
    assert archive.namelist() == sorted(archive.namelist())
    assert [hashlib.sha256(body).hexdigest() for body in bodies] == digests
    # Nothing left and nothing was written down.
    assert support.posts() == []
    assert not Push.objects.exists()
    assert Event.objects.count() == recorded

    asked = browser.get(CONFIRM, {"account": account.pk})
    given = {name: hidden(asked, name) for name in ("form_key", "fingerprint")}
    browser.post(CONFIRM, {**given, "account": account.pk, f"signs-{account.pk}": "right"})
    drain()
    assert {push.status for push in Push.objects.all()} == {PushStatus.SUCCEEDED}
    assert [each.content for each in PushBody.objects.order_by("push__sequence")] == bodies
    assert [post["sha256"] for post in support.posts()] == digests
    (path,) = {post["path"] for post in support.posts()}
    assert path in text(page)
    assert "POST /companies/{companyId}/connections/{connectionId}/push/" in text(page)
    # Once it has gone there is nothing more to show.
    after = browser.get(f"{DRY_RUN}{account.pk}/?part=1", follow=True)
    assert "There is no such body any more" in text(after)
    assert "Nothing can be sent now." in text(after)
