"""The admin's own forms of rows that several people change: saved only as they were shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bankfeeds import free_text, seen

from .posted import number, see_other


class SeenForm(forms.ModelForm):  # type: ignore[type-arg]
    """Its page has a hidden field `seen` of `shown`: templates/admin/bankfeeds/seen_form.html."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        free_text.guard(self)

    @property
    def shown(self) -> str:
        """What a page that was refused keeps is what its first page showed."""
        return self.data.get("seen", "") if self.is_bound else seen.version(self._values())

    def clean(self) -> dict[str, Any]:
        """Raise seen.Moved, out of the admin's transaction, which holds the row."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance.pk and self.changed_data:
            seen.demand(self._values(), self.shown)
        return given

    def _values(self) -> dict[str, Any]:
        fields = self.fields.items()
        return {name: self.initial.get(name) for name, field in fields if not field.disabled}


class SeenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Saves a SeenForm; what somebody else saved first is shown instead."""

    change_form_template = "admin/bankfeeds/seen_form.html"

    def changed_by(self, row: Any) -> str:
        """A sentence of who changed it last; "" where nobody knows."""
        return ""

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """While something is saved nobody else changes it: they wait, and compare afterwards."""
        pk = number(object_id)
        if request.method == "POST" and connection.in_atomic_block and pk is not None:
            self.model._default_manager.select_for_update(no_key=True).filter(pk=pk).first()
        return super().get_object(request, object_id, from_field)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except seen.Moved as moved:
            row = self.get_object(request, object_id or "")
            messages.error(request, self._told(row, moved.names))
            return see_other(request.get_full_path())

    def _told(self, row: Model | None, names: list[str]) -> str:
        fields = [str(self.opts.get_field(name).verbose_name) for name in names]  # type: ignore[union-attr]
        text = _(
            "Somebody changed this since your page was shown: %(fields)s. Nothing of yours was"
            " saved; this page shows how it stands now. %(who)s"
        )
        who = self.changed_by(row) if row is not None else ""
        return (text % {"fields": ", ".join(fields), "who": who}).strip()
