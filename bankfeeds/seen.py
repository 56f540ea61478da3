"""What the page of a form showed, so that a save does not go over what somebody else changed.

A form carries the `version` of the values that its page showed. Whoever saves compares it with
what stands now, inside the transaction that holds the row: of two saves at once only one passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Model
from django.utils.crypto import salted_hmac


class Moved(Exception):
    """Something is no longer as it was shown; nothing was saved. `names`: of what has changed."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__()
        self.names = list(names)


def version(values: Mapping[str, object]) -> str:
    """These values by their names, as a form keeps them: `name.1f3a9c27 owner.77ab0193`."""
    return " ".join(_one(name, value) for name, value in values.items())


def demand(values: Mapping[str, object], seen: str) -> None:
    """Raise Moved unless all of `values` are as in `seen`, which comes from outside."""
    shown = set(seen.split())
    moved = [name for name, value in values.items() if _one(name, value) not in shown]
    if moved:
        raise Moved(moved)


def _one(name: str, value: object) -> str:
    return f"{name}.{salted_hmac(f'seen {name}', _plain(value)).hexdigest()[:16]}"


def _plain(value: object) -> str:
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, (list, tuple, set)):
        return " ".join(sorted(map(_plain, value)))
    return "" if value is None else str(value)
