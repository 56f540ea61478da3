"""What exists at Codat becomes known here: once, whole, and whatever stands in the way."""

from __future__ import annotations

import base64
import datetime as dt
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from django.conf import settings
from django.db import IntegrityError
from django.db import connection as database
from django.utils import timezone

from bankfeeds import adopting, conf, sealing, sync
from bankfeeds.adopting import carrying, reading
from bankfeeds.codat import bodies
from bankfeeds.models import (
    CallBudget,
    Company,
    Connection,
    Event,
    FoundAs,
    FoundCompany,
    Look,
    SourceAccount,
)
from tests import support
from tests.onboarding.orders import connection_reads, seen

from .support import (
    BY,
    add_account,
    adopted,
    at_codat,
    carry_out,
    choose_all,
    company_only,
    let_time_pass,
    looked,
    row,
    rung,
)

pytestmark = pytest.mark.django_db(transaction=True)
Outcome = FoundCompany.Outcome


def everything() -> list[Any]:
    """All that is here, to be compared before and after."""
    models: tuple[Any, ...] = (Company, Connection, SourceAccount)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_a_look_shows_and_changes_nothing(sandbox: Any) -> None:
    at_codat("New one", accounts=2)
    known = support.onboard(accounts=1)
    Company.objects.filter(pk=known.company.pk).update(codat_name="Old name")
    company_only("No feed")
    before = everything()
    look = looked()
    assert everything() == before and not Event.objects.filter(action__endswith="adopted").exists()
    stand = dict(look.found.values_list("name", "found_as"))
    assert stand == {
        "New one": FoundAs.NEW,
        known.company.name: FoundAs.DIFFERS,
        "No feed": FoundAs.NOT_OURS,
    }
    shown = row(look, "New one").accounts
    assert [(a["last4"], a["currency"], a["status"]) for a in shown] == [
        ("1111", "USD", "connected"),
        ("2222", "USD", "connected"),
    ]
    assert "12341111" not in str(list(look.found.values()))
    assert look.next_turn_at is None and not look.problem and look.total == 3


def test_no_link_is_made_read_or_kept(sandbox: Any) -> None:
    made, tie = at_codat("Acme")
    adopted()
    # Connecting in the sandbox is the client's; none of ours read a connection.
    assert connection_reads() == []
    connection = Connection.objects.get()
    assert (connection.codat_id, connection.link_url) == (tie.id, "")
    kept = str(list(FoundCompany.objects.values())) + str(list(Event.objects.values()))
    assert "otp=" not in kept and "http" not in kept


def test_what_was_chosen_is_here_whole(sandbox: Any, people: dict[str, Any]) -> None:
    made, tie = at_codat("Acme", accounts=2, description="REF-7 (portal 0123abcd)")
    look = adopted(country="CA", owner=people["support"].pk)
    company = Company.objects.get()
    assert (company.name, company.codat_id, company.country) == ("Acme", made.id, "CA")
    assert (company.reference, company.owner, company.at_codat) == (
        "REF-7",
        people["support"],
        True,
    )
    connection = company.connections.get()
    assert (connection.status, connection.at_codat) == ("Linked", True)
    account = company.accounts.order_by("pk").first()
    assert account is not None and account.is_connected and account.adopted_at
    assert account.number_last4 == "1111" and account.sort_code == "021000021"
    assert account.number_hash == sealing.number_hash("12341111")
    assert account.feed_start_date == support.today() - dt.timedelta(days=7)
    assert account.written_at is None
    told = row(look, "Acme")
    assert (told.outcome, told.company, told.found_as) == (
        Outcome.ADOPTED,
        company,
        FoundAs.KNOWN,
    )
    assert "2 accounts adopted" in told.words
    actions = Event.objects.filter(company=company).order_by("pk").values_list("action", flat=True)
    assert list(actions) == [
        "company.adopted",
        "connection.adopted",
        "account.adopted",
        "account.adopted",
    ]
    assert "12341111" not in str(list(Event.objects.values()))


