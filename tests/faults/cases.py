"""The cases of the matrix: what happens to the worker, on the wire, at Codat, to data and clock.

Each is a function of a `Scene` whose two workers run; what it must come to is the same for all:
the server saw every operation once and in order, unless the case says otherwise.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from bankfeeds import doorbell
from bankfeeds.models import (
    Decision,
    Heartbeat,
    Incident,
    PushAttempt,
    PushStatus,
    SourceAccount,
)
from bankfeeds.models.states import IN_FLIGHT
from tests.faults import bank, weather
from tests.faults.killer import family_of
from tests.faults.points import POINTS, SENDING
from tests.faults.scene import LEASE, SETTLE, Scene, decide

Case = Callable[[Scene], None]
CASES: dict[str, Case] = {}
Outcome = PushAttempt.Outcome
# Of every run of the suite; the others by `python -m tests.faults.matrix`.
USUAL = [
    "kill-each",
    "pause",
    "jobs-lost-late-and-many",
    "operations",
]


def case(name: str) -> Callable[[Case], Case]:
    def enter(function: Case) -> Case:
        CASES[name] = function
        return function

    return enter


# --- The worker -----------------------------------------------------------------------------


def _killed_at(point: str) -> Case:
    def killed(scene: Scene) -> None:
        """Two in series on each of two accounts of one connection; the first comes to the point."""
        accounts = scene.clients(2)[-2:]
        scene.kill_at(point)
        if point == SENDING:
            for account in accounts:
                scene.fault(f"hang-{scene.seconds(weather.LONG)}", account)
        if point == "mended":
            scene.kill_at("claimed")
        scene.confirm(accounts)
        scene.confirm(accounts)
        scene.wait_for_the_end()
        assert scene.was_killed_at(point), f"nobody came by {point}"
        scene.must_be_once()

    return killed


for _point in (*(point.name for point in POINTS), SENDING):
    case(f"kill-{_point}")(_killed_at(_point))


@case("kill-each")
def kill_each(scene: Scene) -> None:
    """All of them in one go: whoever comes by a point first dies there."""
    accounts = scene.clients(10)
    points = [*(point.name for point in POINTS), SENDING]
    for point in points:
        scene.kill_at(point)
    scene.fault(f"hang-{scene.seconds(weather.LONG)}", times=2)
    scene.fault("reset-after", times=2)
    scene.fault("500-after", times=2)
    scene.confirm(accounts)
    scene.confirm(accounts)
    scene.wait_for_the_end()
    left = [point for point in points if not scene.was_killed_at(point)]
    assert not left, f"nobody came by {left}"
    scene.must_be_once()


@case("pause")
def pause(scene: Scene) -> None:
    """A worker stands still behind its answer for longer than its lease, another sends again: what
    the first may still write when it wakes up changes nothing."""
    (account,) = scene.clients()
    halt = scene.halt_at("answered")
    (push,) = scene.confirm([account])
    halt.wait_until_there()
    first, second = scene.place.workers
    with scene.stopped(first if halt.is_in(family_of(first)) else second):
        halt.let_go()
        scene.confirm([account])
        scene.wait_for_the_end()
    outcomes = push.attempts.order_by("number").values_list("outcome", flat=True)
    assert list(outcomes) == [Outcome.UNKNOWN, Outcome.ACCEPTED]
    time.sleep(1)
    scene.must_be_once()


@case("pause-while-sending")
def pause_while_sending(scene: Scene) -> None:
    """The whole machine of a worker stands still while the bytes are on their way."""
    accounts = scene.clients(3)
    for account in accounts:
        scene.fault(f"hang-{scene.seconds(20)}", account)
    scene.confirm()
    scene.wait(scene.pushes.filter(status=PushStatus.SENDING).exists, "a push on its way")
    with scene.stopped(scene.place.workers[0]):
        time.sleep(LEASE * scene.factor * 1.3)
        scene.confirm()
    scene.wait_for_the_end()
    scene.must_be_once()


@case("term")
def term(scene: Scene) -> None:
    """Told to end while pushes are on their way; another worker goes on, and it comes back."""
    accounts = scene.clients(3)
    for account in accounts:
        scene.fault(f"hang-{scene.seconds(20)}", account)
    scene.confirm()
    scene.wait(scene.pushes.filter(status=PushStatus.SENDING).exists, "a push on its way")
    for worker in scene.place.workers:
        worker.stop()
        worker.start()
    scene.confirm()
    scene.wait_for_the_end()
    scene.must_be_once()


@case("idle-kill")
def idle_kill(scene: Scene) -> None:
    """A dead idle process holds the lock of its pool's queue: the watchdog starts a new pool."""
    scene.clients(2)
    for worker in scene.place.workers:
        for process in family_of(worker)[2:4]:
            process.kill()
    scene.confirm()
    scene.wait_for_the_end()
    scene.must_be_once()


