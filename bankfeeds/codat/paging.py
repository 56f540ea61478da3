"""Lists that Codat hands out in pages: walked by page number, never by the links in the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

from bankfeeds.codat import reading
from bankfeeds.codat.errors import Garbled
from bankfeeds.codat.reading import ShapeError
from bankfeeds.codat.wire import Call, Wire

PAGE_SIZE = 100
MAX_PAGES = 10_000
MAX_QUERY = 2048

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. `total`: rows of all pages, as Codat counts them at that moment."""

    number: int
    total: int
    rows: list[T]

    @property
    def is_last(self) -> bool:
        return self.number * PAGE_SIZE >= self.total


def walk(
    wire: Wire, call: Call, read: Callable[[object], T], *, query: str = "", order_by: str = ""
) -> Iterator[T]:
    """Yield every row of all pages. A row may come twice if the list grows meanwhile.

    ValueError at once for a query of 2048 characters or more. An answer that would make the
    list come out short or endless (wrong page, an empty page before the end) is Garbled.
    """
    if len(query) >= MAX_QUERY:
        raise ValueError("a query must be shorter than 2048 characters")
    chosen = {"query": query, "orderBy": order_by}
    params = {name: value for name, value in chosen.items() if value}
    return _rows(wire, replace(call, params=params | {"pageSize": str(PAGE_SIZE)}), read)


def one(wire: Wire, call: Call, read: Callable[[object], T], *, number: int) -> Page[T]:
    """Page `number`, from 1, for who walks the list in pieces of work of his own.

    A page that ends before its turn is Garbled: the list would come out short.
    """
    if not 1 <= number <= MAX_PAGES:
        raise ValueError("no such page")
    page = _ask(wire, replace(call, params={"pageSize": str(PAGE_SIZE)}), read, number=number)
    if not page.is_last and len(page.rows) < PAGE_SIZE:
        raise Garbled("Codat's list ended before its own total")
    return page


def _ask(wire: Wire, call: Call, read: Callable[[object], T], *, number: int) -> Page[T]:
    asked = replace(call, params=dict(call.params) | {"page": str(number)})
    return wire.ask(asked, partial(_read_page, number=number, read=read))


def _rows(wire: Wire, call: Call, read: Callable[[object], T]) -> Iterator[T]:
    seen = 0
    for number in range(1, MAX_PAGES + 1):
        asked = replace(call, params=dict(call.params) | {"page": str(number)})
        page = wire.ask(asked, partial(_read_page, number=number, read=read))
        yield from page.rows
        seen += len(page.rows)
        if seen >= page.total:
            return
        if not page.rows:
            raise Garbled("Codat's list ended before its own total")
    raise Garbled("Codat's list has too many pages")


def _read_page(value: object, *, number: int, read: Callable[[object], T]) -> Page[T]:
    source = reading.an_object(value)
    page = Page(
        number=reading.whole(source, "pageNumber"),
        total=reading.whole(source, "totalResults"),
        rows=[read(row) for row in reading.a_list(reading.present(source, "results"))],
    )
    if page.number != number:
        raise ShapeError("pageNumber is not the page that was asked for")
    return page
