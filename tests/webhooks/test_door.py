"""The door: what is kept, what is turned away, and that nothing else happens."""

from __future__ import annotations

import base64
import datetime as dt
import logging
import time
import uuid
from typing import Any

import pytest
import time_machine
from django.core.checks import run_checks
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from bankfeeds import doorbell, sealing
from bankfeeds.models import WebhookMessage
from bankfeeds.webhooks import door, signature
from tests import support as rows

from . import signed, support
from .signed import SECRET, URL

BODY = b'{"test": 2432232314}'
# As published; codat-api 6.3.
VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
THEN = dt.datetime.fromtimestamp(1614265330, dt.UTC)
KEY = signature.key(SECRET)
assert KEY is not None


def verified(headers: dict[str, str], body: bytes = BODY) -> bool:
    assert KEY is not None
    return signature.verify(KEY, headers=headers, body=body) is not None


@time_machine.travel(THEN, tick=False)
def test_the_published_vector() -> None:
    assert KEY is not None
    found = signature.verify(KEY, headers=VECTOR, body=BODY)
    assert found == signature.Envelope("msg_p5jXN8AQM9LWM0D4loKWxJek", THEN)
    assert signed.sign(VECTOR["webhook-id"], 1614265330, BODY) == VECTOR["webhook-signature"]


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_not_one_bit_may_differ(data: st.DataObject) -> None:
    """Of id, time, signature and body alike."""
    parts = {**{name: text.encode() for name, text in VECTOR.items()}, "body": BODY}
    name = data.draw(st.sampled_from(sorted(parts)))
    whole = bytearray(parts[name])
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    parts[name] = bytes(whole)
    told = {each: parts[each].decode("latin-1") for each in VECTOR}
    with time_machine.travel(THEN, tick=False):
        assert not verified(told, parts["body"])


def test_not_one_character_of_the_signature_may_differ() -> None:
    """Base64 has spare bits at its end, and its readers skip what they do not know."""
    whole = VECTOR["webhook-signature"]
    with time_machine.travel(THEN, tick=False):
        for place in range(len(whole)):
            for other in "AaZz09+/=-_ ,.\n\x00é":
                if other != whole[place]:
                    text = whole[:place] + other + whole[place + 1 :]
                    assert not verified({**VECTOR, "webhook-signature": text}), text
        inside = whole.replace(",", ",!")
        for longer in (whole + "A", whole + "=", whole + "!", "!" + whole, inside):
            assert not verified({**VECTOR, "webhook-signature": longer}), longer


def test_one_of_several_signatures_is_enough() -> None:
    good = VECTOR["webhook-signature"]
    other = signed.sign("msg_other", 1, b"")
    beside = (f"{other} {good}", f"{good} {other}", f"v2,x,y {good}", f"junk {good}", f" {good}")
    with time_machine.travel(THEN, tick=False):
        for text in beside:
            assert verified({**VECTOR, "webhook-signature": text}), text
        assert not verified({**VECTOR, "webhook-signature": f"{other} {other}"})
        assert not verified({**VECTOR, "webhook-signature": good.replace("v1", "v1a")})
        assert not verified({**VECTOR, "webhook-signature": good.replace("v1", "v2")})


@pytest.mark.parametrize(
    ("minutes", "is_taken"), [(-6, False), (-4.9, True), (0, True), (4.9, True), (6, False)]
)
def test_five_minutes_either_way(minutes: float, is_taken: bool) -> None:
    with time_machine.travel(THEN + dt.timedelta(minutes=minutes), tick=False):
        assert verified(VECTOR) is is_taken


GARBAGE = (
    "", " ", "\x00", "x" * 5000, "é", "٣", "-1", "0", "1e9", "nan", "inf", "99999999999999999999",
    "999999999999", "0x10", "1614265330.5", " 1614265330", "v1", "v1,", ",", "v1,,", "v1,=",
    "v1,AAAA", "v1,!!!!", "v1," + "A" * 44, "null", "{}", "\ud800", "v1,é", ", " * 500,
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(VECTOR))
def test_garbage_in_each_header(name: str) -> None:
    with time_machine.travel(THEN, tick=False):
        for text in GARBAGE:
            assert not verified({**VECTOR, name: text}), text
        assert not verified({each: VECTOR[each] for each in VECTOR if each != name})


@given(st.dictionaries(st.sampled_from(sorted(VECTOR)), st.text()), st.binary())
@settings(max_examples=100, deadline=None)
def test_any_text_in_the_headers_is_no_fault(told: dict[str, str], body: bytes) -> None:
    assert not verified({**VECTOR, **told}, body)


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whsec_é", "whsec_!!!", "whsec_abc", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "x"],
)
def test_what_is_no_secret_verifies_nothing(secret: str, settings: Any) -> None:
    assert signature.key(secret) is None
    settings.CODAT_WEBHOOK_SECRET = secret
    found = [each.id for each in run_checks(tags=["portal"])]
    assert found == (["bankfeeds.E009"] if secret else [])


# --- With the database -----------------------------------------------------------------------


def queries(body: bytes, told: dict[str, str]) -> tuple[Any, int]:
    with CaptureQueriesContext(connection) as seen:
        answer = support.post(body, told)
    return answer, len(seen)


