"""The catalogue of rules: what each says of a transaction, and what to do. Everybody reads it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bankfeeds import limits, rules, words
from bankfeeds.models import Push


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("Rules on transactions"),
        "rules": rules.RULES,
        "limits": words.limits(limits.numbers()),
    }
    return TemplateResponse(
        request, "admin/rules.html", {**admin.site.each_context(request), **context}
    )


def kept(push: Push) -> dict[str, Any]:
    """The rules as they were when the push was confirmed; {} where that was not yet kept."""
    if not push.rules_in_force:
        return {}
    return {
        "limits": words.limits(push.rules_in_force["limits"]),
        "severities": push.rules_in_force["severities"],
    }
