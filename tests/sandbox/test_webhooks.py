"""Messages of the sandbox: what is told to whom, signed, retried, and every trick of the wire."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from codat_bankfeeds.models.shared.sourceaccountwebhook import SourceAccountWebhook
from standardwebhooks import Webhook, WebhookVerificationError

from .conftest import Start
from .talk import Client, Talk, account, row

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
RETRIES = (0.05, 0.05, 0.05)


@dataclass
class Consumer:
    """Somebody who listens. `answers` are the statuses to come; then 200."""

    url: str = ""
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [told["webhook-id"] for told, _ in self.came]

    @property
    def events(self) -> list[str]:
        return [json.loads(body)["eventType"] for _, body in self.came]

    def bodies(self, event: str) -> list[dict[str, Any]]:
        found = [json.loads(body) for _, body in self.came]
        return [each for each in found if each["eventType"] == event]

    def wait(self, count: int) -> None:
        until(lambda: len(self.came) >= count)

    def quiet(self) -> None:
        """Nothing more comes."""
        before = len(self.came)
        time.sleep(0.15)
        assert len(self.came) == before, self.events[before:]


def until(true: Callable[[], Any], *, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def consumer() -> Iterator[Consumer]:
    found = Consumer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.came.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(found.answers.pop(0) if found.answers else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}/hook?a=b"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def talk(start: Start) -> Talk:
    return start(webhook_secret=SECRET, webhook_retries=RETRIES)


def listen(talk: Talk, consumer: Consumer, **more: Any) -> str:
    made = talk.send("POST", "/webhooks", {"url": consumer.url, **more})
    assert made.status_code == 201
    return str(made.json()["id"])


def is_genuine(told: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(SECRET).verify(body, told)
    except WebhookVerificationError:
        return False
    return True


def state(talk: Talk) -> Any:
    return requests.get(f"{talk.url}/_sandbox/webhooks", timeout=5).json()


WRITE = "bankTransactions.write.successful"


def test_a_write_is_told_although_nobody_asks(talk: Talk, consumer: Consumer) -> None:
    client = talk.client()
    listen(talk, consumer)
    operation = client.push(row("a"))
    consumer.wait(1)
    told, body = consumer.came[0]
    assert is_genuine(told, body)
    message = json.loads(body)
    assert set(message) == {"id", "eventType", "generatedDate", "payload"}
    assert message["eventType"] == WRITE
    payload = message["payload"]
    assert payload["id"] == operation["pushOperationKey"]
    assert (payload["type"], payload["status"]) == ("Create", "Success")
    assert payload["connectionId"] == client.connection_id
    assert payload["referenceCompany"]["id"] == client.company_id
    assert payload["record"]["id"]
    consumer.quiet()


@pytest.mark.parametrize(
    ("marker", "status"), [("fault-op-failed", "Failed"), ("fault-op-timedout", "TimedOut")]
)
def test_an_unsuccessful_write_tells_no_reason(
    talk: Talk, consumer: Consumer, marker: str, status: str
) -> None:
    client = talk.client()
    listen(talk, consumer)
    client.push(row("a", description=marker))
    consumer.wait(1)
    (message,) = consumer.bodies("bankTransactions.write.unsuccessful")
    assert message["payload"]["status"] == status
    assert "record" not in message["payload"]
    assert "error" not in json.dumps(message).lower()


def test_the_story_of_a_client(talk: Talk, consumer: Consumer) -> None:
    listen(talk, consumer)
    client = talk.client(account("a-1"), account("a-2"))
    talk.control("disconnect", {"connectionId": client.connection_id, "accountIds": ["a-1", "a-2"]})
    talk.control("connect", {"connectionId": client.connection_id, "accountIds": ["a-1"]})
    assert talk.send("PATCH", client.base, {"status": "Unlinked"}).status_code == 200
    assert talk.send("DELETE", f"/companies/{client.company_id}").status_code == 204
    consumer.wait(14)
    source = "bankFeeds.sourceAccount."
    assert consumer.events == [
        "company.created",
        "connection.created",
        *(source + "connected", "connection.connected", source + "connected"),
        *(source + "disconnected", source + "disconnected", "connection.disconnected"),
        *(source + "connected", "connection.reconnected"),
        *(source + "disconnected", "connection.disconnected"),
        *("connection.deleted", "company.deleted"),
    ]
    consumer.quiet()
    assert all(is_genuine(told, body) for told, body in consumer.came)
    assert len(set(consumer.ids)) == 14


def test_shapes_and_traps(talk: Talk, consumer: Consumer) -> None:
    listen(talk, consumer)
    client = talk.client()
    consumer.wait(4)
    (message,) = consumer.bodies("bankFeeds.sourceAccount.connected")
    payload = message["payload"]
    assert payload["sourceAccount"]["status"] == "pending"
    assert payload["sourceAccount"]["accountNumber"] == "12345670"
    assert payload["companyId"] == payload["referenceCompany"]["id"] == client.company_id
    # As the official SDK reads it.
    read = SourceAccountWebhook.model_validate(message)
    assert read.payload is not None and read.payload.connection_id == client.connection_id
    (told,) = consumer.bodies("connection.connected")
    connection = told["payload"]["connection"]
    assert (connection["id"], connection["status"]) == (client.connection_id, "Linked")
    # The secret that a consumer must not let out; telling of it makes no new one.
    assert connection["linkUrl"] == client.link


def test_a_client_who_breaks_off_is_told_of_until_it_is_linked(
    talk: Talk, consumer: Consumer
) -> None:
    listen(talk, consumer, eventTypes=["connection.failed"])
    client = talk.client(connect=False)
    given = {"connectionId": client.connection_id}
    assert talk.control("cancel", given)["status"] == "PendingAuth"
    consumer.wait(1)
    assert is_genuine(*consumer.came[0])
    (told,) = consumer.bodies("connection.failed")
    connection = told["payload"]["connection"]
    assert (connection["id"], connection["status"]) == (client.connection_id, "PendingAuth")
    error = connection["dataConnectionErrors"][0]
    assert (error["statusCode"], error["errorMessage"]) == ("403", "User cancelled")
    assert error["status"] == "Active"
    talk.control("connect", {**given, "accountIds": ["ac-001"]})
    (error,) = talk.get(client.base)["dataConnectionErrors"]
    assert error["status"] == "Resolved" and error["resolvedOnUtc"]
    # Nobody can fail to link what is linked.
    talk.control("cancel", given)
    consumer.quiet()
    url = f"{talk.url}/_sandbox/cancel"
    assert requests.post(url, json={}, timeout=5).status_code == 400
    assert requests.post(url, json={"connectionId": "x"}, timeout=5).status_code == 404


QUOTA = ["client.rateLimit.reached", "client.rateLimit.reset"]


def test_the_calls_of_a_day_are_used_up_and_there_again(start: Start, consumer: Consumer) -> None:
    talk = start(webhook_secret=SECRET, webhook_retries=RETRIES, daily_quota=3)
    listen(talk, consumer, eventTypes=QUOTA)
    listen(talk, consumer, eventTypes=["company.created"], companyTags=["a:b"])
    assert [talk.send("GET", "/companies").status_code for _ in range(3)] == [200, 429, 429]
    consumer.wait(1)
    consumer.quiet()
    midnight = talk.send("GET", "/companies").headers["X-Rate-Limit-Reset"]
    (told,) = consumer.bodies("client.rateLimit.reached")
    assert told["payload"] == {
        "dailyQuota": 3,
        "quotaRemaining": 0,
        "expiryDate": midnight.replace("Z", ".0000000Z"),
    }
    talk.control("clock", {"advanceSeconds": 86400})
    consumer.wait(2)
    (told,) = consumer.bodies("client.rateLimit.reset")
    assert told["payload"]["quotaRemaining"] == told["payload"]["dailyQuota"] == 3
    assert told["payload"]["expiryDate"] > midnight
    assert all(is_genuine(*each) for each in consumer.came)
    # The new day can be used up as well.
    assert [talk.send("GET", "/companies").status_code for _ in range(4)] == [200] * 3 + [429]
    consumer.wait(3)
    assert consumer.events == [*QUOTA, QUOTA[0]]


def test_a_used_up_day_ends_after_a_restart_too(consumer: Consumer, tmp_path: Path) -> None:
    from bankfeeds.sandbox.server import Sandbox

    from .talk import KEY

    given: dict[str, Any] = {"api_key": KEY, "state": tmp_path / "s.json", "daily_quota": 2}
    with Sandbox(**given) as first, Talk(first.url) as talk:
        listen(talk, consumer, eventTypes=QUOTA)
        assert talk.send("GET", "/companies").status_code == 200
        until(lambda: consumer.came and not state(talk)["waiting"])
    with Sandbox(**given) as again, Talk(again.url) as talk:
        assert talk.send("GET", "/companies").status_code == 429
        talk.control("clock", {"advanceSeconds": 86400})
        consumer.wait(2)
    assert consumer.events == QUOTA


def test_a_day_can_be_nearly_used_up_by_order(talk: Talk, consumer: Consumer) -> None:
    listen(talk, consumer, eventTypes=QUOTA)
    talk.control("quota", {"left": 1})
    assert [talk.send("GET", "/companies").status_code for _ in range(2)] == [200, 429]
    consumer.wait(1)
    bad: list[Any] = [{}, {"left": -1}, {"left": True}, {"left": 1.5}, []]
    for wrong in bad:
        url = f"{talk.url}/_sandbox/quota"
        assert requests.post(url, json=wrong, timeout=5).status_code == 400, wrong


def test_only_what_is_wanted(talk: Talk, consumer: Consumer) -> None:
    first = listen(talk, consumer, eventTypes=["company.created"])
    talk.company("One")
    consumer.wait(1)
    assert talk.send("DELETE", f"/webhooks/{first}").status_code == 204
    listen(talk, consumer, disabled=True)
    listen(talk, consumer, companyTags=["area:north", "x:y"])
    talk.company("Two")
    talk.post("/companies", {"name": "Three", "tags": {"area": "north"}})
    consumer.wait(2)
    consumer.quiet()
    assert [each["payload"]["name"] for each in consumer.bodies("company.created")] == [
        "One",
        "Three",
    ]


@pytest.mark.parametrize(
    "url", ["http://example.com/x", "https://127.0.0.1:1/", "x", "http://127.0.0.1:x/", "ftp://a"]
)
def test_nothing_leaves_this_machine(talk: Talk, url: str) -> None:
    assert talk.send("POST", "/webhooks", {"url": url}).status_code == 201
    talk.company()
    until(lambda: not state(talk)["waiting"])
    assert {each["status"] for each in state(talk)["delivered"]} == {0}


def test_the_ladder_keeps_the_id_and_signs_anew(talk: Talk, consumer: Consumer) -> None:
    listen(talk, consumer)
    consumer.answers = [500, 302, 404]
    talk.company()
    consumer.wait(4)
    consumer.quiet()
    assert len(set(consumer.ids)) == 1
    assert all(is_genuine(told, body) for told, body in consumer.came)
    assert [each["status"] for each in state(talk)["delivered"]] == [500, 302, 404, 200]


def test_in_the_end_it_gives_up(talk: Talk, consumer: Consumer) -> None:
    listen(talk, consumer)
    consumer.answers = [500] * 10
    talk.company()
    consumer.wait(4)
    consumer.quiet()
    assert state(talk)["waiting"] == []


def test_what_waits_survives_a_restart(start: Start, consumer: Consumer, tmp_path: Path) -> None:
    from bankfeeds.sandbox.server import Sandbox

    from .talk import KEY

    given: dict[str, Any] = {"api_key": KEY, "state": tmp_path / "state.json"}
    with Sandbox(**given, webhook_retries=(60.0,)) as first, Talk(first.url) as talk:
        listen(talk, consumer)
        secret = state(talk)["secret"]
        consumer.answers = [500]
        talk.company()
        consumer.wait(1)
        until(lambda: state(talk)["waiting"][0]["tries"] == 1)
    with Sandbox(**given) as again, Talk(again.url) as talk:
        assert state(talk)["secret"] == secret
        assert len(state(talk)["waiting"]) == 1


# --- Tricks ----------------------------------------------------------------------------------


def trick(talk: Talk, name: str, **more: Any) -> None:
    talk.control("webhooks", {"next": name, **more})


def test_doubled(talk: Talk, consumer: Consumer) -> None:
    listen(talk, consumer)
    trick(talk, "double")
    talk.company("One")
    consumer.wait(2)
    talk.company("Two")
    consumer.wait(3)
    consumer.quiet()
    assert consumer.ids[0] == consumer.ids[1] != consumer.ids[2]


def test_delayed(talk: Talk, consumer: Consumer) -> None:
    listen(talk, consumer)
    trick(talk, "delay", seconds=0.3)
    began = time.monotonic()
    talk.company("One")
    talk.company("Two")
    consumer.wait(2)
    assert time.monotonic() - began >= 0.3
    assert [each["payload"]["name"] for each in consumer.bodies("company.created")] == [
        "Two",
        "One",
    ]


def test_reordered(talk: Talk, consumer: Consumer) -> None:
    listen(talk, consumer)
    trick(talk, "reorder", times=2)
    for name in ("One", "Two", "Three", "Four"):
        talk.company(name)
    consumer.wait(4)
    names = [each["payload"]["name"] for each in consumer.bodies("company.created")]
    assert names.index("Three") < names.index("Two") < names.index("One")


def test_late_then_fresh(talk: Talk, consumer: Consumer) -> None:
    listen(talk, consumer)
    trick(talk, "late", seconds=28 * 3600)
    consumer.answers = [401]
    talk.company()
    consumer.wait(2)
    first, second = consumer.came
    assert not is_genuine(*first) and is_genuine(*second)
    assert first[0]["webhook-id"] == second[0]["webhook-id"]


def test_forged_beside_the_genuine_one(talk: Talk, consumer: Consumer) -> None:
    listen(talk, consumer)
    trick(talk, "forge")
    consumer.answers = [401]
    talk.company()
    consumer.wait(2)
    consumer.quiet()
    assert [is_genuine(*each) for each in consumer.came] == [False, True]
    assert consumer.ids[0] != consumer.ids[1]


def test_lost(talk: Talk, consumer: Consumer) -> None:
    listen(talk, consumer)
    trick(talk, "lose")
    talk.company("One")
    talk.company("Two")
    consumer.wait(1)
    consumer.quiet()
    assert consumer.bodies("company.created")[0]["payload"]["name"] == "Two"


def test_a_body_of_ones_own(talk: Talk, consumer: Consumer) -> None:
    listen(talk, consumer)
    talk.control("webhooks", {"send": "no JSON"})
    talk.control("webhooks", {"send": {"AlertId": "1", "RuleType": "x"}})
    consumer.wait(2)
    assert consumer.came[0][1] == b"no JSON"
    assert json.loads(consumer.came[1][1])["AlertId"] == "1"
    assert is_genuine(*consumer.came[1])


def test_the_secret_can_be_set_and_tricks_taken_back(talk: Talk, consumer: Consumer) -> None:
    other = "whsec_c2VjcmV0IG9mIHRoaXMgdGVzdCBhbG9uZQ=="
    assert talk.control("webhooks", {"secret": other})["secret"] == other
    trick(talk, "lose", times=5)
    url = f"{talk.url}/_sandbox/webhooks"
    assert requests.delete(url, timeout=5).status_code == 204
    listen(talk, consumer)
    talk.company()
    consumer.wait(1)
    Webhook(other).verify(consumer.came[0][1], consumer.came[0][0])
    for wrong in ({"secret": "x"}, {"secret": 3}, {"next": "x"}, {"next": "late", "times": "x"}):
        assert requests.post(url, json=wrong, timeout=5).status_code == 400, wrong


def test_without_consumers_nothing_is_kept(talk: Talk) -> None:
    client: Client = talk.client()
    client.ended(client.push(row("a")))
    assert state(talk)["waiting"] == state(talk)["delivered"] == []
