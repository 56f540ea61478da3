"""The help: the guide for what the person does here, in the language of the page."""

from __future__ import annotations

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from bankfeeds import guides

# The first right that a person has says what their work is; whoever has none of them reads.
WORK = (
    ("bankfeeds.add_company", "manager"),
    ("bankfeeds.push_sourceaccount", "support"),
    ("auth.change_user", "administrator"),
)


@require_safe
def show(request: HttpRequest, name: str = "") -> HttpResponse:
    """The named guide, else the person's own. Everybody may read all of them."""
    name = name or _own(request)
    if name not in guides.NAMES:
        raise Http404
    language = guides.language(get_language())
    guide = guides.read(name, language=language, guide=_address, picture=_picture)
    others = [
        (_address(other), guides.title(other, language=language), other == name)
        for other in guides.NAMES
    ]
    context = {"title": guide.title, "guide": guide, "guides": others}
    return TemplateResponse(
        request, "admin/help.html", {**admin.site.each_context(request), **context}
    )


def _own(request: HttpRequest) -> str:
    return next((name for right, name in WORK if request.user.has_perm(right)), "auditor")


def _address(name: str) -> str:
    return reverse("admin:guide", args=[name])


def _picture(path: str) -> str:
    return static(f"guides/{path}")
