"""Numbers in addresses that no page of ours made: as on any database, there is no such row.

SQLite fails at numbers beyond its own, where PostgreSQL finds nothing.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest

from .posted import number


class NumbersFromOutside(admin.ModelAdmin):  # type: ignore[type-arg]
    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        if number(object_id) is None:
            return None
        return super().get_object(request, object_id, from_field)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The admin leads from a filter that makes no sense to the whole list."""
        try:
            return super().get_changelist_instance(request)
        except OverflowError as beyond:
            raise IncorrectLookupParameters(beyond) from beyond
