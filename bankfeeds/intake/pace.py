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


@contextmanager
def part(number: int, of: int) -> Iterator[None]:
    """While this lasts it is one of `of` parts, counted from 0, that is gone through."""
    if (listener := _listener.get()) is None:
        yield
        return
    with told(lambda share: listener((number + share) / of)):
        yield


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
