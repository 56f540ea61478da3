"""What a person presses on the page of a push: stop, look again, decide. POST only.

Each press carries the state that its page showed; when the push has moved since, nothing is
done. The second press of a button shows the result of the first.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import conf, pushing
from bankfeeds import messages as words_for
from bankfeeds.admin import parts, push_words
from bankfeeds.admin.posted import actor, identifier, numbers, reason, see_other
from bankfeeds.models import Decision, Push, PushDecision, PushStatus

from . import page, unknown

# What was seen at Codat is evidence for this long; then a person looks again.
LOOK_IS_FRESH = 15 * 60
SALT = "bankfeeds.look"
NOT_KNOWN = 404
NEEDS_LOOK = frozenset({Decision.ADOPT, Decision.NOT_THERE})


def stop(admin: parts.PortalAdmin, request: HttpRequest, push: Push) -> HttpResponse:
    parts.demand(request, "stop_push")
    why, wrong = reason(request)
    # On hold or about to leave, it still waits: only what has left or ended cannot be stopped.
    if push.status != PushStatus.READY:
        return _moved_on(request, push, done=push.status == PushStatus.CANCELLED)
    shown = numbers(request.POST.getlist("also"))
    if shown != {later.pk for later in pushing.waiting_behind(push)}:
        return _moved_on(request, push, done=False)
    if wrong:
        return page.view(admin, request, push, problem=wrong)
    if pushing.cancel(push, reason=why, by=actor(request), now=timezone.now()):
        text = _("Stopped: %(pushes)s. Nothing left this portal; the rows are free again.")
        stopped = ", ".join(f"#{pk}" for pk in sorted({push.pk, *shown}))
        messages.success(request, text % {"pushes": stopped})
    else:
        messages.warning(request, _("It was too late to stop: the push has left already."))
    return see_other(address(push))


def look(admin: parts.PortalAdmin, request: HttpRequest, push: Push) -> HttpResponse:
    """Ask Codat now, because a person wants to know: the one page here that calls Codat."""
    parts.demand(request, "decide_push")
    if push.status not in unknown.UNKNOWN:
        return _moved_on(request, push, done=False)
    try:
        told = _ask_again(request, push)
        if told is None:
            return see_other(address(push))
        found = pushing.candidates(push, client=conf.page_client(), now=timezone.now())
    except words_for.CodatError as error:
        messages.error(request, words_for.explain(error))
        return see_other(address(push))
    return _candidates(admin, request, push, found, told=told)


def _ask_again(request: HttpRequest, push: Push) -> str | None:
    """Of a push whose write has a name: what Codat says of it. None when it knows the end now."""
    if push.push_operation_key is None:
        return ""
    by, client = actor(request), conf.page_client()
    try:
        moved = pushing.look_again(push, client=client, by=by, clock=timezone.now)
    except words_for.CodatError as error:
        if error.status != NOT_KNOWN:
            raise
        return _("Codat does not know the write of this push any more.")
    if moved:
        messages.success(request, _("Codat knows more now: see the status. Nothing was sent."))
        return None
    return _("Codat says the same as before of the write of this push.")


def _candidates(
    admin: parts.PortalAdmin,
    request: HttpRequest,
    push: Push,
    found: list[pushing.Candidate],
    *,
    told: str = "",
    problem: str = "",
) -> HttpResponse:
    keys = [str(one.push_operation_key) for one in found if one.known_as is None]
    evidence = {"push": push.pk, "seen": page.seen(push), "keys": keys}
    context: dict[str, Any] = {
        "push": push,
        "word": push_words.status(push, now=timezone.now()),
        "facts": page.facts(push),
        **unknown.deciding(push),
        "candidates": unknown.side_by_side(push, found),
        "attempts": unknown.attempts(push),
        "unknown": len(keys),
        "chooses": push.status == PushStatus.NEEDS_REVIEW,
        "told": told,
        "looked_at": timezone.now(),
        "evidence": signing.dumps(evidence, salt=SALT),
        "seen": page.seen(push),
        "problem": problem,
        "reason": request.POST.get("reason", ""),
    }
    title = _("What Codat has – push #%(id)d") % {"id": push.pk}
    return admin.page(request, "candidates", title=title, **context)


def decide(admin: parts.PortalAdmin, request: HttpRequest, push: Push) -> HttpResponse:
    parts.demand(request, "decide_push")
    given = request.POST
    kind, (why, wrong) = given.get("kind", ""), reason(request)
    if kind not in Decision.values:
        messages.error(request, _("Choose what to do. Nothing was changed."))
        return see_other(address(push))
    if _is_stale(request, push):
        return _after_decision(request, push, Decision(kind), why)
    key = identifier(given.get("operation_key", ""))
    if kind in NEEDS_LOOK and not _has_looked(request, push, kind=Decision(kind), key=key):
        text = _("Look at Codat again first, and choose a write that this page shows.")
        messages.error(request, f"{text} {_('Nothing was changed.')}")
        return see_other(address(push))
    if wrong:
        return _again(admin, request, push, wrong)
    if kind == Decision.NOT_THERE:
        return _send_again(admin, request, push, why=why)
    return _carry_out(admin, request, push, Decision(kind), why=why, key=key)


def _send_again(
    admin: parts.PortalAdmin, request: HttpRequest, push: Push, *, why: str
) -> HttpResponse:
    """Look once more right before it: a write may have appeared since the page was shown."""
    try:
        if _ask_again(request, push) is None:
            return see_other(address(push))
        found = pushing.candidates(push, client=conf.page_client(), now=timezone.now())
    except words_for.CodatError as error:
        return _again(admin, request, push, f"{words_for.explain(error)} {_('Nothing was sent.')}")
    shown = signing.loads(request.POST["evidence"], salt=SALT)["keys"]
    if {str(one.push_operation_key) for one in found if one.known_as is None} - set(shown):
        problem = _("Codat has a write that the page did not show. Nothing was sent.")
        return _candidates(admin, request, push, found, problem=problem)
    return _carry_out(admin, request, push, Decision.NOT_THERE, why=why, key=None)


def _carry_out(
    admin: parts.PortalAdmin,
    request: HttpRequest,
    push: Push,
    kind: Decision,
    *,
    why: str,
    key: UUID | None,
) -> HttpResponse:
    behind = pushing.waiting_behind(push)
    try:
        replacement = pushing.decide(
            push,
            kind,
            reason=why,
            leave_out=numbers(request.POST.getlist("leave_out")),
            operation_key=key if kind == Decision.ADOPT else None,
            by=actor(request),
            now=timezone.now(),
        )
    except pushing.AlreadyDecided:
        return _after_decision(request, push, kind, why)
    except ValueError as error:
        return _again(admin, request, push, str(error))
    messages.success(request, unknown.result(push, kind, replacement, behind=behind))
    return see_other(address(replacement or push))


def _again(
    admin: parts.PortalAdmin, request: HttpRequest, push: Push, problem: str
) -> HttpResponse:
    """The page as it was, with what was typed; a look at Codat must be pressed again."""
    return page.view(admin, request, push, problem=problem)


def _has_looked(request: HttpRequest, push: Push, *, kind: Decision, key: UUID | None) -> bool:
    """Whether this press comes from a fresh look at Codat, and names a write seen there."""
    try:
        evidence = signing.loads(request.POST.get("evidence", ""), salt=SALT, max_age=LOOK_IS_FRESH)
    except signing.BadSignature:
        return False
    if evidence["push"] != push.pk or evidence["seen"] != page.seen(push):
        return False
    if kind != Decision.ADOPT or push.push_operation_key is not None:
        return True
    return str(key) in evidence["keys"]


def _is_stale(request: HttpRequest, push: Push) -> bool:
    return request.POST.get("seen", "") != page.seen(push)


def _after_decision(request: HttpRequest, push: Push, kind: Decision, why: str) -> HttpResponse:
    """Somebody decided before: the same person with the same words has pressed twice."""
    mine = PushDecision.objects.filter(push=push, kind=kind, reason=why, user=request.user.pk)
    first = mine.select_related("replacement").last()
    if first is not None and first.replacement is not None:
        text = _("This was decided before: push #%(old)d is replaced by push #%(new)d.")
        messages.info(request, text % {"old": push.pk, "new": first.replacement.pk})
        return see_other(address(first.replacement))
    return _moved_on(request, push, done=first is not None)


def _moved_on(request: HttpRequest, push: Push, *, done: bool) -> HttpResponse:
    """`done`: what was asked for is what has happened, by the first press of the same button."""
    if done:
        text = _("This was done before: push #%(id)d stands as shown here. This press did nothing.")
        messages.info(request, text % {"id": push.pk})
    else:
        text = _("Push #%(id)d has changed since that page was shown. Nothing was done now.")
        messages.warning(request, text % {"id": push.pk})
    return see_other(address(push))


def address(push: Push) -> str:
    return reverse("admin:bankfeeds_push_change", args=(push.pk,))
