"""Which error a status is, what it says, and what makes a push accepted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bankfeeds.codat import bodies, errors
from bankfeeds.codat.client import Client
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
from tests.codat.faultserver import FaultServer, answer
from tests.codat.support import (
    API_KEY,
    COMPANY,
    CONNECTION,
    KEY,
    OPERATION,
    OPERATION_ANSWER,
    client,
)

BODY = bodies.company_body(name="Acme")


def write(of: Client) -> object:
    return of.create_company(BODY, key=KEY)


def read(of: Client) -> object:
    return of.get_company(COMPANY)


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
