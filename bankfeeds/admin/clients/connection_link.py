"""Copy and renew the link of a client: by a person's press only, by POST only, never kept.

The link leaves the portal in an answer that no cache keeps; no page that can be opened or
reloaded holds it, and none asks Codat for a new one.
"""

from __future__ import annotations

import datetime as dt
import json
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from bankfeeds import links, words
from bankfeeds.admin import asking, parts
from bankfeeds.admin.mirror_shown import link_block
from bankfeeds.admin.parts import PortalAdmin, demand, pressed_only
from bankfeeds.admin.posted import actor, see_other
from bankfeeds.going_back import back
from bankfeeds.messages import CodatError, explain
from bankfeeds.models import Connection, Language
from bankfeeds.words import LINK_ENDS_SOON


@pressed_only
@sensitive_variables()
def copy(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Hand out the link: as JSON for the script that copies it, else on a page of its own."""
    demand(request, "see_link")
    connection = find(pk)
    try:
        if _ends_soon(connection):
            demand(request, "renew_link")
            _renew(request, connection)
        link = links.reveal(connection, by=actor(request), now=timezone.now())
    except CodatError as error:
        return _no_link(request, connection, explain(error))
    except (links.NoValidLink, links.AlreadyRenewed) as refusal:
        return _no_link(request, connection, str(refusal))
    link = _as_message(request, connection, link)
    if _wants_json(request):
        return _guarded(JsonResponse(_copied(connection, link)))
    return _guarded(
        admin.page(
            request,
            "link",
            title=_("Link for %(company)s") % {"company": connection.company.name},
            connection=connection,
            link=link,
            is_message="message" in request.POST,
            words=_valid(connection),
        )
    )


def _as_message(request: HttpRequest, connection: Connection, link: str) -> str:
    """The message to the client around the link, where that is what was asked for."""
    language, until = request.POST.get("message", ""), connection.link_valid_until
    if language not in Language.values or until is None:
        return link
    company = connection.company.name
    return words.link_message(company=company, link=link, until=until, language=language)


def _copied(connection: Connection, link: str) -> dict[str, object]:
    """`seconds`: until it ends, for the countdown on the page; `until`, `issued` and `issue`: what
    else the page says of it, since copying may have made a new one."""
    until, issued = connection.link_valid_until, connection.link_issued_at
    left = (until - timezone.now()).total_seconds() if until else 0
    return {
        "link": link,
        "words": _valid(connection, _("Copied.")),
        "seconds": int(left),
        "until": words.moment(until),
        "issued": f"{words.moment(issued)}, {connection.link_issued_by}",
        "issue": links.issue_of(connection),
    }


@pressed_only
def renew(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new link. While the old one may be open at the client, ask first."""
    demand(request, "renew_link")
    connection = find(pk)
    onwards = see_other(back(request, otherwise=_page(connection)))
    given = request.POST.get("issued") or request.GET.get("issued", "")
    if given != links.issue_of(connection):
        messages.info(request, _already(connection))
        return onwards
    if not _ends_soon(connection) and "anyway" not in request.POST:
        return _ask_first(admin, request, connection)
    try:
        if asking.ask(request, lambda: _renew(request, connection)):
            text = _valid(connection, _("New link.")) + " " + _("Press Copy link.")
            messages.success(request, text)
    except links.AlreadyRenewed:
        _wait(connection)
        messages.info(request, _already(connection))
    return onwards


def link_cell(
    request: HttpRequest, connection: Connection | None, *, now: dt.datetime
) -> SafeString | str:
    """State of the link and its buttons, for a row of a list; its form is the list's own."""
    block = link_block(request, connection, now=now)
    if connection is None or block is None:
        return parts.badge(words.link(None, now=now)) if connection is None else "–"
    if block.why_not:
        return format_html(
            '<span class="row-buttons"><button type="button" class="button" disabled>{}</button>'
            '<button type="button" class="button" disabled>{}</button></span>'
            '<span class="why small">{}</span>',
            _("Copy link"),
            _("Renew link"),
            block.why_not,
        )
    copy_button = renew_button = ""
    if block.can_copy:
        where = _address("copy", connection, request)
        copy_button = _button(where, _("Copy link"), connection, copies=" data-copy-link")
    if block.may_renew:
        where = (
            _address("renew", connection, request) + f"&issued={quote(links.issue_of(connection))}"
        )
        renew_button = _button(where, _("Renew link"), connection)
    shown = countdown(block.word, block.seconds)
    return format_html('{}<span class="row-buttons">{}{}</span>', shown, copy_button, renew_button)


def countdown(word: words.Word, seconds: int) -> SafeString:
    """The badge of a link, which a script keeps true while the page stays open."""
    texts = {
        "valid": _("Valid – {n} min left"),
        "soon": _("Ends soon – {n} min left"),
        "expired": _("Expired"),
    }
    return format_html(
        '<span class="countdown" data-seconds="{}" data-texts="{}">{}</span>',
        seconds,
        json.dumps(texts),
        parts.badge(word),
    )


def _button(where: str, label: str, connection: Connection, *, copies: str = "") -> SafeString:
    name = _("%(label)s of %(company)s") % {"label": label, "company": connection.company.name}
    return format_html(
        '<button type="submit" class="button" formaction="{}"{} title="{}">{}</button>',
        where,
        SafeString(copies),
        name,
        label,
    )


def _address(name: str, connection: Connection, request: HttpRequest) -> str:
    where = reverse(f"admin:bankfeeds_connection_{name}", args=[connection.pk])
    return f"{where}?next={quote(request.get_full_path())}"


def _ask_first(admin: PortalAdmin, request: HttpRequest, connection: Connection) -> HttpResponse:
    at = words.clock_time(connection.link_issued_at) if connection.link_issued_at else ""
    answer = admin.page(
        request,
        "renew",
        title=_("Make a new link for %(company)s?") % {"company": connection.company.name},
        connection=connection,
        issued=links.issue_of(connection),
        note=_("A link issued at %(time)s may be open at the client now and may stop working.")
        % {"time": at},
        next=back(request, otherwise=_page(connection)),
    )
    answer["Cache-Control"] = "no-store"
    return answer


def _renew(request: HttpRequest, connection: Connection) -> bool:
    """One new link for however many presses that saw the same one."""
    shown = links.issue_of(connection)
    client = asking.client()
    links.renew(connection, client=client, by=actor(request), clock=asking.clock, shown=shown)
    return True


def _wait(connection: Connection) -> None:
    """Until the other press has its link, so that this one shows it."""
    asking.wait_until(
        lambda: (
            not Connection.objects.filter(
                pk=connection.pk, claimed_until__gt=timezone.now()
            ).exists()
        )
    )
    connection.refresh_from_db()


def _ends_soon(connection: Connection) -> bool:
    until = connection.link_valid_until
    return until is None or until - timezone.now() < LINK_ENDS_SOON


def _valid(connection: Connection, first: str = "") -> str:
    """`Copied. Valid until 3:42 p.m. ET. For Acme only.`"""
    until = connection.link_valid_until
    rest = _("Valid until %(time)s. For %(company)s only.") % {
        "time": words.clock_time(until) if until else "–",
        "company": connection.company.name,
    }
    return f"{first} {rest}".strip()


def _already(connection: Connection) -> str:
    if connection.link_issued_at is None:
        return _("The link has changed since the page was shown. Look at it again.")
    return _("A new link was made at %(time)s by %(who)s. No other was made.") % {
        "time": words.clock_time(connection.link_issued_at),
        "who": connection.link_issued_by,
    }


def _no_link(request: HttpRequest, connection: Connection, problem: str) -> HttpResponse:
    if _wants_json(request):
        return _guarded(JsonResponse({"problem": problem}, status=409))
    messages.error(request, problem)
    return see_other(back(request, otherwise=_page(connection)))


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "") == "application/json"


def _guarded(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _page(connection: Connection) -> str:
    return reverse("admin:bankfeeds_connection_change", args=[connection.pk])


def find(pk: int) -> Connection:
    row = Connection.objects.select_related("company").filter(pk=pk).first()
    if row is None:
        raise Http404(_("There is no such connection."))
    return row
