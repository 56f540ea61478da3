"""The record of events as a table."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from bankfeeds import words
from bankfeeds.models import Event
from bankfeeds.words.stored import said

from .sheet import Column, Sheet

# From the finest on: the first of these that a line names is what it is about.
ABOUT = ("push", "statement", "account", "connection", "company")
# Only what is shown: a file, a link or a sealed body is never read for a list.
READ = (
    *("at", "action", "origin", "actor_name", "words", "reason"),
    *ABOUT,
    "push__id",
    "statement__file_name",
    *(f"account__{name}" for name in ("name", "account_type", "number_last4", "currency")),
    "connection__company",
    "company__name",
)


def record() -> Sheet:
    """Rows: events read by `readable`, or by the list of the record."""
    return Sheet("record-of-events", _("Record of events"), COLUMNS)


def readable(rows: QuerySet[Event]) -> QuerySet[Event]:
    return rows.select_related(*ABOUT).only(*READ)


def _named(name: str) -> Any:
    def value(event: Event) -> str:
        thing = getattr(event, name)
        return "" if thing is None else str(getattr(thing, "file_name", thing))

    return value


COLUMNS = (
    Column(_("Time"), lambda event: event.at, is_moment=True),
    Column(_("Who"), lambda event: words.actor(event.actor_name, event.origin)),
    Column(_("Origin"), lambda event: event.get_origin_display()),
    Column(_("What"), lambda event: words.action(event.action)),
    Column(_("Name of the event"), lambda event: event.action),
    Column(_("Company"), lambda event: event.company.name if event.company else ""),
    Column(_("Account"), _named("account")),
    Column(_("File"), _named("statement")),
    Column(_("Push"), lambda event: event.push_id),
    Column(_("Words"), lambda event: said(event.words)),
    Column(_("Reason"), lambda event: event.reason),
    Column(_("Line"), lambda event: event.pk),
)
