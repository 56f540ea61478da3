"""The table of cases: each is a function of a `Scene` whose two workers run."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.scene import Scene

Case = Callable[[Scene], None]
CASES: dict[str, Case] = {}


def case(name: str) -> Callable[[Case], Case]:
    def enter(function: Case) -> Case:
        CASES[name] = function
        return function

    return enter
