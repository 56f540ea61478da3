"""Bad input into every field of every form, one at a time, over an otherwise valid post.

No error of ours, nothing unescaped in the answer; and either it is refused, which the answer
says, and nothing changed, or the field is one that keeps markup, and shows it escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client

from bankfeeds import conf
from tests import support
from tests.matrix import forms, states, table, things

MARKUP = '=HYPERLINK("http://a.example","b")<script>alert(1)</script>'
LONG = "x<script>alert(1)" * 589  # 10,013 characters
# Each alone into what is typed in words: one that is refused must not hide another that is not.
ODD = {"NUL": "a\x00b", "control character": "a\x07b", "right to left": "a\u202eb"}
ALL_ODD = "a\x00\x07\u202eb"
HUGE = "9" * 30  # beyond 64 bits
# One database stumbles where the other does not.
OF_THE_DATABASE = {"NUL", "control characters", "long", "huge"}
# Unescaped in a page, unguarded in a file for a spreadsheet.
RAW = {
    "text/html": (b"<script>alert(1)",),
    "text/csv": (b"\n=HYPERLINK", b",=HYPERLINK", b'"=HYPERLINK'),
}
# Of a form that takes many things at once: what is not filled in at all is not read.
EMPTY_ROW = re.compile(r"[a-z_]+-[1-9]")
# Tables that say who is signed in, or tried to.
NO_MATTER = ("django_session", "axes_")
# Ignored or taken anew by every form, whatever is in them.
EVERYWHERE = {"csrfmiddlewaretoken", "form_key", "next", "nothing_of_ours"}
# Codat alone could answer these, and one asks once more before anything is made.
NOT_TAKEN_ALONE = ("rename/", "look/", "renew-link/")
FILE = b"id,date,description,amount,balance\nt-9,2026-01-05,Sales,1.00,2.00\n"
# Stands there for password managers alone.
NOT_READ = ("admin/auth/user/{user}/password/", "username")
# Whoever has signed in is led on from these.
OUTSIDE = {"admin/login/"}
# 503 is an answer of ours: messages from Codat are not taken while no secret is set.
FAULTS = {500, 502, 504}
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def there(transactional_db: None, sandbox: Any) -> dict[str, Any]:
    made = states.make(things.make())
    things.calm()
    return made


@pytest.fixture
def alone(there: dict[str, Any], settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Codat cannot be reached, so that every post can be taken back with its transaction."""
    settings.CODAT_BASE_URL = NOWHERE
    # No time to ask a second time.
    settings.CODAT_DEADLINE = settings.CODAT_PAGE_DEADLINE = 0.05
    settings.SECOND_FACTOR = False
    monkeypatch.setattr(conf, "_refuse_inside_transaction", lambda: None)


def browser() -> Client:
    client = Client(raise_request_exception=False)
    boss = User.objects.create_superuser("root", password=support.PASSWORD)
    client.force_login(boss)
    return client


# --- The table is whole ------------------------------------------------------------------------


def test_every_address_that_takes_a_press_has_a_form_row() -> None:
    pressed = {line.path for line in table.addresses() if line.press.strip(".")}
    pressed |= {door.path or "/" for door in table.doors() if door.pressed not in (404, 405)}
    pressed -= {"healthz", "readyz", "admin/nothing-of-ours/"}  # take no input at all
    rows = [table.shape(form.path.partition("?")[0]) for form in forms.forms()]
    assert len(rows) == len(set(rows)), "a form twice"
    assert {table.shape(path) for path in pressed} == set(rows)


# --- One field at a time -----------------------------------------------------------------------


@contextmanager
def noted(wrote: list[str]) -> Iterator[None]:
    """The statements that change rows, but of tables that do not matter here."""

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        changed = sql.startswith(("UPDATE", "DELETE")) and context["cursor"].rowcount
        if (changed or sql.startswith("INSERT")) and not any(name in sql for name in NO_MATTER):
            wrote.append(sql[:60])
        return answer

    with connection.execute_wrapper(note):
        yield


