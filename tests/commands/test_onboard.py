"""`onboard`, `renew_link` and `sync` as a newcomer and as a script use them."""

from __future__ import annotations

import datetime as dt
import io
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from bankfeeds import conf, links
from bankfeeds.models import Actor, Company, Connection, Event
from tests import support
from tests.onboarding.orders import connection_reads, order, seen

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = """id,accountName,accountType,accountNumber,sortCode,currency,balance
ac-001,account-001,checking,12345670,12-34-56,USD,4002
ac-002,Savings,SAVINGS,12345671,021000021,USD,10.50
ac-003,Card,credit,12345672,021000021,USD,-99.99
"""


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.csv"
    path.write_text(ROWS)
    return path


def run(command: str, *arguments: str) -> tuple[dict[str, Any], str]:
    """The answer of a command with --json, and what it said on standard error."""
    out, err = io.StringIO(), io.StringIO()
    call_command(command, *arguments, "--json", stdout=out, stderr=err)
    [line] = out.getvalue().splitlines()
    return json.loads(line), err.getvalue()


def onboard(accounts: Path, *more: str, name: str = "Café Québec") -> tuple[dict[str, Any], str]:
    return run("onboard", "--name", name, "--accounts", str(accounts), *more)


def test_from_a_file_to_the_link(sandbox: Any, accounts: Path) -> None:
    answer, words = onboard(accounts, "--reference", "REF-1")
    company, connection = Company.objects.get(), Connection.objects.get()
    assert answer == {
        "companyId": str(company.codat_id),
        "connectionId": str(connection.codat_id),
        "linkUrl": connection.link_url,
        "accounts": [{"id": f"ac-00{n}", "status": "pending"} for n in (1, 2, 3)],
    }
    assert "otp=" in answer["linkUrl"] and "otp=" not in words
    assert "Line 2: sortCode" in words and "12345670" not in words
    theirs = conf.client().list_source_accounts(answer["companyId"], answer["connectionId"])
    assert [(a.account_number, a.sort_code) for a in theirs] == [
        ("12345670", "12-34-56"),
        ("12345671", "021000021"),
        ("12345672", "021000021"),
    ]
    assert {event.origin for event in Event.objects.all()} == {"command"}


def test_running_it_again_changes_nothing(sandbox: Any, accounts: Path) -> None:
    first, _ = onboard(accounts)
    again, _ = onboard(accounts)
    assert again == first
    assert len(seen("POST")) == 5 and connection_reads() == []


def test_running_it_again_after_the_link_has_expired_renews_it(
    sandbox: Any, accounts: Path
) -> None:
    first, _ = onboard(accounts)
    links.wipe_expired(now=timezone.now() + dt.timedelta(hours=2))
    again, _ = onboard(accounts)
    assert again["linkUrl"] != first["linkUrl"]
    assert {**again, "linkUrl": ""} == {**first, "linkUrl": ""}


@pytest.mark.parametrize("nth", [1, 2, 3, 5])
@pytest.mark.parametrize("fault", ["500-after", "500-before", "reset-after", "400"])
def test_a_failure_half_way_goes_on_where_it_stopped(
    sandbox: Any, accounts: Path, settings: Any, fault: str, nth: int
) -> None:
    settings.PUSH_SETTLE = 0
    path = {1: "/companies$", 2: "/connections$", 3: "bankFeedAccounts$", 5: "bankFeedAccounts$"}
    for _ in range(nth - 3):
        # A throttled request changes nothing, but lets the fault hit a later account.
        order("429-1", path=path[nth])
    order(fault, path=path[nth])
    with pytest.raises(CommandError, match="run the same command again"):
        onboard(accounts)
    answer, _ = onboard(accounts)
    assert len(answer["accounts"]) == 3
    assert len(list(conf.client().list_companies())) == 1
    assert len(list(conf.client().list_connections(answer["companyId"]))) == 1
    theirs = conf.client().list_source_accounts(answer["companyId"], answer["connectionId"])
    assert sorted(a.id for a in theirs) == ["ac-001", "ac-002", "ac-003"]


@pytest.mark.parametrize("fault", ["500-after", "500-before", "reset-after", "400", "429-1"])
@pytest.mark.parametrize(("way", "call"), [("batch", "POST .*batch"), ("put", "PUT .*Accounts")])
def test_several_accounts_in_one_call_go_on_where_they_stopped(
    sandbox: Any, accounts: Path, settings: Any, fault: str, way: str, call: str
) -> None:
    settings.CODAT_ADD_ACCOUNTS = way
    method, _, path = call.partition(" ")
    order(fault, method=method, path=path)
    with pytest.raises(CommandError, match="run the same command again"):
        onboard(accounts)
    answer, _ = onboard(accounts)
    assert [each["status"] for each in answer["accounts"]] == ["pending"] * 3
    theirs = conf.client().list_source_accounts(answer["companyId"], answer["connectionId"])
    assert sorted(a.id for a in theirs) == ["ac-001", "ac-002", "ac-003"]