def test_repeating_it_changes_nothing_and_picks_up_what_is_new_there(sandbox: Any) -> None:
    made, tie = at_codat("Acme", accounts=2)
    adopted()
    before = everything()
    look = looked()
    assert row(look, "Acme").found_as == FoundAs.KNOWN
    with pytest.raises(adopting.NothingChosen):
        choose_all(look)
    assert everything() == before
    add_account(made.id, tie.id, "acc-9")
    look = adopted(country="CA")
    assert row(look, "Acme").outcome == Outcome.ADOPTED
    company = Company.objects.get()
    assert company.country == "US" and company.accounts.count() == 3
    assert Connection.objects.count() == 1


def test_a_new_name_at_codat_is_taken_over_and_ours_stays(sandbox: Any) -> None:
    made, _tie = at_codat("Acme")
    adopted()
    body = bodies.company_body(name="Acme Two", description="")
    conf.client().update_company(made.id, body, key=uuid.uuid4())
    look = adopted()
    company = Company.objects.get()
    assert (company.name, company.codat_name) == ("Acme", "Acme Two")
    assert row(look, "Acme Two").outcome == Outcome.ADOPTED


def test_two_presses_are_one(sandbox: Any) -> None:
    at_codat("Acme")
    look = looked(key="k")
    assert looked(key="k") == look and Look.objects.count() == 1
    rows = list(look.found.values_list("pk", flat=True))
    chosen = adopting.Chosen(country="US")
    now = timezone.now()
    assert adopting.choose(look, rows, chosen=chosen, by=BY, now=now) == 1
    assert adopting.choose(look, rows, chosen=chosen, by=BY, now=now) == 0
    carry_out()
    assert adopting.choose(look, rows, chosen=chosen, by=BY, now=now) == 0
    assert Company.objects.count() == 1


def test_two_looks_that_take_the_same_company_take_it_once(sandbox: Any) -> None:
    at_codat("Acme", accounts=2)
    first, second = looked(), looked()
    choose_all(first)
    choose_all(second)
    carry_out()
    assert Company.objects.count() == 1 and SourceAccount.objects.count() == 2
    outcomes = {row(first, "Acme").outcome, row(second, "Acme").outcome}
    assert outcomes == {Outcome.ADOPTED, Outcome.NOTHING}


def test_more_than_one_page(sandbox: Any) -> None:
    for number in range(103):
        company_only(f"Company {number}")
    at_codat("The last one")
    look = looked()
    assert look.found.count() == 104 and row(look, "The last one").found_as == FoundAs.NEW


# --- Trouble -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["500-before", "reset-before", "429"])
def test_trouble_at_codat_is_said_and_gone_on_from(sandbox: Any, fault: str) -> None:
    at_codat("Acme")
    support.order_fault(fault, method="GET", path="/companies", times=4)
    look = looked()
    assert look.problem and look.next_turn_at is not None
    support.order_no_faults()
    CallBudget.objects.update(not_before=None)
    let_time_pass()
    rested = Look.objects.get()
    assert not rested.problem and rested.next_turn_at is None
    assert row(look, "Acme").found_as == FoundAs.NEW


def test_half_way_what_is_done_stays_done(sandbox: Any) -> None:
    at_codat("Acme", accounts=2)
    made, tie = at_codat("Bravo")
    look = looked()
    choose_all(look)
    conf.client().delete_connection(made.id, tie.id)
    path = f"/companies/{made.id}"
    support.order_fault("500-before", method="GET", path=path, times=20)
    for _ in range(4):
        let_time_pass()
    assert row(look, "Acme").outcome == Outcome.ADOPTED
    failed = row(look, "Bravo")
    assert failed.outcome == Outcome.FAILED and failed.words
    support.order_no_faults()
    assert Company.objects.get().name == "Acme"
    # It may be chosen once more; by now it has no connection any more.
    choose_all(look)
    carry_out()
    assert "no QuickBooks Online connection" in row(look, "Bravo").words


