"""Rows to decide: the work list, both rows side by side, and the decision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds import importing, mistakes, pushing, words
from bankfeeds.admin import mirror_search
from bankfeeds.admin.filters import Choice
from bankfeeds.admin.parts import PortalAdmin, ReadOnlyAdmin, badge, demand, pressed_only
from bankfeeds.admin.posted import actor, see_other
from bankfeeds.exporting import with_places
from bankfeeds.models import BankTransaction, Doubt
from bankfeeds.words.doubts import consequence
from bankfeeds.words.doubts import doubt as word

from . import doubts_together

Answer = Doubt.Answer


class StateFilter(Choice):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", gettext_lazy("To decide")), *Answer.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Doubt]) -> QuerySet[Doubt]:
        value = self.value()
        if value == "open":
            return queryset.filter(pk__in=Doubt.objects.open().values("pk"))
        return queryset.filter(answer=value) if value in Answer.values else queryset


@admin.register(Doubt)
class DoubtAdmin(ReadOnlyAdmin):
    list_display = (
        "description", "for_account", "company", "kind", "day", "money", "state_shown", "since",
    )  # fmt: skip
    list_display_links = ("description",)
    list_filter = (StateFilter, "kind")
    list_select_related = ("account__company", "statement")
    list_title = gettext_lazy("Rows to decide")
    search_fields = ("transaction_id",)
    search_help_text = gettext_lazy("Search by id or company")
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    actions = ("decide_together",)

    def get_urls(self) -> list[URLPattern]:
        own = [
            self.own("together/", "together", doubts_together.view),
            self.own("<int:pk>/decide/", "decide", pressed_only(decide)),
        ]
        return [*own, *super().get_urls()]

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("bankfeeds.add_statement"))

    @admin.action(description=gettext_lazy("Decide on selected rows"), permissions=["decide"])
    def decide_together(self, request: HttpRequest, chosen: QuerySet[Doubt]) -> HttpResponse:
        """To the page that shows what was chosen, with counts and money, before anything is."""
        most = doubts_together.MOST
        wanted = list(chosen.order_by("pk").values_list("pk", flat=True)[: most + 1])
        if len(wanted) > most:
            text = _("At most %(n)d rows at once. Choose fewer. Nothing was decided.")
            messages.warning(request, text % {"n": most})
            return redirect(request.get_full_path())
        return redirect(doubts_together.address(wanted))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Doubt]:
        heavy = ("account__sealed_body", "statement__rejected")
        return super().get_queryset(request).defer(*heavy)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Doubt], search_term: str
    ) -> tuple[QuerySet[Doubt], bool]:
        text = mirror_search.cleaned(search_term)
        if not text:
            return queryset, False
        companies = mirror_search.of_companies(text, through="account__company")
        return queryset.filter(Q(transaction_id=text) | companies), False

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        row = _doubt(pk)
        return None if row is None else _page(self, request, row)

    @admin.display(description=gettext_lazy("account"))
    def for_account(self, row: Doubt) -> str:
        return str(row.account)

    @admin.display(description=gettext_lazy("company"))
    def company(self, row: Doubt) -> str:
        return str(row.account.company)

    @admin.display(description=gettext_lazy("date"))
    def day(self, row: Doubt) -> str:
        return words.day(row.date)

    @admin.display(description=gettext_lazy("amount"))
    def money(self, row: Doubt) -> str:
        return words.money(row.amount, row.account.currency)

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, row: Doubt) -> SafeString:
        return badge(word(row))

    @admin.display(description=gettext_lazy("since"))
    def since(self, row: Doubt) -> str:
        return words.moment(row.asked_at)


@dataclass(frozen=True)
class Fact:
    """One line of the comparison."""

    name: str
    ours: str
    theirs: str
    is_content: bool = True

    @property
    def differs(self) -> bool:
        return self.is_content and bool(self.ours) and self.ours != self.theirs


def decide(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "add_statement")
    row = _doubt(pk)
    if row is None:
        raise Http404
    page = reverse("admin:bankfeeds_doubt_change", args=[pk])
    answer = request.POST.get("answer", "")
    if answer == Answer.MISTAKE:
        demand(request, "decide_push")
    try:
        _decide(request, row, answer)
    except importing.AlreadyDecided as late:
        messages.warning(request, str(late))
        return see_other(page)
    except (ValueError, importing.CannotImport) as refusal:
        return _page(admin, request, row, problem=str(refusal))
    messages.success(request, _("The decision is recorded."))
    left = Doubt.objects.open().count()
    return see_other(f"{reverse('admin:bankfeeds_doubt_changelist')}?state=open" if left else page)


def _decide(request: HttpRequest, row: Doubt, answer: str) -> None:
    """With the mark on what was sent in error, or not at all."""
    by, now, seen = actor(request), timezone.now(), request.POST.get("seen", "")
    reason = request.POST.get("reason", "").strip()
    with transaction.atomic():
        sent, ours = importing.sent_in(row), row.ours_id
        importing.decide(row, answer, seen=seen, reason=reason, by=by, now=now)
        if answer == Answer.MISTAKE and sent and ours:
            mistakes.record(sent.push, {ours}, reason=reason, by=by, now=now)


def _page(
    admin: PortalAdmin, request: HttpRequest, row: Doubt, *, problem: str = ""
) -> HttpResponse:
    ours = row.ours
    may_mark = request.user.has_perm("bankfeeds.decide_push")
    return admin.page(
        request,
        "page",
        title=row.description,
        row=row,
        word=word(row),
        account=row.account,
        account_word=words.account(row.account),
        facts=_facts(row, ours),
        ours=ours,
        ours_word=_where(ours) if ours else None,
        is_open=not row.answer and row.statement.state == "saved",
        answers=[
            (answer, consequence(answer, row))
            for answer in importing.answers_of(row)
            if answer != Answer.MISTAKE or may_mark
        ],
        chosen=request.POST.get("answer", ""),
        reason=request.POST.get("reason", ""),
        seen=importing.seen_of(row),
        problem=problem,
    )


def _facts(row: Doubt, ours: BankTransaction | None) -> list[Fact]:
    def told(each: Doubt | BankTransaction | None) -> tuple[str, ...]:
        if each is None:
            return ("",) * 7
        currency = row.account.currency
        return (
            words.day(each.date),
            each.description,
            words.money(each.amount, currency),
            words.money(each.balance, currency),
            each.transaction_type,
            each.transaction_id,
            _("%(file)s, line %(line)d") % {"file": each.statement, "line": each.line},
        )

    names = (_("Date"), _("Description"), _("Amount"), _("Balance"), _("Type"), _("Id"), _("File"))
    *facts, file = (Fact(*each) for each in zip(names, told(ours), told(row), strict=True))
    return [*facts, replace(file, is_content=False)]


def _where(ours: BankTransaction) -> words.Word:
    placed: Any = with_places(BankTransaction.objects.filter(pk=ours.pk)).get()
    pushing.place([placed], today=timezone.localdate())
    found: words.Word = placed.state_word
    return found


def _doubt(pk: int) -> Doubt | None:
    rows = Doubt.objects.select_related("account__company", "statement", "ours__statement")
    heavy = ("account__sealed_body", "statement__rejected")
    return rows.defer(*heavy, "ours__statement__rejected").filter(pk=pk).first()
