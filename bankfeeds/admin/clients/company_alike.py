"""Whoever gives a company a name or a reference first sees the clients it is likely one with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from bankfeeds import onboarding
from bankfeeds.admin import asking, mirror_rows, mirror_words

MOST = 5


@dataclass(frozen=True)
class Alike:
    """`rows`: (company, its headline) of at most MOST; `are_new`: nobody said *anyway* yet."""

    rows: list[Any] = field(default_factory=list)
    are_new: bool = False

    @property
    def anyway(self) -> str:
        """What the button that goes on all the same sends along: these ones were seen."""
        return ",".join(str(row.pk) for row, _word in self.rows)


def look(request: HttpRequest, *, name: str, reference: str, besides: int | None = None) -> Alike:
    """`besides`: the pk of the company that is edited, which is like itself."""
    found = onboarding.likely_duplicates(name=name, reference=reference, besides=besides)
    known = mirror_rows.companies(found, today=timezone.localdate())[:MOST]
    now = asking.clock()
    rows = [(row, mirror_words.headline(row, mirror_rows.current(row), now=now)) for row in known]
    seen = Alike(rows).anyway == request.POST.get("anyway", "")
    return Alike(rows, are_new=bool(rows) and not seen)
