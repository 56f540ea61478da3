"""The institution's own closing days, beside the public holidays that need no row."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bankfeeds import calendars, feeds, words
from bankfeeds.admin import feed_shown, meanwhile
from bankfeeds.admin.parts import PortalAdmin
from bankfeeds.admin.posted import actor
from bankfeeds.admin.seen_form import SeenAdmin, SeenForm
from bankfeeds.models import Closure
from bankfeeds.models.mirror import Country

HOLIDAYS = 6
# How far from today a closing day may lie.
PAST, AHEAD = dt.timedelta(days=366), dt.timedelta(days=3 * 366)


class ClosureForm(SeenForm):
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

    def clean_day(self) -> dt.date:
        """A day far away is a slip of the keyboard, and would close a day that nobody meant."""
        day: dt.date = self.cleaned_data["day"]
        today = timezone.localdate()
        if not today - PAST <= day <= today + AHEAD:
            text = _("Give a day between %(first)s and %(last)s.")
            first, last = words.day(today - PAST), words.day(today + AHEAD)
            raise forms.ValidationError(text % {"first": first, "last": last}, code="far")
        return day

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        day, country = given.get("day"), given.get("country", "")
        if day is not None and (standing := self._standing(day, country)) is not None:
            text = _("This day is closed already: %(name)s, %(country)s. Change that row instead.")
            said = {"name": standing.name, "country": feed_shown.country_of(standing)}
            self.add_error("day", forms.ValidationError(text % said, code="twice"))
        return given

    def _standing(self, day: dt.date, country: str) -> Closure | None:
        """A row that closes the same banks on that day already."""
        others = Closure.objects.filter(day=day).exclude(pk=self.instance.pk)
        if country:
            others = others.filter(country__in=("", country))
        return others.order_by("country").first()

    class Meta:
        model = Closure
        fields = ("day", "country", "name")


@admin.register(Closure)
class ClosureAdmin(SeenAdmin, PortalAdmin):
    form = ClosureForm
    list_display = ("on_day", "of", "name")
    list_display_links = ("on_day",)
    list_title = _("Closing days")
    add_title = _("Add a closing day")
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    ordering = ("-day", "-id")
    actions = None

    def changed_by(self, row: Closure) -> str:
        return meanwhile.changed_lately("closure.", feeds.closing_day(row))

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
        if why := needless(obj):
            messages.warning(request, why)

    def delete_model(self, request: HttpRequest, obj: Closure) -> None:
        feeds.open_day(obj, by=actor(request), now=timezone.now())

    def row_title(self, row: Closure) -> str:
        return feeds.closing_day(row)

    @admin.display(description=_("day"))
    def on_day(self, row: Closure) -> str:
        return words.day(row.day)

    @admin.display(description=_("country"))
    def of(self, row: Closure) -> str:
        return feed_shown.country_of(row)


def needless(row: Closure) -> str:
    """Why no feed would have been due on that day anyway; "" when the row makes a difference."""
    said = {"day": words.day(row.day)}
    if row.day.weekday() >= calendars.SAT:
        return (
            _("%(day)s is a weekend: no feed is due then anyway, so this row changes nothing.")
            % said
        )
    countries = [row.country] if row.country else Country.values
    names = {calendars.holiday(row.day, country=country) for country in countries}
    if "" in names:
        return ""
    text = _(
        "%(day)s is a public holiday (%(name)s): no feed is due then anyway, so this row changes"
        " nothing."
    )
    return text % {**said, "name": ", ".join(sorted(names))}


def upcoming(today: dt.date, *, country: str) -> list[tuple[dt.date, str]]:
    """The next public holidays on which banks of the country are closed."""
    years = (today.year, today.year + 1)
    found = {d: name for y in years for d, name in calendars.holidays(y, country=country).items()}
    return sorted((day, name) for day, name in found.items() if day >= today)[:HOLIDAYS]
