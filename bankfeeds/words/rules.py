"""The numbers by which the rules go, as staff read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BY_CODAT = _("Codat; cannot be changed")
BY_INSTITUTION = _("your institution: the setting LATE_AFTER_DAYS")
LIMITS: dict[str, tuple[Promise, Promise]] = {
    "feed_window_days": (_("Days for which the feed takes a row after its date"), BY_CODAT),
    "rows_per_push": (_("Rows of one push at most"), BY_CODAT),
    "late_after_days": (
        _("Days after which a row that goes is marked as late"),
        BY_INSTITUTION,
    ),
}


@dataclass(frozen=True)
class Limit:
    label: str
    number: int
    set_by: str


def limits(numbers: Mapping[str, int]) -> list[Limit]:
    """`numbers`: as `rules.limits` names them, of today or as a push kept them."""
    return [
        Limit(str(label), numbers[name], str(set_by))
        for name, (label, set_by) in LIMITS.items()
        if name in numbers
    ]
