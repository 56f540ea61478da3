"""Notes that people leave for each other on a company, or on one push of it. Append-only."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from . import free_text
from .models import Actor, Company, Note, Push

LONGEST = 4000  # characters


class NoNote(ValueError):
    """There is nothing to keep, or too much. Carries the words for the person."""


def add(
    company: Company,
    *,
    text: str,
    by: Actor,
    now: dt.datetime,
    form_key: str,
    push: Push | None = None,
) -> Note:
    """Keep a note. The same `form_key` gives the note of the first press."""
    text = text.strip()
    if not text:
        raise NoNote(_("The note is empty. Nothing was kept."))
    wrong = free_text.problem(text, lines=True) or free_text.too_long(text, most=LONGEST)
    if wrong:
        raise NoNote(" ".join((wrong, _("Nothing was kept."))))
    values = {
        "company": company,
        "push": push,
        "made_at": now,
        "made_by": by.name[:150],
        "user_id": by.user_id,
        "text": text,
    }
    note, _new = Note.objects.get_or_create(form_key=form_key, defaults=values)
    return note


def about(company: Company, *, push: Push | None = None) -> QuerySet[Note]:
    """Newest first: of a push its own, of a company all of them."""
    rows = Note.objects.filter(company=company)
    return rows if push is None else rows.filter(push=push)
