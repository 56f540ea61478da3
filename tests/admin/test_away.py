"""Codat does not answer: what is ours is done all the same, and the rest says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from bankfeeds.models import Departure, SendingStop
from tests import support
from tests.admin.pushes import signed_in, text

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_could_not_be_done_is_said_with_the_next_step(people: dict[str, Any]) -> None:
    browser: Any = signed_in(people["manager"])
    account = support.make_account()
    refresh = reverse("admin:bankfeeds_sourceaccount_refresh", args=[account.pk])
    shown = text(browser.post(refresh, follow=True))
    assert "Codat did not answer. Nothing was changed. Try again in a minute" in shown
    # The wrong person: what is ours is done all the same, and what is not says so.
    path = reverse("admin:bankfeeds_connection_wrong_person", args=[account.connection_id])
    form = {"reason": "r", "form_key": "k", "issued": "", "unlink": "yes"}
    shown = text(browser.post(path, form, follow=True))
    assert "Sending is stopped." in shown and "Press Continue" in shown
    assert "No new link was made. Press Renew link when Codat answers again." in shown
    assert SendingStop.objects.count() == 1 and Departure.objects.get().state == "planned"
