"""The steps of an import: choose account and file, look at the preview, save or cancel.

Opening a page saves nothing; each button calls one verb of `importing` and says what it did.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db.models import Max, Min, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from bankfeeds import holding, importing, words
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.importing import FileKnown
from bankfeeds.intake.shape import KEPT_REJECTED, UnreadableFile
from bankfeeds.models import (
    Actor,
    ColumnProfile,
    Event,
    MoneySum,
    Preparing,
    ReceivedFile,
    SourceAccount,
    Statement,
)

from . import choose, opening, preparing, saving, shown, uploads
from . import several as intake_several
from . import unread as intake_unread
from .form import FilesForm, limits

SHOWN_ROWS = 500
REFUSALS = (
    importing.BadRowsRemain,
    importing.NothingToSave,
    importing.CannotImport,
    importing.Outdated,
)


def import_page(admin: PortalAdmin, request: HttpRequest) -> HttpResponse:
    """Step 1. POST takes `account` and `file`, and leads to the preview; several `file` to a list.

    Without `account` it is for all that the file names. Instead of `file` the one kept as
    `sample`, to be read by `profile`.
    """
    demand(request, "add_statement")
    given = request.POST if request.method == "POST" else request.GET
    account = _account(given.get("account", ""))
    if account is None:
        return choose.page(admin, request)
    if len(files := intake_several.chosen(request)) > 1:
        return intake_several.page(admin, request, account, files)
    again = intake_unread.given_again(request, account)
    form = FilesForm(request.POST or None, again.files if again else request.FILES or None)
    unread = None
    if request.method == "POST" and form.is_valid():
        kept = _look(request, account, form, again.profile if again else None)
        if isinstance(kept, Statement):
            return redirect("admin:bankfeeds_statement_preview", pk=kept.pk)
        if isinstance(kept, ReceivedFile):
            return redirect("admin:bankfeeds_receivedfile_change", kept.pk)
        unread = kept
    return admin.page(
        request,
        "import",
        title=_("Import transactions"),
        account=account,
        account_word=words.account(account),
        why_not=_why_not(account),
        form=form,
        unread=unread,
        limit=limits(),
    )


def _why_not(account: SourceAccount) -> str:
    """Said before a file is chosen, not after."""
    try:
        importing.refuse_unfit(account)
    except importing.CannotImport as unfit:
        return str(unfit)
    return ""


def _look(
    request: HttpRequest, account: SourceAccount, form: FilesForm, profile: ColumnProfile | None
) -> Statement | ReceivedFile | intake_unread.Unread | None:
    """The kept upload; when it was refused, the reason on the form and what may still read it."""
    file: UploadedFile[bytes] = form.cleaned_data["file"]
    content = file.read()
    given: dict[str, Any] = {"file_name": file.name or "", "profile": profile}
    try:
        if long_one := uploads.later(request, content, account=account, **given):
            return long_one
        return importing.look(
            account, content=content, by=_actor(request), now=timezone.now(), **given
        )
    except UnreadableFile as error:
        reason = uploads.refuse(request, error, content, file_name=file.name or "", account=account)
        form.add_error("file", _("%(reason)s Nothing was saved.") % {"reason": reason})
        return intake_unread.keep(request, account, file.name or "", content, code=error.code)
    except importing.SeveralProfiles as several:
        form.add_error("file", str(several))
        return intake_unread.keep(request, account, file.name or "", content, code=several.code)
    except FileKnown as known:
        form.add_error("file", _linked(known))
    except importing.CannotImport as error:
        form.add_error(None, str(error))
    return None


def preview_page(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Step 2. Nothing is saved by opening it, however often."""
    demand(request, "add_statement")
    statement = shown.statement(pk)
    if statement is None:
        messages.warning(request, str(importing.UploadGone()))
        return redirect("admin:bankfeeds_statement_import")
    if statement.state != Statement.State.PREVIEWED:
        return redirect("admin:bankfeeds_statement_change", statement.pk)
    if saving.open_one(statement):
        return redirect("admin:bankfeeds_statement_saving", pk)
    which = _which(request, statement)
    try:
        found = importing.shown(statement, today=timezone.localdate(), now=timezone.now())
        if isinstance(found, Preparing):
            return preparing.page(admin, request, statement, found)
        lines = Paginator(found.views[which], SHOWN_ROWS).get_page(request.GET.get("page"))
        entries = shown.lines(found, lines)
    except importing.UploadGone as error:
        messages.warning(request, str(error))
        return redirect("admin:bankfeeds_statement_import")
    except importing.Outdated as error:
        messages.error(request, str(error))
        return redirect("admin:bankfeeds_statement_preview", pk=pk)
    return admin.page(
        request,
        "preview",
        title=_("Look before saving"),
        statement=statement,
        account=statement.account,
        account_word=words.account(statement.account),
        found=found,
        kind=shown.kind(found),
        signs=shown.signs(found),
        is_card=statement.account.is_card_or_loan,
        which=which,
        lines=lines,
        entries=entries,
        bad_listed=KEPT_REJECTED,
        bad_not_listed=found.bad > KEPT_REJECTED,
        notes=[importing.words_of(note) for note in found.notes],
        others=shown.others(found),
        elsewhere=shown.elsewhere(found),
        opening=opening.facts(request, found),
        why_no_save=shown.why_no_save(found),
        not_saved=saving.why_not(statement),
        save_label=shown.save_label(found),
        tick_label=shown.tick_label(found),
    )


