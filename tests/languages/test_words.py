"""Days, times and money in both languages; stored words in the reader's."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from bankfeeds import words
from bankfeeds.models import Closure, Event, FeedSchedule, Look, Resending
from bankfeeds.words.feeds import when
from bankfeeds.words.stored import said

AT = dt.datetime(2026, 11, 20, 20, 42, tzinfo=dt.UTC)
NBSP = "\N{NO-BREAK SPACE}"


def test_a_moment() -> None:
    assert words.moment(AT) == "Nov 20, 2026, 3:42 p.m. ET"
    with override("fr-ca"):
        assert words.moment(AT).replace(NBSP, " ") == "20 nov. 2026, 15 h 42 HE"


def test_a_moment_behind_since_has_its_article() -> None:
    at = words.moment(AT)
    with override("fr-ca"):
        band = _("%(title)s (since %(at)s).") % {"title": "x", "at": at}
    assert band.startswith("x (depuis le ")


def test_money() -> None:
    with override("fr-ca"):
        assert words.money(Decimal("-1234.5"), "CAD").replace(NBSP, " ") == "−1 234,50 CAD"
        assert words.flow(Decimal("-75.5"), "CAD") == "Sortie 75,50 CAD"


# The first argument of a call that records, or a line that chooses it.
RECORDED = re.compile(r"(?:record\(\s*|action = )([^\n,]*)")
NAME = re.compile(r'"([a-z_]+\.[a-z_]+)"')


def test_whatever_is_recorded_has_words() -> None:
    files = Path(words.__file__).parent.parent.rglob("*.py")
    told = (given for file in files for given in RECORDED.findall(file.read_text("utf-8")))
    names = {name for given in told for name in NAME.findall(given)}
    assert len(names) > 30
    assert {name for name in names if words.action(name) == name} == set()


def test_dates_of_the_record_have_their_month_in_words() -> None:
    event = Event(action="account.status")
    assert words.changed(event, "feed_start_date", "2026-11-02") == "Nov 2, 2026"
    assert words.changed(event, "feed_start_date", None) == "–"
    assert words.changed(event, "name", "2026-11-02") == "2026-11-02"


PUT_IN = ["Acme", "l'été", "100 %", "a: b", "Nothing was sent."]


@pytest.mark.parametrize("written_in", ["en", "fr-ca"])
@pytest.mark.parametrize("put_in", PUT_IN)
def test_stored_words_are_said_in_the_language_of_the_reader(written_in: str, put_in: str) -> None:
    with override(written_in):
        stored = _("The account is now called %(name)s.") % {"name": put_in}
    assert said(stored) == f"The account is now called {put_in}."
    with override("fr-ca"):
        assert said(stored).startswith("Le compte s'appelle maintenant ")


def test_times_pushes_and_colons_are_written_as_the_language_writes_them() -> None:
    schedule = FeedSchedule(at=dt.time(6), is_on=True, trigger=FeedSchedule.Trigger.DAILY)
    stored = "Codat is asked about push #8."
    assert when(schedule) == "Every business day at 6 a.m. ET"
    assert str(Closure(day=AT.date(), name="x")) == "Nov 20, 2026, x"
    assert said(stored) == stored and words.labelled("status", "Waiting") == "status: Waiting"
    with override("fr-ca"):
        assert when(schedule).replace(NBSP, " ").endswith(" à 06 h 00 HE")
        assert said(stored).replace(NBSP, " ").endswith("l'envoi no 8.")
        assert [str(Look(pk=8)).replace(NBSP, " "), str(Resending(pk=8)).replace(NBSP, " ")] == [
            "no 8",
            "no 8",
        ]
        assert str(Closure(day=AT.date(), name="x")).replace(NBSP, " ") == "20 nov. 2026, x"
        assert words.labelled("état", "En attente").replace(NBSP, " ") == "état : En attente"


def test_a_person_called_as_a_group_keeps_the_name() -> None:
    with override("fr-ca"):
        assert said("Sending is stopped: x (manager).").endswith(" x (manager).")
        assert (words.named("manager"), words.named("worker")) == ("manager", "Service d'envoi")


@pytest.mark.parametrize("number", [0, 1, 2, 12])
def test_stored_numbers_keep_their_form(number: int) -> None:
    def sentence() -> str:
        form = ngettext("%(rows)d transaction", "%(rows)d transactions", number)
        return form % {"rows": number}

    english = sentence()
    with override("fr-ca"):
        french = sentence()
        assert said(english) == french
    assert said(french) == english


@pytest.mark.parametrize("text", ["", "client asked for it", "Line 3: bad id", "%s %(x)s 100%"])
def test_what_is_not_ours_stays_as_it_stands(text: str) -> None:
    with override("fr-ca"):
        assert said(text) == text


def test_several_sentences_are_said_one_by_one_and_strangers_stay() -> None:
    stored = "Codat did not answer. Do not start again. ref 12. Nothing was created or sent"
    with override("fr-ca"):
        french = said(stored)
    assert (
        french == "Codat n'a pas répondu. Ne recommencez pas. ref 12. Rien n'a été créé ni envoyé"
    )
    assert said(french) == stored


def test_the_button_of_an_action_does_not_speak_of_pushes() -> None:
    """Django's own French for it is the word that this portal uses for a push."""
    with override("fr-ca"):
        assert _("Go") == "Exécuter"
