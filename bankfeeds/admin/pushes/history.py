"""The push history list: ten columns, filters, search. Reads; nobody can change anything here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from bankfeeds import holding, words
from bankfeeds.admin import parts, picked, push_words
from bankfeeds.admin.resending import estimate, filter
from bankfeeds.models import Push, PushDecision

from . import dates as push_dates
from . import search, together

# What a list must not read: secrets, files, long texts.
HEAVY = (
    "validation",
    "error_message",
    "body_sha256",
    "account__sealed_body",
    "account__problem",
    "company__problem",
)
# All that marks need: never the reasons, never the other push itself.
DECISIONS: tuple[Any, ...] = (
    *(
        Prefetch(name, PushDecision.objects.only("kind", "push_id", "replacement_id"))
        for name in ("decisions", "replaces")
    ),
    "marks",
)


class PushChangeList(picked.OfferingList):
    """Knows, for every waiting push on the page, behind which push it waits and what holds it."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        holding.place(self.result_list, now=timezone.now())


class PushHistory(parts.ReadOnlyAdmin):
    list_display = (
        "push_number",
        "confirmed",
        "confirmed_by",
        "company_and_reference",
        "account_and_rows",
        "dates",
        "money",
        "status_and_marks",
        "took",
        "write_id",
    )
    list_display_links = ("push_number",)
    list_select_related = ("company", "account")
    list_filter = (
        search.StatusFilter,
        search.DecisionFilter,
        filter.MarkFilter,
        push_dates.PeriodFilter,
        push_dates.ConfirmedFilter,
        push_dates.RowPeriodFilter,
        push_dates.RowDatesFilter,
        picked.PickedCompany,
        picked.PickedAccount,
        search.ByWhomFilter,
        search.OriginFilter,
        search.ConfirmationFilter,
    )
    # Any other order would sort the whole history.
    sortable_by = ()
    ordering = ("-requested_at", "-id")
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("id",)
    search_help_text = _(
        "Company, account id or last four digits, transaction id, push number, Codat's write id or"
        " support reference"
    )
    actions = ("decide_together", "send_again")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # Where all that match the filter are sent again; "" for whoever may not.
        again = estimate.address(request.GET.urlencode())
        may = self.has_send_again_permission(request)
        context = {"title": _("Push history"), "send_again": again if may else ""}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def has_send_again_permission(self, request: HttpRequest) -> bool:
        return estimate.may(request)

    @admin.action(description=_("Send again"), permissions=["send_again"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Push]) -> HttpResponse:
        """To the estimate, where whatever cannot go is named before anything does."""
        if request.POST.get("select_across") == "1":
            return redirect(estimate.address(request.GET.urlencode()))
        pushes = ",".join(map(str, chosen.order_by("pk").values_list("pk", flat=True)))
        return redirect(estimate.address(f"{estimate.CHOSEN}={pushes}"))

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("bankfeeds.decide_push"))

    @admin.action(description=_("Decide on selected"), permissions=["decide"])
    def decide_together(self, request: HttpRequest, chosen: QuerySet[Push]) -> HttpResponse:
        """To the page where pushes of unknown fate, as after an outage, are decided at once."""
        wanted = list(chosen.order_by("pk").values_list("pk", flat=True)[: together.MOST + 1])
        if len(wanted) > together.MOST:
            text = _("At most %(n)d pushes at once. Choose fewer. Nothing was done.")
            messages.warning(request, text % {"n": together.MOST})
            return redirect(request.get_full_path())
        return redirect(together.address(wanted))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PushChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Push]:
        return super().get_queryset(request).defer(*HEAVY).prefetch_related(*DECISIONS)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Push], search_term: str
    ) -> tuple[QuerySet[Push], bool]:
        return search.search(queryset, search_term), False

    @admin.display(description=_("Push"))
    def push_number(self, push: Push) -> str:
        return str(push)

    @admin.display(description=_("Confirmed"))
    def confirmed(self, push: Push) -> str:
        return words.moment(push.requested_at)

    @admin.display(description=_("By"))
    def confirmed_by(self, push: Push) -> str:
        return push_words.by(push)

    @admin.display(description=_("Company, reference"))
    def company_and_reference(self, push: Push) -> SafeString:
        return parts.two_lines(push.company.name, push.company.reference)

    @admin.display(description=_("Account · rows"))
    def account_and_rows(self, push: Push) -> SafeString:
        return parts.two_lines(str(push.account), push_words.transactions(push.rows))

    @admin.display(description=_("Dates of rows"))
    def dates(self, push: Push) -> str:
        first, last = words.day(push.first_date), words.day(push.last_date)
        return first if first == last else f"{first} – {last}"

    @admin.display(description=_("Money in · Money out"))
    def money(self, push: Push) -> SafeString:
        return parts.two_lines(*both_ways(push))

    @admin.display(description=_("Status"))
    def status_and_marks(self, push: Push) -> SafeString:
        word = push_words.listed(push, now=timezone.now())
        return format_html("{}{}", parts.badge(word), marks(push))

    @admin.display(description=_("Took"))
    def took(self, push: Push) -> str:
        return push_words.took(push)

    @admin.display(description=_("Codat's write id"))
    def write_id(self, push: Push) -> SafeString | str:
        key = push.push_operation_key
        if key is None:
            return "–"
        return format_html('<span class="mono nowrap" title="{}">{}</span>', key, str(key)[:8])


def both_ways(push: Push) -> tuple[str, str]:
    """`In 120.00 USD`, `Out 45.50 USD`; zero keeps its direction."""
    money_in = words.money(abs(push.money_in), push.currency)
    money_out = words.money(abs(push.money_out), push.currency)
    return _("In %(sum)s") % {"sum": money_in}, _("Out %(sum)s") % {"sum": money_out}


def marks(push: Push) -> SafeString:
    lines = ((mark.words, link(mark)) for mark in push_words.marks(push))
    return format_html_join("", '<br><span class="small">{} {}</span>', lines)


def link(mark: push_words.Mark) -> SafeString | str:
    if mark.number is None:
        return ""
    address = reverse("admin:bankfeeds_push_change", args=(mark.number,))
    return format_html('<a href="{}">{}</a>', address, words.push_number(mark.number))
