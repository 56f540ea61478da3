"""The idempotency table: replay, 409 while running, 422 for another body, what is kept."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import requests

from bankfeeds.sandbox.server import Sandbox

from .conftest import Start
from .talk import KEY, Talk, account, row

NINETY_MINUTES = 90 * 60


def order(talk: Talk, fault: str, *, times: int = 1) -> None:
    talk.control("faults", [{"fault": fault, "times": times}])


def test_the_same_key_replays_the_first_answer(talk: Talk) -> None:
    first = talk.send("POST", "/companies", {"name": "A"}, key="k1")
    again = talk.send("POST", "/companies", {"name": "A"}, key="k1")
    assert again.content == first.content
    assert talk.get("/companies")["totalResults"] == 1
    other = talk.send("POST", "/companies", {"name": "B"}, key="k1")
    assert other.status_code == 422
    assert talk.send("POST", "/companies", {"name": "A"}).json()["id"] != first.json()["id"]


def test_patch_counts_and_put_and_delete_do_not(talk: Talk) -> None:
    company = talk.company()
    path = f"/companies/{company}"
    for method, status in (("PATCH", 422), ("PUT", 200)):
        assert talk.send(method, path, {"name": "B"}, key=method).status_code == 200
        assert talk.send(method, path, {"name": "C"}, key=method).status_code == status
    assert talk.send("DELETE", path, key="d").status_code == 204
    assert talk.send("DELETE", path, key="d").status_code == 404


def test_the_key_is_forgotten_after_ninety_minutes(talk: Talk) -> None:
    first = talk.post("/companies", {"name": "A"}, key="k1")
    talk.control("clock", {"advanceSeconds": NINETY_MINUTES - 60})
    assert talk.post("/companies", {"name": "A"}, key="k1") == first
    talk.control("clock", {"advanceSeconds": 120})
    assert talk.post("/companies", {"name": "A"}, key="k1")["id"] != first["id"]


def test_refusals_are_kept_too(talk: Talk) -> None:
    client = talk.client(connect=False)
    wrong = talk.send("POST", client.accounts, account(), key="k1")
    assert wrong.status_code == 400
    talk.send("DELETE", client.accounts + "/ac-001")
    again = talk.send("POST", client.accounts, account(), key="k1")
    assert (again.status_code, again.content) == (400, wrong.content)


def test_a_5xx_is_replayed_and_a_429_is_not(talk: Talk) -> None:
    order(talk, "500-before")
    assert talk.send("POST", "/companies", {"name": "A"}, key="k1").status_code == 500
    assert talk.send("POST", "/companies", {"name": "A"}, key="k1").status_code == 500
    assert talk.get("/companies")["totalResults"] == 0
    order(talk, "429-3")
    slow = talk.send("POST", "/companies", {"name": "A"}, key="k2")
    assert (slow.status_code, slow.headers["Retry-After"]) == (429, "3")
    assert talk.send("POST", "/companies", {"name": "A"}, key="k2").status_code == 200


def test_a_write_that_took_effect_behind_a_500_is_not_done_twice(talk: Talk) -> None:
    client = talk.client()
    order(talk, "500-after")
    body = {"accountId": "ac-001", "transactions": [row("a")]}
    for _ in range(2):
        assert talk.send("POST", client.rows(), body, key="k1").status_code == 500
    (written,) = talk.ledger()
    assert written["idempotencyKey"] == "k1"


def test_the_first_answer_reaches_a_second_attempt_after_a_reset(talk: Talk) -> None:
    order(talk, "reset-after")
    try:
        talk.send("POST", "/companies", {"name": "A"}, key="k1")
    except requests.ConnectionError:
        pass
    else:
        raise AssertionError("no reset")
    made = talk.post("/companies", {"name": "A"}, key="k1")
    assert [each["id"] for each in talk.get("/companies")["results"]] == [made["id"]]


def test_409_while_the_first_is_running(talk: Talk) -> None:
    order(talk, "hang-before-30")
    waiting = threading.Thread(target=_post_and_give_up, args=(talk.url,))
    waiting.start()
    until = time.monotonic() + 5
    while not requests.get(f"{talk.url}/_sandbox/requests", timeout=5).json():
        assert time.monotonic() < until
        time.sleep(0.01)
    assert talk.send("POST", "/companies", {"name": "A"}, key="k1").status_code == 409
    assert talk.send("POST", "/companies", {"name": "B"}, key="k1").status_code == 422
    waiting.join()


def _post_and_give_up(url: str) -> None:
    with Talk(url) as talk:
        try:
            talk.session.post(
                url + "/companies",
                json={"name": "A"},
                headers={"Idempotency-Key": "k1"},
                timeout=1,
            )
        except requests.ReadTimeout:
            return
    raise AssertionError("answered")


def test_the_table_survives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Sandbox(api_key=KEY, state=state) as sandbox, Talk(sandbox.url) as talk:
        first = talk.post("/companies", {"name": "A"}, key="k1")
    with Sandbox(api_key=KEY, state=state) as sandbox, Talk(sandbox.url) as talk:
        assert talk.post("/companies", {"name": "A"}, key="k1") == first
        assert talk.send("POST", "/companies", {"name": "B"}, key="k1").status_code == 422


def test_two_at_once_make_one(start: Start) -> None:
    talk = start()
    statuses: list[int] = []

    def create() -> None:
        with Talk(talk.url) as own:
            answer = own.send("POST", "/companies", {"name": "A"}, key="k1")
            statuses.append(answer.status_code)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 409}
    assert talk.get("/companies")["totalResults"] == 1
