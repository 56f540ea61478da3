"""Marks that are put on pushes afterwards; the state of a push never changes for them.

*May not have reached QuickBooks* goes on what succeeded shortly before a disconnect; a person
sees to it. Asks Codat nothing; called by whoever learns of a disconnect, and by `resending`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import ngettext

from .models import Actor, Event, Push, PushItem, PushMark, PushStatus, SourceAccount

Kind = PushMark.Kind
# QuickBooks has not asked for about so long when Codat calls an account disconnected (Codat
# guide: QuickBooks Online bank feeds).
NOTICED_AFTER = dt.timedelta(days=10)
MOST_NAMED = 20


def disconnected(account: SourceAccount, *, since: dt.datetime, by: Actor, now: dt.datetime) -> int:
    """Mark what succeeded from `since` on as perhaps missing, each push once; says how many.

    Inside a transaction that holds the account's row, so that two who learn it at once take turns.
    """
    rows = Push.objects.filter(account=account, status=PushStatus.SUCCEEDED, ended_at__gte=since)
    unmarked = rows.exclude(marks__kind=Kind.MAY_BE_MISSING).order_by("pk")
    found = list(unmarked.values_list("pk", flat=True))
    _put(found, Kind.MAY_BE_MISSING, words="", by=by, now=now)
    if found:
        text = ngettext(
            "%(n)d push may not have reached QuickBooks: %(which)s",
            "%(n)d pushes may not have reached QuickBooks: %(which)s",
            len(found),
        )
        words = text % {"n": len(found), "which": _named(found)}
        Event.objects.record("account.marked", by=by, at=now, account=account, words=words)
    return len(found)


def perhaps_missing(account: SourceAccount) -> QuerySet[Push]:
    """What may not have reached QuickBooks and nobody has seen to yet, in the feed's order."""
    return still_open(Push.objects.filter(account=account)).order_by("sequence")


def still_open(pushes: QuerySet[Push]) -> QuerySet[Push]:
    """Of these, what is marked as perhaps missing and was not seen to."""
    missing = PushMark.objects.filter(kind=Kind.MAY_BE_MISSING)
    seen = PushMark.objects.filter(kind=Kind.SEEN_TO, push=OuterRef("pk"))
    # Not by a join with the history: marks are few, pushes are many.
    return pushes.filter(~Exists(seen), pk__in=missing.values("push"))


def sent_again(pushes: Iterable[int], *, words: str, by: Actor, now: dt.datetime) -> None:
    """Rows of these went again in another push; *Seen to* only once Codat has accepted that."""
    _put(sorted(pushes), Kind.SENT_AGAIN, words=words, by=by, now=now)


def holding_again(push: Push) -> QuerySet[Push]:
    """The other pushes in which rows of it are now, in the feed's order."""
    rows = PushItem.objects.filter(push=push).values("transaction")
    again = PushItem.objects.filter(transaction__in=rows, released=False).exclude(push=push)
    return Push.objects.filter(pk__in=again.values("push")).order_by("sequence")


def arrived(*, limit: int) -> QuerySet[Push]:
    """Sent again and still open, although Codat has accepted each row in another push since."""
    went = PushMark.objects.filter(kind=Kind.SENT_AGAIN)
    accepted = PushItem.objects.filter(
        transaction=OuterRef("transaction"), released=False, push__status=PushStatus.SUCCEEDED
    ).exclude(push=OuterRef("push"))
    open_rows = PushItem.objects.filter(~Exists(accepted), push=OuterRef("pk"))
    found = still_open(Push.objects.filter(pk__in=went.values("push")))
    return found.filter(~Exists(open_rows)).select_related("account").order_by("pk")[:limit]


def see_to(
    account: SourceAccount, pushes: Iterable[int], *, words: str, by: Actor, now: dt.datetime
) -> int:
    """Put *Seen to* on those of the account's pushes that are still open; says how many.

    Inside a transaction that holds the account's row.
    """
    found = list(perhaps_missing(account).filter(pk__in=pushes).values_list("pk", flat=True))
    _put(found, Kind.SEEN_TO, words=words, by=by, now=now)
    if found:
        Event.objects.record(
            "account.seen_to", by=by, at=now, account=account, words=_named(found), reason=words
        )
    return len(found)


def _put(pushes: Iterable[int], kind: Kind, *, words: str, by: Actor, now: dt.datetime) -> None:
    PushMark.objects.bulk_create(
        PushMark(push_id=pk, kind=kind, made_at=now, made_by=by.name, words=words) for pk in pushes
    )


def _named(pushes: list[int]) -> str:
    names = ", ".join(f"#{pk}" for pk in pushes[:MOST_NAMED])
    return f"{names}, …" if len(pushes) > MOST_NAMED else names
