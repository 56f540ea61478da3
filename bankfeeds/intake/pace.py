"""How far a reader has come in its file, for whoever wants to know; nobody does, as a rule."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Takes the share of the file that is gone through, 0 to 1.
Listener = Callable[[float], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def told(listener: Listener) -> Iterator[None]:
    """While this lasts, what is read in this thread tells `listener` how far it is."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def part(listener: Listener, number: int, of: int) -> Listener:
    """Of `of` parts, counted from 0, how far the whole is while this one is gone through."""
    return lambda share: listener((number + share) / of)


def at(place: int, of: int) -> None:
    """`place` of `of` bytes, letters or lines are behind us."""
    if (listener := _listener.get()) is not None and of:
        listener(min(place / of, 1.0))


class Stream(io.BytesIO):
    """A whole file, which tells how much of it was asked for."""

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        at(self.tell(), self.getbuffer().nbytes)
        return block
