"""The list of transactions: what was imported, and where each stands. Nobody changes them here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from bankfeeds import pushing, words
from bankfeeds.exporting import with_places
from bankfeeds.models import BankTransaction, PushItem
from bankfeeds.words import legend

from .parts import ReadOnlyAdmin, badge

STATES = (
    ("free", _("Waiting, blocked or too late")),
    ("push", _("In a push")),
    ("out", _("Left out")),
)


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(STATES)

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[BankTransaction]
    ) -> QuerySet[BankTransaction]:
        if self.value() == "free":
            return queryset.filter(pk__in=BankTransaction.objects.free().values("pk"))
        if self.value() == "push":
            held = PushItem.objects.filter(released=False)
            return queryset.filter(left_out_by=None, pk__in=held.values("transaction"))
        if self.value() == "out":
            return queryset.exclude(left_out_by=None)
        return queryset


class TransactionList(ChangeList):
    """Says of each row on the page where it stands, with one question for all their accounts."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        pushing.place(self.result_list, today=timezone.localdate())


@admin.register(BankTransaction)
class BankTransactionAdmin(ReadOnlyAdmin):
    explained = (legend.of_transactions,)
    list_display = (
        "day",
        "description",
        "flow",
        "balance_shown",
        "transaction_id",
        "state",
        "for_account",
        "from_file",
    )
    list_display_links = ("day",)
    list_filter = (StateFilter, "date")
    search_fields = ("transaction_id",)
    search_help_text = _("Search by the whole transaction id")
    actions = None
    show_facets = admin.ShowFacets.NEVER  # counts each choice: grows with history
    fields = (
        "state",
        "account",
        "company",
        "day",
        "description",
        "flow",
        "balance_shown",
        "transaction_id",
        "transaction_type",
        "from_file",
    )
    readonly_fields = ("state", "company", "day", "flow", "balance_shown", "from_file")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": _("Transactions"), **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TransactionList

    def get_queryset(self, request: HttpRequest) -> QuerySet[BankTransaction]:
        return with_places(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[BankTransaction], search_term: str
    ) -> tuple[QuerySet[BankTransaction], bool]:
        text = search_term.replace("\x00", "").strip()
        return (queryset.filter(transaction_id=text) if text else queryset), False

    @admin.display(description=_("date"), ordering="date")
    def day(self, row: BankTransaction) -> str:
        return words.day(row.date)

    @admin.display(description=_("amount"))
    def flow(self, row: BankTransaction) -> SafeString:
        return _figure(words.flow(row.amount, row.account.currency))

    @admin.display(description=_("balance"))
    def balance_shown(self, row: BankTransaction) -> SafeString:
        return _figure(words.money(row.balance, row.account.currency))

    @admin.display(description=_("state"))
    def state(self, row: Any) -> SafeString:
        if not hasattr(row, "state_word"):
            pushing.place([row], today=timezone.localdate())
        shown = format_html(
            '{}<br><span class="small">{}</span>',
            badge(row.state_word),
            row.state_word.explanation,
        )
        if not row.held or row.left_out_by_id:
            return shown
        url = reverse("admin:bankfeeds_push_change", args=[row.held[-1].push_id])
        return format_html('<a href="{}">{}</a>', url, badge(row.state_word))

    @admin.display(description=_("account"))
    def for_account(self, row: BankTransaction) -> SafeString:
        return format_html('{}<br><span class="small">{}</span>', row.account, row.account.company)

    @admin.display(description=_("company"))
    def company(self, row: BankTransaction) -> str:
        return str(row.account.company)

    @admin.display(description=_("file and line"))
    def from_file(self, row: BankTransaction) -> SafeString:
        url = reverse("admin:bankfeeds_statement_change", args=[row.statement_id])
        name = _("%(file)s, line %(line)d") % {"file": row.statement.file_name, "line": row.line}
        return format_html('<a href="{}">{}</a>', url, name)


def _figure(text: str) -> SafeString:
    return format_html('<span class="num">{}</span>', text)