@pytest.mark.parametrize(
    "of_the_database",
    [
        pytest.param(True, id="what a database may not take"),
        pytest.param(False, id="words", marks=pytest.mark.once("markup is kept as any text is")),
    ],
)
def test_bad_input_is_refused_or_shown_escaped(
    there: dict[str, Any], alone: None, of_the_database: bool
) -> None:
    others, boss = states.of_others(), browser()
    who = {key: one.value for key, one in boss.cookies.items()}
    wrong = []
    for form in forms.forms():
        things.incident_goes_on("{incident}" in form.path)
        inside = form.path not in OUTSIDE
        client, signed_in = (boss, who) if inside else (Client(raise_request_exception=False), {})
        base, texts = filled(client, form, there)
        taken = form.on and not form.path.endswith(NOT_TAKEN_ALONE)
        if taken and not tried(client, form, there, base, signed_in=signed_in):
            wrong.append(f"{form.path}: not taken as it is filled in here")
        for name, kind, value in inputs(form, base, texts, others):
            if (kind in OF_THE_DATABASE) is not of_the_database:
                continue
            posted = {**base, name: [value]}
            # What is typed in words may be markup, of which the page makes words again.
            words = name in texts and (form.path, name) != NOT_READ
            keeps = name in form.keeps | EVERYWHERE and (not words or value is MARKUP)
            found = tried(client, form, there, posted, keeps=keeps, signed_in=signed_in)
            wrong += [f"{form.path} {name} {kind}: {what}" for what in found]
    assert not wrong, "\n".join(wrong)


def inputs(
    form: forms.Form, base: dict[str, list[str]], texts: set[str], others: dict[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Field, kind, value; what makes no difference once only, and nothing where nothing is read."""
    yield "nothing_of_ours", "markup", MARKUP
    for name in base:
        if name == "csrfmiddlewaretoken" or EMPTY_ROW.fullmatch(name):
            continue
        yield name, "markup", MARKUP
        if name in texts:
            yield from ((name, kind, value) for kind, value in ODD.items())
        elif name not in EVERYWHERE:
            yield name, "control characters", ALL_ODD
        if name in texts | form.keeps:
            yield name, "long", LONG
        elif name not in EVERYWHERE:
            yield name, "huge", HUGE
        if name in others:
            yield name, "of another", others[name]


def filled(
    client: Client, form: forms.Form, there: dict[str, Any]
) -> tuple[dict[str, list[str]], set[str]]:
    """What the form sends when it is filled in as its row says; and what takes words of it."""
    given = {name.format(**there): [value.format(**there)] for name, value in form.filled.items()}
    if not form.on:
        return given, set()
    if form.on == "{owner}":
        chosen = {"action": "change_owner", "_selected_action": there["company"]}
        page = client.post("/admin/bankfeeds/company/", chosen)
    else:
        page = client.get("/" + form.on.format(**there), follow=True)
    assert page.status_code == 200, form.path
    address = "/" + form.path.format(**there)
    shown = forms.fields_of(page.content.decode(), address, itself=True)
    assert shown is not None, f"no form on {form.on} for {form.path}"
    missing = [name for name in given if f'name="{name}"' not in page.content.decode()]
    assert not missing, f"{form.path}: the page has no {missing}, but {list(shown)}"
    fields = {**shown, **given}
    return fields, forms.texts_of(page.content.decode()) & fields.keys()


def tried(
    client: Client,
    form: forms.Form,
    there: dict[str, Any],
    posted: dict[str, list[str]],
    *,
    keeps: bool = False,
    signed_in: dict[str, str],
) -> list[str]:
    """What is wrong with the answer to one post, which is taken back."""
    client.cookies = SimpleCookie(signed_in)
    wrote: list[str] = []
    with transaction.atomic():
        with noted(wrote):
            answer = client.post("/" + form.path.format(**there), with_files(posted))
        found = [f"{answer.status_code}"] if answer.status_code in FAULTS else []
        body = answer.getvalue()
        if wrote and [MARKUP] in posted.values() and answer.status_code in (302, 303):
            body += client.get(answer["Location"]).getvalue()
            if any('"bankfeeds_event"' in each for each in wrote):
                body += client.get("/admin/bankfeeds/event/").getvalue()
        transaction.set_rollback(True)
    if form.path in OUTSIDE:
        # That somebody tried is written down, whatever they typed.
        wrote = [each for each in wrote if '"bankfeeds_event"' not in each]
    raws = RAW.get(answer.get("Content-Type", "").partition(";")[0], ())
    found += [f"unescaped: {raw!r}" for raw in raws if raw in body]
    if not found and form.on and wrote and not keeps:
        found.append(f"taken: {wrote}")
    if not found and form.on and not wrote and not keeps and not says_so(answer):
        found.append(f"nothing said: {answer.status_code}")
    return found


def with_files(posted: dict[str, list[str]]) -> dict[str, Any]:
    if "file" not in posted:
        return posted
    (typed,) = posted["file"] or ["a.csv"]
    return {
        **posted,
        "file": SimpleUploadedFile(typed[:200], FILE if typed == "a.csv" else typed.encode()),
    }


def says_so(answer: Any) -> bool:
    told = any(True for _message in messages.get_messages(answer.wsgi_request))
    body = answer.getvalue()
    marks = (b'role="alert"', b"errornote", b"errorlist", b"note-warn", b"note-bad")
    return told or answer.status_code >= 400 or any(mark in body for mark in marks)
