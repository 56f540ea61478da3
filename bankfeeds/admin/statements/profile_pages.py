"""A column profile is made from a sample: the guess filled in, the signs rehearsed, then kept."""

from __future__ import annotations

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import importing
from bankfeeds.admin.leaving_ask import Question, answered
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor, number
from bankfeeds.importing import profiles
from bankfeeds.intake.guess_layout import guess_layout
from bankfeeds.intake.profile import Profile
from bankfeeds.intake.recognise import in_columns
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import ColumnProfile, SampleFile

from . import profile_shown as shown
from .form import UploadForm
from .profile_making import Making, digest


def add(admin: PortalAdmin, request: HttpRequest) -> HttpResponse:
    """POST takes `file`, a sample, and leads to the form. `follows`: to make its next version."""
    demand(request, "add_columnprofile")
    given = request.POST if request.method == "POST" else request.GET
    follows = _profile(given.get("follows", ""))
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sample = _keep(request, form, follows)
        if sample is not None:
            return redirect(admin.page_name("sample"), sample.pk)
    return admin.page(request, "add", title=_("Make a column profile"), form=form, follows=follows)


def _keep(
    request: HttpRequest, form: UploadForm, follows: ColumnProfile | None
) -> SampleFile | None:
    file: UploadedFile[bytes] = form.cleaned_data["file"]
    content = file.read()
    try:
        guess_layout(in_columns(content))
    except UnreadableFile as error:
        said = _("%(reason)s Nothing was saved.") % {"reason": importing.words_of(error.reason)}
        form.add_error("file", said)
        return None
    if not profiles.may_be_read(content):
        form.add_error(
            "file",
            _("No line of this file has a date. Nothing was saved. Choose a list of transactions."),
        )
        return None
    return profiles.keep_sample(
        content, file_name=file.name or "", follows=follows, by=actor(request), now=timezone.now()
    )


def _profile(given: str) -> ColumnProfile | None:
    return ColumnProfile.objects.newest().filter(pk=number(given) or 0).first()


def sample_page(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The form; POST `press=save` keeps the profile once its sentences are confirmed."""
    demand(request, "add_columnprofile")
    sample = _sample(pk)
    if sample is None:
        messages.warning(request, _("This sample is no longer kept. Choose the file again."))
        return redirect(admin.page_name("add"))
    try:
        making = Making(request, sample)
    except UnreadableFile as error:
        messages.error(request, importing.words_of(error.reason))
        return redirect(admin.page_name("add"))
    except importing.CannotImport as error:
        messages.warning(request, str(error))
        return redirect(admin.page_name("add"))
    saving = request.POST.get("press") == "save"
    if not saving:
        making.columns_form.leave_names_open()
    if saving and making.columns_form.is_bound and making.columns_form.is_valid():
        if making.profile and making.is_confirmed:
            answer = _save(admin, request, making, making.profile)
            if answer is not None:
                return answer
        else:
            making.columns_form.add_error(None, shown.why_not_confirmed(making))
    return admin.page(
        request,
        "sample",
        title=shown.title(sample),
        sample=sample,
        account=sample.account,
        making=making,
        layout_form=making.layout_form,
        form=making.columns_form,
        laid_out=digest(making.columns_form.layout),
        found=making.rehearsal,
        sentences=shown.sentences(making),
        entries=shown.entries(making),
        first_lines=shown.first_lines(making),
        doubts=[importing.words_of(doubt) for doubt in shown.doubts(making)],
        notes=shown.notes(making.rehearsal),
    )


def _sample(pk: int) -> SampleFile | None:
    if pk >= 2**63:
        return None
    rows = SampleFile.objects.select_related("account__company", "follows")
    return rows.defer("account__sealed_body").filter(pk=pk).first()


def _save(
    admin: PortalAdmin, request: HttpRequest, making: Making, profile: Profile
) -> HttpResponse | None:
    """On to the preview of the file where it is an account's, else to the page of the profile."""
    given = making.columns_form.cleaned_data
    by, now = actor(request), timezone.now()
    try:
        row = profiles.make(
            profile,
            institution=given.get("institution", ""),
            name=given.get("name", ""),
            follows=making.sample.follows,
            by=by,
            now=now,
        )
    except profiles.ProfileNameTaken as taken:
        making.columns_form.add_error("name" if making.is_new else None, str(taken))
        return None
    messages.success(request, _("The profile was kept: %(profile)s.") % {"profile": row})
    sample = making.sample
    if sample.account is None:
        sample.delete()
        return redirect(admin.page_name("change"), row.pk)
    try:
        upload = importing.look(
            sample.account,
            file_name=sample.file_name,
            content=profiles.content_of(sample),
            profile=row,
            by=by,
            now=now,
        )
    except UnreadableFile as error:
        messages.error(request, importing.words_of(error.reason))
    except (importing.FileKnown, importing.CannotImport) as error:
        messages.error(request, str(error))
    else:
        sample.delete()
        return redirect("admin:bankfeeds_statement_preview", pk=upload.pk)
    return redirect(admin.page_name("change"), row.pk)


def retire(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "change_columnprofile")
    row = _profile(str(pk))
    if row is None:
        messages.error(request, _("There is a newer version of this profile. Nothing was changed."))
        return redirect(admin.page_name("changelist"))

    def act(why: str, _key: str) -> bool:
        if profiles.retire(row, reason=why, by=actor(request), now=timezone.now()):
            text = _("The profile was retired. No file is read by it from now on.")
            messages.success(request, text)
        else:
            messages.info(request, _("This profile was retired already."))
        return True

    question = Question(
        title=_("Retire %(profile)s?") % {"profile": row},
        consequences=[
            _("No file is read by it from then on; what it read stays."),
            _("It cannot be taken into use again, but a new version can be made."),
        ],
        button=_("Retire this profile"),
        cancel=reverse(admin.page_name("change"), args=[row.pk]),
        why_not=_("This profile was retired already.") if row.retired_at else "",
    )
    return answered(admin, request, question, act)
