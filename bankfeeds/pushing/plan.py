"""What a push of some accounts would send today, what not, and why. Reads only."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import limits, rules
from bankfeeds.models import (
    BankTransaction,
    Departure,
    Push,
    PushStatus,
    SendingStop,
    SourceAccount,
    Statement,
)
from bankfeeds.rules import Judged, Standing

Row = Judged[BankTransaction]


@dataclass(frozen=True)
class LeftOut:
    """An account of which nothing goes, and why. `code` is stable."""

    account: SourceAccount
    code: str
    words: str


@dataclass(frozen=True)
class AccountPlan:
    """Every waiting row of one account with what the rules say of it, oldest first."""

    account: SourceAccount
    standing: Standing
    judged: list[Row]

    @cached_property
    def going(self) -> list[Row]:
        return [row for row in self.judged if row.goes]

    @cached_property
    def not_going(self) -> list[Row]:
        return [row for row in self.judged if not row.goes]

    @cached_property
    def worth_a_look(self) -> list[Row]:
        return [row for row in self.going if row.findings]

    @property
    def writes(self) -> int:
        """Number of pushes: 1,000 rows each, in order."""
        return len(rules.split(self.going))

    @cached_property
    def money_in(self) -> Decimal:
        return sum((r.row.amount for r in self.going if r.row.amount > 0), Decimal(0))

    @cached_property
    def money_out(self) -> Decimal:
        """Negative, as the amounts are."""
        return sum((r.row.amount for r in self.going if r.row.amount < 0), Decimal(0))

    @property
    def net(self) -> Decimal:
        return self.money_in + self.money_out

    @property
    def first_date(self) -> dt.date:
        return self.going[0].row.date

    @property
    def last_date(self) -> dt.date:
        return self.going[-1].row.date

    @property
    def balance_after(self) -> Decimal:
        """Balance of the last row: it becomes the account's balance (Codat guide: Push)."""
        return self.going[-1].row.balance

    @property
    def is_first(self) -> bool:
        return self.standing.newest is None

    @cached_property
    def statements(self) -> list[Statement]:
        ids = {row.row.statement_id for row in self.going}
        return list(Statement.objects.filter(pk__in=ids).defer("rejected"))


@dataclass(frozen=True)
class Plan:
    """`accounts`: those of which something goes. `fingerprint`: changes when anything that goes
    does, so that a page can tell whether it still shows the truth."""

    accounts: list[AccountPlan]
    left_out: list[LeftOut]
    # Nothing of these goes either, but their rows and reasons are worth showing.
    blocked: list[AccountPlan]

    @property
    def rows(self) -> int:
        return sum(len(account.going) for account in self.accounts)

    @property
    def writes(self) -> int:
        return sum(account.writes for account in self.accounts)

    @cached_property
    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for account in self.accounts:
            ids = ",".join(str(row.row.pk) for row in account.going)
            digest.update(f"{account.account.pk}:{ids};".encode())
        return digest.hexdigest()


def today(now: dt.datetime) -> dt.date:
    """The institution's day: "today" of every rule."""
    return timezone.localtime(now).date()


def standing(account: SourceAccount, *, today: dt.date) -> Standing:
    """Where the account stands: the newest date in any push that was not refused or stopped,
    of its own or of an account that it goes on from."""
    newest = Push.objects.newest_dates([account.pk]).get(account.pk)
    [line] = SourceAccount.objects.lines([account.pk]).values()
    # An account has a higher number than those that it goes on from.
    holding = Push.objects.holding().filter(account__in=line).order_by("-account", "-sequence")
    last = holding.values_list("balance_after", flat=True).first()
    return Standing(
        today=today,
        feed_start=account.feed_start_date,
        newest=newest,
        balance=last,
        late_after=limits.late_after(),
    )


