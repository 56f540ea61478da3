"""What several pages are made of: badges, bounded lists, own pages, forms pressed once."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bankfeeds.words import Word

from . import exporting
from .outside import NumbersFromOutside
from .posted import number
from .titles import Titled

LIST_LIMIT = 10_000
View = Callable[..., HttpResponse]
AnyView = Callable[..., HttpResponseBase]


def badge(word: Word) -> SafeString:
    """A status as symbol, label and (on hover, and for screen readers) its explanation."""
    return format_html(
        '<span class="badge badge-{}" title="{}"><span aria-hidden="true">{}</span> {}</span>',
        word.tone,
        word.explanation,
        word.symbol,
        word.label,
    )


def two_lines(first: str, second: str) -> SafeString:
    if not second:
        return format_html("{}", first)
    return format_html('{}<br><span class="small">{}</span>', first, second)


def new_form_key() -> str:
    """Rendered into a form once: the second press of its button finds the result of the first."""
    return str(uuid.uuid4())


def given_form_key(request: HttpRequest) -> str:
    """The form key of a POST, checked: it comes from outside."""
    try:
        return str(uuid.UUID(request.POST.get("form_key", "")))
    except ValueError:
        return new_form_key()


def demand(request: HttpRequest, permission: str) -> None:
    """403 unless the person holds `permission` (a codename of this app)."""
    if not request.user.has_perm(f"bankfeeds.{permission}"):
        raise PermissionDenied


def pressed_only(view: View) -> View:
    """For a view that does something: opening its address by GET only shows the row's page."""

    @functools.wraps(view)
    def guarded(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return redirect(admin.page_name("change"), pk)
        return view(admin, request, pk)

    return guarded


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts to 10,000 and no further: neither COUNT(*) nor OFFSET may grow with history."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:LIST_LIMIT].count())


class PortalAdmin(Titled, NumbersFromOutside):
    """Lists that stay fast, nothing that deletes, own pages rendered like the admin's."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 100
    list_max_show_all = 100
    actions_on_top = True
    # The status words of the list: what each means stands beneath it, for whoever cannot hover.
    explained: Sequence[Callable[..., Sequence[Word]]] = ()
    # show(request, pk): the page of one row, None when there is none.
    show: Callable[[HttpRequest, int], HttpResponse | None] | None = None

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def response_action(  # type: ignore[override]  # the stubs are of Django 6
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Whoever forges a chosen row is told so: it must not reach the database as it is."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if any(number(pk) is None for pk in chosen):
            messages.error(request, _("A chosen row does not exist. Nothing was changed."))
            return redirect(request.get_full_path())
        return super().response_action(request, queryset)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The admin's own log knows little; the timeline on the row's page is whole."""
        demand(request, f"view_{self.opts.model_name}")
        return redirect(self.page_name("change"), object_id)

    def page_name(self, page: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"

    def get_urls(self) -> list[URLPattern]:
        if exporting.sheet_of(self) is None:
            return super().get_urls()
        return [self.own("export/", "export", exporting.view), *super().get_urls()]

    def own(self, route: str, name: str, view: AnyView) -> URLPattern:
        """An address of ours for `view(admin, request, ...)`, behind the admin's own door."""

        def bound(request: HttpRequest, **given: Any) -> HttpResponseBase:
            return view(self, request, **given)

        name = f"{self.opts.app_label}_{self.opts.model_name}_{name}"
        return path(route, self.admin_site.admin_view(bound), name=name)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        sheet = exporting.sheet_of(self)
        taken = {"may_export": sheet is not None, "most_exported": exporting.most()}
        now = timezone.now()
        words = [word for words_of in self.explained for word in words_of(now=now)]
        more = {**taken, "legend": words}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The row's own page instead of a form, where `show` is given; reading changes nothing."""
        if self.show is None:
            return super().change_view(request, object_id, form_url, extra_context)
        demand(request, f"view_{self.opts.model_name}")
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        pk = number(object_id)
        page = self.show(request, pk) if pk is not None else None
        return page or self.missing(request, object_id)

    def missing(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the admin answers when there is no such row: back to the start, with a message."""
        stock: Any = self
        answer: HttpResponse = stock._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return answer

    def page(
        self,
        request: HttpRequest,
        template: str,
        *,
        title: str,
        status: int = 200,
        **context: Any,
    ) -> TemplateResponse:
        """An own page inside the admin: templates/admin/bankfeeds/<model>/<template>.html."""
        opts = self.model._meta
        context = {
            **self.admin_site.each_context(request),
            "opts": opts,
            "title": title,
            "has_view_permission": self.has_view_permission(request),
            **context,
        }
        path = f"admin/{opts.app_label}/{opts.model_name}/{template}.html"
        return TemplateResponse(request, path, context, status=status)


class ReadOnlyAdmin(PortalAdmin):
    """For what nobody may add, change or delete here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
