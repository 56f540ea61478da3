"""By when a sender's file is expected on business days, and that a missing one will not come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bankfeeds import senders, words
from bankfeeds.admin.leaving_ask import Question, answered
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor, see_other
from bankfeeds.models import ExpectedFile, MissingFile, Sender
from bankfeeds.models.mirror import Country
from bankfeeds.words import Word
from bankfeeds.words.senders import expected, state

DAYS = 20
MOST_GRACE = 23 * 60


class ExpectForm(forms.Form):
    is_on = forms.TypedChoiceField(
        label=gettext_lazy("A file is expected on each business day"),
        choices=[("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))],
        coerce=lambda text: text == "yes",
    )
    at = forms.TimeField(
        label=gettext_lazy("It has to be here by"),
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    grace = forms.IntegerField(
        label=gettext_lazy("Minutes of grace"),
        min_value=0,
        max_value=MOST_GRACE,
        help_text=gettext_lazy("So long after that time nobody is told yet."),
    )
    country = forms.ChoiceField(
        label=gettext_lazy("Business days of"),
        choices=Country.choices,
        help_text=gettext_lazy("Without its public holidays and without our own closing days."),
    )


@dataclass(frozen=True)
class Missed:
    row: MissingFile
    word: Word
    rejected: str


def facts(row: Sender) -> dict[str, Any]:
    """What the sender's page says of expected files."""
    found = ExpectedFile.objects.filter(sender=row).first()
    rows = row.missing.all()[:DAYS]
    return {"expected": expected(found), "missed": _missed(rows)}


def _missed(rows: Iterable[MissingFile]) -> list[Missed]:
    return [Missed(row, state(row), "" if row.came_at else _rejected(row)) for row in rows]


def _rejected(row: MissingFile) -> str:
    n = senders.rejected_of(row)
    text = ngettext(
        "%(n)d file came that day and was rejected.",
        "%(n)d files came that day and were rejected.",
        n,
    )
    return text % {"n": n} if n else ""


def expect(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the form. POST: keep it."""
    demand(request, "change_sender")
    row = _open_one(pk)
    form = ExpectForm(request.POST if request.method == "POST" else None, initial=_initial(row))
    if form.is_valid():
        try:
            is_new = senders.expect(row, **form.cleaned_data, by=actor(request), now=timezone.now())
        except ValueError as wrong:
            form.add_error("grace", str(wrong))
        else:
            said = expected(ExpectedFile.objects.filter(sender=row).first())
            if is_new:
                messages.success(request, said)
            else:
                messages.info(request, f"{_('It is set so already.')} {said}")
            return see_other(reverse(admin.page_name("change"), args=[pk]))
    title = _("When files of %(sender)s are expected") % {"sender": row.name}
    return admin.page(request, "expect", title=title, row=row, form=form)


def give_up(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "add_statement")
    row = MissingFile.objects.select_related("sender").filter(pk=pk).first()
    if row is None:
        raise Http404(_("There is no such missing file."))
    page = reverse(admin.page_name("change"), args=[row.sender_id])

    def act(why: str, _key: str) -> bool:
        if senders.give_up(row, reason=why, by=actor(request), now=timezone.now()):
            messages.success(request, _("It was written down that this file does not come."))
        else:
            messages.info(request, _("This file is not missing any more. Nothing was changed."))
        return True

    said = {"sender": row.sender.name, "day": words.day(row.day)}
    question = Question(
        title=_("Will the file of %(sender)s for %(day)s not come?") % said,
        consequences=[
            _("It is not shown as missing any more, and the record says why."),
            _("A file that comes after all is taken in as any other."),
        ],
        button=_("It does not come"),
        cancel=page,
        why_not="" if state(row).tone == "bad" else state(row).explanation,
    )
    return answered(admin, request, question, act)


def _open_one(pk: int) -> Sender:
    row = Sender.objects.filter(pk=pk, revoked_at=None).first()
    if row is None:
        raise Http404(_("There is no such sender in use."))
    return row


def _initial(row: Sender) -> dict[str, Any]:
    kept = ExpectedFile.objects.filter(sender=row).first() or ExpectedFile()
    at: dt.time = kept.at
    is_on = "yes" if kept.is_on or kept.pk is None else "no"
    return {"is_on": is_on, "at": at, "grace": kept.grace, "country": kept.country}
