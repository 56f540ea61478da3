"""Codat's messages: their list, the page of one without its secrets, and *Process again*."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bankfeeds import conf, webhooks, words
from bankfeeds.models import WebhookMessage
from bankfeeds.words.webhooks import message as word

from .filters import Choice
from .parts import PortalAdmin, ReadOnlyAdmin, badge, demand, pressed_only
from .posted import actor, see_other

MAY_PROCESS = "process_webhookmessage"
MOST_AT_ONCE = 1000


class StateFilter(Choice):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(WebhookMessage.State.choices)

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[WebhookMessage]
    ) -> QuerySet[WebhookMessage]:
        value = self.value()
        return queryset.filter(state=value.replace("\x00", "")) if value else queryset


@admin.register(WebhookMessage)
class WebhookMessageAdmin(ReadOnlyAdmin):
    list_display = ("received", "event", "state_shown", "said")
    list_display_links = ("received",)
    list_filter = (StateFilter,)
    list_title = gettext_lazy("Messages from Codat")
    search_fields = ("webhook_id",)
    search_help_text = gettext_lazy("Search by the whole id of a message")
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    ordering = ("-received_at", "-id")
    actions = ("process_selected",)

    def get_urls(self) -> list[URLPattern]:
        return [self.own("<int:pk>/process/", "process", process), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookMessage]:
        """A list reads no bodies."""
        return super().get_queryset(request).defer("sealed_body")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[WebhookMessage], search_term: str
    ) -> tuple[QuerySet[WebhookMessage], bool]:
        text = search_term.replace("\x00", "").strip()
        return (queryset.filter(webhook_id=text) if text else queryset), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        taken = {"takes_messages": bool(conf.webhook_secret())}
        return super().changelist_view(request, {**taken, **(extra_context or {})})

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        row = WebhookMessage.objects.filter(pk=pk).first()
        if row is None:
            return None
        title = row.event_type or _("Message from Codat")
        return self.page(
            request, "page", title=title, message=row, word=word(row), body=webhooks.shown(row)
        )

    def has_process_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"bankfeeds.{MAY_PROCESS}")

    @admin.action(
        description=gettext_lazy("Process the selected messages again"), permissions=["process"]
    )
    def process_selected(self, request: HttpRequest, queryset: QuerySet[WebhookMessage]) -> None:
        pks = list(queryset.order_by().values_list("pk", flat=True)[:MOST_AT_ONCE])
        found = webhooks.process_again(pks, by=actor(request), now=timezone.now())
        tell(request, found)

    @admin.display(description=gettext_lazy("received"))
    def received(self, row: WebhookMessage) -> str:
        return words.moment(row.received_at)

    @admin.display(description=gettext_lazy("event"))
    def event(self, row: WebhookMessage) -> str:
        return row.event_type or "–"

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, row: WebhookMessage) -> SafeString:
        return badge(word(row))

    @admin.display(description=gettext_lazy("words"))
    def said(self, row: WebhookMessage) -> str:
        return row.words or "–"


@pressed_only
def process(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, MAY_PROCESS)
    if not WebhookMessage.objects.filter(pk=pk).exists():
        raise Http404(_("There is no such message."))
    tell(request, webhooks.process_again([pk], by=actor(request), now=timezone.now()))
    return see_other(reverse("admin:bankfeeds_webhookmessage_change", args=[pk]))


def tell(request: HttpRequest, found: int) -> None:
    text = ngettext(
        "%(n)d message is processed again by the worker. Reload in a moment.",
        "%(n)d messages are processed again by the worker. Reload in a moment.",
        found,
    )
    messages.success(request, text % {"n": found})