def test_another_file_is_another_client_and_is_warned_of(sandbox: Any, accounts: Path) -> None:
    first, _ = onboard(accounts)
    accounts.write_text(ROWS.replace("12345670", "99999990"))
    second, words = onboard(accounts, name="CAFE QUEBEC INC")
    assert second["companyId"] != first["companyId"]
    assert "There is a client like this already: Café Québec" in words


def test_a_bad_file_is_told_by_line_before_anything_is_sent(sandbox: Any, accounts: Path) -> None:
    accounts.write_text(ROWS.replace("SAVINGS", "bag").replace("-99.99", "x"))
    with pytest.raises(CommandError) as refusal:
        onboard(accounts)
    assert "Line 3: accountType" in str(refusal.value)
    assert "Line 4: balance" in str(refusal.value)
    assert "Nothing was created" in str(refusal.value)
    assert seen() == [] and not Company.objects.exists()


def test_no_such_file_and_no_usable_name(sandbox: Any, accounts: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        onboard(accounts.with_name("none.csv"))
    with pytest.raises(CommandError, match="keep nothing of this name"):
        onboard(accounts, name="(東京)")
    assert seen() == []


def test_a_wrong_key_is_told_in_words(sandbox: Any, accounts: Path, settings: Any) -> None:
    settings.CODAT_API_KEY = "another key"
    with pytest.raises(CommandError, match="Codat does not accept our key"):
        onboard(accounts)
    with pytest.raises(CommandError, match="Codat does not accept our key"):
        support.make_connection()
        run("sync")


def test_no_network_is_told_in_words(accounts: Path) -> None:
    with pytest.raises(CommandError, match="Codat could not be reached"):
        onboard(accounts)


def test_renew_link(onboarded: support.Onboarded) -> None:
    company_id = str(onboarded.company.codat_id)
    answer, words = run("renew_link", "--company", company_id)
    onboarded.connection.refresh_from_db()
    until = onboarded.connection.link_valid_until
    assert until and answer == {
        "companyId": company_id,
        "connectionId": str(onboarded.connection.codat_id),
        "linkUrl": onboarded.connection.link_url,
        "validUntil": until.isoformat(),
    }
    assert "otp" not in words


def test_renew_link_of_nobody(sandbox: Any) -> None:
    with pytest.raises(CommandError, match="No company with the id"):
        run("renew_link", "--company", str(uuid.uuid4()))
    company = support.make_company()
    with pytest.raises(CommandError, match="no connection yet"):
        run("renew_link", "--company", str(company.codat_id))


def test_renew_link_of_a_connection_that_is_gone(onboarded: support.Onboarded) -> None:
    company_id = str(onboarded.company.codat_id)
    conf.client().delete_connection(company_id, str(onboarded.connection.codat_id))
    for words in ("Codat does not know it", "does not exist at Codat"):
        with pytest.raises(CommandError, match=words):
            run("renew_link", "--company", company_id)


def test_sync_counts_and_names_problems(onboarded: support.Onboarded) -> None:
    assert run("sync")[0] == {"companies": 1, "connections": 1, "accounts": 2, "problems": []}
    broken = support.make_connection()
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="1 connections could not be refreshed"):
        call_command("sync", "--json", stdout=out, stderr=err)
    answer = json.loads(out.getvalue())
    [problem] = answer["problems"]
    assert problem["companyId"] == str(broken.company.codat_id)
    assert "no longer exists" in problem["words"] and problem["words"] in err.getvalue()
    assert answer["connections"] == 1 and connection_reads() == []


def test_without_json_words_go_to_standard_output(sandbox: Any, accounts: Path) -> None:
    out = io.StringIO()
    call_command("onboard", "--name", "Acme", "--accounts", str(accounts), stdout=out)
    assert "Company Acme" in out.getvalue() and Connection.objects.get().link_url in out.getvalue()
    assert "{" not in out.getvalue()


def test_who_ran_it_is_recorded(sandbox: Any, accounts: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("LOGNAME", "night-job")
    onboard(accounts)
    assert set(Event.objects.values_list("actor_name", flat=True)) == {"night-job"}
    assert Actor.command("x").user_id is None
