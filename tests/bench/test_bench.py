"""The bench counts what it says it counts. No timing is asserted here or anywhere."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from bankfeeds.codat.bodies import TransactionOut, push_body
from bankfeeds.codat.client import Client
from bankfeeds.management.process import BASE_DIR, Family
from tests.bench import intake_peer, loops, runs
from tests.bench.processes import Server, Void, standin
from tests.bench.rows import rows_of
from tests.databases import API_KEY, which
from tests.importing import support
from tests.intake.support import written
from tests.support import make_account, today

CONNECTION = str(uuid.uuid4())
HEADER = "id,date,description,amount,balance,type"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    world = tmp_path_factory.mktemp("bench") / "world"
    world.write_text(f"{CONNECTION} acc-1\n{CONNECTION} acc-2\n")
    with Family(grace=2, orphan_grace=1) as family, standin(family, world=world) as server:
        yield server


@pytest.fixture
def server(place: Server) -> Server:
    place.begin()
    return place


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(base_url=server.url, api_key=API_KEY) as made:
        yield made


def body(count: int) -> bytes:
    rows = [
        TransactionOut(row.id, row.date, row.description, row.amount, row.balance, row.type)
        for row in rows_of(1, count=count, day=today())
    ]
    return push_body(account_id="acc-1", transactions=rows)


def test_the_stand_in_talks_as_codat_does(server: Server, client: Client) -> None:
    company, key = str(uuid.uuid4()), uuid.uuid4()
    made = [client.push(company, CONNECTION, "acc-1", body(3), key=key) for _ in range(2)]
    made.append(client.push(company, CONNECTION, "acc-2", body(1), key=uuid.uuid4()))
    assert made[0].push_operation_key == made[1].push_operation_key
    assert str(made[2].company_id) == company and made[2].status == "Pending"
    ended = client.get_operation(company, made[2].push_operation_key)
    assert (ended.status, str(ended.data_connection_key)) == ("Success", CONNECTION)
    listed = [each.push_operation_key for each in client.list_operations(company)]
    assert listed == [made[2].push_operation_key, made[0].push_operation_key]
    accounts = client.list_source_accounts(company, CONNECTION)
    assert [each.id for each in accounts] == ["acc-1", "acc-2"] and accounts[0].status
    seen = server.stats()
    assert seen["requests"] == {"push": 3, "look": 1, "list": 1, "accounts": 1}
    assert (seen["posts"], seen["replays"], seen["transactions"]) == (3, 1, 7)
    assert seen["bytes"] == 2 * len(body(3)) + len(body(1))


def test_pages_are_whole(server: Server, client: Client) -> None:
    company = str(uuid.uuid4())
    for _ in range(101):
        client.push(company, CONNECTION, "acc-1", body(1), key=uuid.uuid4())
    assert len({each.push_operation_key for each in client.list_operations(company)}) == 101


@pytest.mark.parametrize("peer", loops.PEERS)
def test_both_loops_push_every_row(server: Server, peer: str) -> None:
    push, ask = loops.PEERS[peer](server.url)
    accounts = loops.made_up(2, transactions=5)
    keys = [push(account) for account in accounts]
    assert [loops.number(key) for key in keys] == [0, 1]
    assert [ask(account, key) for account, key in zip(accounts, keys, strict=True)] == [True] * 2
    seen = server.stats()
    assert (seen["posts"], seen["transactions"], seen["most_of_a_company"]) == (2, 10, 1)


def test_money_is_the_same_for_all() -> None:
    first, second = rows_of(3, count=2, day=today())
    assert second.balance == first.balance + second.amount
    assert first.amount == Decimal(str(float(first.amount)))


def test_a_claim_that_the_server_did_not_see_is_void() -> None:
    seen = {
        "posts": 2, "replays": 0, "transactions": 20, "bytes": 99, "throttled_posts": 0,
        "keys": {"count": 2},
    }  # fmt: skip
    claims = {"keys": [1, 0], "transactions": 20, "bytes": 99, "attempts": 2}
    assert runs.held(seen, claims) is seen
    for wrong in ({"transactions": 30}, {"bytes": 98}, {"attempts": 3}, {"keys": [0, 0]}):
        with pytest.raises(Void):
            runs.held(seen, {**claims, **wrong})
    with pytest.raises(Void):
        runs.held({**seen, "replays": 1}, claims)


@pytest.mark.skipif(which() != "sqlite", reason="it brings its own database")
def test_the_command_pushes_side_by_side(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.bench.push", "--accounts", "4", "--transactions", "3"),
            *("--latency", "5", "--rounds", "1"),
        ],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    for word in ("sdk", "requests", "engine", "CPU to the outcome, of the SDK loop's"):
        assert word in done.stdout


@pytest.mark.skipif(which() != "sqlite", reason="it brings its own database")
def test_a_file_is_loaded_side_by_side() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.intake", "--rows", "20", "30", "--rounds", "1"],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    for word in ("raw", "ours", "goal <= 1.5 x", "Memory of ours"):
        assert word in done.stdout


@pytest.mark.skipif(which() != "sqlite", reason="it brings its own database")
def test_the_pages_of_a_preview_are_timed() -> None:
    """A few rows more than are looked at at once: its preview is worked out by the worker."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.preview", "--rows", "5010"],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    for word in ("5010 rows", "upload", "worker", "first", "middle", "last", "problems"):
        assert word in done.stdout


@pytest.mark.django_db
def test_rows_lost_or_in_another_place_are_seen(tmp_path: Path) -> None:
    rows = [list(row) for row in rows_of(1, count=3, day=today())]
    support.save(support.look(make_account(), written(rows, header=HEADER)))
    first, second, third = rows
    file = tmp_path / "rows.csv"
    for said, differing in (
        (rows, 0), ([first, third, second], 2), ([first, second], 1), ([*rows, first], 1)
    ):  # fmt: skip
        file.write_bytes(written(said, header=HEADER))
        assert intake_peer._compared(file) == (3, differing)