@case("jobs-lost-late-and-many")
def jobs_lost_late_and_many(scene: Scene) -> None:
    """The queue only rings: none, five, or one that comes hours late do no harm."""
    lost, often, late = scene.clients(3)[:3]
    with transaction.atomic():
        scene.confirm([lost])
        OrmQ.objects.all().delete()
    with transaction.atomic():
        scene.confirm([often])
        for _ in range(5):
            doorbell.ring(doorbell.DELIVER)
    with transaction.atomic():
        scene.confirm([late])
        held = list(OrmQ.objects.values_list("pk", flat=True))
        OrmQ.objects.filter(pk__in=held).update(lock=timezone.now() + dt.timedelta(hours=5))
    scene.wait_for_the_end()
    OrmQ.objects.filter(pk__in=held).update(lock=timezone.now() - dt.timedelta(seconds=1))
    scene.wait(lambda: not OrmQ.objects.filter(pk__in=held).exists(), "the late job")
    scene.must_be_once()
    assert PushAttempt.objects.filter(push__in=scene.pushes).count() == scene.pushes.count()


@case("two-workers")
def two_workers(scene: Scene) -> None:
    """They share the work, and nothing is sent by both."""
    scene.clients(40)
    before = timezone.now()
    alive = Heartbeat.objects.filter(beat_at__gt=before)
    while alive.count() < 2:
        scene.confirm()
        scene.wait_for_the_end()
    scene.must_be_once()
    assert PushAttempt.objects.filter(push__in=scene.pushes).count() == scene.pushes.count()


# --- The wire -------------------------------------------------------------------------------

# Refused at the door: a person decides. All others end by themselves.
DECIDED = ("400", "404")


@case("http")
def http(scene: Scene) -> None:
    """Every fault of a push at once, each on a connection of its own, with one more behind it."""
    names = [name for name in weather.scaled(weather.WRITES, scene.factor) if name[:3] != "429"]
    heads = {account.connection_id: account for account in scene.clients(len(names))}
    for name, account in zip(names, heads.values(), strict=True):
        scene.fault(name, account)
    accounts = list(heads.values())
    scene.confirm(accounts)
    scene.confirm(accounts)
    refused = scene.pushes.filter(status=PushStatus.FAILED)
    scene.wait(lambda: refused.count() == len(DECIDED), "the refused ones")
    for push in refused:
        decide(push, Decision.SEND_AGAIN)
    scene.wait_for_the_end()
    scene.must_be_once()


@case("after-429")
def after_429(scene: Scene) -> None:
    """In each form of Retry-After; also behind a try of which nobody knows whether it arrived."""
    accounts = [client for client in scene.clients(6) if client.account_id][:6]
    for number, name in enumerate(("429-1", "429-date-1", "429-garbage") * 2):
        if number > 2:
            scene.fault("reset-after", accounts[number])
        scene.fault(name, accounts[number])
    scene.confirm()
    scene.wait_for_the_end()
    scene.must_be_once()


