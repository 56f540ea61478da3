"""The pages that set when feeds run: of one account, and of all accounts of a company at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import feeds
from bankfeeds.admin import feed_shown
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor, see_other
from bankfeeds.models import Company, FeedSchedule, SourceAccount
from bankfeeds.words import feeds as feed_words

Trigger = FeedSchedule.Trigger


@dataclass(frozen=True)
class Given:
    """What the form says; None where it does not."""

    is_on: bool | None = None
    trigger: Trigger | None = None
    at: dt.time | None = None

    @property
    def schedule(self) -> FeedSchedule | None:
        """As a schedule that is not kept; None when something is missing."""
        if self.is_on is None or self.trigger is None or self.at is None:
            return None
        return FeedSchedule(is_on=self.is_on, trigger=self.trigger, at=self.at)


def of_account(
    admin: PortalAdmin,
    request: HttpRequest,
    account: SourceAccount,
    *,
    problem: str = "",
    changed: Sequence[str] = (),
) -> HttpResponse:
    """The page of one account's schedule; with the form for whoever may change it."""
    shown = feed_shown.feed(account, now=timezone.now())
    given = _posted(request) if problem else _kept([shown.schedule])
    return admin.page(
        request,
        "page",
        title=_("When the feed of %(account)s runs") % {"account": account},
        account=account,
        company=account.company,
        feed=shown,
        given=given,
        problem=problem,
        changed=changed,
        seen=feeds.version([account]),
        triggers=Trigger.choices,
        action=reverse("admin:bankfeeds_feedschedule_set", args=[account.pk]),
        button=_("Save this schedule"),
    )


def of_company(
    admin: PortalAdmin,
    request: HttpRequest,
    company: Company,
    *,
    problem: str = "",
    changed: Sequence[str] = (),
) -> HttpResponse:
    accounts = _accounts_of(company)
    shown = feed_shown.of_accounts(accounts, now=timezone.now())
    given = _posted(request) if problem else _kept([line.schedule for line in shown])
    text = ngettext(
        "Save this schedule for %(n)d account", "Save this schedule for %(n)d accounts", len(shown)
    )
    return admin.page(
        request,
        "company",
        title=_("When the feeds of %(company)s run") % {"company": company.name},
        company=company,
        lines=shown,
        given=given,
        problem=problem,
        changed=changed,
        seen=feeds.version(accounts),
        triggers=Trigger.choices,
        action=reverse("admin:bankfeeds_feedschedule_company", args=[company.pk]),
        button=text % {"n": len(shown)},
    )


def company_view(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """GET: how they run. POST: let all accounts of the company run so."""
    company = Company.objects.filter(pk=pk).first()
    if company is None:
        raise Http404(_("There is no such company."))
    if request.method != "POST":
        demand(request, "view_feedschedule")
        return of_company(admin, request, company)
    demand(request, "change_feedschedule")
    wanted = _posted(request).schedule
    if wanted is None:
        return of_company(admin, request, company, problem=_incomplete())
    try:
        changed = _set(request, _accounts_of(company), wanted)
    except feeds.ScheduleChanged as moved:
        return of_company(admin, request, company, problem=_stale(), changed=_moved(moved))
    if changed:
        text = ngettext(
            "%(n)d account was changed. %(when)s.",
            "%(n)d accounts were changed. %(when)s.",
            changed,
        )
        messages.success(request, text % {"n": changed, "when": _said(wanted)})
    else:
        messages.info(request, _("It is set so already for all of these accounts."))
    return see_other(reverse("admin:bankfeeds_feedschedule_company", args=[pk]))


def set_view(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """POST: let this account run so."""
    demand(request, "change_feedschedule")
    account = find(pk)
    if account is None:
        raise Http404(_("There is no such account."))
    wanted = _posted(request).schedule
    if wanted is None:
        return of_account(admin, request, account, problem=_incomplete())
    try:
        changed = _set(request, [account], wanted)
    except feeds.ScheduleChanged as moved:
        return of_account(admin, request, account, problem=_stale(), changed=_moved(moved))
    shown = feed_shown.feed(account, now=timezone.now())
    text = _("The feed of %(account)s: %(when)s.")
    text %= {"account": account.name, "when": _said(wanted)}
    if shown.next_run:
        following = _("Next run: %(at)s.") % {"at": shown.next_run.rstrip(".")}
        text = f"{text} {following}"
    if changed:
        messages.success(request, text)
    else:
        messages.info(request, f"{_('It is set so already.')} {text}")
    return see_other(reverse("admin:bankfeeds_feedschedule_change", args=[pk]))


def find(pk: int) -> SourceAccount | None:
    rows = SourceAccount.objects.select_related("company", "connection")
    return rows.defer("sealed_body", "connection__link_url").filter(pk=pk).first()


def _accounts_of(company: Company) -> list[SourceAccount]:
    """Those that can be fed: at Codat, on a connection that is there."""
    rows = SourceAccount.objects.wanted().filter(company=company, connection__gone_at=None)
    rows = rows.select_related("company", "connection").defer("sealed_body")
    return list(rows.defer("sealed_body", "connection__link_url").order_by(F("pk")))


def _set(request: HttpRequest, accounts: Sequence[SourceAccount], wanted: FeedSchedule) -> int:
    return feeds.set_schedule(
        accounts,
        is_on=wanted.is_on,
        trigger=Trigger(wanted.trigger),
        at=wanted.at,
        by=actor(request),
        now=timezone.now(),
        seen=request.POST.get("seen", ""),
    )


def _kept(schedules: Sequence[FeedSchedule | None]) -> Given:
    """What the form begins with: the first schedule that is on, else the usual."""
    known = [row for row in schedules if row is not None]
    row = next((row for row in known if row.is_on), known[0] if known else FeedSchedule())
    return Given(row.is_on, Trigger(row.trigger), row.at)


def _posted(request: HttpRequest) -> Given:
    given: Any = request.POST
    trigger = given.get("trigger", "")
    return Given(
        is_on={"yes": True, "no": False}.get(given.get("is_on", "")),
        trigger=Trigger(trigger) if trigger in Trigger.values else None,
        at=_time(given.get("at", "")),
    )


def _time(text: str) -> dt.time | None:
    try:
        at = dt.time.fromisoformat(text.strip())
    except ValueError:
        return None
    return at if at.tzinfo is None else None


def _incomplete() -> str:
    return _("Choose on or off, when, and a time such as 06:00.")


def _stale() -> str:
    return _("The schedule was changed since this page was shown. Look at it, then save again.")


def _moved(moved: feeds.ScheduleChanged) -> list[str]:
    return [feed_words.changed(str(account), schedule) for account, schedule in moved.accounts]


def _said(wanted: FeedSchedule) -> str:
    return feed_words.when(wanted) if wanted.is_on else str(feed_words.state(None).label)
