"""A look at Codat as its page shows it: how far it is, and each company with its accounts."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count
from django.utils.translation import gettext as _

from bankfeeds import words
from bankfeeds.models import FoundAs, FoundCompany, Intent, Look, SourceAccount
from bankfeeds.models.adopting import TAKEABLE
from bankfeeds.words import Tone, Word

ROWS = 100
Outcome = FoundCompany.Outcome
TONES: dict[str, Tone] = {
    FoundAs.UNREAD: "wait",
    FoundAs.NEW: "good",
    FoundAs.MORE: "good",
    FoundAs.DIFFERS: "warn",
    FoundAs.KNOWN: "quiet",
    FoundAs.NOT_OURS: "quiet",
    FoundAs.UNREADABLE: "bad",
    Outcome.WAITING: "wait",
    Outcome.ADOPTED: "good",
    Outcome.NOTHING: "quiet",
    Outcome.FAILED: "bad",
}


def progress(look: Look) -> dict[str, Any]:
    """The block at the top: `state` changes when what stands below it may have."""
    counted = _counted(look, "found_as")
    outcomes = _counted(look, "outcome")
    listed = sum(counted.values())
    read = listed - counted.get(FoundAs.UNREAD, 0)
    chosen = listed - outcomes.get("", 0)
    done = chosen - outcomes.get(Outcome.WAITING, 0)
    moving = look.next_turn_at is not None
    unread = look.next_page > 0 or read < listed
    return {
        "look": look,
        "counted": counted,
        "listed": listed,
        "read": read,
        "total": max(look.total, listed),
        "chosen": chosen,
        "done": done,
        "failed": outcomes.get(Outcome.FAILED, 0),
        "problem": words.said(look.problem),
        "moving": moving,
        "unfinished": unread or done < chosen,
        "seen": f"{read // 10}.{done // 10}.{moving}",
    }


def tabs(counted: dict[str, int], *, shown: str) -> list[dict[str, Any]]:
    """What the list can be narrowed to, with how many; those of which there are none are left."""
    return [
        {"value": one.value, "label": one.label, "n": counted[one], "is_shown": one == shown}
        for one in FoundAs
        if counted.get(one)
    ]


def page_of(look: Look, *, shown: str, number: str | None) -> Any:
    rows = look.found.select_related("company").order_by("pk")
    if shown in FoundAs.values:
        rows = rows.filter(found_as=shown)
    return Paginator(rows, ROWS).get_page(number)


def row(one: FoundCompany) -> dict[str, Any]:
    stands = Word(str(FoundAs(one.found_as).label), "", TONES[one.found_as])
    result = None
    if one.outcome:
        result = Word(str(Outcome(one.outcome).label), "", TONES[one.outcome])
    return {
        "found": one,
        "stands": stands,
        "result": result,
        "words": words.said(one.words),
        "may_choose": one.found_as in TAKEABLE and one.outcome in ("", Outcome.FAILED),
        "accounts": [_account(each) for each in one.accounts],
    }


def _account(each: dict[str, Any]) -> dict[str, Any]:
    # The same words as for an account that is here.
    like = SourceAccount(
        name=each["name"],
        account_type=each["type"],
        number_last4=each["last4"],
        currency=each["currency"],
        status=each["status"],
        intent=Intent.DONE,
    )
    why = words.said(each["words"])
    return {
        "label": str(like),
        "word": words.account(like),
        "note": why or (_("known here") if each["known"] else _("new here")),
    }


def _counted(look: Look, column: str) -> dict[str, int]:
    rows = look.found.order_by().values(column).annotate(n=Count("pk"))
    return dict(rows.values_list(column, "n"))
