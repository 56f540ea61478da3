"""The clock of the stories: portal, worker and sandbox are threads of one process and share it.

time-machine moves what the process takes for the time of day, so no clock runs without the others
and no row has to be set back. It leaves alone what counts seconds (sockets, waits, deadlines), and
the browser, whose pages count their seconds from what the portal told them. The worker rests while
the clock is moved: no job of it finds that an answer took a weekend.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

import time_machine

from bankfeeds.sandbox.server import Sandbox
from tests import support
from tests.e2e.desk import Desk
from tests.e2e.worker import Worker

ZONE = ZoneInfo("America/Toronto")
YEAR = 2026


def moment(day: str, hour: str = "9:00") -> dt.datetime:
    """`Oct 20` at the institution's hour; in UTC, so that the process keeps its own zone."""
    local = dt.datetime.strptime(f"{YEAR} {day} {hour}", "%Y %b %d %H:%M")
    return local.replace(tzinfo=ZONE).astimezone(dt.UTC)


BEGINNING = moment("Oct 20", "8:30")


class Calendar:
    """From day to day. `sit_down`: signs a person in, in a window of their own."""

    def __init__(
        self,
        clock: time_machine.Traveller,
        *,
        worker: Worker,
        sandbox: Sandbox,
        sit_down: Callable[[str], Desk],
    ) -> None:
        self._clock, self._worker, self._sandbox = clock, worker, sandbox
        self._sit_down = sit_down
        self._desks: list[Desk] = []
        self.codat_is_down = False

    def morning(self, day: str, who: str, hour: str = "9:00") -> Desk:
        """A new day, and this person at the desk; whoever sat anywhere yesterday is gone."""
        for desk in self._desks:
            desk.page.context.close()
        self._desks.clear()
        self.move_to(day, hour)
        return self.sits(who)

    def sits(self, who: str) -> Desk:
        """Somebody comes in, and arrives where everybody of that group does."""
        desk = self._sit_down(who)
        self._desks.append(desk)
        desk.open()
        return desk

    def move_to(self, day: str, hour: str = "9:00") -> None:
        self._move(moment(day, hour))

    def later(self, **by: float) -> None:
        """The same day; `minutes=61`."""
        self._move(dt.datetime.now(dt.UTC) + dt.timedelta(**by))

    def minute_by_minute(self, until: Callable[[], object]) -> None:
        """The worker has a moment of every minute."""
        for _ in range(20):
            if until():
                return
            self.later(minutes=1)
            time.sleep(0.3)
        raise AssertionError("not within 20 minutes")

    def _move(self, to: dt.datetime) -> None:
        self._worker.hold()
        self._clock.move_to(to)
        if not self.codat_is_down:
            # It lets happen what was due meanwhile.
            support.control("clock", advanceSeconds=0)
        self._worker.go_on()

    def codat_goes_down(self) -> None:
        self.codat_is_down = True
        self._sandbox.stop()

    def codat_comes_back(self) -> None:
        """At the same address, with all that it had accepted."""
        self._sandbox.start()
        self.codat_is_down = False
