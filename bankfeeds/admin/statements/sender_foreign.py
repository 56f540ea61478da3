"""That an account in the files of a sender is not ours, and that it is to wait again."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import senders
from bankfeeds.admin.leaving_ask import Question, answered
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor
from bankfeeds.models import ForeignAccount, ReceivedFile


def leave_out(admin: PortalAdmin, request: HttpRequest, pk: int, place: int) -> HttpResponse:
    demand(request, "add_statement")
    row = ReceivedFile.objects.select_related("sender").defer("sealed_body").filter(pk=pk).first()
    found = senders.stranger_in(row, place) if row else None
    if row is None or row.sender is None or found is None:
        raise Http404(_("There is no such account in this file."))
    said = {"number": found["number"], "sender": row.sender.name}

    def act(why: str, _key: str) -> bool:
        now = timezone.now()
        if senders.leave_out_account(row, place, reason=why, by=actor(request), now=now):
            text = _("%(number)s is left out of the files of %(sender)s from now on.")
            messages.success(request, text % said)
        else:
            messages.info(request, _("This account was left out already. Nothing was changed."))
        return True

    question = Question(
        title=_("Leave %(number)s out of the files of %(sender)s?") % said,
        consequences=[
            _("Its rows do not come in, in this file and in each later one of this sender."),
            _("Such a file does not wait for it, and says how many of its rows were left out."),
            _("Once an account here has its number, its rows come in like any other's."),
            _("It can be taken back on the sender's page; files that came meanwhile stay as read."),
        ],
        button=_("Not ours: leave it out"),
        cancel=reverse(admin.page_name("change"), args=[pk]),
        why_not=senders.why_not(row),
    )
    return answered(admin, request, question, act)


def wait_again(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "add_statement")
    row = ForeignAccount.objects.select_related("sender").filter(pk=pk).first()
    if row is None:
        raise Http404(_("There is no such account."))
    said = {"number": f"••{row.last4}", "sender": row.sender.name}

    def act(why: str, _key: str) -> bool:
        if senders.wait_again(row, reason=why, by=actor(request), now=timezone.now()):
            text = _("Files of %(sender)s with %(number)s wait for a person again.")
            messages.success(request, text % said)
        else:
            messages.info(request, _("This account is not left out. Nothing was changed."))
        return True

    question = Question(
        title=_("Leave %(number)s out of the files of %(sender)s no longer?") % said,
        consequences=[
            _("A file that names it waits in quarantine until a person has decided."),
            _("Files that were read without it stay as they are: its rows are not in them."),
        ],
        button=_("Leave it out no longer"),
        cancel=reverse(admin.page_name("change"), args=[row.sender_id]),
        why_not=_("This account is not left out.") if row.ended_at else "",
    )
    return answered(admin, request, question, act)
