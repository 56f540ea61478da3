"""Rows -> the portions of a file, and the line in the record that says who took it out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds.models import Actor, Event

from .cells import csv_line
from .sheet import Sheet

MOST_ROWS = 200_000
PORTION = 500
# Excel takes a file for UTF-8 by it.
MARK = "\ufeff"
# Six digits and more, also in groups: perhaps an account number that somebody searched for.
_LONG_NUMBER = re.compile(r"(?<![\w-])\d(?:[ .\-/]?\d){5,}(?![\w-])")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ADDRESS = re.compile(r"\S*(?:://|www\.|otp=)\S*", re.IGNORECASE)


def standing(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows that there are now: what comes meanwhile, such as our own line in the record, does
    not push another out of what was counted."""
    newest = rows.model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
    return rows if newest is None else rows.filter(pk__lte=newest)


def count(rows: QuerySet[Any]) -> int:
    """How many rows a file would have; counts no further than one more than a file may have."""
    return rows.order_by().values("pk")[: MOST_ROWS + 1].count()


def chunks(rows: Iterable[Any], *, sheet: Sheet) -> Iterator[bytes]:
    """The file in portions, UTF-8 with its mark. The language is that of the moment of asking."""
    return _chunks(rows, sheet, translation.get_language(), timezone.get_current_timezone())


def _chunks(
    rows: Iterable[Any], sheet: Sheet, language: str | None, zone: dt.tzinfo
) -> Iterator[bytes]:
    with translation.override(language), timezone.override(zone):
        head = csv_line(sheet.header())
    yield (MARK + head).encode()
    for portion in _portions(rows):
        with translation.override(language), timezone.override(zone):
            sheet.prepare(portion)
            text = "".join(
                csv_line([column.value(row) for column in sheet.columns]) for row in portion
            )
        yield text.encode("utf-8", "replace")


def _portions(rows: Iterable[Any]) -> Iterator[Sequence[Any]]:
    stream = iter(rows)
    while portion := list(islice(stream, PORTION)):
        yield portion


def export(
    rows: QuerySet[Any] | Iterable[Any],
    *,
    sheet: Sheet,
    counted: int,
    chosen: str,
    by: Actor,
    now: dt.datetime,
) -> Iterator[bytes]:
    """The file of at most `counted` rows; that it was taken out is written down first.

    `chosen`: the filter in words; what may be a secret in it is not kept.
    """
    taken_out(sheet, rows=counted, chosen=chosen, by=by, now=now)
    read = rows.iterator(chunk_size=PORTION) if isinstance(rows, QuerySet) else rows
    return chunks(islice(read, counted), sheet=sheet)


def taken_out(sheet: Sheet, *, rows: int, chosen: str, by: Actor, now: dt.datetime) -> None:
    chosen = _without_secrets(chosen)
    number = ngettext("%(n)d row", "%(n)d rows", rows) % {"n": rows}
    text = _("%(list)s: %(rows)s. Filter: %(filter)s")
    Event.objects.record(
        "list.exported",
        by=by,
        at=now,
        words=text % {"list": sheet.title, "rows": number, "filter": chosen},
        after={"list": sheet.name, "rows": rows, "filter": chosen},
    )


def _without_secrets(text: str) -> str:
    return _LONG_NUMBER.sub(_hidden, _ADDRESS.sub("…", text))


def _hidden(found: re.Match[str]) -> str:
    return found[0] if _DAY.fullmatch(found[0]) else "…"
