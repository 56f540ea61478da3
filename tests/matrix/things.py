"""One real thing behind every address of the table: what is not there is no proof of a right."""

from __future__ import annotations

import datetime as dt
import zlib
from io import BytesIO
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from bankfeeds import mistakes
from bankfeeds.importing import pieces, profiles
from bankfeeds.models import (
    Closure,
    Company,
    Connection,
    Event,
    FeedRun,
    FeedSchedule,
    ForeignAccount,
    Incident,
    Look,
    MissingFile,
    ReadinessCheck,
    ReceivedFile,
    Resending,
    Sender,
    SendingStop,
    SourceAccount,
    Statement,
    WebhookMessage,
)
from tests import support
from tests.admin import pushes
from tests.intake import corpus
from tests.intake.corpus.profiles import PROFILES
from tests.senders import support as senders_support

CSV = b"id,date,description,amount,balance\nt-1,2026-01-05,Sales,1.00,2.00\n"
BARE = b"id,date,description,amount\nt-1,2026-01-05,Sales,1.00\n"


def make() -> dict[str, int | str]:
    """By the names in the table's braces. Needs the sandbox: some pages ask Codat."""
    client = support.onboard(accounts=1, connected=False)
    account, now = client.accounts[0], timezone.now()
    long_ago = support.today() - dt.timedelta(days=60)
    support.connect(client.connection, client.accounts, feed_start=long_ago)
    push = pushes.succeeded(account)
    wrong = {push.items.all()[0].transaction_id}
    mistakes.record(push, wrong, reason="twice", wrong_client=False, by=pushes.BY, now=now)
    support.make_transactions(account, date=support.today() - dt.timedelta(days=20))
    Connection.objects.update(link_issued_at=now, link_url="https://a.example/?otp=1")
    unfinished = support.make_company(intent="not_sent", codat_id=None)
    company = client.company
    event = Event.objects.record("company.created", by=pushes.BY, at=now, company=company)
    return {
        "guide": "manager",
        "app": "bankfeeds",
        "type": ContentType.objects.get_for_model(Company).pk,
        "who": "MQ",
        "key": "no-key",
        "company": company.pk,
        "unfinished": unfinished.pk,
        "connection": client.connection.pk,
        "account": account.pk,
        "push": push.pk,
        "statement": _previewed(account, CSV).pk,
        "bare": _previewed(account, BARE, states_no_balance=True).pk,
        "doubt": support.make_doubt(account, push.items.all()[0].transaction).pk,
        "transaction": push.items.all()[0].transaction_id,
        "event": event.pk,
        **_profiles(now),
        **_of_feeds(account, now),
        **_of_senders(now),
        **_of_the_house(now),
    }


def calm() -> None:
    """Nothing in trouble: else each page reckons what is being lost, a third of its time."""
    support.worker_runs()
    incident_goes_on(False)


def incident_goes_on(on: bool) -> None:
    Incident.objects.update(ended_at=None if on else timezone.now())


def _previewed(account: SourceAccount, content: bytes, **changes: Any) -> Statement:
    state = Statement.State.PREVIEWED
    upload = support.make_statement(account, state=state, saved_at=None, **changes)
    pieces.write(upload, BytesIO(zlib.compress(content)))
    return upload


def _profiles(now: dt.datetime) -> dict[str, int | str]:
    content = (corpus.HERE / "profile/caisse-clean.csv").read_bytes()
    profile = profiles.make(
        PROFILES["union"], institution="Union", name="Daily", by=pushes.BY, now=now
    )
    sample = profiles.keep_sample(content, file_name="sample.csv", by=pushes.BY, now=now)
    return {"profile": profile.pk, "sample": sample.pk}


def _of_feeds(account: SourceAccount, now: dt.datetime) -> dict[str, int | str]:
    FeedSchedule.objects.create(account=account, changed_at=now, changed_by="manager")
    run = FeedRun.objects.create(account=account, day=support.today(), ran_at=now, outcome="held")
    stop = SendingStop.objects.create(
        company=support.make_company(), stopped_at=now, stopped_by="manager", reason="wrong file"
    )
    return {
        "run": run.pk,
        "closure": Closure.objects.create(day=support.today(), name="Move").pk,
        "stop": stop.pk,
    }


def _of_senders(now: dt.datetime) -> dict[str, int | str]:
    made = {"token_hash": "0" * 64, "created_at": now, "created_by": "administrator"}
    sender = Sender.objects.create(name="Core", handle="0" * 16, **made)
    file = ReceivedFile.objects.create(
        sender=sender,
        batch_id="day-1",
        size=1,
        received_at=now,
        state="quarantined",
        accounts=[senders_support.strange_entry()],
    )
    foreign = ForeignAccount.objects.create(
        sender=sender,
        number_hash="0" * 64,
        last4="1111",
        reason="x",
        made_at=now,
        made_by="support",
    )
    missing = MissingFile.objects.create(
        sender=sender, day=support.today(), due_at=now, noted_at=now
    )
    return {
        "sender": sender.pk,
        "received": file.pk,
        "batch": str(file.key),
        "missing": missing.pk,
        "foreign": foreign.pk,
        "place": 0,
    }


def _of_the_house(now: dt.datetime) -> dict[str, int | str]:
    asked = {"form_key": "matrix", "asked_at": now, "asked_by": "manager"}
    message = WebhookMessage.objects.create(
        webhook_id="msg_1", received_at=now, sent_at=now, sealed_body=b""
    )
    return {
        "look": Look.objects.create(**asked).pk,
        "resending": Resending.objects.create(**asked, reason="wrong", choice="one", total=0).pk,
        "incident": Incident.objects.create(kind="refused", started_at=now, http_status=401).pk,
        "message": message.pk,
        "check": ReadinessCheck.objects.create(at=now, by="manager").pk,
        "user": User.objects.create_user("somebody", is_staff=True).pk,
        "group": Group.objects.get(name="auditor").pk,
    }
