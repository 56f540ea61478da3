"""The id of the request that is being answered: one name for it in log lines, in the record, in
the answer's header and on error pages, so that what a person saw can be found again.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# What a proxy may call a request. Anything else could forge log lines.
_SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The id of the request of this thread; empty outside of one."""
    return _current.get()


@contextmanager
def carried(*, given: str = "") -> Iterator[str]:
    """For as long as one request is answered: the `given` id when it is sane, else a new one."""
    token = _current.set(given if _SANE.fullmatch(given) else uuid.uuid4().hex)
    try:
        yield current()
    finally:
        _current.reset(token)
