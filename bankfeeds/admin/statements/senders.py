"""Senders: core systems that post with a token of their own, or whose files lie in a folder.

Made and revoked by the administrator.
"""

from __future__ import annotations

import shlex
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds import senders, words
from bankfeeds.admin.leaving_ask import Question, answered
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor, see_other
from bankfeeds.models import Sender
from bankfeeds.senders.tokens import LONGEST_NAME

from . import sender_account, sender_expects, sender_foreign

POST, FOLDER = "post", "folder"


@admin.register(Sender)
class SenderAdmin(PortalAdmin):
    list_display = ("name", "state", "made", "heard")
    list_display_links = ("name",)
    list_title = gettext_lazy("Senders")
    sortable_by = ()
    actions = None
    show_facets = admin.ShowFacets.NEVER

    def get_urls(self) -> list[URLPattern]:
        return [
            self.own("add/", "add", add),
            self.own("<int:pk>/revoke/", "revoke", revoke),
            self.own("<int:pk>/account/", "account", sender_account.choose),
            self.own("<int:pk>/expect/", "expect", sender_expects.expect),
            self.own("missing/<int:pk>/give-up/", "give_up", sender_expects.give_up),
            self.own("not-ours/<int:pk>/end/", "wait_again", sender_foreign.wait_again),
            *super().get_urls(),
        ]

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        row = Sender.objects.select_related("account__company").filter(pk=pk).first()
        if row is None:
            return None
        given = {"row": row, "files": row.files.count(), **sender_expects.facts(row)}
        given["name_quoted"] = shlex.quote(row.name)
        given["left_out"] = row.foreign_accounts.standing()
        return self.page(request, "page", title=row.name, **given)

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: Sender) -> str:
        return _("Revoked") if row.revoked_at else _("In use")

    @admin.display(description=gettext_lazy("made"))
    def made(self, row: Sender) -> str:
        return words.moment(row.created_at)

    @admin.display(description=gettext_lazy("last heard of"))
    def heard(self, row: Sender) -> str:
        return words.moment(row.last_seen_at) if row.last_seen_at else "–"


def add(admin: PortalAdmin, request: HttpRequest) -> HttpResponse:
    """POST takes `name` and `way`: "post" or "folder". Of one that posts it shows the token, this
    once; pressed again it is refused."""
    demand(request, "add_sender")
    given: dict[str, Any] = {"name": request.POST.get("name", "")}
    given["way"] = request.POST.get("way", "")
    if request.method == "POST":
        try:
            return _made(admin, request, **given)
        except ValueError as wrong:
            given["wrong"] = " ".join((str(wrong), _("Nothing was made.")))
    return admin.page(request, "add", title=_("Make a sender"), longest=LONGEST_NAME, **given)


def _made(admin: PortalAdmin, request: HttpRequest, *, name: str, way: str) -> HttpResponse:
    """Raises ValueError."""
    by, now = actor(request), timezone.now()
    if way not in (POST, FOLDER):
        raise ValueError(_("Choose how its files come."))
    if way == FOLDER:
        row = senders.create_of_folder(name, by=by, now=now)
        messages.success(
            request, _("The sender was made. Its page says how its folder is watched.")
        )
        return see_other(reverse(admin.page_name("change"), args=[row.pk]))
    row, token = senders.create(name, by=by, now=now)
    address = request.build_absolute_uri(reverse("statements"))
    return admin.page(request, "made", title=row.name, row=row, token=token, address=address)


def revoke(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "change_sender")
    row = Sender.objects.filter(pk=pk).first()
    if row is None:
        raise Http404(_("There is no such sender."))

    def act(why: str, _key: str) -> bool:
        if senders.revoke(row, reason=why, by=actor(request), now=timezone.now()):
            messages.success(request, _("The sender was revoked. Nothing of it is taken any more."))
        else:
            messages.info(request, _("This sender was revoked already."))
        return True

    ends = _("Its token opens nothing from then on; what came in stays.")
    if row.by_folder:
        ends = _("Nothing more is taken out of its folder; what came in stays.")
    question = Question(
        title=_("Revoke %(sender)s?") % {"sender": row.name},
        consequences=[
            ends,
            _("No file of it is expected any more."),
            _("It cannot be taken back, but another sender can be made."),
        ],
        button=_("Revoke this sender"),
        cancel=reverse(admin.page_name("change"), args=[pk]),
        why_not=_("This sender was revoked already.") if row.revoked_at else "",
    )
    return answered(admin, request, question, act)
