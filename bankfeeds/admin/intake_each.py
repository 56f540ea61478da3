"""A file chosen without an account: kept for a preview on each account that it names."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import importing
from bankfeeds.importing import Looked
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import Statement

from .intake_form import UploadForm
from .parts import PortalAdmin
from .push_forms import actor


def page(admin: PortalAdmin, request: HttpRequest, form: UploadForm) -> HttpResponse | None:
    """What came of each; the preview of each saves. None: the form says why not."""
    file: UploadedFile[bytes] = form.cleaned_data["file"]
    if len(request.FILES.getlist("file")) > 1:
        form.add_error("file", _("Choose one file at a time. Nothing was saved."))
        return None
    name = importing.profiles.plain_name(file.name or "")
    found = _look(request, form, name, file.read())
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
        words = importing.words_of(error.reason)
        form.add_error("file", _("%(reason)s Nothing was saved.") % {"reason": words})
    except importing.CannotImport as error:
        form.add_error("file", str(error))
    return []
