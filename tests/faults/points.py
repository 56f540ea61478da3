"""Named points of the engine at which a process kills itself or waits, when it is told to.

Told by files in the folder that FAULTS_FOLDER names. `POINT.kill` is taken by the first process
that comes by. At `POINT.wait` it writes its id to `POINT.here`, and goes on when that is
gone.
`clock` holds the seconds by which the clock is wrong.
"""

from __future__ import annotations

import datetime as dt
import functools
import importlib
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from django.apps import AppConfig
from django.utils import timezone

from tests.faults import disk


class Point(NamedTuple):
    """Where `function` of `module` is used: come by behind it, if it had something to do."""

    name: str
    module: str
    function: str
    words: str


POINTS = (
    Point("claiming", "claim", "_begin", "in the transaction that claims, before its commit"),
    Point("claimed", "deliver", "claim", "after the commit of the attempt, before the POST"),
    Point("answered", "deliver", "_send", "after the answer, before it is written down"),
    Point(
        "half-saved", "settle", "close", "in the transaction that writes down, before its commit"
    ),
    Point("saved", "deliver", "settle", "after the outcome is written down"),
    Point("asked", "lookup", "_ask", "after the answer to a look-up"),
    Point("concluded", "follow", "conclude", "after what a look-up means is written down"),
    Point("mended", "mend", "settle", "after a lease that ran out is written down"),
)
# While the bytes are on their way: so long after the start of the POST.
SENDING = "sending"
SENDING_AFTER = 0.2


class PointsConfig(AppConfig):
    name = "tests.faults"
    label = "faults"

    def ready(self) -> None:
        if "FAULTS_FOLDER" not in os.environ:
            return
        folder = Path(os.environ["FAULTS_FOLDER"])
        for point in POINTS:
            module: Any = importlib.import_module(f"bankfeeds.pushing.{point.module}")
            _come_by_behind(module, point, folder)
        _kill_while_sending(folder)
        _bend_the_clock(folder / "clock")
        disk.watch(folder)


def _come_by_behind(module: Any, point: Point, folder: Path) -> None:
    original = getattr(module, point.function)

    @functools.wraps(original)
    def with_point(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        had_something_to_do = args and args[0] if point.function in {"settle", "close"} else result
        if had_something_to_do:
            _come_by(folder, point.name)
        return result

    setattr(module, point.function, with_point)


def _kill_while_sending(folder: Path) -> None:
    from bankfeeds.codat.client import Client

    push = Client.push

    @functools.wraps(push)
    def with_point(*args: Any, **kwargs: Any) -> Any:
        if _taken(folder / f"{SENDING}.kill"):
            threading.Timer(SENDING_AFTER, _die).start()
        return push(*args, **kwargs)

    Client.push = with_point  # type: ignore[method-assign]


def _come_by(folder: Path, name: str) -> None:
    if _taken(folder / f"{name}.kill"):
        _die()
    if not _taken(folder / f"{name}.wait"):
        return
    mine, here = folder / f"{name}.{os.getpid()}", folder / f"{name}.here"
    mine.write_text(str(os.getpid()))
    mine.rename(here)
    while here.exists():
        time.sleep(0.01)


def _taken(order: Path) -> bool:
    """Whether the order was there; of many processes one is told so."""
    try:
        order.unlink()
    except FileNotFoundError:
        return False
    return True


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _bend_the_clock(file: Path) -> None:
    right: Callable[[], dt.datetime] = timezone.now

    def bent() -> dt.datetime:
        try:
            return right() + dt.timedelta(seconds=float(file.read_text()))
        except (FileNotFoundError, ValueError):
            return right()

    timezone.now = bent
