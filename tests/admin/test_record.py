from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bankfeeds.models import Event
from bankfeeds.models.record import WORKER
from bankfeeds.words import actions
from tests import support

from .pushes import BY, signed_in, text, waiting

pytestmark = pytest.mark.django_db
URL = "/admin/bankfeeds/event/"


@pytest.fixture
def auditor(people: dict[str, Any]) -> Any:
    return signed_in(people["auditor"])


def record(**about: Any) -> Event:
    return Event.objects.record(
        "test.happened", by=BY, at=timezone.now(), words="it happened", reason="so", **about
    )


def one_of_each() -> None:
    push = waiting()
    record(push=push)
    record(account=push.account)
    record(connection=push.connection)
    record(company=push.company)
    record(statement=support.make_statement(push.account))
    record()


def test_a_line_says_who_what_on_what_and_why(auditor: Any) -> None:
    one_of_each()
    page = auditor.get(URL)
    said = text(page)
    for part in ("manager Person test.happened", "it happened so", "transactions.csv", "Push #"):
        assert part in said, part
    for model in ("push", "sourceaccount", "connection", "company", "statement"):
        assert f'href="/admin/bankfeeds/{model}/' in page.content.decode()


def test_queries_do_not_grow_with_rows_and_read_no_secret(auditor: Any) -> None:
    def ask() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            assert auditor.get(URL).status_code == 200
        return [query["sql"] for query in queries]

    one_of_each()
    auditor.get(URL)
    few = ask()
    for _ in range(20):
        one_of_each()
    many = ask()
    assert len(few) == len(many)
    for column in ("link_url", "sealed_body", '"piece"', "validation"):
        assert not any(column in sql for sql in many), column


def test_only_the_lines_of_one_company_account_or_push(auditor: Any) -> None:
    push, _other = waiting(), waiting()
    for name, pk in (("push", push.pk), ("account", push.account_id), ("company", push.company_id)):
        shown = auditor.get(URL, {name: pk}).context["cl"].result_list
        assert {event.push_id for event in shown} == {push.pk}


@pytest.mark.parametrize(
    "name", ["kind", "from", "push", "account", "company", "q", "p", "o", "nonsense"]
)
def test_garbage_in_the_address_is_no_fault(auditor: Any, name: str) -> None:
    record()
    for value in ("x", "-1", "9" * 30, "\x00", "٣", "", "<b>"):
        assert auditor.get(URL, {name: value}, follow=True).status_code == 200


def test_nobody_adds_changes_or_deletes(admin_client: Any) -> None:
    event = record()
    assert admin_client.get(f"{URL}{event.pk}/change/").status_code == 200
    assert admin_client.post(f"{URL}{event.pk}/change/", {"words": "x"}).status_code == 403
    assert admin_client.post(f"{URL}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get(f"{URL}add/").status_code == 403
    assert Event.objects.get().words == "it happened"


def test_the_record_speaks_in_words_and_keeps_the_stable_name(people: dict[str, Any]) -> None:
    push = waiting()
    browser = signed_in(people["auditor"])
    said = text(browser.get("/admin/bankfeeds/event/"))
    assert "Push confirmed push.ready" in said
    event = push.events.get(action="push.ready")
    one = text(browser.get(f"/admin/bankfeeds/event/{event.pk}/change/"))
    assert "status: Waiting to be sent" in one and "{" not in one.split("From, to")[1][:80]


def test_it_is_found_by_company_person_and_day(auditor: Any) -> None:
    company = support.make_company("Café Nord", folded_name="cafe nord")
    record(company=company)
    record()
    today = support.today()

    def found(query: str) -> int:
        return len(auditor.get(f"{URL}?{query}").context["cl"].result_list)

    assert (found("q=caf%C3%A9"), found("q=MANAGER"), found("q=nobody")) == (1, 2, 0)
    tomorrow = today + dt.timedelta(days=1)
    assert (found(f"from={today}&to={today}"), found(f"from={tomorrow}")) == (2, 0)


def test_it_is_filtered_by_kind_and_taken_out_so(auditor: Any) -> None:
    push = waiting()
    record(company=push.company)

    def listed(query: str) -> set[str]:
        rows = auditor.get(f"{URL}?{query}").context["cl"].result_list
        taken = b"".join(auditor.post(f"{URL}export/?{query}").streaming_content).decode()
        names = {line.split(",")[4] for line in taken.splitlines()[1:]}
        assert names == {event.action for event in rows}, query
        return names

    today = support.today()
    assert listed("kind=pushes") == listed(f"kind=pushes&from={today}") == {"push.ready"}
    assert listed("kind=push.ready") == {"push.ready"}
    assert listed("kind=links") == listed("kind=nonsense") == set()
    assert listed(f"kind=exports&q=auditor&to={today}") == {"list.exported"}
    page = auditor.get(f"{URL}?kind=pushes")
    assert "Push confirmed (push.ready)" in text(page) and "Link issued (" not in text(page)


def test_every_event_is_of_one_kind() -> None:
    kinds = {
        name: [k for k in actions.KINDS if name in actions.of_kind(k)] for name in actions.WHAT
    }
    assert [name for name, found in kinds.items() if len(found) != 1] == []


def test_a_day_that_cannot_be_read_is_told_and_nothing_is_taken_out_by_it(auditor: Any) -> None:
    record()
    page = auditor.get(f"{URL}?from=20/11/2026&to=<b>")
    assert "“20/11/2026” is no day that can be read" in text(page)
    assert "“&lt;b&gt;” is no day" in page.content.decode()
    answer = auditor.post(f"{URL}export/?from=20/11/2026", follow=True)
    assert "This filter cannot be understood. No file was made." in text(answer)
    assert not Event.objects.filter(action="list.exported").exists()


def test_what_worked_by_itself_has_a_word(auditor: Any) -> None:
    Event.objects.record("push.sending", by=WORKER, at=timezone.now())
    auditor.cookies["language"] = "fr-ca"
    said = text(auditor.get(URL, headers={"Accept-Language": "fr-ca"}))
    assert "Service d'envoi" in said.replace("’", "'") and "worker" not in said
