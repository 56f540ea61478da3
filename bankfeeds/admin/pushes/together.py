"""One decision for many pushes of unknown fate, chosen in the history: what stands, what became.

GET shows what was chosen; POST looks in the background, or decides by one verb with a result for
each push.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bankfeeds import conf, holding, pushing
from bankfeeds.admin import parts, push_words
from bankfeeds.admin.posted import actor, numbers, reason, see_other
from bankfeeds.models import Decision, Push, PushStatus
from bankfeeds.pushing import Became, Result
from bankfeeds.words import Tone, Word

from . import unknown as push_unknown

CHOSEN = "chosen"
MOST = 200
KINDS = {"not_there": Decision.NOT_THERE, "give_up": Decision.GIVE_UP}

# What became of a push: how it looks, what it means and what to do now.
BECAME: dict[Became, tuple[Promise, Promise, Tone]] = {
    Became.MOVED_ON: (
        gettext_lazy("Not to be decided here"),
        gettext_lazy(
            "Its fate is known, or somebody decided before. Nothing was done now;"
            " its page says what is to do."
        ),
        "quiet",
    ),
    Became.REFUSED: (gettext_lazy("Not possible now"), gettext_lazy("Nothing was done."), "warn"),
    Became.CANDIDATE: (
        gettext_lazy("Codat has a write that may be it"),
        gettext_lazy("Nothing was sent. Look at it on its page and decide there."),
        "warn",
    ),
    Became.OTHERWISE: (
        gettext_lazy("Codat says something else by now"),
        gettext_lazy("Nothing was sent. Its end is asked for in the background."),
        "wait",
    ),
    Became.NO_ANSWER: (
        gettext_lazy("Codat could not tell"),
        gettext_lazy("Nothing was sent. Go on with the rest when Codat answers again."),
        "warn",
    ),
    Became.NOT_ASKED: (
        gettext_lazy("Not yet: Codat was not asked about it"),
        gettext_lazy(
            "Only so many are asked about at once, and none while calls to Codat are held."
            " Nothing was sent. Go on with the rest, below."
        ),
        "wait",
    ),
}
# Those with which a person can go on by pressing once more.
REST = frozenset({Became.NO_ANSWER, Became.NOT_ASKED})


@dataclass(frozen=True)
class Line:
    push: Push
    word: Word
    replacement: Push | None = None


def address(pushes: Sequence[int]) -> str:
    query = ",".join(map(str, pushes))
    return f"{reverse('admin:bankfeeds_push_together')}?{CHOSEN}={query}"


def view(admin: parts.PortalAdmin, request: HttpRequest) -> HttpResponse:
    parts.demand(request, "decide_push")
    given = request.POST if request.method == "POST" else request.GET
    wanted = sorted(numbers(",".join(given.getlist(CHOSEN)).split(",")))
    if len(wanted) > MOST:
        messages.warning(request, _("At most %(n)d pushes at once. Choose fewer.") % {"n": MOST})
        return see_other(reverse("admin:bankfeeds_push_changelist"))
    if request.method != "POST":
        return _page(admin, request, wanted)
    if given.get("kind") == "look":
        return _look(request, wanted)
    return _decide(admin, request, wanted)


def _look(request: HttpRequest, wanted: Sequence[int]) -> HttpResponse:
    number = pushing.look_soon(wanted, now=timezone.now())
    text = ngettext(
        "Codat is asked about %(n)d push in the background; reload this page to see what it says.",
        "Codat is asked about %(n)d pushes in the background; reload this page to see what it"
        " says.",
        number,
    )
    messages.success(request, text % {"n": number})
    return see_other(address(wanted))


def _decide(admin: parts.PortalAdmin, request: HttpRequest, wanted: Sequence[int]) -> HttpResponse:
    kind, (why, wrong) = KINDS.get(request.POST.get("kind", "")), reason(request)
    if kind is None:
        return _page(admin, request, wanted, problem=_("Choose what to do."))
    if wrong:
        return _page(admin, request, wanted, problem=wrong)
    results = pushing.decide_together(
        wanted,
        kind,
        reason=why,
        by=actor(request),
        client=conf.page_client(),
        clock=timezone.now,
    )
    return admin.page(
        request,
        "together_done",
        title=_("What became of the chosen pushes"),
        kind=kind,
        lines=[_result(one, kind) for one in results],
        done=sum(one.became == Became.DONE for one in results),
        rest=",".join(str(one.push.pk) for one in results if one.became in REST),
        reason=why,
        again=address(wanted),
    )


def _result(one: Result, kind: Decision) -> Line:
    if one.became == Became.DONE:
        done = push_unknown.result(one.push, kind, one.replacement)
        return Line(one.push, Word(_("Done"), done, "good"), one.replacement)
    label, text, tone = BECAME[one.became]
    return Line(one.push, Word(str(label), f"{one.words} {text}".strip(), tone))


def _page(
    admin: parts.PortalAdmin, request: HttpRequest, wanted: Sequence[int], *, problem: str = ""
) -> HttpResponse:
    rows = pushing.chosen(wanted)
    prefetch_related_objects(rows, "decisions")
    unknown = [row for row in rows if row.status in push_unknown.UNKNOWN]
    unknown.sort(key=lambda row: row.pk)
    named = [row for row in unknown if row.status == PushStatus.TIMED_OUT]
    context: dict[str, Any] = {
        "lines": [(row, push_words.status(row, now=timezone.now()), _kept(row)) for row in unknown],
        "others": _others(rows),
        "number": len(unknown),
        "named": len(named),
        "rows": sum(row.rows for row in unknown),
        "chosen": ",".join(str(row.pk) for row in unknown),
        "problem": problem,
        "reason": request.POST.get("reason", ""),
    }
    title = _("Decide on several pushes")
    return admin.page(request, "together", title=title, **context)


def _others(rows: Sequence[Push]) -> list[tuple[Push, Word]]:
    """What is not decided here, with its status as the history says it."""
    others = [row for row in rows if row.status not in push_unknown.UNKNOWN]
    holding.place(others, now=timezone.now())
    return [(row, push_words.listed(row, now=timezone.now())) for row in others]


def _kept(push: Push) -> int:
    """Writes seen at Codat that may be it."""
    return sum(one.known_as is None for one in pushing.kept(push))
