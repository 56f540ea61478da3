"""Our rows after a campaign: where each operation stands, and what must be true of them all."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from bankfeeds.models import Event, Push, PushAttempt, PushItem, PushStatus
from bankfeeds.models.states import ENDED as ENDS
from bankfeeds.models.states import STEPS

from .judge import ENDED, HELD, OPEN, PERSON, Standing

Post = Mapping[str, Any]
Pushes = QuerySet[Push]
AT_MOST = 20


def standings() -> dict[str, Standing]:
    """By transaction id."""
    undecided = set(Push.objects.undecided().values_list("pk", flat=True))
    blocked = set(Push.objects.undecided().values_list("connection", flat=True))
    found: dict[str, Standing] = {}
    rows = PushItem.objects.order_by("push_id").values_list(
        "transaction__transaction_id", "push_id", "push__status", "push__connection_id"
    )
    for ident, push, status, connection in rows.iterator():
        if push in undecided:
            place = PERSON
        elif status in ENDS:
            place = ENDED
        else:
            is_behind = status == PushStatus.READY and connection in blocked
            place = HELD if is_behind else OPEN
        found[ident] = Standing(push, status, place)
    return found


def broken(
    *,
    posts: Iterable[Post],
    ledger: Iterable[Mapping[str, Any]],
    pushes: Sequence[int] | None = None,
    slack: dt.timedelta = dt.timedelta(0),
) -> list[str]:
    """What must be true at every moment and is not (design: The push, invariants).

    pushes: of these alone, with what the server saw of them; None: of all. slack: by how much
    the workers' clock was wrong.
    """
    mine = Push.objects.all() if pushes is None else Push.objects.filter(pk__in=pushes)
    checks = (
        _every_post_has_its_attempt(posts, slack),
        _a_push_has_the_write_that_carried_its_rows(ledger, mine),
        _steps_form_a_chain(mine),
        _attempts_are_numbered_and_closed(mine),
        _numbers_of_an_account_only_grow(ledger, mine),
    )
    return [words for check in checks for words in list(check)[:AT_MOST]]


def _every_post_has_its_attempt(posts: Iterable[Post], slack: dt.timedelta) -> Iterator[str]:
    """Earlier, committed, with the same key; one for each; and a key carries one body."""
    tries: dict[str, list[tuple[dt.datetime, str]]] = defaultdict(list)
    rows = PushAttempt.objects.order_by("started_at")
    for key, began, sha in rows.values_list("idempotency_key", "started_at", "body_sha256"):
        tries[str(key)].append((began, sha))
    seen: Counter[str] = Counter()
    for post in posts:
        key = post["idempotencyKey"]
        seen[key] += 1
        at = dt.datetime.fromisoformat(post["at"]) + slack
        begun = [sha for began, sha in tries[key] if began <= at]
        if len(begun) < seen[key]:
            yield f"POST {seen[key]} with key {key} at {at}: only {len(begun)} attempts before it"
        if {post["sha256"]} != set(begun):
            yield f"POST with key {key} at {at} carried another body than its attempts"


def _a_push_has_the_write_that_carried_its_rows(
    ledger: Iterable[Mapping[str, Any]], mine: Pushes
) -> Iterator[str]:
    carried = {entry["pushOperationKey"]: entry["transactionIds"] for entry in ledger}
    items: dict[int, list[str]] = defaultdict(list)
    succeeded = mine.filter(status=PushStatus.SUCCEEDED)
    rows = PushItem.objects.filter(push__in=succeeded).order_by("push_id", "position")
    for push, ident in rows.values_list("push_id", "transaction__transaction_id"):
        items[push].append(ident)
    for push, key in succeeded.values_list("pk", "push_operation_key"):
        if carried.get(str(key)) != items[push]:
            yield f"push {push} succeeded as write {key}, which carried {carried.get(str(key))}"


def _steps_form_a_chain(mine: Pushes) -> Iterator[str]:
    now: dict[int, str] = {}
    rows = Event.objects.filter(action__startswith="push.", push__in=mine).order_by("id")
    for action, push, before, after in rows.values_list("action", "push_id", "before", "after"):
        if not after or action != f"push.{after.get('status')}":
            continue
        seen = now.get(push, PushStatus.DRAFT)
        if before["status"] != seen or after["status"] not in STEPS[seen]:
            yield f"push {push}: {before['status']} -> {after['status']} when it was {seen}"
        now[push] = after["status"]
    for push, status in mine.values_list("pk", "status"):
        if now.get(push) != status:
            yield f"push {push} is {status}, the record says {now.get(push)}"


def _attempts_are_numbered_and_closed(mine: Pushes) -> Iterator[str]:
    numbers: dict[int, list[int]] = defaultdict(list)
    of_mine = PushAttempt.objects.filter(push__in=mine)
    rows = of_mine.order_by("push_id", "id")
    for push, number, fence in rows.values_list("push_id", "number", "fence"):
        numbers[push].append(fence)
        if number != fence:
            yield f"attempt {number} of push {push} has fence {fence}"
    for push, found in numbers.items():
        if found != list(range(1, len(found) + 1)):
            yield f"attempts of push {push} are numbered {found}"
    left = of_mine.filter(ended_at=None).exclude(push__status=PushStatus.SENDING)
    for push, number in left.values_list("push_id", "number"):
        yield f"attempt {number} of push {push} was never closed"


def _numbers_of_an_account_only_grow(
    ledger: Iterable[Mapping[str, Any]], mine: Pushes
) -> Iterator[str]:
    rows = mine.exclude(push_operation_key=None)
    by_key = {
        str(key): (account, sequence)
        for key, account, sequence in rows.values_list(
            "push_operation_key", "account__account_id", "sequence"
        )
    }
    newest: dict[str, int] = {}
    for entry in ledger:
        account, sequence = by_key.get(entry["pushOperationKey"], (entry["accountId"], None))
        if sequence is None:
            continue
        if sequence <= newest.get(account, 0):
            yield f"account {account}: number {sequence} after {newest[account]}"
        newest[account] = sequence


def evidence(name: str, *, ledger: Iterable[Mapping[str, Any]], posts: Iterable[Post]) -> str:
    """All that is known of one operation, told by the id that its name begins with."""
    ident = name.split()[0]
    lines = [name]
    pushes = Push.objects.filter(items__transaction__transaction_id=ident).order_by("pk")
    keys: set[str] = set()
    for push in pushes:
        lines.append(
            f"  push {push.pk} {push.status} fence {push.fence} tries {push.tries} "
            f"write {push.push_operation_key} unsure {push.unsure_since} "
            f"next {push.next_attempt_at} lease {push.lease_until} {push.error_message[:100]}"
        )
        for attempt in push.attempts.order_by("number"):
            keys.add(str(attempt.idempotency_key))
            lines.append(
                f"    attempt {attempt.number} key {str(attempt.idempotency_key)[:8]} "
                f"{attempt.started_at:%H:%M:%S.%f} - {attempt.ended_at} "
                f"{attempt.outcome or 'open'} {attempt.http_status} {attempt.words[:80]}"
            )
        for at, action, words in push.events.order_by("id").values_list("at", "action", "words"):
            lines.append(f"    {at:%H:%M:%S.%f} {action} {words[:100]}")
    lines += [
        f"  POST {post['at']} key {post['idempotencyKey'][:8]} "
        f"{post.get('status')} {post.get('fault') or ''}"
        for post in posts
        if post["idempotencyKey"] in keys
    ]
    lines += [
        f"  effect {place} {entry['transactionIds']} write {entry['pushOperationKey']} "
        f"key {entry['idempotencyKey'][:8]}"
        for place, entry in enumerate(ledger)
        if ident in entry["transactionIds"]
    ]
    return "\n".join(lines)
