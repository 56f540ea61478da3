"""`manage.py adopt` as a person and as a script use it."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bankfeeds import conf
from bankfeeds.models import Company, Event, FoundCompany, SourceAccount
from tests import support
from tests.onboarding.orders import connection_reads

from .support import add_account, at_codat, company_only

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str) -> tuple[dict[str, Any], str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("adopt", *arguments, "--json", stdout=out, stderr=err)
    except CommandError as error:
        err.write(str(error))
    [line] = out.getvalue().splitlines()
    return json.loads(line), err.getvalue()


def by_name(answer: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each for each in answer["companies"]}


def test_a_dry_run_tells_and_changes_nothing(sandbox: Any) -> None:
    at_codat("Acme", accounts=2)
    company_only("No feed")
    answer, words = run("--dry-run")
    assert answer["dryRun"] and answer["adopted"] == 0
    companies = by_name(answer)
    assert companies["Acme"]["foundAs"] == "new" and companies["No feed"]["foundAs"] == "not_ours"
    assert [a["last4"] for a in companies["Acme"]["accounts"]] == ["1111", "2222"]
    assert "1 can be adopted" in words and "12341111" not in words + str(answer)
    assert not Company.objects.exists() and not FoundCompany.objects.exists()
    assert not Event.objects.exists() and connection_reads() == []


def test_it_adopts_and_again_changes_nothing(sandbox: Any, people: dict[str, Any]) -> None:
    made, tie = at_codat("Acme", accounts=2)
    answer, words = run("--country", "CA", "--owner", "manager")
    assert answer["adopted"] == 1 and "2 accounts adopted." in words
    company = Company.objects.get()
    assert (company.country, company.owner) == ("CA", people["manager"])
    assert {event.origin for event in Event.objects.all()} == {"command"}
    again, words = run("--country", "US")
    assert again["adopted"] == 0 and by_name(again)["Acme"]["foundAs"] == "known"
    add_account(made.id, tie.id, "acc-7")
    more, _words = run("--country", "US", "--company", str(made.id))
    assert more["adopted"] == 1 and SourceAccount.objects.count() == 3
    assert "otp=" not in str(answer) + words and connection_reads() == []


def test_one_that_fails_does_not_stop_the_others(sandbox: Any) -> None:
    at_codat("Acme")
    made, _tie = at_codat("Bravo")
    at_codat("Charlie")
    path = f"/companies/{made.id}/connections"
    support.order_fault("500-before", method="GET", path=path, times=20)
    answer, words = run("--country", "US")
    assert answer["adopted"] == 2 and by_name(answer)["Bravo"]["outcome"] == "failed"
    assert "1 companies could not be adopted" in words
    support.order_no_faults()
    assert run("--country", "US")[0]["adopted"] == 1 and Company.objects.count() == 3


def test_what_was_done_before_codat_refused_the_key_is_told(sandbox: Any) -> None:
    at_codat("Acme")
    made, _tie = at_codat("Bravo")
    path = f"/companies/{made.id}/connections"
    support.order_fault("401", method="GET", path=path, times=20)
    answer, words = run("--country", "US")
    assert (
        answer["adopted"] == 1
        and len(answer["companies"]) == 1
        and "Tell the administrator" in words
    )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "--country"),
        (["--country", "US", "--owner", "nobody"], "no active person"),
        (["--country", "US", "--company", "x"], "UUID"),
        (["--country", "FR"], "invalid choice"),
    ],
)
def test_what_it_is_told_wrongly(sandbox: Any, arguments: list[str], why: str) -> None:
    at_codat("Acme")
    with pytest.raises(CommandError, match=why):
        call_command("adopt", *arguments)
    assert not Company.objects.exists()


def test_a_company_that_codat_does_not_know(sandbox: Any) -> None:
    with pytest.raises(CommandError):
        call_command("adopt", "--dry-run", "--company", str(uuid.uuid4()), stdout=io.StringIO())


def test_without_json_words_are_for_people(sandbox: Any) -> None:
    at_codat("Acme")
    out = io.StringIO()
    call_command("adopt", "--country", "US", stdout=out)
    assert "Acme" in out.getvalue() and "1 adopted" in out.getvalue() and "{" not in out.getvalue()
    assert conf.client()
