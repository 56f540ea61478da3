"""An import without an account: a file for every one that it names, or a list to choose from."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import importing, words
from bankfeeds.admin import mirror_search
from bankfeeds.admin.parts import PortalAdmin
from bankfeeds.admin.posted import actor
from bankfeeds.importing import Looked
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import SourceAccount, Statement

from . import uploads
from .form import UploadForm, limits

SHOWN_ACCOUNTS = 50


def page(admin: PortalAdmin, request: HttpRequest) -> HttpResponse:
    """A file for every account that it names, or first an account."""
    is_posted = request.method == "POST" and not request.POST.get("account")
    form = UploadForm(request.POST, request.FILES) if is_posted else UploadForm()
    if is_posted and form.is_valid() and (answer := _of_each(admin, request, form)):
        return answer
    return _choose_account(admin, request, form)


def _of_each(admin: PortalAdmin, request: HttpRequest, form: UploadForm) -> HttpResponse | None:
    """What came of each; the preview of each saves. None: the form says why not."""
    file: UploadedFile[bytes] = form.cleaned_data["file"]
    if len(request.FILES.getlist("file")) > 1:
        form.add_error("file", _("Choose one file at a time. Nothing was saved."))
        return None
    name = importing.profiles.plain_name(file.name or "")
    content = file.read()
    if later := uploads.later(request, content, file_name=name):
        return redirect("admin:bankfeeds_receivedfile_change", later.pk)
    found = _look(request, form, name, content)
    if not found:
        return None
    return admin.page(
        request,
        "each",
        title=_("Look before saving: each account of the file"),
        file_name=name,
        results=found,
        state=Statement.State.PREVIEWED.label,
        unknown=[each for each in found if each.account is None],
    )


def _look(request: HttpRequest, form: UploadForm, name: str, content: bytes) -> list[Looked]:
    try:
        return importing.look_on_each(
            content, file_name=name, by=actor(request), now=timezone.now()
        )
    except UnreadableFile as error:
        reason = uploads.refuse(request, error, content, file_name=name)
        form.add_error("file", _("%(reason)s Nothing was saved.") % {"reason": reason})
    except importing.CannotImport as error:
        form.add_error("file", str(error))
    return []


def _choose_account(admin: PortalAdmin, request: HttpRequest, form: UploadForm) -> HttpResponse:
    typed = mirror_search.cleaned(request.GET.get("q", ""))
    company = request.GET.get("company", "")
    found = _accounts(typed, company)
    return admin.page(
        request,
        "choose",
        title=_("Import transactions: which account?"),
        typed=typed,
        company=company if company.isdigit() else "",
        accounts=[(row, words.account(row), import_url(row)) for row in found[:SHOWN_ACCOUNTS]],
        most=SHOWN_ACCOUNTS,
        form=form,
        limit=limits(),
        unknown=bool(request.GET.get("account") or request.POST.get("account")),
    )


def _accounts(typed: str, company: str) -> QuerySet[SourceAccount]:
    rows = SourceAccount.objects.wanted().select_related("company", "connection")
    if company.isascii() and company.isdigit() and len(company) <= 18:
        rows = rows.filter(company=int(company))
    if typed:
        rows = rows.filter(mirror_search.accounts(typed))
    return rows.defer("sealed_body", "connection__link_url")


def import_url(account: SourceAccount) -> str:
    return f"{reverse('admin:bankfeeds_statement_import')}?account={account.pk}"