def test_a_worker_that_dies_in_the_middle_leaves_nothing_half(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_codat("Acme", accounts=3)
    look = looked()
    choose_all(look)
    make = SourceAccount.objects.create
    made: list[SourceAccount] = []

    def dies(**values: Any) -> Any:
        if made:
            raise SystemExit
        made.append(make(**values))
        return made[-1]

    with monkeypatch.context() as killed:
        killed.setattr(SourceAccount.objects, "create", dies)
        with pytest.raises(SystemExit):
            carry_out()
    assert not Company.objects.exists() and not SourceAccount.objects.exists()
    assert row(look, "Acme").outcome == Outcome.WAITING
    let_time_pass()
    assert SourceAccount.objects.count() == 3
    assert row(look, "Acme").outcome == Outcome.ADOPTED


def test_one_turn_at_a_time_and_the_lease_of_a_dead_one_ends(sandbox: Any) -> None:
    at_codat("Acme")
    look = adopting.look(form_key="k", by=BY, now=timezone.now())
    Look.objects.update(claimed_until=timezone.now() + carrying.LEASE)
    carry_out()
    assert not look.found.exists()
    assert adopting.ring_due(now=timezone.now()) == 0
    later = timezone.now() + carrying.LEASE * 2
    assert adopting.ring_due(now=later) == 1 and len(rung()) == 1
    Look.objects.update(claimed_until=timezone.now())
    carry_out()
    assert look.found.exists()


def test_what_is_chosen_while_a_turn_ends_is_not_forgotten(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_codat("Acme")
    look = looked()
    adopting.go_on(look.pk, now=timezone.now())
    end = carrying._Turn.end

    def late(turn: Any) -> None:
        if not look.found.exclude(outcome="").exists():
            choose_all(look)
            support.empty_queue()  # whoever rang for it has found the lease taken
        end(turn)

    monkeypatch.setattr(carrying._Turn, "end", late)
    carry_out()
    assert row(look, "Acme").outcome == Outcome.ADOPTED


def test_a_look_that_has_given_up_goes_on_when_somebody_says_so(sandbox: Any) -> None:
    at_codat("Acme")
    support.order_fault("500-before", method="GET", path="/companies", times=100)
    look = looked()
    for _ in range(len(carrying.WAITS) + 1):
        CallBudget.objects.update(not_before=None, tokens=100)
        let_time_pass()
    look.refresh_from_db()
    assert look.next_turn_at is None and look.problem
    support.order_no_faults()
    CallBudget.objects.update(not_before=None, tokens=100)
    adopting.go_on(look.pk, now=timezone.now())
    carry_out()
    assert row(look, "Acme").found_as == FoundAs.NEW


# --- What cannot be taken ------------------------------------------------------------------------


def test_a_company_that_is_being_created_here_is_not_made_twice(sandbox: Any) -> None:
    made, _tie = at_codat("Acme", description="portal 11223344")
    support.make_company("Acme", codat_id=None, intent="unknown", description="portal 11223344")
    look = looked()
    found = row(look, "Acme")
    assert found.found_as == FoundAs.NOT_OURS and "press Continue" in found.words
    assert Company.objects.count() == 1


@pytest.mark.parametrize("why", ["closed", "gone", "other connection", "begun", "of another"])
def test_what_stands_in_the_way(sandbox: Any, why: str) -> None:
    made, tie = at_codat("Acme")
    now = timezone.now()
    ours = support.make_company("Acme", codat_id=made.id)
    if why == "closed":
        Company.objects.update(closed_at=now)
    elif why == "gone":
        Company.objects.update(gone_at=now)
    elif why == "other connection":
        support.make_connection(ours)
    elif why == "begun":
        support.make_connection(ours, codat_id=None, intent="unknown", status="")
    else:
        support.make_connection(codat_id=tie.id)
    before = everything()
    found = row(looked(), "Acme")
    assert found.found_as == FoundAs.NOT_OURS and found.words
    with pytest.raises(adopting.CannotAdopt):
        answer = conf.client().get_company(made.id)
        there = adopting.read_company(answer, client=conf.client())
        adopting.take(there, country="US", owner_id=None, by=BY, now=now)
    assert everything() == before


def test_an_id_that_is_the_account_number_is_never_kept(sandbox: Any) -> None:
    made, tie = at_codat("Acme")
    odd = {"account_number": "1234-5678", "account_name": "Everyday"}
    add_account(made.id, tie.id, "12345678", **odd)
    look = adopted()
    assert SourceAccount.objects.count() == 1
    assert "contains its account number" in row(look, "Acme").words
    assert "12345678" not in str(list(FoundCompany.objects.values()))


@pytest.mark.parametrize("number", ["****5670", "XXXX5670", "xx-5670", "5670", "••5670", ""])
def test_a_masked_number_matches_nothing(sandbox: Any, number: str) -> None:
    assert not reading.is_whole(number)
    assert reading.last4(number) == ("5670" if number else "")


def test_earlier_writes_at_codat_are_known_by_their_time(sandbox: Any, drain: Any) -> None:
    from bankfeeds import pushing

    client = support.onboard(accounts=1)
    support.make_transactions(client.accounts[0])
    pushing.confirm(client.accounts, fingerprint=None, form_key="k", by=BY, now=timezone.now())
    drain()
    # The same client in a portal that knows nothing of it.
    answer = conf.client().get_company(str(client.company.codat_id))
    found = adopting.read_company(answer, client=conf.client(), writes=True)
    assert found.written_at is not None
    assert timezone.now() - found.written_at < dt.timedelta(minutes=10)
    assert seen("POST")


GARBAGE: list[Any] = [
    {"dataConnections": "none"},
    {"dataConnections": [7]},
    {"dataConnections": [{"integrationKey": "hcws", "id": "no uuid", "status": "Linked"}]},
    {"dataConnections": [{"integrationKey": "hcws", "id": str(uuid.uuid4())}]},
]


@pytest.mark.parametrize("raw", GARBAGE)
def test_garbage_about_connections_is_said_and_not_taken(db: None, raw: Any) -> None:
    from bankfeeds.codat import shapes

    whole = {"id": str(uuid.uuid4()), "name": "A\x00\u202eB\ud800", "redirect": "https://a.example"}
    found = reading.without_accounts(shapes.Company.read({**whole, **raw}))
    where = adopting.stands(found)
    assert where.found_as == FoundAs.UNREADABLE and where.words
    assert found.name.isprintable()
    with pytest.raises(adopting.CannotAdopt):
        adopting.take(found, country="US", owner_id=None, by=BY, now=timezone.now())


def test_other_integrations_are_left_alone(db: None) -> None:
    from bankfeeds.codat import shapes

    ties = [
        {"id": str(uuid.uuid4()), "status": "Linked", "integrationKey": "gbol"},
        {"id": str(uuid.uuid4()), "status": "Linked", "sourceType": "Accounting"},
    ]
    whole = {"id": str(uuid.uuid4()), "name": "A", "redirect": "x", "dataConnections": ties}
    assert reading.without_accounts(shapes.Company.read(whole)).tie is None


def test_of_several_connections_the_linked_one_is_taken(db: None) -> None:
    from bankfeeds.codat import shapes

    def tie(status: str, created: str) -> dict[str, str]:
        key = {"integrationKey": "hcws", "created": f"2026-01-0{created}T00:00:00Z"}
        return {"id": str(uuid.uuid4()), "status": status, **key}

    linked = tie("Linked", "1")
    ties = [tie("Unlinked", "3"), linked, tie("PendingAuth", "2")]
    whole = {"id": str(uuid.uuid4()), "name": "A", "redirect": "x", "dataConnections": ties}
    found = reading.without_accounts(shapes.Company.read(whole))
    assert found.tie is not None and str(found.tie.id) == linked["id"] and found.ties == 3


# --- As others have left it at Codat -------------------------------------------------------------


def raw(path: str, body: Any) -> Any:
    """A POST of somebody else's program, with its own key and nothing of ours."""
    key = base64.b64encode(str(settings.CODAT_API_KEY).encode()).decode()
    answer = requests.post(
        f"{settings.CODAT_BASE_URL}{path}",
        json=body,
        headers={"Authorization": f"Basic {key}"},
        timeout=10,
    )
    assert answer.ok, answer.text
    return answer.json()


@pytest.mark.off_contract("ids that only other programs use")
def test_what_another_program_has_made(sandbox: Any) -> None:
    company = raw("/companies", {"name": "Made elsewhere", "description": "client 17"})
    base = f"/companies/{company['id']}/connections"
    tie = raw(base, {"platformKey": "hcws"})
    accounts = f"{base}/{tie['id']}/connectionInfo/bankFeedAccounts"
    first = {
        "id": "a b/c é",
        "accountName": "  Épargne\t1 ",
        "accountType": "savings",
        "accountNumber": "****5670",
        "currency": "CAD",
        "balance": 10.5,
    }
    raw(accounts, first)
    raw(accounts, {"id": "old", "accountType": "Credit", "currency": "USD"})
    adopted(country="CA")
    ours = Company.objects.get()
    assert (ours.name, ours.reference) == ("Made elsewhere", "client 17")
    by_id = {row.account_id: row for row in ours.accounts.all()}
    savings, old = by_id["a b/c é"], by_id["old"]
    assert (savings.name, savings.number_last4, savings.number_hash) == ("Épargne 1", "5670", "")
    assert (savings.currency, str(savings.balance)) == ("CAD", "10.5000")
    assert (old.name, old.number_last4, old.is_card_or_loan) == ("old", "", True)
    # What was adopted is refreshed as any other.
    assert sync.refresh_connection(
        ours.connections.get(), client=conf.client(), by=BY, clock=timezone.now
    )


def test_an_account_without_a_whole_number_follows_nobody(sandbox: Any) -> None:
    made, tie = at_codat("Acme", accounts=0, connected=False)
    add_account(made.id, tie.id, "acc-1", account_number="****5670")
    ours = support.make_company("Acme", codat_id=made.id)
    gone = support.make_connection(ours, status="Unlinked")
    support.make_account(gone, number_hash="", gone_at=timezone.now())
    adopted()
    assert SourceAccount.objects.get(account_id="acc-1").follows is None


def test_the_same_number_as_before_goes_on_from_there(sandbox: Any) -> None:
    made, tie = at_codat("Acme")
    ours = support.make_company("Acme", codat_id=made.id)
    ended = support.make_connection(ours, status="Unlinked")
    before = support.make_account(ended, number_hash=sealing.number_hash("12341111"))
    adopted()
    assert SourceAccount.objects.get(account_id="acc-1").follows == before


def test_two_workers_that_take_the_same_at_once(sandbox: Any) -> None:
    made, _tie = at_codat("Acme", accounts=3)
    there = adopting.read_company(conf.client().get_company(made.id), client=conf.client())
    start = threading.Barrier(3)

    def take() -> bool:
        start.wait()
        try:
            done = adopting.take(there, country="US", owner_id=None, by=BY, now=timezone.now())
        finally:
            database.close()
        return done.anything

    with ThreadPoolExecutor(3) as pool:
        took = [one.result() for one in [pool.submit(take) for _ in range(3)]]
    assert sorted(took) == [False, False, True]
    assert Company.objects.count() == 1 and SourceAccount.objects.count() == 3
    assert Event.objects.filter(action="account.adopted").count() == 3


def test_what_the_database_refuses_is_said_and_stops_nobody(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_codat("Acme")
    at_codat("Bravo")
    look = looked()
    choose_all(look)
    make = Company.objects.create

    def refuses(**values: Any) -> Any:
        if values["name"] == "Acme":
            raise IntegrityError("what it says may hold secrets")
        return make(**values)

    monkeypatch.setattr(Company.objects, "create", refuses)
    carry_out()
    assert row(look, "Bravo").outcome == Outcome.ADOPTED
    failed = row(look, "Acme")
    assert failed.outcome == Outcome.FAILED and "secrets" not in failed.words
