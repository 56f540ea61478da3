"""A plan as the confirmation page shows it: figures, signs in words, rows grouped by finding.

Pure shaping of what `pushing.plan` found; decides nothing and asks no database but for files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import rules, words
from bankfeeds.admin import mirror_words, push_words
from bankfeeds.models import BankTransaction, SourceAccount
from bankfeeds.pushing import AccountPlan, LeftOut, Plan
from bankfeeds.rules import Judged, Rule

Row = Judged[BankTransaction]
MOST_ROWS = 1000  # in the whole page's tables of all rows
MOST_IN_GROUP = 50
MOST_SIGNS = 3


@dataclass(frozen=True)
class Group:
    """The rows with one finding. `rows` are the first of them, `number` counts all."""

    rule: Rule
    number: int
    rows: Sequence[Row]

    @property
    def more(self) -> int:
        return self.number - len(self.rows)


@dataclass(frozen=True)
class Doubt:
    """Rows that go although an earlier push, which let them go, may have brought them there."""

    push: int
    number: int
    rows: Sequence[Row]

    @property
    def more(self) -> int:
        return self.number - len(self.rows)


@dataclass(frozen=True)
class Shown:
    """One account of the page. `rows`: as many of all its rows as the page still has room for."""

    plan: AccountPlan
    label: str
    stops: list[Group]
    looks: list[Group]
    signs: list[str]
    balance_moves: str
    rows: Sequence[Row]
    # The first push of an account asks that a person vouches for the signs.
    tick: str = ""
    tick_missing: bool = False
    files: list[str] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    @property
    def account(self) -> SourceAccount:
        return self.plan.account

    @property
    def more(self) -> int:
        return len(self.plan.judged) - len(self.rows)

    @property
    def is_card(self) -> bool:
        return self.account.is_card_or_loan

    @property
    def sent_elsewhere(self) -> str:
        """What to think of before the first push of an account that was adopted; "" else."""
        return push_words.sent_elsewhere(self.account, is_first=self.plan.is_first)

    @property
    def trace(self) -> str:
        return trace(self.plan)


def tick_name(plan: AccountPlan) -> str:
    return f"signs-{plan.account.pk}"


def trace(plan: AccountPlan) -> str:
    """What of it was shown, short enough for a hidden field: only to say what has changed."""
    figures = (plan.account.pk, len(plan.going), plan.money_in, plan.money_out)
    return "|".join(map(str, figures))


def shown(
    plan: Plan,
    *,
    missing: frozenset[str] = frozenset(),
    perhaps_there: Mapping[int, int] | None = None,
) -> list[Shown]:
    """Accounts of which something goes, then those whose every row is stopped.

    `perhaps_there`: transactions that Codat may have already, each with the push that let it go.
    """
    room = MOST_ROWS
    found = []
    labels = push_words.account_labels([p.account for p in (*plan.accounts, *plan.blocked)])
    for planned in (*plan.accounts, *plan.blocked):
        name = tick_name(planned) if planned.is_first and planned.going else ""
        found.append(
            Shown(
                plan=planned,
                label=labels[planned.account.pk],
                stops=groups(planned.not_going, rules.Severity.ERROR),
                looks=groups(planned.worth_a_look, rules.Severity.WARNING),
                signs=signs(planned.going or planned.judged, planned.account.currency),
                balance_moves=balance_moves(planned.going),
                rows=planned.judged[:room],
                tick=name,
                tick_missing=name in missing,
                files=[_file(row.file_name, row.imported_by) for row in planned.statements],
                doubts=doubts(planned.going, perhaps_there or {}),
            )
        )
        room -= len(found[-1].rows)
    return found


def groups(rows: Iterable[Row], severity: rules.Severity) -> list[Group]:
    """By rule, in the order of the rules; a row with two findings stands in both groups."""
    by_code: dict[str, list[Row]] = {}
    for row in rows:
        for rule in row.findings:
            if rule.severity is severity:
                by_code.setdefault(rule.code, []).append(row)
    return [
        Group(rule, len(by_code[rule.code]), by_code[rule.code][:MOST_IN_GROUP])
        for rule in rules.RULES
        if rule.code in by_code
    ]


def doubts(rows: Iterable[Row], perhaps_there: Mapping[int, int]) -> list[Doubt]:
    by_push: dict[int, list[Row]] = {}
    for row in rows:
        if (push := perhaps_there.get(row.row.pk)) is not None:
            by_push.setdefault(push, []).append(row)
    return [Doubt(pk, len(found), found[:MOST_IN_GROUP]) for pk, found in sorted(by_push.items())]


def signs(rows: Sequence[Row], currency: str) -> list[str]:
    """The first three each way in words, so that a reversed file is seen before it is sent."""
    moving = [judged.row for judged in rows if judged.row.amount != 0]
    ins = [row for row in moving if row.amount > 0][:MOST_SIGNS]
    outs = [row for row in moving if row.amount < 0][:MOST_SIGNS]
    return [_sign(row, currency) for row in (*ins, *outs)]


def _sign(row: BankTransaction, currency: str) -> str:
    if row.amount > 0:
        text = _("Line %(line)d: %(money)s came in from %(text)s")
    else:
        text = _("Line %(line)d: %(money)s left the account to %(text)s")
    total = words.money(abs(row.amount), currency)
    return text % {"line": row.line, "money": total, "text": row.description}


def balance_moves(rows: Sequence[Row]) -> str:
    """Whether each balance is the one before and the amount; "" where one row tells nothing."""
    pairs = [(before.row, after.row) for before, after in zip(rows, rows[1:], strict=False)]
    breaks = [after for before, after in pairs if before.balance + after.amount != after.balance]
    if not pairs:
        return ""
    if not breaks:
        return _("Balance moves with the amounts: yes.")
    if all(before.balance - after.amount == after.balance for before, after in pairs):
        return _("Balance moves with the amounts: no, the signs look reversed.")
    text = _("Balance moves with the amounts: no, first break in line %(line)d.")
    return text % {"line": breaks[0].line}


def _file(name: str, by: str) -> str:
    return _("%(file)s, imported by %(who)s") % {"file": name, "who": by}


def left_out(rows: Iterable[LeftOut]) -> list[tuple[LeftOut, str]]:
    """Each account of which nothing goes, with the reason in the words of this page."""
    return [(row, _reason(row)) for row in rows]


def _reason(row: LeftOut) -> str:
    if row.code != "not-connected":
        return words.said(row.words)
    # Nothing was tried yet, so the words must not say that nothing was sent.
    word = mirror_words.account(row.account, now=timezone.now())
    return f"{word.label}. {word.explanation} " + _("Send the client a new link.")


def changes(before: Iterable[str], plan: Plan) -> list[str]:
    """What the person was shown against what would go now, one line for each account."""
    now = {planned.account.pk: planned for planned in plan.accounts}
    lines = []
    for text in before:
        pk, *figures = text.split("|")
        planned = now.pop(int(pk), None) if pk.isascii() and pk.isdigit() else None
        if planned is None:
            if len(figures) == 3 and pk.isdigit():
                lines.append(_("Nothing goes any more of an account that was shown."))
        elif trace(planned) != text:
            lines.append(_change(planned, figures))
    lines += [_("%(account)s is new here.") % {"account": p.account} for p in now.values()]
    return lines


def _change(planned: AccountPlan, figures: list[str]) -> str:
    known = figures[0] if figures and figures[0].isdigit() and len(figures[0]) < 8 else "?"
    return _("%(account)s: rows shown: %(before)s; rows that would go now: %(now)d.") % {
        "account": planned.account,
        "before": known,
        "now": len(planned.going),
    }
