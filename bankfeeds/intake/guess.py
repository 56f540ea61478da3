"""A sample -> what its profile may be. What cannot be told from it is left to a person."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from itertools import islice
from operator import itemgetter

from . import below, written
from .cells import BadCell
from .columns import is_blank
from .guess_layout import guess_layout
from .guess_names import CENTS, IN_WORDS, OUT_WORDS, named
from .layouts import records_of
from .profile import Amounts, Column, Layout, Order, Sign
from .records import Record
from .shape import ZERO, Reason, gettext_noop
from .written import fits_order, is_date

# A column with more kinds of text than that is no column of dates.
MOST_KINDS = 20_000
TRIED = 50
FOLLOWED = 5_000
# How numbers are written, in the order in which they are tried.
NUMBERS = ((".", ","), (",", " "), (",", "."), (".", " "), (".", "'"), ("", ""))
MOSTLY = 0.6
MONEY = ("amount", "money_out", "money_in", "balance")
IN, OUT = 1, -1

ORDER_UNSURE = Reason(
    "order-unsure",
    gettext_noop(
        "Every date of this file fits more than one order of day, month and year. Say which it is."
    ),
)
SIGN_UNSURE = Reason(
    "sign-unsure",
    gettext_noop("Nothing in this file tells whether a minus is money out or money in. Say which."),
)
NO_BALANCE = Reason(
    "no-balance",
    gettext_noop(
        "No column of this file looks like the balance after each transaction. Choose it, or leave"
        " it out where the file has none: then a person states the balance before the first row of"
        " each file."
    ),
)
CENTS_UNSURE = Reason(
    "cents-unsure",
    gettext_noop(
        "No amount of this file shows cents. Look at the first ones below: where the last two"
        " digits are cents, choose “None” at “Cents stand behind”."
    ),
)
AGAINST_BALANCE = Reason(
    "signs-against-balance",
    gettext_noop(
        "The balance goes up where money goes out, and down where it comes in. The two may have"
        " been mixed up."
    ),
)


@dataclass(frozen=True)
class Guess:
    """`columns`: by what they hold, as far as they are known. `orders`: those that every date fits.

    `sign` is None where it cannot be told.
    """

    layout: Layout
    columns: Mapping[str, Column] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()
    amounts: Amounts = Amounts.ONE
    sign: Sign | None = None
    decimal: str = "."
    thousands: str = ","
    out_words: tuple[str, ...] = ()
    in_words: tuple[str, ...] = ()
    end_words: tuple[str, ...] = ()
    doubts: tuple[Reason, ...] = ()

    @property
    def order(self) -> Order | None:
        return self.orders[0] if len(self.orders) == 1 else None


def guess(content: bytes, layout: Layout | None = None) -> Guess:
    """`layout`: where a person has said what it is. Raises UnreadableFile."""
    found = layout or guess_layout(content)
    return _Sample(content, found).guess()


class _Sample:
    """The rows of a file column by column, and what they look like."""

    def __init__(self, content: bytes, layout: Layout) -> None:
        self.layout = layout
        self.rows: list[list[str]] = []
        self.last: deque[Record] = deque(maxlen=below.MOST)
        self.kinds: list[dict[str, None]] = [{} for _ in range(layout.columns)]
        rows = (row for row in records_of(content, layout) if not is_blank(row, layout))
        for row in islice(rows, bool(layout.header), None):
            cells = [cell.strip() for cell in row.cells or []]
            self.last.append(row)
            if len(cells) < layout.columns:
                continue
            if len(self.rows) < FOLLOWED:
                self.rows.append(cells)
            for kinds, cell in zip(self.kinds, cells, strict=False):
                if cell and len(kinds) < MOST_KINDS:
                    kinds[cell] = None

    def guess(self) -> Guess:
        orders = {at: self._orders(at) for at in range(self.layout.columns)}
        dated = [at for at, found in orders.items() if found]
        numbers = {at: fits for at in range(self.layout.columns) if (fits := self._numbers(at))}
        at = named(self.layout.header, dated, [at for at in numbers if at not in dated], self.kinds)
        amounts = _amounts(at)
        decimal, thousands = _common([numbers[at[n]] for n in MONEY if at.get(n) in numbers])
        found = orders.get(at.get("date", -1), ())
        forward = self._lists_forward(at.get("date"), found)
        sign, doubt = self._sign(at, amounts, (decimal, thousands), forward)
        doubts = [ORDER_UNSURE] if len(found) > 1 else []
        doubts += [NO_BALANCE] if "date" in at and "balance" not in at else []
        doubts += [] if self._shows_cents(at) else [CENTS_UNSURE]
        words = self.kinds[at["kind"]] if "kind" in at else {}
        return Guess(
            layout=self.layout,
            columns={name: self._column(place) for name, place in at.items()},
            orders=found,
            amounts=amounts,
            sign=sign,
            decimal=decimal,
            thousands=thousands,
            out_words=tuple(w for w in words if written.plainly(w) in OUT_WORDS),
            in_words=tuple(w for w in words if written.plainly(w) in IN_WORDS),
            end_words=self._end_words(at) if found else (),
            doubts=(*doubts, *([doubt] if doubt else [])),
        )

    def _end_words(self, at: Mapping[str, int]) -> tuple[str, ...]:
        """A line with words and an amount in their columns may be a row whose date is missing."""
        money = [at[name] for name in MONEY if name in at and name != "balance"]

        def is_row(cells: Sequence[str]) -> bool:
            said = dict(enumerate(map(str.strip, cells)))
            has_text = bool(said.get(at.get("description", -1)))
            has_amount = any(said.get(place) for place in money)
            return is_date(said.get(at["date"], "")) or (has_text and has_amount)

        fixed = bool(self.layout.widths)
        return tuple(below.words_at_the_end(self.last, is_row, fixed=fixed))

    def _shows_cents(self, at: Mapping[str, int]) -> bool:
        """Also where there is no money yet."""
        told = [text for name in MONEY if name in at for text in self.kinds[at[name]]]
        return not told or any(map(CENTS.search, told))

    def _column(self, at: int) -> Column:
        header = self.layout.header
        return header[at] if header and header[at] and header.count(header[at]) == 1 else at

    def _orders(self, at: int) -> tuple[Order, ...]:
        """The orders that every date of the column fits; none where it holds no dates."""
        kinds = self.kinds[at]
        if not kinds or not _most(list(islice(kinds, TRIED)), is_date):
            return ()
        left = set(Order)
        for text in kinds:
            fits = {order for order in Order if fits_order(text, order)}
            left &= fits or left
        return tuple(order for order in Order if order in left)

    def _numbers(self, at: int) -> set[tuple[str, str]]:
        """The ways of writing numbers that the column fits."""
        some = list(islice(self.kinds[at], TRIED * 4))
        return {way for way in NUMBERS if some and _most(some, partial(_is_number, way))}

    def _lists_forward(self, at: int | None, orders: Sequence[Order]) -> bool | None:
        """Whether the oldest row stands first; None where the dates do not tell."""
        if at is None or len(orders) != 1:
            return None
        days = [day for cells in self.rows if (day := _day(cells[at], orders[0]))]
        if not days or days[0] == days[-1]:
            return None
        return days[0] < days[-1]

    def _sign(
        self,
        at: Mapping[str, int],
        amounts: Amounts,
        written_as: tuple[str, str],
        forward: bool | None,
    ) -> tuple[Sign | None, Reason | None]:
        moved: list[tuple[Decimal, Decimal]] = []
        minus = False
        # A balance moves with the amounts of its own account.
        whose = at.get("account")
        for cells in self.rows if whose is None else sorted(self.rows, key=itemgetter(whose)):
            value = {name: _value(cells[at[name]], *written_as) for name in MONEY if name in at}
            way = OUT if "kind" in at and written.plainly(cells[at["kind"]]) in OUT_WORDS else IN
            amount, has_minus = _amount(value, amounts, way)
            minus = minus or has_minus
            balance = value.get("balance")
            if amount is not None and balance is not None:
                moved.append((amount, balance))
        follows = _follows(moved, forward)
        if amounts is not Amounts.ONE:
            sign = Sign.MINUS_OUT if minus else Sign.UNSIGNED
            return sign, AGAINST_BALANCE if follows < 0 else None
        if not follows:
            return None, SIGN_UNSURE
        return (Sign.MINUS_OUT if follows > 0 else Sign.MINUS_IN), None


def _amounts(at: Mapping[str, int]) -> Amounts:
    if "money_out" in at and "money_in" in at:
        return Amounts.TWO
    return Amounts.TYPED if "kind" in at else Amounts.ONE


def _common(fits: Sequence[set[tuple[str, str]]]) -> tuple[str, str]:
    """The first way that all columns of money fit, or that most do."""
    return max(NUMBERS, key=lambda way: (sum(way in each for each in fits), -NUMBERS.index(way)))


def _most(texts: Sequence[str], is_one: Callable[[str], bool]) -> bool:
    return sum(map(is_one, texts)) >= MOSTLY * len(texts)


def _is_number(way: tuple[str, str], text: str) -> bool:
    return _value(text, *way) is not None


def _value(text: str, decimal: str, thousands: str) -> Decimal | None:
    try:
        return written.money(text, decimal=decimal, thousands=thousands, column="amount", places=2)
    except BadCell:
        return None


def _amount(
    value: Mapping[str, Decimal | None], amounts: Amounts, way: int
) -> tuple[Decimal | None, bool]:
    """Positive is money in; and whether money out is written with a minus. One column: as it is."""
    if amounts is Amounts.TWO:
        out, money_in = value.get("money_out") or ZERO, value.get("money_in") or ZERO
        return money_in - abs(out), out < 0
    amount = value.get("amount")
    if amount is None or amounts is Amounts.ONE:
        return amount, False
    return way * abs(amount), amount < 0


def _day(text: str, order: Order) -> dt.date | None:
    try:
        return written.date(text, order)
    except BadCell:
        return None


def _follows(moved: Sequence[tuple[Decimal, Decimal]], forward: bool | None) -> int:
    """1 where the balance moves with the amounts, -1 where it moves against them, 0 unsure."""
    pairs = list(zip(moved, moved[1:], strict=False))
    counted = {}
    for sign in (IN, OUT):
        onwards = sum(a[1] + sign * b[0] == b[1] for a, b in pairs if b[0])
        backwards = sum(b[1] + sign * a[0] == a[1] for a, b in pairs if a[0])
        ways = {None: max(onwards, backwards), True: onwards, False: backwards}
        counted[sign] = ways[forward]
    return (counted[IN] > counted[OUT]) - (counted[OUT] > counted[IN])
