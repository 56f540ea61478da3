"""Codat does not answer: what is ours is done all the same, and the rest says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from bankfeeds.models import Departure, SendingStop
from tests import support
from tests.admin.pushes import signed_in, text

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_could_not_be_done_is_said_with_the_next_step(
    people: dict[str, Any], settings: Any
) -> None:
    settings.CODAT_PAGE_DEADLINE = 0.5
    browser: Any = signed_in(people["manager"])
    account = support.make_account()
    refresh = reverse("admin:bankfeeds_sourceaccount_refresh", args=[account.pk])
    shown = text(browser.post(refresh, follow=True))
    assert "Codat did not answer. Nothing was changed. Try again in a minute" in shown
    # Several at once: the first says it for all, and nobody waits for each of the others.
    others = [support.make_account().company_id for _ in range(2)]
    posted = {"action": "refresh_statuses", "_selected_action": [account.company_id, *others]}
    shown = text(browser.post("/admin/bankfeeds/company/", posted, follow=True))
    assert shown.count("Codat did not answer") == 1
    assert "2 more companies were not asked about." in shown
    settings.CODAT_PAGE_DEADLINE = 0.001
    none = [support.make_company(name).pk for name in ("First", "Second", "Third")]
    posted = {"action": "create_connections", "_selected_action": none}
    shown = text(browser.post("/admin/bankfeeds/company/", posted, follow=True))
    assert "Third: Codat" in shown and "2 more were left as they are." in shown
    settings.CODAT_PAGE_DEADLINE = 0.5
    # The wrong person: what is ours is done all the same, and what is not says so.
    path = reverse("admin:bankfeeds_connection_wrong_person", args=[account.connection_id])
    form = {"reason": "r", "form_key": "k", "issued": "", "unlink": "yes"}
    shown = text(browser.post(path, form, follow=True))
    assert "Sending is stopped." in shown and "Press Continue" in shown
    assert "No new link was made. Press Renew link when Codat answers again." in shown
    assert SendingStop.objects.count() == 1 and Departure.objects.get().state == "planned"
