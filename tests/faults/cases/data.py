"""The database goes away, crashes or is held; the clock is wrong."""

from __future__ import annotations

import os
import signal
import time

from django.db import connection, transaction

from bankfeeds.models import PushStatus
from bankfeeds.models.states import IN_FLIGHT
from tests.faults import weather
from tests.faults.scene import LEASE, Scene

from .entry import Case, case


@case("database-gone")
def database_gone(scene: Scene) -> None:
    """PostgreSQL: every connection is cut again and again. SQLite: somebody holds the lock."""
    scene.clients(30)
    for name in ("reset-after", "500-after", f"hang-{scene.seconds(weather.LONG)}"):
        scene.fault(name, times=5)
    scene.confirm()
    for _ in range(6):
        _disturb_the_database()
        scene.confirm(scene.accounts[:10])
    scene.wait_for_the_end()
    scene.must_be_once()


def _disturb_the_database() -> None:
    if connection.vendor == "sqlite":
        with transaction.atomic():
            time.sleep(2)
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    time.sleep(0.5)


@case("database-crashes")
def database_crashes(scene: Scene) -> None:
    """PostgreSQL starts anew with recovery when one of its processes was killed; SQLite's file is
    held by somebody for longer than anybody waits for it."""
    scene.clients(20)
    if connection.vendor == "postgresql":
        _commit_as_in_production()
    scene.fault("reset-after", times=5)
    scene.confirm()
    if connection.vendor == "sqlite":
        with transaction.atomic():
            time.sleep(25)
    else:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT max(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' "
                "AND pid <> pg_backend_pid()"
            )
            os.kill(cursor.fetchone()[0], signal.SIGKILL)
        time.sleep(2)
        connection.close()
    scene.confirm()
    scene.wait_for_the_end(seconds=90)
    scene.must_be_once()


def _commit_as_in_production() -> None:
    """The server of the tests is in a hurry, and forgets in a crash what it said was committed."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET synchronous_commit = on")
        cursor.execute("SELECT pg_reload_conf()")
    time.sleep(1)


def _clock_steps(seconds: float) -> Case:
    def steps(scene: Scene) -> None:
        """While pushes are on their way. What was planned by a clock that is ahead waits until it
        is that late; so one that was set back is set right again here."""
        scene.clients(6)
        for name in (f"hang-{scene.seconds(20)}", "reset-after", "500-after"):
            scene.fault(name, times=2)
        scene.confirm()
        scene.wait(scene.pushes.filter(status=PushStatus.SENDING).exists, "a push on its way")
        with scene.clock_wrong_by(seconds):
            scene.confirm()
            time.sleep(LEASE * scene.factor)
            if seconds > 0:
                _end_all(scene)
        scene.confirm()
        _end_all(scene)
        scene.must_be_once()

    return steps


def _end_all(scene: Scene) -> None:
    """Of some a person must say which write they are: by our clock it was there before them."""
    moving = scene.pushes.filter(status__in=IN_FLIGHT)
    scene.wait(lambda: not moving.exists(), "an end, or a person's turn")
    scene.adopt_what_waits_for_a_person()
    scene.wait_for_the_end()


case("clock-two-hours-ahead")(_clock_steps(7200))
case("clock-two-hours-back")(_clock_steps(-7200))
case("clock-a-minute-back")(_clock_steps(-60))
