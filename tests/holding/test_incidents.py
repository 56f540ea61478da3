"""The pages of incidents with their one button, and the bands above every page."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bankfeeds import holding, words
from bankfeeds.models import Event, Incident, PushStatus
from bankfeeds.models.record import WORKER
from tests import support
from tests.admin import pushes
from tests.admin.pushes import signed_in, text
from tests.holding.support import INCIDENTS, STOPS, refuse, stop

DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "happened"),
    [
        (401, "Codat does not accept our key."),
        (402, "Codat asks for payment"),
        (403, "Codat does not allow our key"),
        (None, "Codat refuses our key or account."),
    ],
)
def test_an_incident_says_what_happened_and_what_to_do(
    people: dict[str, Any], status: int | None, happened: str
) -> None:
    incident = refuse(http_status=status, words="Codat's own words")
    pushes.waiting()
    shown = text(signed_in(people["administrator"]).get(f"{INCIDENTS}{incident.pk}/change/"))
    for part in (
        happened,
        "Codat's own words",
        "Nothing was created or sent. Everything waits, for every client.",
        "Tell the administrator",
        "1 confirmed push",
        "Nothing is lost so far",
    ):
        assert part in shown
    assert shown.count("Go on sending") == 2  # heading and button


def test_going_on_twice_says_so(people: dict[str, Any]) -> None:
    incident, browser = refuse(), signed_in(people["support"])
    place = f"{INCIDENTS}{incident.pk}/go-on/"
    first = browser.post(place, {"reason": "new key"}, follow=True)
    again = browser.post(place, follow=True)
    assert "Sending goes on." in text(first) and "Go on sending" not in text(first)
    assert "This had ended before. Nothing was changed now." in text(again)
    assert Event.objects.filter(action="incident.ended").count() == 1


def test_an_outage_has_no_button(people: dict[str, Any]) -> None:
    incident, browser = refuse(kind=Incident.Kind.OUTAGE), signed_in(people["manager"])
    shown = browser.get(f"{INCIDENTS}{incident.pk}/change/")
    assert "Nothing to do: sending goes on by itself" in text(shown)
    assert "go-on" not in shown.content.decode()
    answer = browser.post(f"{INCIDENTS}{incident.pk}/go-on/", follow=True)
    assert "An outage ends by itself" in text(answer)
    assert Incident.objects.open().exists()


@pytest.mark.parametrize("kind", ["refused", "outage"])
def test_what_is_over_is_told_in_the_past_with_what_it_cost(
    people: dict[str, Any], kind: str
) -> None:
    pushes.succeeded()  # through before it began: it did not wait
    incident = refuse(kind=kind, words="Codat's own words")
    aged, _waits, _went = pushes.waiting(), pushes.waiting(), pushes.succeeded()
    now = timezone.now()
    Event.objects.record("push.too_late", by=WORKER, at=now, push=aged, after={"count": 2})
    place = f"{INCIDENTS}{incident.pk}/change/"
    if kind == "refused":
        holding.go_on(incident, reason="a new key", by=pushes.BY, now=now)
    else:
        Incident.objects.filter(pk=incident.pk).update(ended_at=now)
    shown = text(signed_in(people["auditor"]).get(place))
    assert "3 confirmed pushes waited. 2 rows of them became too late for the feed" in shown
    past, present = {
        "refused": ("Codat did not accept our key.", "Codat does not accept our key."),
        "outage": ("Codat did not answer any call.", "Codat does not answer any call."),
    }[kind]
    assert past in shown and present not in shown
    # Of an outage Codat has no words: they would be ours once more.
    assert ("Codat's own words" in shown) == (kind == "refused")
    assert (
        "waited" in shown and "Everything waits" not in shown and "is sent meanwhile" not in shown
    )
    assert ("What was mended a new key" in shown) == (kind == "refused")


# --- Bands -----------------------------------------------------------------------------------

PAGES = ["company/", "push/", "event/", "sendingstop/", "sourceaccount/"]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_what_keeps_everything(people: dict[str, Any], page: str) -> None:
    account = support.make_account()
    rows = support.make_transactions(account, date=support.today() - 5 * DAY)
    support.make_push(account, rows, status=PushStatus.READY)
    incident, outage = refuse(), refuse(kind=Incident.Kind.OUTAGE, http_status=None)
    made, since = stop(), words.moment(timezone.now())[:12]
    support.no_worker_runs()
    answer = signed_in(people["auditor"]).get(f"/admin/bankfeeds/{page}")
    shown = text(answer)
    for title in (
        f"Codat refuses our key or account (since {since}",
        "Sending has stopped: the worker is not running.",
        f"Codat cannot be reached (since {since}",
        f"Sending is stopped for everything (since {since}",
    ):
        assert title in shown, title
    assert "manager: wrong file." in shown
    on = words.day(support.today() + 3 * DAY)
    assert shown.count(f"From {on} on, the oldest waiting rows would be too late") == 4
    assert shown.count("Nothing is lost so far") == 4
    for row in (incident, outage, made):
        address = f"/admin/bankfeeds/{row._meta.model_name}/{row.pk}/change/"
        assert address in answer.content.decode()


def test_no_band_says_that_nothing_is_lost_when_something_is(people: dict[str, Any]) -> None:
    account = support.make_account()
    rows = support.make_transactions(account, date=support.today() - 9 * DAY)
    support.make_push(account, rows, status=PushStatus.READY)
    stop()
    shown = text(signed_in(people["auditor"]).get(STOPS))
    assert "1 push that waits has rows that are too late for the feed already." in shown
    assert "Nothing is lost" not in shown


def test_the_page_for_signing_in_tells_nothing(db: None) -> None:
    refuse()
    stop()
    with CaptureQueriesContext(database) as queries:
        shown = Client().get("/admin/login/").content.decode()
    assert 'class="band' not in shown
    assert not [query for query in queries if "sendingstop" in query["sql"]]


def test_bands_go_away(people: dict[str, Any]) -> None:
    incident, made, browser = refuse(), stop(), signed_in(people["manager"])
    support.no_worker_runs()
    browser.post(f"{INCIDENTS}{incident.pk}/go-on/")
    browser.post(f"{STOPS}{made.pk}/allow/", {"reason": "mended"})
    content = browser.get("/admin/bankfeeds/company/").content.decode()
    assert content.count('class="band') == 1  # that of the worker
