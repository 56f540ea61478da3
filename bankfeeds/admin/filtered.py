"""What a list shows at an address: its rows, and its filter and search in words."""

from __future__ import annotations

import copy
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest
from django.utils.translation import gettext as _

from bankfeeds import words

from .filters import DatesFilter
from .posted import number

# Of the address: neither a filter nor part of one.
APART = {"q", "o", "p", "e", "all"}


def changes(page: Any, request: HttpRequest) -> Any:
    """The change list of `page` (a ModelAdmin) as its address filters it, whatever its page.

    None when the address makes no sense.
    """
    twin: Any = copy.copy(request)
    given = request.GET.copy()
    given.pop("p", None)  # the page on which the person stood
    twin.GET = given
    try:
        found = page.get_changelist_instance(twin)
    except IncorrectLookupParameters:
        return None
    return None if any(unread(found)) else found


def unread(found: Any) -> list[str]:
    """Days in the address of a change list that are none."""
    specs = [spec for spec in found.filter_specs if isinstance(spec, DatesFilter)]
    return [text for spec in specs for text in spec.unread()]


def in_words(found: Any, *, otherwise: str) -> str:
    """What a change list shows: `status: Refused by Codat · confirmed: Today`."""
    said = [text for spec in found.filter_specs if (text := _said(spec, found))]
    said += [words.labelled(name, value) for name, value in _unsaid(found)]
    if found.query:
        said.append(_("search: “%(text)s”") % {"text": found.query})
    return " · ".join(said) or otherwise


def _said(spec: Any, found: Any) -> str:
    if isinstance(spec, DatesFilter):
        days = [words.day(spec.day(name)) for name in (spec.FROM, spec.TO)]
        between = f"{days[0]} – {days[1]}"
        return words.labelled(spec.title, between) if days != ["–", "–"] else ""
    chosen = [one for one in list(spec.choices(found))[1:] if one["selected"]]
    return words.labelled(spec.title, chosen[0]["display"]) if chosen else ""


def _unsaid(found: Any) -> list[tuple[str, str]]:
    """What the address asks for beside the filters, as the link from an account's page does."""
    told = {name for spec in found.filter_specs for name in spec.expected_parameters()}
    rest = [pair for pair in found.params.items() if pair[0] not in told | APART]
    return [_of_a_row(found.model, name, value) for name, value in rest]


def _of_a_row(model: Any, name: str, value: str) -> tuple[str, str]:
    """`account: Operating · …` of `account__id__exact` and its number; else as it stands."""
    field, _by, how = name.partition("__")
    if how not in ("id__exact", "exact"):
        return name, value
    known = model._meta.get_field(field)
    row = known.related_model.objects.filter(pk=number(value)).first() if number(value) else None
    return str(known.verbose_name), str(row or value)
