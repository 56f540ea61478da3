"""One decision for many rows that may be here already: what it would bring, then what became.

GET shows what was chosen, with counts and money; POST decides on each by the checks of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import importing, mistakes, pushing
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor, number, numbers, reason, see_other
from bankfeeds.exporting import with_places
from bankfeeds.importing import Decided
from bankfeeds.models import Actor, BankTransaction, Doubt, Push
from bankfeeds.words import Word
from bankfeeds.words.doubts import consequence

CHOSEN, OF_FILE = "chosen", "statement"
MOST = 200
Answer = Doubt.Answer


@dataclass(frozen=True)
class Money:
    """Of the rows of a currency: how many, and their sums without a sign."""

    currency: str
    count: int
    money_in: Decimal
    money_out: Decimal


@dataclass(frozen=True)
class Line:
    row: Doubt
    word: Word | None
    seen: str


def address(rows: Iterable[int]) -> str:
    return f"{reverse('admin:bankfeeds_doubt_together')}?{CHOSEN}={','.join(map(str, rows))}"


def of_file(statement: int) -> str:
    """All that is open of an import."""
    return f"{reverse('admin:bankfeeds_doubt_together')}?{OF_FILE}={statement}"


def listed() -> str:
    return f"{reverse('admin:bankfeeds_doubt_changelist')}?state=open"


def view(admin: PortalAdmin, request: HttpRequest) -> HttpResponse:
    demand(request, "add_statement")
    if request.method == "POST":
        return _decide(admin, request)
    rows = _chosen(request)
    if rows.filter(answer="").count() > MOST and OF_FILE not in request.GET:
        messages.warning(request, _("At most %(n)d rows at once. Choose fewer.") % {"n": MOST})
        return see_other(listed())
    return _page(admin, request, rows)


def _chosen(request: HttpRequest) -> QuerySet[Doubt]:
    """Also those that are decided by now."""
    rows = Doubt.objects.select_related("account__company", "statement", "ours")
    rows = rows.defer("account__sealed_body", "statement__rejected").order_by("account_id", "pk")
    given = request.POST if request.method == "POST" else request.GET
    if CHOSEN in given:
        return rows.filter(pk__in=numbers(",".join(given.getlist(CHOSEN)).split(",")))
    return rows.filter(statement=number(given.get(OF_FILE, "")))


def _page(
    admin: PortalAdmin, request: HttpRequest, rows: QuerySet[Doubt], *, problem: str = ""
) -> HttpResponse:
    rows = rows.filter(pk__in=Doubt.objects.open().values("pk"))
    every = rows.count()
    chosen = list(rows[:MOST])
    places = _places(chosen)
    lines = [Line(row, places.get(row.ours_id or 0), importing.seen_of(row)) for row in chosen]
    return admin.page(
        request,
        "together",
        title=_("Decide on several rows"),
        lines=lines,
        left=every - len(chosen),
        sums=_sums(chosen),
        accounts=len({row.account_id for row in chosen}),
        answers=[(answer, consequence(answer, chosen[0])) for answer in _answers(request, chosen)],
        gone=_gone(request, every),
        answer=request.POST.get("answer", ""),
        reason=request.POST.get("reason", ""),
        problem=problem,
        listed=listed(),
    )


def _answers(request: HttpRequest, chosen: Sequence[Doubt]) -> list[Answer]:
    """Those that make sense for each of them."""
    if not chosen:
        return []
    each = [set(importing.answers_of(row)) for row in chosen]
    may = [Answer.KEEP, Answer.NEW]
    if request.user.has_perm("bankfeeds.decide_push"):
        may.append(Answer.MISTAKE)
    return [answer for answer in may if all(answer in found for found in each)]


def _gone(request: HttpRequest, found: int) -> int:
    """How many of the chosen ones are decided by now, or taken back."""
    wanted = numbers(",".join(request.GET.getlist(CHOSEN)).split(","))
    return max(0, len(wanted) - found)


def _places(rows: Iterable[Doubt]) -> dict[int, Word]:
    """Where those that are here stand, by primary key."""
    ours = BankTransaction.objects.filter(pk__in=[row.ours_id for row in rows if row.ours_id])
    placed: list[Any] = list(with_places(ours))
    pushing.place(placed, today=timezone.localdate())
    return {row.pk: row.state_word for row in placed}


def _sums(rows: Sequence[Doubt]) -> list[Money]:
    found: dict[str, list[Decimal]] = {}
    for row in rows:
        found.setdefault(row.account.currency, []).append(row.amount)
    zero = Decimal(0)
    return [
        Money(
            currency,
            len(amounts),
            sum((each for each in amounts if each > 0), zero),
            -sum((each for each in amounts if each < 0), zero),
        )
        for currency, amounts in sorted(found.items())
    ]


def _decide(admin: PortalAdmin, request: HttpRequest) -> HttpResponse:
    answer, (why, wrong) = request.POST.get("answer", ""), reason(request)
    rows = _chosen(request)
    if answer == Answer.MISTAKE:
        demand(request, "decide_push")
    if answer not in Answer.values:
        return _page(admin, request, rows, problem=_("Choose one of the answers."))
    if wrong:
        return _page(admin, request, rows, problem=wrong)
    chosen = list(rows[: MOST + 1])
    if len(chosen) > MOST:
        problem = _("At most %(n)d rows at once. Choose fewer.") % {"n": MOST}
        return _page(admin, request, rows, problem=problem)
    seen = {row.pk: request.POST.get(f"seen-{row.pk}", "") for row in chosen}
    found: list[Decided] = []
    for _account, group in groupby(chosen, key=lambda row: row.account_id):
        found += _of_account(list(group), answer, seen, why, actor(request))
    done = [each.doubt for each in found if not each.words]
    return admin.page(
        request,
        "together_done",
        title=_("What became of the chosen rows"),
        found=found,
        done=len(done),
        sums=_sums(done),
        answer=Answer(answer).label,
        reason=why,
        again=address([each.doubt.pk for each in found if each.words]),
        left=Doubt.objects.open().exists(),
        listed=listed(),
    )


def _of_account(
    rows: Sequence[Doubt], answer: str, seen: Mapping[int, str], why: str, by: Actor
) -> list[Decided]:
    """With the marks on what was sent in error, or nothing of this account at all."""
    now = timezone.now()
    given: dict[str, Any] = {"seen": seen, "reason": why, "by": by, "now": now}
    try:
        with transaction.atomic():
            sent = {row.pk: importing.sent_in(row) for row in rows}
            found = importing.decide_together(rows, answer, **given)
            if answer == Answer.MISTAKE:
                _mark([each.doubt for each in found if not each.words], sent, why, by)
    except (ValueError, importing.CannotImport) as refusal:
        return [Decided(row, str(refusal)) for row in rows]
    return found


def _mark(rows: Iterable[Doubt], sent: Mapping[int, Any], why: str, by: Actor) -> None:
    by_push: dict[int, set[int]] = {}
    for row in rows:
        if (item := sent[row.pk]) and row.ours_id:
            by_push.setdefault(item.push_id, set()).add(row.ours_id)
    for push in Push.objects.filter(pk__in=by_push).order_by("pk"):
        mistakes.record(push, by_push[push.pk], reason=why, by=by, now=timezone.now())