def plan(accounts: Iterable[SourceAccount], *, today: dt.date) -> Plan:
    found = Plan([], [], [])
    accounts = list(accounts)
    stops = SendingStop.objects.over(accounts)
    leaving = Departure.objects.over(accounts)
    for account in accounts:
        reason = _why_nothing(account, leaving, stops)
        if reason is not None:
            found.left_out.append(reason)
            continue
        rows = account.transactions.free().in_feed_order()
        stands = standing(account, today=today)
        planned = AccountPlan(account, stands, rules.judge(rows, standing=stands))
        if planned.going:
            found.accounts.append(planned)
        else:
            found.left_out.append(_nothing_goes(planned))
            if planned.judged:
                found.blocked.append(planned)
    return found


def why_nothing(account: SourceAccount) -> LeftOut | None:
    """Why no row of this account could go now, whatever the rules say of it; None when some may."""
    leaving, stops = Departure.objects.over([account]), SendingStop.objects.over([account])
    return _why_nothing(account, leaving, stops)


def behind(push: Push) -> Push | None:
    """The push that this one waits for: an earlier one of its account, or one of unknown fate
    that holds the whole connection."""
    earlier = Push.objects.blocking().filter(account=push.account_id, sequence__lt=push.sequence)
    unknown = Push.objects.filter(connection=push.connection_id, status=PushStatus.NEEDS_REVIEW)
    return earlier.order_by("sequence").first() or unknown.exclude(pk=push.pk).first()


def _why_nothing(
    account: SourceAccount, leaving: Mapping[int, Departure], stops: Mapping[int, SendingStop]
) -> LeftOut | None:
    return _why_not(account) or _leaves(account, leaving) or _stopped(account, stops)


def _why_not(account: SourceAccount) -> LeftOut | None:
    connection = account.connection
    if account.company.closed_at:
        return LeftOut(account, "closed", _("Its company is closed."))
    if account.gone_at or connection.gone_at or account.company.gone_at:
        return LeftOut(account, "removed", _("It was removed at Codat."))
    if connection.status == "Unlinked":
        return LeftOut(account, "unlinked", _("Its connection was unlinked. Make a new one."))
    if not account.at_codat:
        return LeftOut(account, "not-at-codat", _("It is not yet at Codat."))
    if account.not_wanted_at:
        words = _("The client does not want this account in QuickBooks.")
        return LeftOut(account, "not-wanted", words)
    if not account.is_connected or connection.is_withdrawn(account):
        words = _("This account is not connected. Send the client a new link.")
        return LeftOut(account, "not-connected", words)
    return None


def _leaves(account: SourceAccount, leaving: Mapping[int, Departure]) -> LeftOut | None:
    departure = leaving.get(account.pk)
    if departure is None:
        return None
    words = _("It is being taken off at Codat: %(what)s. Press Continue on its page.")
    what = Departure.Kind(departure.kind).label
    return LeftOut(account, "leaving", words % {"what": what})


def _stopped(account: SourceAccount, stops: Mapping[int, SendingStop]) -> LeftOut | None:
    stop = stops.get(account.pk)
    if stop is None:
        return None
    words = _("Sending is stopped: %(reason)s (%(who)s).")
    return LeftOut(account, "stopped", words % {"reason": stop.reason, "who": stop.stopped_by})


def _nothing_goes(planned: AccountPlan) -> LeftOut:
    if planned.judged:
        rows = len(planned.judged)
        words = ngettext(
            "%(rows)d row waits, but a rule forbids it.",
            "%(rows)d rows wait, but a rule forbids each of them.",
            rows,
        )
        return LeftOut(planned.account, "all-blocked", words % {"rows": rows})
    open_push = Push.objects.blocking().filter(account=planned.account).order_by("sequence").last()
    if open_push is None:
        words = _("Nothing new to send: every row was accepted or left out.")
    else:
        words = _("Nothing new to send: every row was accepted, left out, or is in push #%(id)d.")
        words %= {"id": open_push.pk}
    return LeftOut(planned.account, "nothing-new", words)
