"""Each way in which a line can break, with the outcome that it must have."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Callable

import pytest

from bankfeeds.codat import bodies, errors, receiving
from bankfeeds.codat.client import Client, Timings
from bankfeeds.codat.errors import (
    CodatError,
    Garbled,
    GarbledWrite,
    NotSent,
    ServerFault,
    Unavailable,
    Uncertain,
)
from tests.codat.faultserver import Behaviour, FaultServer, Line, answer, closed_port, pieces
from tests.codat.support import (
    API_KEY,
    COMPANY,
    COMPANY_ANSWER,
    HURRIED,
    KEY,
    PATIENT,
    client,
)

BODY = bodies.company_body(name="Acme")
WHOLE = json.dumps(COMPANY_ANSWER).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def write(of: Client) -> object:
    return of.create_company(BODY, key=KEY)


def read(of: Client) -> object:
    return of.get_company(COMPANY)


def hang(line: Line) -> None:
    line.hang()


def drip_head(line: Line) -> None:
    line.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 500, every=0.1)


def drip_body(line: Line) -> None:
    line.send(HEAD % 10_000)
    line.drip(b" " * 10_000, every=0.1)


def reset(line: Line) -> None:
    line.reset()


# name: behaviour, outcome of a write, outcome of a read, times that a read is sent
FAULTS: dict[str, tuple[Behaviour, type[CodatError], type[CodatError], int]] = {
    "reset after the request": (reset, Uncertain, Unavailable, 3),
    "closed after the request": (pieces(send=b""), Uncertain, Unavailable, 3),
    "half a status line": (pieces(send=b"HTTP/1.1 2"), Uncertain, Unavailable, 3),
    "half headers": (
        pieces(send=b"HTTP/1.1 200 OK\r\nContent-Type: applica"),
        GarbledWrite,
        Garbled,
        1,
    ),
    "half headers, 500": (pieces(send=b"HTTP/1.1 500 Oh\r\nConte"), ServerFault, Unavailable, 1),
    "half headers, 400": (
        pieces(send=b"HTTP/1.1 400 No\r\nConte"),
        errors.Refused,
        errors.Refused,
        1,
    ),
    "half a body": (pieces(send=HEAD % 900 + WHOLE[:50]), Uncertain, Unavailable, 1),
    "half a body, reset": (
        pieces(send=HEAD % 900 + WHOLE[:50], then="reset"),
        Uncertain,
        Unavailable,
        1,
    ),
    "half a body, then nothing": (
        pieces(send=HEAD % 900 + WHOLE[:50], then="hang"),
        Uncertain,
        Unavailable,
        1,
    ),
    "half a chunk": (
        pieces(send=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nabc"),
        Uncertain,
        Unavailable,
        1,
    ),
    "drip in the headers": (drip_head, Uncertain, Unavailable, 1),
    "drip in the body": (drip_body, Uncertain, Unavailable, 1),
    "no HTTP at all": (pieces(send=b"SSH-2.0-OpenSSH_9.2\r\n"), Uncertain, Unavailable, 3),
    "500": (answer(500, {"error": "x"}), ServerFault, Unavailable, 1),
    "503 page": (answer(503, b"<html>busy</html>"), ServerFault, Unavailable, 3),
    "408": (answer(408), Uncertain, Unavailable, 1),
    "409": (answer(409), Uncertain, errors.Refused, 1),
    "307": (answer(307, b"", Location="/elsewhere"), GarbledWrite, Garbled, 1),
    "304": (answer(304), GarbledWrite, Garbled, 1),
    "page instead of JSON": (answer(200, b"<html>sign in</html>"), GarbledWrite, Garbled, 1),
    "empty 200": (answer(200), GarbledWrite, Garbled, 1),
    "204": (pieces(send=b"HTTP/1.1 204 No Content\r\n\r\n"), GarbledWrite, Garbled, 1),
    "{}": (answer(200, {}), GarbledWrite, Garbled, 1),
    "[]": (answer(200, []), GarbledWrite, Garbled, 1),
    "null": (answer(200, None), GarbledWrite, Garbled, 1),
    "id no UUID": (answer(200, COMPANY_ANSWER | {"id": "7"}), GarbledWrite, Garbled, 1),
    "name missing": (answer(200, COMPANY_ANSWER | {"name": None}), GarbledWrite, Garbled, 1),
    "field twice": (
        answer(200, WHOLE[:-1] + b', "name": "Other"}'),
        GarbledWrite,
        Garbled,
        1,
    ),
    "NaN": (answer(200, WHOLE[:-1] + b', "x": NaN}'), GarbledWrite, Garbled, 1),
    "not UTF-8": (answer(200, WHOLE.replace(b"Acme", b"\xff\xfe")), GarbledWrite, Garbled, 1),
    "nested without end": (answer(200, b"[" * 100_000), GarbledWrite, Garbled, 1),
    "number without end": (answer(200, b'{"x": ' + b"9" * 9999 + b"}"), GarbledWrite, Garbled, 1),
    "gzip cut": (
        answer(200, gzip.compress(WHOLE)[:-9], Content_Encoding="gzip"),
        Uncertain,
        Unavailable,
        1,
    ),
    "gzip that is none": (answer(200, WHOLE, Content_Encoding="gzip"), Uncertain, Unavailable, 1),
}


SLOW = {"half a body, then nothing", "drip in the headers", "drip in the body"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_write_is_sent_once_and_named_rightly(fault: str) -> None:
    behaviour, outcome, _, _ = FAULTS[fault]
    with FaultServer(behaviour) as server, pytest.raises(CodatError) as caught:
        write(client(server.url, timings=HURRIED if fault in SLOW else PATIENT))
    assert type(caught.value) is outcome
    assert len(server.seen) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_read_is_repeated_only_where_nothing_came(fault: str) -> None:
    behaviour, _, outcome, times = FAULTS[fault]
    with FaultServer(behaviour) as server, pytest.raises(CodatError) as caught:
        read(client(server.url, timings=HURRIED if fault in SLOW else PATIENT))
    assert type(caught.value) is outcome
    assert len(server.seen) == times


@pytest.mark.parametrize(("call", "outcome"), [(write, NotSent), (read, Unavailable)])
def test_refused(call: Callable[[Client], object], outcome: type[CodatError]) -> None:
    with pytest.raises(CodatError) as caught:
        call(client(closed_port()))
    assert type(caught.value) is outcome
    assert str(caught.value) == "Codat could not be reached"


def test_no_such_host_is_not_sent() -> None:
    with pytest.raises(NotSent):
        write(client("http://no-such-host.invalid"))


def test_no_tls_is_not_sent() -> None:
    plain = pieces(send=b"HTTP/1.1 400 plain\r\n\r\n")
    with FaultServer(plain, read_first=False) as server, pytest.raises(NotSent):
        write(client(server.url.replace("http:", "https:")))


def test_a_reset_before_the_request_was_read_is_uncertain() -> None:
    # A reset during the handshake would be another thing: surely not sent.
    def reset_unread(line: Line) -> None:
        line.wait_for_bytes()
        line.reset()

    with FaultServer(reset_unread, read_first=False) as server, pytest.raises(Uncertain):
        write(client(server.url))


@pytest.mark.parametrize("behaviour", [hang, drip_head, drip_body])
@pytest.mark.parametrize("call", [write, read])
def test_no_call_takes_longer_than_its_deadline(
    behaviour: Behaviour, call: Callable[[Client], object]
) -> None:
    began = time.monotonic()
    with FaultServer(behaviour) as server:
        with pytest.raises(CodatError):
            call(client(server.url, timings=HURRIED))
        assert time.monotonic() - began < HURRIED.deadline + 2


def test_hang_of_a_write_ends_with_the_read_timeout_and_one_request() -> None:
    with FaultServer(hang) as server:
        began = time.monotonic()
        with pytest.raises(Uncertain, match="in time"):
            write(client(server.url, timings=Timings(read=0.3)))
        assert 0.25 < time.monotonic() - began < 10
        assert len(server.seen) == 1


def test_within_shortens_a_call_for_a_person_who_waits() -> None:
    with FaultServer(hang) as server:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            read(Client(base_url=server.url, api_key=API_KEY).within(0.4))
        assert time.monotonic() - began < 10


def test_repeats_end_where_time_does_and_the_last_answer_counts() -> None:
    with FaultServer(answer(503, {"error": "Offline."})) as server:
        with pytest.raises(Unavailable, match="503: Offline") as caught:
            read(client(server.url, timings=Timings(read=0.5, deadline=0.5)))
        assert caught.value.status == 503
    assert len(server.seen) == 2


def test_a_read_recovers_from_one_fault() -> None:
    with FaultServer(reset, answer(503), answer(200, COMPANY_ANSWER)) as server:
        found = client(server.url, timings=Timings(deadline=10)).get_company(COMPANY)
    assert found.id == COMPANY
    assert len(server.seen) == 3


def test_an_idle_connection_that_the_server_closed_does_no_harm() -> None:
    def once(line: Line) -> None:
        answer(200, COMPANY_ANSWER)(line)
        raise EOFError

    with FaultServer(once) as server:
        codat = client(server.url)
        write(codat)
        time.sleep(0.1)
        write(codat)
    assert len(server.seen) == 2


def test_connections_are_kept() -> None:
    with FaultServer(answer(200, COMPANY_ANSWER)) as server:
        codat = client(server.url)
        for _ in range(3):
            write(codat)
            codat.delete_company(COMPANY)
    assert (len(server.seen), server.connections) == (6, 1)


@pytest.mark.parametrize("squeeze", [gzip.compress, zlib.compress])
def test_a_packed_answer_is_read_though_none_was_asked_for(
    squeeze: Callable[[bytes], bytes],
) -> None:
    encoding = "gzip" if squeeze is gzip.compress else "deflate"
    with FaultServer(answer(200, squeeze(WHOLE), Content_Encoding=encoding)) as server:
        assert client(server.url).get_company(COMPANY).name == "Acme"
    assert server.seen[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("packed", [True, False])
def test_an_answer_has_a_largest_size(packed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MAX_ANSWER", 200_000)
    bomb = b" " * 5_000_000
    made = (
        answer(200, gzip.compress(bomb), Content_Encoding="gzip") if packed else answer(200, bomb)
    )
    with FaultServer(made) as server:
        with pytest.raises(GarbledWrite, match="too large"):
            write(client(server.url))
        with pytest.raises(Garbled, match="too large"):
            read(client(server.url))


def test_the_largest_size_counts_unpacked_bytes() -> None:
    bomb = gzip.compress(b" " * (receiving.MAX_ANSWER + 1))
    assert len(bomb) < receiving.MAX_ANSWER / 100
    with (
        FaultServer(answer(200, bomb, Content_Encoding="gzip")) as server,
        pytest.raises(Garbled, match="too large"),
    ):
        read(client(server.url, timings=Timings()))
