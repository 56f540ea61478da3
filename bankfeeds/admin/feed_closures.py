"""The institution's own closing days, beside the public holidays that need no row."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bankfeeds import calendars, feeds, words
from bankfeeds.models import Closure
from bankfeeds.models.mirror import Country

from .parts import PortalAdmin
from .push_forms import actor

HOLIDAYS = 6


class ClosureForm(forms.ModelForm):  # type: ignore[type-arg]
    # The browser's own calendar: the admin's has links without names.
    day = forms.DateField(
        label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    country = forms.ChoiceField(
        label=_("Country"),
        choices=[("", _("Both countries")), *Country.choices],
        required=False,
        help_text=_("Of the companies whose feeds rest on that day."),
    )

    class Meta:
        model = Closure
        fields = ("day", "country", "name")


@admin.register(Closure)
class ClosureAdmin(PortalAdmin):
    form = ClosureForm
    list_display = ("on_day", "of", "name")
    list_display_links = ("on_day",)
    list_title = _("Closing days")
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    ordering = ("-day", "-id")
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Taking a day away is undone by adding it again."""
        return bool(request.user.has_perm("bankfeeds.delete_closure"))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        today = timezone.localdate()
        holidays = [(label, upcoming(today, country=code)) for code, label in Country.choices]
        return super().changelist_view(request, {"holidays": holidays, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Closure, form: Any, change: bool) -> None:
        feeds.close_day(obj, by=actor(request), now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Closure) -> None:
        feeds.open_day(obj, by=actor(request), now=timezone.now())

    @admin.display(description=_("day"))
    def on_day(self, row: Closure) -> str:
        return words.day(row.day)

    @admin.display(description=_("country"))
    def of(self, row: Closure) -> Any:
        return dict(Country.choices).get(row.country, _("Both countries"))


def upcoming(today: dt.date, *, country: str) -> list[tuple[dt.date, str]]:
    """The next public holidays on which banks of the country are closed."""
    years = (today.year, today.year + 1)
    found = {d: name for y in years for d, name in calendars.holidays(y, country=country).items()}
    return sorted((day, name) for day, name in found.items() if day >= today)[:HOLIDAYS]
