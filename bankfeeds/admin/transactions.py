"""The list of transactions: what was imported, and where each stands. Nobody changes them here."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from bankfeeds import pushing, words
from bankfeeds.exporting import status_of_push, with_places
from bankfeeds.models import BankTransaction, Company, PushItem, SourceAccount
from bankfeeds.words import legend

from . import mirror_search
from .filters import ByNumber, Choice, DatesFilter
from .parts import ReadOnlyAdmin, badge
from .posted import number

STATES = (
    ("waiting", _("Waiting")),
    ("blocked", _("Blocked")),
    ("late", _("Too late for the feed")),
    ("push", _("In a push")),
    ("out", _("Left out")),
    ("moved", _("Goes on with the new account")),
)
FREE = {"waiting": pushing.waiting, "blocked": pushing.blocked, "late": pushing.late}


class StateFilter(Choice):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(STATES)

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[BankTransaction]
    ) -> QuerySet[BankTransaction]:
        if narrowed := FREE.get(self.value() or ""):
            free = BankTransaction.objects.free()
            today = timezone.localdate()
            return queryset.filter(pk__in=narrowed(free, today=today).values("pk"))
        if self.value() == "moved":
            return queryset.exclude(goes_on_as=None)
        if self.value() == "push":
            held = PushItem.objects.filter(released=False)
            return queryset.filter(left_out_by=None, pk__in=held.values("transaction"))
        if self.value() == "out":
            return queryset.exclude(left_out_by=None)
        return queryset


class CompanyFilter(ByNumber):
    """By the company's accounts: of these there is an index of transactions."""

    title, parameter_name = _("company"), "company"
    model = Company

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(account__in=_accounts(Q(company=number(self.value() or ""))))


class DaysFilter(DatesFilter):
    title = _("dates")

    def between(
        self, rows: QuerySet[Any], first: dt.date | None, last: dt.date | None
    ) -> QuerySet[Any]:
        rows = rows.filter(date__gte=first) if first else rows
        return rows.filter(date__lte=last) if last else rows


def _accounts(which: Q) -> list[int]:
    return list(SourceAccount.objects.filter(which).order_by().values_list("pk", flat=True))


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
        "kind",
        "balance_shown",
        "transaction_id",
        "state",
        "for_account",
        "from_file",
    )
    list_display_links = ("day",)
    list_filter = (StateFilter, DaysFilter, CompanyFilter)
    search_fields = ("transaction_id",)
    search_help_text = _("Search by the whole transaction id, or by company")
    list_title = _("Transactions")
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
        "kind",
        "transaction_id",
        "from_file",
    )
    readonly_fields = ("state", "company", "day", "flow", "kind", "balance_shown", "from_file")

    def row_title(self, row: BankTransaction) -> str:
        figure = words.money(row.amount, row.account.currency)
        return f"{row.description} · {words.day(row.date)} · {figure}"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TransactionList

    def get_queryset(self, request: HttpRequest) -> QuerySet[BankTransaction]:
        return with_places(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[BankTransaction], search_term: str
    ) -> tuple[QuerySet[BankTransaction], bool]:
        """What bears exactly this id; where nothing does, all of the companies so found."""
        text = mirror_search.cleaned(search_term)
        if not text:
            return queryset, False
        bearing = BankTransaction.objects.filter(transaction_id=text).order_by()
        if bearing.exists():
            return queryset.filter(transaction_id=text), False
        return queryset.filter(account__in=_accounts(mirror_search.of_companies(text))), False

    @admin.display(description=_("date"), ordering="date")
    def day(self, row: BankTransaction) -> str:
        return words.day(row.date)

    @admin.display(description=_("amount"))
    def flow(self, row: BankTransaction) -> SafeString:
        figure = _figure(words.money(row.amount, row.account.currency))
        way = _("Money out") if row.amount < 0 else _("Money in")
        return format_html('{}<br><span class="small">{}</span>', figure, way)

    @admin.display(description=_("type"))
    def kind(self, row: BankTransaction) -> str:
        """As the file has it, in Codat's word: what the amount does is said beside the amount."""
        return row.transaction_type or "–"

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
        return format_html(
            '<a href="{}">{}</a><br><span class="small">{}</span>',
            url,
            badge(row.state_word),
            status_of_push(row),
        )

    @admin.display(description=_("account"))
    def for_account(self, row: BankTransaction) -> SafeString:
        company = row.account.company
        return format_html(
            '{}<br><a class="small" href="?company={}">{}</a>', row.account, company.pk, company
        )

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
