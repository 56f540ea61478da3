"""The access list for the auditor: who can sign in, in which groups, and what a group may do."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from bankfeeds import words


def may_see(request: HttpRequest) -> bool:
    user = request.user
    return user.has_perm("bankfeeds.view_event") or user.has_perm("auth.view_user")


def view(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """`context`: the admin site's own."""
    if not may_see(request):
        raise PermissionDenied
    groups = list(Group.objects.order_by("name").prefetch_related("permissions__content_type"))
    return TemplateResponse(
        request,
        "admin/auth/user/access.html",
        {
            **context,
            "title": _("Who may do what"),
            "people": User.objects.order_by("-is_active", "username").prefetch_related("groups"),
            "groups": groups,
            "rights": _rights(groups),
        },
    )


def _rights(groups: list[Group]) -> list[tuple[Permission, str, list[bool]]]:
    """Every right that a group has, and which of the groups have it."""
    held = {group.pk: {right.pk for right in group.permissions.all()} for group in groups}
    rights = {right.pk: right for group in groups for right in group.permissions.all()}
    ordered = sorted(rights.values(), key=lambda right: (right.content_type_id, right.codename))
    return [
        (right, words.right(right), [right.pk in held[group.pk] for group in groups])
        for right in ordered
    ]