@case("429-that-nobody-saw")
def unseen_429(scene: Scene) -> None:
    """It arrived, but the worker died; the same key met a 429, which lets go of the key, and the
    worker died once more before it knew: the key must not go a third time."""
    (account,) = scene.clients()
    scene.kill_at("answered")
    scene.confirm([account])
    scene.wait(lambda: scene.was_killed_at("answered"), "the first kill")
    scene.fault("429-1", account)
    scene.kill_at("answered")
    scene.wait(lambda: scene.was_killed_at("answered"), "the second kill")
    scene.wait_for_the_end()
    scene.must_be_once()


def _held_by(name: str) -> Case:
    def held(scene: Scene) -> None:
        """Everything waits, with one alarm, until a person lets it go on."""
        scene.clients(3)
        scene.fault(name)
        scene.confirm()
        incidents = Incident.objects.open().filter(kind=Incident.Kind.REFUSED)
        scene.wait(incidents.exists, "the alarm")
        assert incidents.count() == 1
        bank.look_after_refusals()
        scene.wait_for_the_end()
        scene.must_be_once()

    return held


for _status in ("401", "402", "403"):
    case(f"held-by-{_status}")(_held_by(_status))


@case("nobody-answers")
def nobody_answers(scene: Scene) -> None:
    """The server is gone for a while: an outage, which ends by itself."""
    scene.clients(8)
    scene.confirm()
    scene.place.server.end()
    scene.confirm()
    time.sleep(2)
    scene.place.server.start()
    scene.wait_for_the_end()
    scene.must_be_once()


# --- Codat ----------------------------------------------------------------------------------


@case("operations")
def operations(scene: Scene) -> None:
    """Slow, late after timing out, unlisted while its answer is lost; refused after all."""
    slow, late, hidden, failed = _of_different_connections(scene, 4)
    scene.fault(f"op-slow-{scene.seconds(40)}", slow)
    scene.fault(f"op-late-{scene.seconds(20)}", late)
    scene.fault(f"op-unlisted-{scene.seconds(60)}", hidden)
    scene.fault("500-after", hidden)
    scene.fault("op-failed", failed)
    scene.confirm([slow, late, hidden, failed])
    scene.confirm([slow, late, hidden, failed])
    refused = scene.pushes.filter(status=PushStatus.FAILED)
    scene.wait(refused.exists, "the refused one")
    decide(refused.get(), Decision.SEND_AGAIN)
    scene.wait_for_the_end(seconds=900 * scene.factor + 60)
    scene.must_be_once()


@case("422")
def key_reused(scene: Scene) -> None:
    """Our mistake, or so Codat says: a person looks, and nothing of the connection moves."""
    accounts = scene.clients(2)[-2:]
    scene.fault("422", accounts[0])
    (first, _second) = scene.confirm(accounts)
    eyes = scene.pushes.filter(status=PushStatus.NEEDS_REVIEW)
    scene.wait(eyes.exists, "the one for a person")
    assert eyes.get() == first
    time.sleep(SETTLE * scene.factor + 1)
    decide(eyes.get(), Decision.NOT_THERE)
    scene.wait_for_the_end()
    scene.must_be_once()


@case("disconnected")
def disconnected(scene: Scene) -> None:
    """The client disconnects in the middle: the push is refused, and goes when it is back."""
    (account,) = scene.clients()
    tie = str(account.connection.codat_id)
    scene.place.server.post("disconnect", {"connectionId": tie, "accountIds": [account.account_id]})
    scene.confirm()
    refused = scene.pushes.filter(status=PushStatus.FAILED)
    scene.wait(refused.exists, "the refused one")
    scene.place.server.post("connect", {"connectionId": tie, "accountIds": [account.account_id]})
    SourceAccount.objects.filter(pk=account.pk).update(status="connected")
    decide(refused.get(), Decision.SEND_AGAIN)
    scene.confirm()
    scene.wait_for_the_end()
    scene.must_be_once()


# --- Data -----------------------------------------------------------------------------------


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


# --- The clock ------------------------------------------------------------------------------


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


def _of_different_connections(scene: Scene, count: int) -> list[SourceAccount]:
    by_connection = {each.connection_id: each for each in scene.clients(count)}
    return list(by_connection.values())
