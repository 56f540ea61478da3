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
    Throttled,
    Unavailable,
    Uncertain,
)
from bankfeeds.codat.shapes import ValidationItem
from tests.codat.faultserver import Behaviour, FaultServer, Line, answer, closed_port, pieces
from tests.codat.support import (
    API_KEY,
    COMPANY,
    COMPANY_ANSWER,
    CONNECTION,
    HURRIED,
    KEY,
    OPERATION,
    OPERATION_ANSWER,
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
    with FaultServer(reset, read_first=False) as server, pytest.raises(Uncertain):
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


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "36000"}, 36_000.0),
        ({"Retry_After": "soon"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("call", [write, read])
def test_429(header: dict[str, str], wait: float | None, call: Callable[[Client], object]) -> None:
    said = {"error": "You have made too many requests.", "correlationId": "c0ffee"}
    with FaultServer(answer(429, said, **header)) as server, pytest.raises(Throttled) as caught:
        call(client(server.url))
    assert caught.value.retry_after == wait
    assert caught.value.correlation_id == "c0ffee"
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.Refused),
        (401, errors.KeyRefused),
        (402, errors.PaymentRequired),
        (403, errors.KeyRefused),
        (404, errors.Absent),
        (405, errors.Refused),
        (418, errors.Refused),
        (422, errors.KeyReused),
    ],
)
@pytest.mark.parametrize("call", [write, read])
def test_refusals_carry_codats_words(
    status: int, kind: type[CodatError], call: Callable[[Client], object]
) -> None:
    said = {
        "statusCode": 429,
        "error": "Error processing\nrequest - not valid.",
        "correlationId": "90dae9b47de14674aa2a5fa7d88a2b11",
        "validation": {
            "errors": [{"itemId": "name", "message": "is empty", "validatorName": None}, 7],
            "warnings": None,
        },
    }
    with FaultServer(answer(status, said)) as server, pytest.raises(CodatError) as caught:
        call(client(server.url))
    problem = caught.value
    assert type(problem) is kind
    assert problem.words == "Error processing request - not valid."
    assert problem.status == status
    assert problem.correlation_id == "90dae9b47de14674aa2a5fa7d88a2b11"
    assert problem.validation == [ValidationItem("name", "is empty", "")]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>No</html>", b"null", b"[]", b'"no"', b'{"error": {}}', b'{"validation": 3}'],
)
def test_a_refusal_of_any_shape_is_a_refusal(body: bytes) -> None:
    with FaultServer(answer(400, body)) as server, pytest.raises(errors.Refused) as caught:
        write(client(server.url))
    assert caught.value.words
    assert "html" not in caught.value.words


def test_an_error_repeats_no_secret() -> None:
    number = "9988776655"
    link = "https://link-api.codat.io/x/start?otp=811482"
    said = {
        "error": f"{number} {API_KEY} {link}",
        "validation": {"errors": [{"itemId": number, "message": link, "validatorName": API_KEY}]},
    }
    body = bodies.encode({"id": "a", "accountNumber": number})
    with FaultServer(answer(400, said)) as server, pytest.raises(errors.Refused) as caught:
        client(server.url).create_source_account(COMPANY, CONNECTION, body, key=KEY)
    told = f"{caught.value} {caught.value!r} {caught.value.validation}"
    for secret in (number, API_KEY, "811482"):
        assert secret not in told
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def push(of: Client) -> object:
    return of.push(COMPANY, CONNECTION, "a-1", b"{}", key=KEY)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_2xx_with_an_operation_key_is_an_accepted_push(status: int) -> None:
    with FaultServer(answer(status, OPERATION_ANSWER)) as server:
        operation = client(server.url).push(COMPANY, CONNECTION, "a-1", b"{}", key=KEY)
    assert operation.push_operation_key == OPERATION
    assert (operation.status, operation.status_code) == ("Pending", 202)


def test_an_odd_answer_to_a_push_keeps_its_operation_key() -> None:
    odd = {"pushOperationKey": str(OPERATION), "requestedOnUtc": "yesterday"}
    with FaultServer(answer(200, odd)) as server:
        operation = client(server.url).push(COMPANY, CONNECTION, "a-1", b"{}", key=KEY)
    assert operation.push_operation_key == OPERATION
    assert operation.company_id == COMPANY
    assert operation.data_connection_key == CONNECTION
    assert operation.status == "Pending"


@pytest.mark.parametrize("key", [None, "", "x", 5])
def test_a_push_without_a_valid_operation_key_is_uncertain(key: object) -> None:
    made = answer(202, OPERATION_ANSWER | {"pushOperationKey": key})
    with FaultServer(made) as server, pytest.raises(Uncertain) as caught:
        push(client(server.url))
    assert type(caught.value) is GarbledWrite


def test_the_tree_is_cut_by_what_may_be_done_next() -> None:
    assert issubclass(ServerFault, Uncertain)
    assert issubclass(GarbledWrite, Uncertain) and issubclass(GarbledWrite, Garbled)
    for kind in (NotSent, Unavailable, Garbled, errors.Refused, Throttled):
        assert not issubclass(kind, Uncertain)
