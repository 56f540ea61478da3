"""What is found, line by line, against the sandbox; the command; what is never in it."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test.utils import override_settings
from django.utils import timezone
from django.utils.translation import override

from bankfeeds import conf, guards, health, readiness
from bankfeeds.models import Actor, PushStatus, ReadinessCheck, WebhookMessage
from bankfeeds.words.readiness import SAYINGS, TOPICS, line
from tests import databases, support

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cyAx"


def check(by: Actor, *, clock: Any = timezone.now) -> list[str]:
    """The codes of what a fresh check finds."""
    ReadinessCheck.objects.all().delete()
    done = readiness.check(conf.page_client, by=by, clock=clock)
    return [each.code for each in readiness.lines(done)]


def test_every_line_has_words_in_its_place() -> None:
    assert {code.partition(".")[0] for code in SAYINGS} == set(TOPICS)
    for code, saying in SAYINGS.items():
        assert (saying.tone == "good") == (not saying.remedy), code


def test_a_place_where_all_is_well(sandbox: Any, actor: Actor, settings: Any) -> None:
    settings.CODAT_WEBHOOK_SECRET = SECRET
    now = timezone.now()
    health.beat(now=now)
    WebhookMessage.objects.create(
        webhook_id="m", event_type="x", received_at=now, sent_at=now, sealed_body=b"x"
    )
    support.make_push(status=PushStatus.SUCCEEDED)
    found = check(actor)
    assert found[:-1] == [
        "key.works", "integration.on", "types.proven", "currencies.good", "worker.runs",
        "webhooks.come", "clock.right",
    ]  # fmt: skip
    assert found[-1] == ("database.trial" if databases.which() == "sqlite" else "database.good")
    done = readiness.last()
    assert done and readiness.is_ready(done) and done.by == "manager"


def test_a_fresh_place(sandbox: Any, actor: Actor) -> None:
    support.no_worker_runs()
    found = check(actor)
    for code in ("types.unproven", "worker.never", "webhooks.none", "currencies.good"):
        assert code in found
    done = readiness.last()
    assert done and not readiness.is_ready(done)  # nothing leaves without a worker


@pytest.mark.parametrize(
    ("fault", "codes"),
    [
        ("401", ["key.refused", "integration.unasked"]),
        ("402", ["key.payment", "integration.unasked"]),
        ("404", ["key.works", "integration.absent"]),
        ("html-200", ["key.silence", "integration.unasked"]),
    ],
)
def test_what_codat_says(sandbox: Any, actor: Actor, fault: str, codes: list[str]) -> None:
    support.order_fault(fault, method="GET", path="integrations", times=5)
    found = check(actor)
    assert found[:2] == codes
    assert "clock.right" in found


def test_codat_that_is_not_there(sandbox: Any, actor: Actor, settings: Any) -> None:
    settings.CODAT_BASE_URL = databases.NOWHERE
    assert {"key.silence", "integration.unasked", "clock.unasked"} <= set(check(actor))
    done = readiness.last()
    assert done and not readiness.is_ready(done)
    assert "Codat did not answer. Nothing is lost." in readiness.lines(done)[0].word.explanation


def test_no_key_at_all(sandbox: Any, actor: Actor, settings: Any) -> None:
    settings.CODAT_API_KEY = ""
    assert check(actor)[0] == "key.missing"


def test_an_integration_that_is_switched_off(sandbox: Any, actor: Actor) -> None:
    support.control("integration", enabled=False)
    assert "integration.off" in check(actor)


@pytest.mark.parametrize(
    ("seconds", "code"), [(3, "clock.right"), (-40, "clock.off"), (900, "clock.far")]
)
def test_a_clock_that_is_off(sandbox: Any, actor: Actor, seconds: int, code: str) -> None:
    def clock() -> dt.datetime:
        return timezone.now() + dt.timedelta(seconds=seconds)

    assert code in check(actor, clock=clock)


def test_currencies(sandbox: Any, actor: Actor) -> None:
    account = support.make_account(currency="CAD")
    assert "currencies.foreign" in check(actor)
    account.company.country = "CA"
    account.company.save()
    assert "currencies.good" in check(actor)
    support.make_account(currency="GBP")
    assert "currencies.odd" in check(actor)


def test_worker_and_webhooks(sandbox: Any, actor: Actor, settings: Any) -> None:
    settings.CODAT_WEBHOOK_SECRET = SECRET
    support.no_worker_runs()
    health.beat(now=timezone.now() - dt.timedelta(hours=1))
    found = check(actor)
    assert "worker.stopped" in found and "webhooks.silent" in found


def test_webhooks_that_came_and_come_no_more(sandbox: Any, actor: Actor, settings: Any) -> None:
    settings.CODAT_WEBHOOK_SECRET = SECRET
    now = timezone.now()
    WebhookMessage.objects.create(
        webhook_id="m", received_at=now, sent_at=now, sealed_body=b"", event_type="x"
    )
    support.make_push(status=PushStatus.SUCCEEDED, ended_at=now + dt.timedelta(minutes=20))
    assert "webhooks.come" in check(actor)
    support.make_push(status=PushStatus.SUCCEEDED, ended_at=now + dt.timedelta(hours=1))
    assert "webhooks.quiet" in check(actor)


def test_guards_that_are_missing(sandbox: Any, actor: Actor) -> None:
    with guards.lifted():
        assert "database.unguarded" in check(actor)


def test_the_second_press_asks_nothing_again(sandbox: Any, actor: Actor) -> None:
    first = readiness.check(conf.page_client, by=actor, clock=timezone.now)
    second = readiness.check(conf.page_client, by=actor, clock=timezone.now)
    assert first.pk == second.pk
    later = timezone.now() + dt.timedelta(minutes=1)
    assert readiness.check(conf.page_client, by=actor, clock=lambda: later).pk != first.pk


def test_a_result_is_read_in_the_language_of_its_reader(sandbox: Any, actor: Actor) -> None:
    with override("fr-ca"):
        check(actor)
    done = readiness.last()
    assert done and readiness.lines(done)[0].topic == "Our key at Codat"
    with override("fr-ca"):
        assert readiness.lines(done)[0].topic == "Notre clé chez Codat"


def test_a_finding_of_another_version_is_no_error() -> None:
    assert line("moon.full", {"x": 1}).word.label == "Could not be checked"


def run(*arguments: str) -> tuple[str, str, int]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("readiness", *arguments, stdout=out, stderr=err)
    except CommandError as refused:
        return out.getvalue(), err.getvalue(), refused.returncode
    return out.getvalue(), err.getvalue(), 0


def test_the_command(sandbox: Any) -> None:
    out, _err, code = run()
    assert code == 1
    assert "✕ Not in order: The worker. It has never run." in out
    assert "    Start it: manage.py worker" in out
    ReadinessCheck.objects.all().delete()
    health.beat(now=timezone.now())
    out, err, code = run("--json")
    assert code == 0 and "✓ In order: Our key at Codat. Codat accepts it." in err
    answer = json.loads(out)
    assert answer["ready"] is True
    assert answer["lines"][0] == {
        "code": "key.works",
        "state": "good",
        "what": "Our key at Codat",
        "means": "Codat accepts it.",
        "remedy": "",
    }


@override_settings(CODAT_WEBHOOK_SECRET=SECRET)
def test_no_secret_is_kept(sandbox: Any, actor: Actor) -> None:
    support.order_fault("401", method="GET", path="integrations")
    check(actor)
    kept = json.dumps(ReadinessCheck.objects.get().findings)
    for secret in (databases.API_KEY, SECRET):
        assert secret not in kept
