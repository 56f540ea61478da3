"""A core system sends statements by itself: what is kept, told, saved, and what waits."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankfeeds import doorbell, sealing, senders
from bankfeeds.models import (
    BankTransaction,
    Event,
    Push,
    ReceivedFile,
    Sender,
    Statement,
    WrongToken,
)
from bankfeeds.senders import looking
from tests.intake.support import written
from tests.support import run_jobs

from .support import BY, URL, browser, file, numbered, part, post, row, sender, status

pytestmark = pytest.mark.django_db
OTHER = "555566667777"


def test_a_file_is_kept_sealed_and_read_by_the_worker() -> None:
    numbered()
    _row, token = sender()
    answer = post(token, file())
    assert (answer.status_code, answer.cookies) == (202, {})
    told = answer.json()
    assert told["statusAddress"] == answer["Location"]
    assert b"000123456789" not in bytes(row().sealed_body or b"")
    assert status(token, told["statusAddress"]).json()["status"] == "received"
    assert run_jobs() == 1
    found = status(token, told["statusAddress"]).json()
    [account] = found["accounts"]
    assert (found["status"], account["status"], account["saved"]) == ("saved", "saved", 2)
    assert account["number"] == "••6789"
    assert [each.transaction_id for each in BankTransaction.objects.order_by("id")] == ["T1", "T2"]
    assert row().sealed_body is None
    assert not Push.objects.exists()
    saved = Event.objects.get(action="statement.saved")
    assert (saved.actor_name, saved.origin) == ("Core", "sender")
    # The same again, before and after: the same answer, and nothing more.
    again = post(token, file())
    assert (again.status_code, again.json()) == (202, told)
    assert (run_jobs(), ReceivedFile.objects.count()) == (0, 1)
    # Under another id: known.
    assert post(token, file(), "day-1-again").status_code == 202
    run_jobs()
    assert (row().state, BankTransaction.objects.count()) == ("saved", 2)


def test_another_body_for_the_same_batch_is_refused() -> None:
    _row, token = sender()
    first = post(token, file())
    other = post(token, file(part(prefix="U")))
    assert other.status_code == 409
    assert other.json()["statusAddress"] == first.json()["statusAddress"]
    assert ReceivedFile.objects.count() == 1
    # Another sender's ids are its own, and so are its files.
    _row, second = sender("Other")
    assert post(second, file(part(prefix="U"))).status_code == 202
    assert status(second, first.json()["statusAddress"]).status_code == 404


def test_an_unknown_account_waits_until_it_is_here() -> None:
    numbered()
    _row, token = sender()
    address = post(token, file(part(), part(OTHER, prefix="U"))).json()["statusAddress"]
    run_jobs()
    found = status(token, address).json()
    assert found["status"] == "quarantined"
    assert [each["status"] for each in found["accounts"]] == ["saved", "unknown"]
    assert [each["saved"] for each in found["accounts"]] == [2, 0]
    assert "••7777" in str(found)
    assert OTHER not in str(found) + str(row().accounts)
    numbered(OTHER)
    assert senders.read_again(row(), by=BY, now=timezone.now())
    run_jobs()
    found = status(token, address).json()
    assert [each["saved"] for each in found["accounts"]] == [2, 2]
    assert (found["status"], BankTransaction.objects.count()) == ("saved", 4)
    assert not senders.read_again(row(), by=BY, now=timezone.now())


def test_bad_rows_wait_for_a_person(actor: Any) -> None:
    numbered()
    _row, token = sender()
    address = post(token, file(part(bad=True))).json()["statusAddress"]
    run_jobs()
    [account] = status(token, address).json()["accounts"]
    assert (account["status"], account["saved"], len(account["rows"])) == ("quarantined", 0, 1)
    assert "never" in account["rows"][0]["reason"]
    assert not BankTransaction.objects.exists()
    with pytest.raises(ValueError, match="reason"):
        senders.reject(row(), reason=" ", by=actor, now=timezone.now())
    preview = Statement.objects.get(state="previewed")
    assert senders.reject(row(), reason="wrong file", by=actor, now=timezone.now())
    # Nobody can save from a page what was rejected.
    assert not Statement.objects.exists()
    discarded = Event.objects.get(action="statement.discarded")
    assert (discarded.account, discarded.user_id) == (preview.account, actor.user_id)
    assert status(token, address).json()["status"] == "rejected"
    assert not senders.reject(row(), reason="twice", by=actor, now=timezone.now())
    # That was wrong: the file is still here.
    assert senders.leave_out_bad(row(), by=actor, now=timezone.now())
    run_jobs()
    found = status(token, address).json()
    assert found["status"] == "saved"
    assert [(each["saved"], each["leftOut"]) for each in found["accounts"]] == [(2, 1)]
    assert Event.objects.get(action="statement.saved").user_id == actor.user_id


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (written([["T1", "2026-11-20", "Sales", "1.00", "1.00"]]), "names no account"),
        (b"\x00\x01\x02", ""),
        (b"{", ""),
        (b"<html></html>", "XML or HTML"),
        (b'{"version": 1, "statements": []}', ""),
    ],
)
def test_what_cannot_be_read_waits_and_says_why(body: bytes, said: str) -> None:
    _row, token = sender()
    address = post(token, body).json()["statusAddress"]
    run_jobs()
    found = status(token, address).json()
    assert found["status"] == "quarantined"
    assert found["reason"]
    assert said in found["reason"]


def test_an_account_of_two_companies_is_nobodys() -> None:
    numbered()
    numbered()
    _row, token = sender()
    address = post(token, file()).json()["statusAddress"]
    run_jobs()
    [account] = status(token, address).json()["accounts"]
    assert account["status"] == "unknown"
    assert "More than one account" in account["reason"]
    assert not BankTransaction.objects.exists()


def test_files_of_a_sender_are_read_in_the_order_in_which_they_came() -> None:
    numbered()
    core, token = sender()
    for number in (1, 2):
        body = file(part(prefix=f"D{number}-", closing=f"{1000 * number}.00"))
        # Equal to nothing that came before.
        body = body.replace(b"Sales", b"Sales %d" % number).replace(b"Rent", b"Rent %d" % number)
        assert post(token, body, f"day-{number}").status_code == 202
    now = timezone.now()
    ReceivedFile.objects.filter(batch_id="day-1").update(state="reading", claimed_at=now)
    senders.read_next(core.pk, clock=lambda: now)
    assert not BankTransaction.objects.exists()
    # Its reader was ended: the sweep rings once it cannot be at it any more.
    run_jobs()
    senders.ring_waiting(now=now + dt.timedelta(seconds=1))
    assert run_jobs() == 0
    later = now + doorbell.lease() + dt.timedelta(seconds=1)
    senders.ring_waiting(now=later)
    senders.read_next(core.pk, clock=lambda: later)
    senders.read_next(core.pk, clock=lambda: later)
    ids = BankTransaction.objects.order_by("id").values_list("transaction_id", flat=True)
    assert list(ids) == ["D1-1", "D1-2", "D2-1", "D2-2"]
    ReceivedFile.objects.update(state="received", tries=looking.MOST_TRIES)
    senders.read_next(core.pk, clock=lambda: later)
    assert "broken off" in ReceivedFile.objects.order_by("id")[0].words


# --- Who may -----------------------------------------------------------------------------------


def test_the_token_is_not_kept_and_a_revoked_one_opens_nothing() -> None:
    core, token = sender()
    _prefix, _handle, secret = token.split("_", 2)
    assert secret not in str(Sender.objects.values().get()) + str(list(Event.objects.values()))
    address = post(token, file()).json()["statusAddress"]
    assert senders.revoke(core, reason="left", by=BY, now=timezone.now())
    assert not senders.revoke(core, reason="left", by=BY, now=timezone.now())
    revoked, unknown = post(token, file(), "x"), post("nobody", file(), "x")
    assert revoked.status_code == unknown.status_code == 401
    assert revoked.content == unknown.content
    assert revoked["WWW-Authenticate"] == "Bearer"
    assert status(token, address).status_code == 401
    with pytest.raises(senders.NameTaken):
        sender()


def test_wrong_tokens_are_counted_like_wrong_passwords(settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    _row, token = sender()
    wrong = token[:-1] + ("a" if token[-1] != "a" else "b")
    assert [post(wrong, b"x").status_code for _try in range(5)] == [401] * 3 + [429] * 2
    # Not even the right one from there; others, and from elsewhere, are not locked out.
    assert post(token, file())["Retry-After"]
    _row, other = sender("Other")
    assert post(other, file()).status_code == 202
    WrongToken.objects.update(address="192.0.2.9")
    assert post(token, file()).status_code == 202
    WrongToken.objects.update(at=timezone.now() - settings.AXES_COOLOFF_TIME)
    assert post("nobody", file()).status_code == 401
    assert WrongToken.objects.count() == 1


@pytest.mark.parametrize(
    "header",
    [
        "", "Bearer", "Bearer ", "Basic abc", "Bearer é", "Bearer " + "x" * 10_000, "bfp_x",
        f"Bearer bfp_{'0' * 16}_{'A' * 43}",
    ],
)  # fmt: skip
def test_garbage_for_a_token(header: str) -> None:
    sender()
    answer = browser().post(URL, b"x", content_type="text/plain", headers={"Authorization": header})
    assert (answer.status_code, answer.json()) == (401, {"error": "Not allowed."})
    assert not ReceivedFile.objects.exists()


# --- What is turned away -----------------------------------------------------------------------


def test_what_is_no_file_is_turned_away(settings: Any) -> None:
    _row, token = sender()
    for batch in ("", "a b", "x" * 201, "é", "a\x07"):
        assert post(token, file(), batch).status_code == 400, batch
    assert post(token, b"").status_code in (400, 411)
    assert post(token, file(), **{"Content-Encoding": "gzip"}).status_code == 415
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert post(token, file(), **form).status_code == 415
    for length in ("-1", "1e3", "x", "9" * 30, ""):
        told = {"Authorization": f"Bearer {token}", "Idempotency-Key": "1"}
        answer = browser().generic("POST", URL, file(), headers=told, CONTENT_LENGTH=length)
        assert answer.status_code == 411, length
    settings.IMPORT_MAX_BYTES = 10
    assert post(token, b"12345678901").status_code == 413
    assert not ReceivedFile.objects.exists()
    assert browser().get(URL).status_code == 405
    assert Client().put(URL).status_code == 405
    assert not Event.objects.filter(action__startswith="received").exists()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=300), batch=st.text(max_size=20))
def test_any_body_and_any_id_is_answered_and_read(body: bytes, batch: str) -> None:
    """Never an error of ours; what was kept always ends as saved or in quarantine."""
    core = Sender.objects.filter(name="Any").first()
    if core is None:
        core, token = sender("Any")
        Sender.objects.filter(pk=core.pk).update(revoked_by=token)  # to find it again
    token = Sender.objects.get(name="Any").revoked_by
    answer = post(token, body, batch.encode("utf-8", "replace").decode("latin-1"))
    assert answer.status_code in (202, 400, 409, 411)
    run_jobs()
    assert not ReceivedFile.objects.filter(state__in=("received", "reading")).exists()


def test_a_changed_secret_is_said(settings: Any) -> None:
    _row, token = sender()
    post(token, file())
    ReceivedFile.objects.update(sealed_body=sealing.seal(b"x", now=timezone.now())[:-4] + b"AAAA")
    run_jobs()
    assert "SECRET_KEY" in row().words
