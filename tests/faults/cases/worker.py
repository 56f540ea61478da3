"""Workers are killed, stopped and told to end; their jobs get lost, doubled and late."""

from __future__ import annotations

import datetime as dt
import time

from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from bankfeeds import doorbell
from bankfeeds.models import Heartbeat, PushAttempt, PushStatus
from tests.faults import weather
from tests.faults.killer import family_of
from tests.faults.points import POINTS, SENDING
from tests.faults.scene import LEASE, Scene

from .entry import Case, case

Outcome = PushAttempt.Outcome


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
        for process in family_of(worker)[1:3]:
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
