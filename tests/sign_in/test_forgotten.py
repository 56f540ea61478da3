"""A new password by mail: once, for an hour, and nobody learns whose address is known."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from bankfeeds.models import Event, Preference
from tests import support
from tests.admin.pushes import signed_in
from tests.test_settings import loaded

ASK = "/sign-in/forgotten/"
NEW = "another long pass phrase"


@pytest.fixture(autouse=True)
def mailing(settings: Any, people: dict[str, User]) -> None:
    settings.MAIL_GOES_OUT = True
    settings.DEFAULT_FROM_EMAIL = "portal@example.com"
    User.objects.filter(username="manager").update(email="manager@example.com")


def asked(address: str = "manager@example.com") -> Any:
    return Client().post(ASK, {"email": address}, follow=True)


def link() -> str:
    found = re.search(r"http://testserver(/sign-in/forgotten/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def opened(client: Client, path: str) -> Any:
    answer = client.get(path, follow=True)
    return answer, answer.request["PATH_INFO"]


def test_the_whole_way(people: dict[str, User]) -> None:
    session = signed_in(people["manager"])
    assert 'href="/sign-in/forgotten/"' in Client().get("/admin/login/").content.decode()
    assert "a mail is on its way" in asked().content.decode()
    (sent,) = mail.outbox
    assert (sent.from_email, sent.to) == ("portal@example.com", ["manager@example.com"])
    client, path = Client(), link()
    answer, form = opened(client, path)
    assert path not in answer.content.decode()
    answer = client.post(form, {"new_password1": NEW, "new_password2": NEW}, follow=True)
    assert "The new password holds" in answer.content.decode()
    people["manager"].refresh_from_db()
    assert people["manager"].check_password(NEW)
    # Nobody is signed in by it, and whoever was is not any more.
    assert "_auth_user_id" not in client.session
    assert session.get("/admin/bankfeeds/company/").status_code == 302
    actions = Event.objects.order_by("id").values_list("action", "actor_name")
    assert list(actions) == [
        ("sign_in.password_asked", "manager"),
        ("sign_in.password_reset", "manager"),
    ]
    assert "been used" in opened(Client(), path)[0].content.decode()


def test_after_an_hour_the_link_is_old() -> None:
    asked()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=61)):
        assert "older than an hour" in opened(Client(), link())[0].content.decode()


def test_a_poor_password_is_refused(people: dict[str, User]) -> None:
    asked()
    client = Client()
    _, form = opened(client, link())
    answer = client.post(form, {"new_password1": "short", "new_password2": "short"})
    assert "at least 12 characters" in answer.content.decode()
    people["manager"].refresh_from_db()
    assert people["manager"].check_password(support.PASSWORD)


def test_an_unknown_address_gets_the_same_answer_and_no_mail() -> None:
    known, unknown = asked(), asked("nobody@example.com")
    texts = [re.sub(r"[0-9a-f]{32}", "", a.content.decode()) for a in (known, unknown)]
    assert texts[0] == texts[1]
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("field", ["is_active", "is_staff"])
def test_who_may_not_sign_in_gets_none(field: str) -> None:
    User.objects.filter(username="manager").update(**{field: False})
    asked()
    assert mail.outbox == []


def test_nobody_fills_a_mailbox() -> None:
    for _ in range(6):
        asked()
    assert len(mail.outbox) == 3
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=61)):
        asked()
    assert len(mail.outbox) == 4


def test_the_mail_speaks_the_persons_language(people: dict[str, User]) -> None:
    Preference.objects.create(user=people["manager"], language="fr-ca")
    asked()
    assert "mot de passe" in mail.outbox[0].subject


def test_a_forged_host_is_in_no_mail() -> None:
    answer = Client().post(ASK, {"email": "manager@example.com"}, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert mail.outbox == []


def test_a_mail_that_cannot_go_out_is_no_broken_page(settings: Any, caplog: Any) -> None:
    settings.EMAIL_BACKEND = "nowhere.to.be.Found"
    assert asked().status_code == 200
    assert "manager@example.com" not in caplog.text


def test_without_mail_there_is_no_such_page(settings: Any) -> None:
    settings.MAIL_GOES_OUT = False
    assert "forgotten" not in Client().get("/admin/login/").content.decode()
    for path in ("", "mailed/", "chosen/", "MQ/x-y/"):
        assert Client().get(f"{ASK}{path}").status_code == 404


def test_the_address_of_the_mail_server() -> None:
    said = loaded({"EMAIL_URL": "smtp+tls://user:secret@mail.example.com:587"})
    for line in ("EMAIL_HOST 'mail.example.com'", "EMAIL_PORT 587", "EMAIL_USE_TLS True"):
        assert f"{line}\n" in said
    assert "MAIL_GOES_OUT False" in loaded({})
