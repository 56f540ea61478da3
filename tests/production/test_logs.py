"""Log lines: one object each, with the id of the request and without what people asked for."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bankfeeds import request_ids
from bankfeeds.models import Actor, Event, Origin
from portal.logs import FORMATS

SECRET = "Eggplant"


def record(message: str, *args: Any, name: str = "bankfeeds", **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.INFO, "x.py", 1, message, args, None)
    vars(made).update(extra)
    return made


def as_json(made: logging.LogRecord) -> dict[str, Any]:
    line = FORMATS["json"]().format(made)
    assert "\n" not in line
    return dict(json.loads(line))


def test_a_line_is_one_object_with_the_id_of_its_request() -> None:
    with request_ids.carried(given="from-the-proxy-1"):
        said = as_json(record("pushed %s", 3, status=200))
    assert said.pop("timestamp").endswith("+00:00")
    assert said == {
        "level": "INFO",
        "logger": "bankfeeds",
        "message": "pushed 3",
        "request_id": "from-the-proxy-1",
        "status": 200,
    }


@pytest.mark.parametrize("kind", FORMATS)
def test_no_line_holds_a_query_or_a_whole_request(kind: str, rf: Any) -> None:
    address = f"/admin/?q={SECRET}"
    made = record("Not Found: %s", address, request=rf.get(address), body=SECRET)
    try:
        raise ValueError(f"https://codat.example/companies?query={SECRET}")
    except ValueError:
        made.exc_info = sys.exc_info()
    line = FORMATS[kind]().format(made)
    assert SECRET not in line
    assert "ValueError" in line
    assert "?…" in line


@pytest.mark.parametrize("kind", FORMATS)
def test_a_formatter_leaves_the_record_as_it_was(kind: str) -> None:
    made = record("see %s", "/admin/?q=1")
    FORMATS[kind]().format(made)
    assert made.getMessage() == "see /admin/?q=1"


# --- The id ---------------------------------------------------------------------------------


def test_the_proxys_id_is_kept_and_an_odd_one_is_not(client: Client) -> None:
    kept = client.get("/healthz", headers={"X-Request-ID": "0123456789abcdef"})
    assert kept["X-Request-ID"] == "0123456789abcdef"
    for odd in ("short", "a b c d e f g h", "x" * 65, "abcdefgh\n", "{json:injection}", ""):
        made = client.get("/healthz", headers={"X-Request-ID": odd})["X-Request-ID"]
        assert len(made) == 32 and made != odd
    assert request_ids.current() == ""


@pytest.mark.django_db
def test_the_record_names_the_request_in_which_it_was_done() -> None:
    by = Actor("somebody", Origin.PERSON)
    with request_ids.carried(given="0123456789abcdef"):
        Event.objects.record("test.done", by=by, at=timezone.now())
    Event.objects.record("test.done", by=by, at=timezone.now())
    found = Event.objects.order_by("id").values_list("request_id", flat=True)
    assert list(found) == ["0123456789abcdef", ""]


def test_every_request_has_its_line(client: Client, db: None, caplog: Any) -> None:
    caplog.set_level(logging.INFO, logger="portal.requests")
    answer = client.get("/admin/login/", {"next": f"/admin/?q={SECRET}"})
    (line,) = [each for each in caplog.records if each.name == "portal.requests"]
    assert line.getMessage().startswith("GET /admin/login/ 200 ")
    assert (line.status, line.route) == (200, "admin/login/")
    assert SECRET not in FORMATS["line"]().format(line)
    assert answer["X-Request-ID"]


def test_a_probe_is_no_news(client: Client, caplog: Any) -> None:
    caplog.set_level(logging.INFO, logger="portal.requests")
    client.get("/healthz")
    assert caplog.records == []
