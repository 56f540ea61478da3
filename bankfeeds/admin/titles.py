"""Titles in whole sentences: the framework puts a bare noun into one, whatever its gender."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse


class Titled(admin.ModelAdmin):  # type: ignore[type-arg]
    list_title: Any = ""
    # Also the words of the button that leads to the form.
    add_title: Any = ""

    def row_title(self, row: Any) -> str:
        return str(row)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        titles = {"title": self.list_title} if self.list_title else {}
        more = {**titles, "add_title": self.add_title, **(extra_context or {})}
        return super().changelist_view(request, more)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *given: Any, **named: Any
    ) -> HttpResponse:
        row = context.get("original")
        title = self.row_title(row) if row is not None else self.add_title
        context = {**context, "title": title or context.get("title"), "subtitle": None}
        return super().render_change_form(request, context, *given, **named)