def state_opening(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    return opening.state(request, pk) or preview_page(admin, request, pk)


def _which(request: HttpRequest, statement: Statement) -> str:
    """Which rows are shown: of mended ones these first, since the others were looked at before."""
    asked = next((name for name in importing.VIEWS if name in request.GET), None)
    return asked or ("mended" if statement.mends_id else "all")


def save(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "add_statement")
    statement = shown.statement(pk)
    if statement is None:
        messages.warning(request, str(importing.UploadGone()))
        return redirect("admin:bankfeeds_statement_import")
    if request.method != "POST":
        return redirect("admin:bankfeeds_statement_preview", pk=pk)
    try:
        if saving.is_long(statement):
            return saving.ask(request, statement)
        saved = importing.save(
            statement,
            leave_out_bad="leave_out_bad" in request.POST,
            is_of_account="is_of_account" in request.POST,
            shown=request.POST.get("shown"),
            by=_actor(request),
            now=timezone.now(),
        )
    except FileKnown as known:
        messages.warning(request, _linked(known))
        return redirect("admin:bankfeeds_statement_change", known.statement.pk)
    except importing.UploadGone as error:
        messages.warning(request, str(error))
        return redirect("admin:bankfeeds_statement_import")
    except REFUSALS as error:
        messages.error(request, str(error))
        return redirect("admin:bankfeeds_statement_preview", pk=pk)
    return redirect("admin:bankfeeds_statement_change", saved.pk)


def discard(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "add_statement")
    statement = shown.statement(pk)
    if request.method != "POST":
        return redirect("admin:bankfeeds_statement_preview", pk=pk)
    if statement is None:
        messages.info(request, _("The upload was cancelled. Nothing was saved."))
        return redirect("admin:bankfeeds_statement_import")
    if importing.discard(statement, by=_actor(request), now=timezone.now()):
        messages.info(request, _("The upload was cancelled. Nothing was saved."))
    else:
        messages.warning(request, _("This file was saved before you pressed Cancel. It stays."))
        return redirect("admin:bankfeeds_statement_change", statement.pk)
    return redirect(choose.import_url(statement.account))


def saved_page(admin: PortalAdmin, request: HttpRequest, statement: Statement) -> HttpResponse:
    """Step 3, and the file's page for ever after: what was saved, and what is next."""
    account = statement.account
    may_import = request.user.has_perm("bankfeeds.add_statement")
    return admin.page(
        request,
        "saved",
        title=statement.file_name,
        statement=statement,
        account=account,
        account_word=words.account(account),
        sums=_sums(statement),
        opening=importing.told(statement.mends or statement),
        **shown.left_out(statement),
        mended_by=statement.mended_by.filter(state=Statement.State.SAVED),
        mended_lines=importing.mended_lines(statement),
        saved=statement.state == Statement.State.SAVED,
        undone=statement.state == Statement.State.UNDONE,
        taken_back=_taken_back(statement),
        state_words=statement.get_state_display(),
        waiting=statement.transactions.free().count(),
        to_decide=statement.doubts.open().count(),
        why_no_push=_why_no_push(account),
        why_no_undo=importing.why_not_undo(statement) if may_import else "",
    )


def _taken_back(statement: Statement) -> Event | None:
    if statement.state != Statement.State.UNDONE:
        return None
    return Event.objects.filter(statement=statement, action="statement.undone").first()


def _why_no_push(account: SourceAccount) -> str:
    if not account.is_connected:
        return _("This account is not connected. The rows wait; send the client a new link.")
    stop = holding.barriers([account]).stops.get(account.pk)
    return words.sending_stopped(stop) if stop else ""


def _account(given: str) -> SourceAccount | None:
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        return None
    rows = SourceAccount.objects.select_related("company", "connection")
    return rows.defer("sealed_body", "connection__link_url").filter(pk=int(given)).first()


def _sums(statement: Statement) -> dict[str, object]:
    found = statement.transactions.aggregate(
        money_in=MoneySum("amount", filter=Q(amount__gt=0), default=Decimal(0)),
        money_out=MoneySum("amount", filter=Q(amount__lt=0), default=Decimal(0)),
        first=Min("date"),
        last=Max("date"),
    )
    return {**found, "money_out": abs(found["money_out"])}


def _actor(request: HttpRequest) -> Actor:
    return Actor.person(cast(User, request.user))


def _linked(known: FileKnown) -> str:
    """The words, with a link to that import."""
    url = reverse("admin:bankfeeds_statement_change", args=[known.statement.pk])
    text, _full_stop, last = str(known).rstrip(".").rpartition(". ")
    return format_html('{}. <a href="{}">{}</a>.', text, url, last)
