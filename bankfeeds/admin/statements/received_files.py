"""Files that core systems sent, or that were kept of uploads: their list, the page of one, and what
a person decides there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Case, Q, QuerySet, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds import importing, senders, words
from bankfeeds.admin import downloads
from bankfeeds.admin.filters import Choice
from bankfeeds.admin.parts import PortalAdmin, ReadOnlyAdmin, badge, demand, pressed_only
from bankfeeds.admin.posted import actor, reason, see_other
from bankfeeds.models import ReceivedFile, SourceAccount, Statement
from bankfeeds.words.senders import part as word_of_part
from bankfeeds.words.senders import received as word
from bankfeeds.words.senders import why

from . import sender_foreign, unread, upload_status

MAY_DECIDE = "add_statement"
# Rows of each account that its page names.
SHOWN_BAD = 5


class StateFilter(Choice):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(ReceivedFile.State.choices)

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ReceivedFile]
    ) -> QuerySet[ReceivedFile]:
        value = self.value()
        return queryset.filter(state=value.replace("\x00", "")) if value else queryset


@admin.register(ReceivedFile)
class ReceivedFileAdmin(ReadOnlyAdmin):
    list_display = ("at", "of_sender", "batch_id", "state_shown", "why_not_whole")
    list_display_links = ("at",)
    list_filter = (StateFilter,)
    list_select_related = ("sender",)
    list_title = gettext_lazy("Received files")
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    ordering = ("-received_at", "-id")
    actions = None

    def get_urls(self) -> list[URLPattern]:
        return [
            self.own("<int:pk>/read-again/", "read_again", read_again),
            self.own("<int:pk>/leave-out/", "leave_out", leave_out),
            self.own("<int:pk>/reject/", "reject", reject),
            self.own("<int:pk>/file/", "file", take_out),
            self.own("<int:pk>/not-ours/<int:place>/", "not_ours", sender_foreign.leave_out),
            self.own("<int:pk>/status/", "status", upload_status.view),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReceivedFile]:
        """A list reads no bodies, and of accounts only those of a file that is not saved whole."""
        not_whole = Case(When(~Q(state=ReceivedFile.State.SAVED), then="accounts"))
        rows: QuerySet[ReceivedFile] = super().get_queryset(request).annotate(not_whole=not_whole)
        return rows.defer("sealed_body", "accounts")

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        row = ReceivedFile.objects.defer("sealed_body", "account__sealed_body")
        row = row.select_related("sender", "account__company")
        found = row.filter(pk=pk).first()
        if found is None:
            return None
        if address := upload_status.leads_to(request, found):
            return redirect(address)
        return self.page(
            request,
            "page",
            title=found.batch_id,
            **upload_status.context(request, found),
            unread=unread.kept_of(request, found),
            parts=_parts(found),
            why_not=senders.why_not(found),
            may_leave_out=any(each["rows"] for each in _waiting(found) if each["account"]),
        )

    @admin.display(description=gettext_lazy("received"))
    def at(self, row: ReceivedFile) -> str:
        return words.moment(row.received_at)

    @admin.display(description=gettext_lazy("from"))
    def of_sender(self, row: ReceivedFile) -> str:
        return str(row.sender or row.uploaded_by)

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, row: ReceivedFile) -> SafeString:
        return badge(word(row))

    @admin.display(description=gettext_lazy("why"))
    def why_not_whole(self, row: Any) -> str:
        return why(row, row.not_whole or ()) or "–"


def _waiting(row: ReceivedFile) -> list[dict[str, Any]]:
    return [each for each in row.accounts if each["status"] not in senders.DONE]


def _parts(row: ReceivedFile) -> list[dict[str, Any]]:
    """What the page says of each account, with what there is to open."""
    accounts = (
        SourceAccount.objects.select_related("company")
        .defer("sealed_body")
        .in_bulk([each["account"] for each in row.accounts if each["account"]])
    )
    kept = [each["statement"] for each in row.accounts if each["statement"]]
    imports = Statement.objects.defer("rejected").in_bulk(kept)
    return [
        {
            **_part(each, accounts, imports),
            "place": place,
            "is_stranger": senders.stranger_in(row, place) is not None,
        }
        for place, each in enumerate(row.accounts)
    ]


def _part(
    each: dict[str, Any], accounts: dict[int, SourceAccount], imports: dict[int, Statement]
) -> dict[str, Any]:
    """An upload's was looked at; what somebody made of its preview stands on the import."""
    found = imports.get(each["statement"])
    status = each["status"]
    counts: dict[str, int] = {}
    if status == "previewed" and (found is None or found.state != Statement.State.PREVIEWED):
        status = found.state if found else "let_go"
        if found:
            counts = {
                "saved": found.rows_saved,
                "known": found.rows_known,
                "leftOut": found.rows_rejected,
            }
    return {
        **each,
        **counts,
        "bad": [(row["line"], importing.words_of_row(row)) for row in each["rows"][:SHOWN_BAD]],
        "status": status,
        "word": word_of_part(status),
        "account": accounts.get(each["account"]),
        "statement": found and found.pk,
    }


def _decided(
    admin: PortalAdmin,
    request: HttpRequest,
    pk: int,
    verb: Callable[..., bool],
    done: str,
    **given: Any,
) -> HttpResponse:
    demand(request, MAY_DECIDE)
    row = ReceivedFile.objects.filter(pk=pk).defer("sealed_body").first()
    if row is None:
        raise Http404(_("There is no such file."))
    if verb(row, by=actor(request), now=timezone.now(), **given):
        messages.success(request, done)
    else:
        messages.info(request, _("Nothing was changed: this file is not in quarantine any more."))
    return see_other(reverse(admin.page_name("change"), args=[pk]))


@pressed_only
def read_again(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    done = _("The file is read again by the worker. Reload in a moment.")
    return _decided(admin, request, pk, senders.read_again, done)


@pressed_only
def leave_out(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    done = _("The file is read again without its bad rows. Reload in a moment.")
    return _decided(admin, request, pk, senders.leave_out_bad, done)


@pressed_only
def reject(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, MAY_DECIDE)
    why, wrong = reason(request)
    if wrong:
        messages.error(request, f"{wrong} {_('Nothing was changed.')}")
        return see_other(reverse(admin.page_name("change"), args=[pk]))
    done = _("The file was rejected. Nothing more of it comes in.")
    return _decided(admin, request, pk, senders.reject, done, reason=why)


@pressed_only
def take_out(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """A refused upload as it came. It may name account numbers: for those who may upload it."""
    demand(request, MAY_DECIDE)
    row = ReceivedFile.objects.select_related("account").filter(pk=pk).first()
    if row is None:
        raise Http404(_("There is no such file."))
    try:
        content = senders.take_out(row, by=actor(request), now=timezone.now())
    except importing.CannotImport as error:
        messages.error(request, str(error))
        return see_other(reverse(admin.page_name("change"), args=[pk]))
    return downloads.whole(row.batch_id, content, kind="application/octet-stream")
