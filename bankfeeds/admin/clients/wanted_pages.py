"""Not wanted, wanted again, and from which earlier account a new one goes on."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import leaving, onboarding, succession
from bankfeeds.admin.leaving_ask import Question, answered
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor, number
from bankfeeds.models import SourceAccount

from . import account_page


def not_wanted(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "change_sourceaccount")
    account = account_page.find_or_404(pk)

    def act(why: str, _key: str) -> bool:
        if leaving.mark_not_wanted(account, reason=why, by=actor(request), now=timezone.now()):
            messages.success(request, _("Marked as not wanted. Codat was told nothing."))
        else:
            messages.info(request, _("It was marked as not wanted already."))
        return True

    consequences = [
        _("No reminders, nothing is sent, its feed does not run, and no file is taken in."),
        _("Pushes that wait are stopped; what is on its way goes on."),
        _("Codat is told nothing: the client can still choose it in QuickBooks."),
    ]
    if onboarding.surely_not_there(account):
        consequences = [
            _("It was not added at Codat, and nobody is asked any more to go on with it."),
            _("Press Wanted again here should it be added after all."),
        ]
    title = _("Mark %(account)s as not wanted?") % {"account": account}
    return answered(
        admin, request, _question(account, title, consequences, _("Mark not wanted")), act
    )


def wanted(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "change_sourceaccount")
    account = account_page.find_or_404(pk)

    def act(why: str, _key: str) -> bool:
        if leaving.want_again(account, reason=why, by=actor(request), now=timezone.now()):
            messages.success(request, _("It is wanted again."))
        else:
            messages.info(request, _("It was wanted already."))
        return True

    consequences = [_("It can be gone on with: press Continue on its page afterwards.")]
    if not onboarding.surely_not_there(account):
        consequences = [
            _("It counts again, files are taken in, and its feed runs from now on."),
            _("Rows that waited longer than seven days are too late for the feed."),
        ]
    title = _("Is %(account)s wanted again?") % {"account": account}
    return answered(admin, request, _question(account, title, consequences, _("Wanted again")), act)


def goes_on(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Which earlier account it goes on from, where the number did not tell."""
    demand(request, "change_sourceaccount")
    account = account_page.find_or_404(pk)
    choices = list(succession.candidates(account).defer("sealed_body"))

    def act(_why: str, _key: str) -> bool:
        wanted = number(request.POST.get("earlier", ""))
        old = next((each for each in choices if each.pk == wanted), None)
        if old is None and (wanted is None or account.follows_id != wanted):
            raise ValueError(_("There is no such account to go on from."))
        if old is None or not succession.go_on_from(
            account, old, by=actor(request), now=timezone.now()
        ):
            messages.info(request, _("It goes on from that account. No row had to come over."))
        else:
            messages.success(request, _("It goes on from that account; its rows came over."))
        return True

    consequences = [
        _("The same QuickBooks company: rows that wait there come over, nothing is sent twice."),
        _("Another QuickBooks company: the rows of the last seven days come over, sent or not."),
        _("This cannot be taken back."),
    ]
    title = _("Which account does %(account)s go on from?") % {"account": account}
    question = Question(
        title=title,
        company=account.company,
        consequences=consequences,
        button=_("It goes on from this one"),
        cancel=_page(account),
        why_not="" if choices else _("No earlier account of this client has ended."),
        needs_reason=False,
        fields="admin/bankfeeds/leaving/earlier.html",
        more={"choices": choices},
    )
    return answered(admin, request, question, act)


def _question(account: SourceAccount, title: str, consequences: list[str], button: str) -> Question:
    return Question(
        title=title,
        company=account.company,
        consequences=consequences,
        button=button,
        cancel=_page(account),
    )


def _page(account: SourceAccount) -> str:
    return reverse("admin:bankfeeds_sourceaccount_change", args=[account.pk])