@pytest.mark.django_db
def test_a_message_is_kept_sealed_and_rung_for() -> None:
    body = signed.write(uuid.uuid4())
    message = support.taken(body, webhook_id="msg_1")
    assert (message.webhook_id, message.state) == ("msg_1", WebhookMessage.State.WAITING)
    assert abs(message.received_at - message.sent_at) < dt.timedelta(seconds=5)
    assert body not in bytes(message.sealed_body)
    assert sealing.unseal(message.sealed_body, now=message.received_at) == body
    assert rows.queued() == [(doorbell.MESSAGE, (message.pk,))]


@pytest.mark.django_db
def test_a_second_delivery_is_answered_and_stores_nothing() -> None:
    body = signed.write(uuid.uuid4())
    told = signed.headers(body, webhook_id="msg_1")
    assert [support.post(body, told).status_code for _ in range(3)] == [204, 204, 204]
    later = signed.headers(body, webhook_id="msg_1", seconds=int(time.time()) - 60)
    assert support.post(body, later).status_code == 204
    assert WebhookMessage.objects.count() == 1
    assert len(rows.queued()) == 1


@pytest.mark.django_db
def test_what_is_not_codats_is_turned_away_without_a_query() -> None:
    body, now = signed.write(uuid.uuid4()), int(time.time())
    forged = signed.headers(body, secret="whsec_" + base64.b64encode(b"x" * 24).decode())
    late = signed.headers(body, seconds=now - 360)
    early = signed.headers(body, seconds=now + 360)
    changed = signed.headers(body + b" ")
    for told in ({}, forged, late, early, changed, dict.fromkeys(VECTOR, "x")):
        answer, asked = queries(body, told)
        assert (answer.status_code, asked) == (401, 0), told
    assert not WebhookMessage.objects.exists()


@pytest.mark.django_db
def test_28_hours_late_then_fresh() -> None:
    """The old delivery is refused; a later try of the same message is not."""
    body = signed.write(uuid.uuid4())
    old = signed.headers(body, webhook_id="msg_1", seconds=int(time.time()) - 28 * 3600)
    assert support.post(body, old).status_code == 401
    assert support.taken(body, webhook_id="msg_1").webhook_id == "msg_1"


@pytest.mark.django_db
def test_too_large_is_turned_away_unread() -> None:
    body = b"x" * 1_000_000
    answer, asked = queries(body, signed.headers(body))
    assert (answer.status_code, asked) == (413, 0)
    just = b"x" * (256 * 1024)
    assert support.post(just, signed.headers(just)).status_code == 204
    over = just + b"x"
    assert support.post(over, signed.headers(over)).status_code == 413


@pytest.mark.django_db
@pytest.mark.parametrize("length", ["", "-5", "x", "9" * 400, "+300000", " 2", "1e9"])
def test_garbage_as_length_is_no_fault(length: str) -> None:
    answer = Client().generic("POST", URL, b"{}", CONTENT_LENGTH=length)
    assert answer.status_code in {401, 413}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post(method: str) -> None:
    answer = Client().generic(method, URL)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_without_a_secret_it_is_closed_and_said_once(settings: Any, caplog: Any) -> None:
    door._say_closed.cache_clear()
    settings.CODAT_WEBHOOK_SECRET = ""
    for _ in range(3):
        assert support.post(b"{}", signed.headers(b"{}")).status_code == 503
    ours = [each for each in caplog.records if each.name.startswith("bankfeeds")]
    assert len(ours) == 1 and "CODAT_WEBHOOK_SECRET" in ours[0].getMessage()


@pytest.mark.django_db
def test_nothing_of_it_in_the_log(caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    link = "https://link.example/companies/1/start?otp=987654"
    body = support.tie(uuid.uuid4(), link=link)
    support.taken(body, webhook_id="msg_told")
    support.post(body, {**signed.headers(body, webhook_id="msg_told"), "webhook-signature": "v1,x"})
    support.post(body * 2000, signed.headers(body))
    said = "\n".join(
        each.getMessage() for each in caplog.records if each.name != "django.db.backends"
    )
    for secret in ("987654", "link.example", "msg_told", "v1,", "webhook-"):
        assert secret not in said


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["webhook_id", "received_at", "sealed_body"])
def test_it_stays_as_it_came(column: str) -> None:
    message = support.taken(b"{}")
    other: Any = {"webhook_id": "x", "received_at": message.sent_at, "sealed_body": b"x"}[column]
    rows = WebhookMessage.objects.filter(pk=message.pk)
    with pytest.raises(DatabaseError, match="stays as it came"), transaction.atomic():
        rows.update(**{column: other})
    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        rows.delete()


@pytest.mark.django_db
def test_a_race_of_two_deliveries_keeps_one(monkeypatch: Any) -> None:
    """The second came after the first had looked and before it had stored."""
    body = signed.write(uuid.uuid4())
    told = signed.headers(body, webhook_id="msg_1")
    assert support.post(body, told).status_code == 204
    monkeypatch.setattr(QuerySet, "exists", lambda self: False)
    assert support.post(body, told).status_code == 204
    assert WebhookMessage.objects.count() == 1
