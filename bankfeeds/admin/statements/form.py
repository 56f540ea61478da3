"""The file that a page takes: how it is chosen, and how large it may be."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds import words

KINDS = ".csv,.txt,.xlsx,.ofx,.qfx,.bai,.bai2,.xml,.json,.sta,.mt940,text/csv"


def limits() -> str:
    """`20.0 MB or 200,000 rows`."""
    return _("%(size)s or %(rows)s rows") % {
        "size": filesizeformat(settings.IMPORT_MAX_BYTES),
        "rows": words.count(settings.IMPORT_MAX_ROWS),
    }


def too_large(file: UploadedFile[bytes]) -> str:
    """Why a page does not take it, and what does; "" when it does. Rows are counted by reading."""
    if (file.size or 0) <= settings.IMPORT_MAX_BYTES:
        return ""
    return _(
        "This file has %(size)s; a page takes %(limit)s. Nothing was saved."
        " Split it, or use the command import_transactions, which has no limit."
    ) % {"size": filesizeformat(file.size or 0), "limit": limits()}


class ManyFiles(forms.FileInput):
    """The form is of one file; several never come to it."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.get(name)


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": KINDS}),
        error_messages={"required": gettext_lazy("Choose the file first.")},
    )

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if wrong := too_large(file):
            raise forms.ValidationError(wrong)
        return file


class FilesForm(UploadForm):
    """Where several may be chosen."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        widget = ManyFiles(attrs={"accept": KINDS, "multiple": True})
        widget.is_required = self.fields["file"].required
        self.fields["file"].widget = widget
