"""The list and the page of messages: who may what, and that no secret is on any page."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from bankfeeds import doorbell
from bankfeeds.groups import GROUPS
from bankfeeds.models import Event, WebhookMessage
from bankfeeds.webhooks import redact
from tests import support as rows
from tests.admin.pushes import signed_in, text

from . import signed, support

S = WebhookMessage.State
LIST = "/admin/bankfeeds/webhookmessage/"
STAFF = {"manager", "support"}
LINK = "https://link.example/companies/27628208-459c-46a2-a705-5641ce25d739/start?otp=987654"


def page(message: WebhookMessage, name: str = "change") -> str:
    return f"{LIST}{message.pk}/{name}/"


def one() -> WebhookMessage:
    return support.process(support.taken(signed.event("company.created", {"name": "Café ☂"})))


@pytest.mark.django_db
@pytest.mark.parametrize("role", GROUPS)
def test_each_role(people: dict[str, Any], role: str) -> None:
    message, browser = one(), signed_in(people[role])
    may = role in STAFF
    listed, shown = browser.get(LIST), browser.get(page(message))
    assert "company.created" in text(listed) and "Not of interest" in text(listed)
    assert "Café ☂" in text(shown) and "Nothing here depends on" in text(shown)
    assert ("Process again" in text(shown)) is may
    assert ("Process the selected messages again" in text(listed)) is may
    assert browser.post(page(message, "process")).status_code == (303 if may else 403)
    message.refresh_from_db()
    assert message.state == (S.WAITING if may else S.IGNORED)
    assert browser.get(page(message, "process")).status_code == 302
    assert browser.post(page(message)).status_code == 405
    assert browser.get(f"{LIST}add/").status_code == 403
    assert browser.post(page(message, "delete"), {"post": "yes"}).status_code == 403


@pytest.mark.django_db
def test_nobody_from_outside(client: Any) -> None:
    message = one()
    for path in (LIST, page(message), page(message, "process")):
        assert client.get(path)["Location"].startswith("/admin/login/")
    assert client.post(page(message, "process"))["Location"].startswith("/admin/login/")


@pytest.mark.django_db
def test_a_press_from_elsewhere_is_refused(people: dict[str, Any]) -> None:
    message = one()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people["manager"])
    assert browser.post(page(message, "process")).status_code == 403


@pytest.mark.django_db
def test_pressing_rings_and_is_in_the_record(people: dict[str, Any]) -> None:
    message, browser = one(), signed_in(people["support"])
    answer = browser.post(page(message, "process"), follow=True)
    assert "1 message is processed again" in text(answer)
    assert rows.queued()[-1] == (doorbell.MESSAGE, (message.pk,))
    assert Event.objects.get(action="webhook.again").actor_name == "support"
    assert browser.post(f"{LIST}{message.pk + 1}/process/", follow=True).status_code == 404


@pytest.mark.django_db
def test_selected_ones_together(people: dict[str, Any]) -> None:
    chosen, other = [one(), one()], one()
    given = {"action": "process_selected", "_selected_action": [each.pk for each in chosen]}
    answer = signed_in(people["manager"]).post(LIST, given, follow=True)
    assert "2 messages are processed again" in text(answer)
    waiting = WebhookMessage.objects.filter(state=S.WAITING)
    assert {each.pk for each in waiting} == {each.pk for each in chosen}
    signed_in(people["auditor"]).post(LIST, {**given, "_selected_action": [other.pk]})
    other.refresh_from_db()
    assert other.state == S.IGNORED


@pytest.mark.django_db
def test_a_list_asks_as_often_for_many_and_reads_no_body(people: dict[str, Any]) -> None:
    browser = signed_in(people["auditor"])

    def ask() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(LIST).status_code == 200
        return [query["sql"] for query in queries]

    one()
    ask()
    few = ask()
    for _ in range(10):
        one()
    many = ask()
    assert len(few) == len(many) <= 14
    assert not any("sealed_body" in sql for sql in many)


@pytest.mark.django_db
def test_filter_and_search(people: dict[str, Any]) -> None:
    message, waits = one(), support.taken(signed.write(uuid.uuid4()))
    browser = signed_in(people["auditor"])

    def found(**asked: str) -> set[int]:
        return {row.pk for row in browser.get(LIST, asked).context["cl"].result_list}

    assert found() == {message.pk, waits.pk}
    assert found(state="waiting") == {waits.pk}
    assert found(q=f" {waits.webhook_id} ") == {waits.pk}
    assert found(q=waits.webhook_id[:-1]) == set()
    for value in ("x", "\x00", "9" * 300, "é"):
        assert browser.get(LIST, {"q": value, "state": value}).status_code == 200


@pytest.mark.django_db
def test_the_empty_list_says_what_it_is_for(people: dict[str, Any], settings: Any) -> None:
    browser = signed_in(people["auditor"])
    assert "No message of Codat's is here" in text(browser.get(LIST))
    settings.CODAT_WEBHOOK_SECRET = ""
    assert "CODAT_WEBHOOK_SECRET is not set" in text(browser.get(LIST))


# --- Secrets ---------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_link_is_on_no_page_in_no_log_and_in_no_record(
    people: dict[str, Any], sandbox: Any, caplog: Any
) -> None:
    caplog.set_level("DEBUG")
    caplog.handler.addFilter(lambda line: line.name != "django.db.backends")
    client = rows.onboard()
    message = support.taken(support.tie(client.connection.codat_id, link=LINK))
    support.process(message)
    boss = signed_in(people["manager"])
    boss.post(page(message, "process"))
    answers = [
        browser.get(path)
        for browser in (boss, signed_in(people["auditor"]))
        for path in (LIST, page(message), "/admin/bankfeeds/event/")
    ]
    told = json.dumps(list(Event.objects.values()), default=str)
    row = json.dumps(
        [{name: str(value) for name, value in each.items()} for each in rows_of(message)]
    )
    for place in (*(answer.content.decode() for answer in answers), told, row, caplog.text):
        assert "987654" not in place and "link.example" not in place
    # On a telephone its lines are wider than the page: what scrolls can be reached with Tab.
    assert re.search(r'<pre [^>]*tabindex="0"', answers[1].content.decode())


def rows_of(message: WebhookMessage) -> list[dict[str, Any]]:
    """The row as it lies in the database, its sealed body too."""
    found = WebhookMessage.objects.filter(pk=message.pk).values()
    return [{**each, "sealed_body": bytes(each["sealed_body"])} for each in found]


def shown(value: Any) -> str:
    return redact.shown(_sealed(json.dumps(value).encode())).text


def _sealed(body: bytes) -> WebhookMessage:
    from django.utils import timezone

    from bankfeeds import sealing

    now = timezone.now()
    return WebhookMessage(received_at=now, sealed_body=sealing.seal(body, now=now))


@pytest.mark.parametrize(
    "secret",
    [
        {"linkUrl": LINK},
        {"anything": LINK},
        {"deep": [{"accountNumber": "12345670"}]},
        {"accountNumber": 12345670},
        {"unknown": "12345670"},
        {"unknown": 12345670},
        {"unknown": "12-34 56.70/1"},
        {"message": "Account 12345670 was linked"},
        {"12345670": 1},
        {"iban": "GB33BUKB"},
        {"routingInfo": {"bankCode": "021"}},
        {"sortCode": "04-00-04"},
        {"password": "abc"},
        {"unknown": "www.link.example?x=987654"},
    ],
)
def test_what_is_hidden(secret: Any) -> None:
    text = shown({"payload": secret})
    for part in ("link.example", "987654", "12345670", "GB33", "021", "04-00", "abc", "34 56"):
        assert part not in text, text
    assert "hidden" in text


def test_what_is_shown() -> None:
    kept = {
        "id": "ba29118f-5406-4e59-b05c-ba307ca38d01",
        "eventType": "bankFeeds.sourceAccount.connected",
        "generatedDate": "2022-10-23T00:00:00.1234567Z",
        "payload": {
            "connectionId": "2e9d2c44-f675-40ba-8049-353bfcb5e171",
            "referenceCompany": {"name": "Toft stores, Café"},
            "sourceAccount": {
                "id": "acc-2e9d2c44-f675-40ba-8049-353bfcb5e171",
                "accountName": "account-081",
                "balance": 99.99,
                "feedStartDate": "2026-11-21",
                "status": "pending",
            },
            "none": None,
            "yes": True,
        },
    }
    assert json.loads(shown(kept)) == kept


@pytest.mark.parametrize(
    "body", [b"", b"hello 12345670", b"\xff", b"[" * 5000, b"[" * 900 + b"]" * 900]
)
def test_what_cannot_be_shown_says_so(body: bytes) -> None:
    found = redact.shown(_sealed(body))
    assert found.size == len(body)
    assert found.text or found.words
    assert "12345670" not in found.text + found.words


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    ),
    st.from_regex(r"[0-9]{8,17}", fullmatch=True),
)
@settings(max_examples=100, deadline=None)
def test_anything_can_be_shown_and_no_number_is(value: Any, number: str) -> None:
    text = shown({"what": value, "payload": [number, {"x": f"to {number}."}]})
    text.encode()
    payload = json.dumps(json.loads(text)["payload"])
    assert number not in payload
