"""What sending pushes again would do today: which go, which rows are too late, and why not.

Reads only. Judged for the estimate, and again when the turn of each has come.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from django.db.models import DateField, Max, OuterRef, QuerySet, Subquery

from bankfeeds import limits, marks, rules
from bankfeeds.models import BankTransaction, Push, PushStatus
from bankfeeds.rules import Judged, Rule, Standing

AT_ONCE = 200
UNKNOWN = frozenset({PushStatus.TIMED_OUT, PushStatus.NEEDS_REVIEW})
# What is read of a push to judge it.
COLUMNS = (
    *("status", "sequence", "rows", "first_date", "last_date", "money_in", "money_out"),
    *("currency", "account", "connection", "company"),
    *(f"account__{name}" for name in ("status", "feed_start_date", "intent", "gone_at")),
    *("account__not_wanted_at", "connection__gone_at", "connection__status"),
    *("company__gone_at", "company__closed_at"),
)


@dataclass(frozen=True)
class Verdict:
    """What would become of one push. `why_not`: a code of `words.WHY_NOT`, "" when it goes.

    money_out is negative or zero. `late`: primary keys of the transactions that stay out.
    """

    push: Push
    why_not: str = ""
    rows: int = 0
    money_in: Decimal = Decimal(0)
    money_out: Decimal = Decimal(0)
    late: frozenset[int] = frozenset()
    late_rules: Counter[str] = field(default_factory=Counter)

    @property
    def goes(self) -> bool:
        return not self.why_not


@dataclass(frozen=True)
class Estimate:
    """The verdicts on all pushes of an order, counted."""

    verdicts: list[Verdict]

    @property
    def total(self) -> int:
        return len(self.verdicts)

    @cached_property
    def going(self) -> list[Verdict]:
        return [one for one in self.verdicts if one.goes]

    @cached_property
    def rows(self) -> int:
        return sum(one.rows for one in self.going)

    @cached_property
    def late_rows(self) -> int:
        return sum(sum(one.late_rules.values()) for one in self.verdicts)

    @cached_property
    def money(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Money in and money out (negative) by currency."""
        sums: dict[str, tuple[Decimal, Decimal]] = {}
        for one in self.going:
            into, out = sums.get(one.push.currency, (Decimal(0), Decimal(0)))
            sums[one.push.currency] = (into + one.money_in, out + one.money_out)
        return sums

    @cached_property
    def staying(self) -> dict[str, list[Verdict]]:
        """What is not sent again, by the code of the reason."""
        groups: dict[str, list[Verdict]] = {}
        for one in self.verdicts:
            if not one.goes:
                groups.setdefault(one.why_not, []).append(one)
        return groups

    @cached_property
    def late_rules(self) -> list[tuple[Rule, int]]:
        """Rules that stop single rows, each with how many rows of all pushes it stops."""
        counted: Counter[str] = sum((one.late_rules for one in self.verdicts), Counter())
        return [(rule, counted[rule.code]) for rule in rules.RULES if rule.code in counted]

    @cached_property
    def fingerprint(self) -> str:
        """Changes when what goes does, so that a page can tell whether it still shows the truth."""
        digest = hashlib.sha256()
        for one in self.going:
            digest.update(f"{one.push.pk}:{one.rows};".encode())
        return digest.hexdigest()


def estimate(pushes: Iterable[int], *, today: dt.date) -> Estimate:
    """`pushes`: primary keys. In the order in which they would be carried out."""
    return Estimate(list(judge(pushes, today=today)))


def judge(pushes: Iterable[int], *, today: dt.date) -> Iterator[Verdict]:
    """One verdict on each push, by account and in the account's order."""
    wanted = list(pushes)
    rows: QuerySet[Push] = Push.objects.filter(pk__in=wanted).order_by("account_id", "sequence")
    ordered = list(rows.values_list("pk", flat=True))
    for start in range(0, len(ordered), AT_ONCE):
        piece = ordered[start : start + AT_ONCE]
        undecided = set(_undecided(piece))
        marked = set(marks.still_open(Push.objects.filter(pk__in=piece)).values_list("pk"))
        for push in _read(piece):
            code = _why_not(push, undecided=undecided, marked={pk for (pk,) in marked})
            yield Verdict(push, code) if code else _of_rows(push, today=today)


def _undecided(piece: list[int]) -> QuerySet[Push, int]:
    found: QuerySet[Push, int] = (
        Push.objects.undecided().filter(pk__in=piece).values_list("pk", flat=True)
    )
    return found


def _read(piece: list[int]) -> QuerySet[Push]:
    earlier = Push.objects.holding().filter(
        account=OuterRef("account"), sequence__lt=OuterRef("sequence")
    )
    newest = earlier.order_by().values("account").annotate(newest=Max("last_date")).values("newest")
    rows = Push.objects.filter(pk__in=piece).select_related("account", "connection", "company")
    rows = rows.annotate(newest_before=Subquery(newest, output_field=DateField()))
    return rows.only(*COLUMNS).order_by("account_id", "sequence")


def _why_not(push: Push, *, undecided: set[int], marked: set[int]) -> str:
    if push.status in UNKNOWN:
        return "unknown"
    if push.status == PushStatus.SUCCEEDED:
        return "marked" if push.pk in marked else "accepted"
    if push.status == PushStatus.CANCELLED:
        return "stopped"
    if push.status != PushStatus.FAILED:
        return "under-way"
    if push.pk not in undecided:
        return "decided"
    if push.account.gone_at or push.connection.gone_at or push.company.gone_at:
        return "removed"
    if push.company.closed_at or push.account.not_wanted_at:
        return "off"
    if push.connection.status == "Unlinked":
        return "not-connected"
    return "" if push.account.is_connected else "not-connected"


def _of_rows(push: Push, *, today: dt.date) -> Verdict:
    """A refused push: the rules of today on its rows, which were confirmed on another day."""
    standing = Standing(
        today=today,
        feed_start=push.account.feed_start_date,
        newest=getattr(push, "newest_before", None),
        late_after=limits.late_after(),
    )
    if _all_in_time(push, standing):
        return Verdict(push, "", push.rows, push.money_in, -abs(push.money_out))
    judged = rules.judge(_transactions(push), standing=standing)
    going = [one.row.amount for one in judged if one.goes]
    late = [one for one in judged if not one.goes]
    return Verdict(
        push,
        "" if going else "too-late",
        len(going),
        sum((amount for amount in going if amount > 0), Decimal(0)),
        sum((amount for amount in going if amount < 0), Decimal(0)),
        frozenset(one.row.pk for one in late),
        Counter(_first_error(one).code for one in late),
    )


def _all_in_time(push: Push, standing: Standing) -> bool:
    """No rule on dates can stop a row: then none has to be read. (The others were met before.)"""
    earliest = standing.today - rules.FEED_WINDOW
    bounds = [day for day in (earliest, standing.feed_start, standing.newest) if day]
    return max(bounds) <= push.first_date and push.last_date <= standing.today


def _transactions(push: Push) -> QuerySet[BankTransaction]:
    return BankTransaction.objects.filter(items__push=push).order_by("items__position")


def _first_error(judged: Judged[BankTransaction]) -> Rule:
    return next(rule for rule in judged.findings if rule.severity is rules.Severity.ERROR)
