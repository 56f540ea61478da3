"""The words for marks that were put on a push afterwards; its state never changes for them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from bankfeeds.models import PushMark

from .figures import moment
from .stored import said
from .word import Tone, Word, labelled

Kind = PushMark.Kind


def meanings() -> list[Word]:
    """Each mark as a legend explains it: of no push in particular."""
    found = {
        Kind.SENT_IN_ERROR: _("Rows of it should not have gone. The client takes them out."),
        Kind.MAY_BE_MISSING: _(
            "Accepted in the ten days before the account was found disconnected."
            " QuickBooks may not have fetched it."
        ),
        Kind.SENT_AGAIN: _("Rows of it went once more, in a push that has not ended yet."),
        Kind.SEEN_TO: _("What was perhaps missing was accepted again, or found in QuickBooks."),
    }
    tones: dict[str, Tone] = {Kind.SENT_IN_ERROR: "bad", Kind.MAY_BE_MISSING: "warn"}
    tones |= {Kind.SENT_AGAIN: "wait", Kind.SEEN_TO: "quiet"}
    return [Word(str(kind.label), text, tones[kind]) for kind, text in found.items()]


def marks(rows: Iterable[PushMark]) -> list[Word]:
    """What a push's marks say, in the order in which they were made."""
    rows = list(rows)
    is_seen_to = any(row.kind == Kind.SEEN_TO for row in rows)
    return [_mark(row, is_seen_to=is_seen_to) for row in rows]


def _mark(row: PushMark, *, is_seen_to: bool) -> Word:
    label = str(Kind(row.kind).label)
    if row.kind == Kind.MAY_BE_MISSING:
        return Word(label, _missing(row), "quiet" if is_seen_to else "warn")
    if row.kind == Kind.SENT_IN_ERROR:
        return Word(label, _said(row), "bad")
    if row.kind == Kind.SENT_AGAIN and not is_seen_to:
        return Word(label, _said(row), "wait")
    return Word(label, _said(row), "quiet")


def _missing(row: PushMark) -> str:
    text = _(
        "Accepted in the ten days before the account was found disconnected on %(when)s."
        " QuickBooks may not have fetched it."
    )
    return text % {"when": moment(row.made_at)}


def _said(row: PushMark) -> str:
    by = f"{row.made_by}, {moment(row.made_at)}"
    return labelled(by, said(row.words)) if row.words else by
