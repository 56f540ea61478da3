"""`manage.py worker`: the cluster that carries out jobs, under its watchdog, until a signal."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import threading
import uuid
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.cluster import Sentinel
from setproctitle import setproctitle

from bankfeeds import doorbell, health
from bankfeeds.checks import refuse_to_send_undurably, refuse_to_start_broken
from bankfeeds.codat import authorities
from bankfeeds.management import memory
from bankfeeds.management.process import Child, Family, told_to_stop
from bankfeeds.management.watchdog import Watchdog

log = logging.getLogger("bankfeeds.worker")

# Seconds. Together with what starts us, all descendants are gone within ten.
GRACE = 6.0
ORPHAN_GRACE = 2.5
LOOK_EVERY = 0.5
# Said on standard output once the first job has been carried out; the demo waits for it.
READY = "The pool answers."


class Cluster:
    """django-q's processes, in one group: the main one alone would leave orphans that work on."""

    def __init__(self, family: Family) -> None:
        self._family = family
        # One name for each start of the command, on whatever machine.
        self.name = f"{socket.gethostname()[:60]}:{os.getpid()}"
        self._child: Child | None = None

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.is_running

    def start(self) -> None:
        """Split off from this process: what both have loaded is in memory once, not twice.

        So all that the pool's processes need is loaded here, or each would load it for itself.
        """
        connections.close_all()
        authorities.trusting()
        for job in doorbell.JOBS:
            import_string(job)
        memory.one_arena()
        gc.collect()
        gc.freeze()
        memory.give_back()
        self._child = self._family.fork(self._run, name="qcluster")
        log.info("pool started, process %s", self._child.group)

    def _run(self) -> None:
        """Be the pool's sentinel, without `qcluster`, a process that starts it and then waits."""
        settings.POOL_NAME = self.name
        setproctitle(f"qcluster {self.name}")
        # What the pool's processes have in common stays in memory once, not once for each.
        os.register_at_fork(before=gc.freeze, after_in_child=_end_when_told)
        stop = threading.Event()
        sentinel = Sentinel(stop, threading.Event(), uuid.uuid4(), start=False)
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        sentinel.start()

    def end(self) -> None:
        """At once: what the watchdog ends is stuck, or headless and deaf to being asked."""
        if self._child is not None:
            self._family.end(self._child, grace=0)
            self._child = None


def _end_when_told() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


class Command(BaseCommand):
    help = (
        "Carries out the portal's background work: sends confirmed pushes and follows them to "
        "their end. Runs until it is told to stop (Ctrl+C or TERM). Several, on one PostgreSQL, "
        "share the work."
    )
    # The fuller set of checks is run below, before anything starts.
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        refuse_to_start_broken(pages=False)
        refuse_to_send_undurably()
        stop = told_to_stop()
        with Family(grace=GRACE, orphan_grace=ORPHAN_GRACE) as family:
            cluster = Cluster(family)
            health.forget_old_pools(now=timezone.now())
            watchdog = Watchdog(cluster, name=cluster.name, factor=settings.TIMING_FACTOR)
            watchdog.start()
            log.info("the worker runs; Ctrl+C ends it")
            self._watch(watchdog, stop)
            log.info("the worker was told to stop")

    def _watch(self, watchdog: Watchdog, stop: threading.Event) -> None:
        ready = False
        while not stop.wait(LOOK_EVERY):
            watchdog.turn(now=timezone.now())
            if watchdog.has_answered and not ready:
                ready = True
                self.stdout.write(READY)
                self.stdout.flush()
