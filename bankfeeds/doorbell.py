"""The only importer of django_q: rings the worker.

The queue lies in our own database, so a ring inside a transaction commits or rolls back with the
rows that it is about. Losing every job is harmless: the sweep rings again.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

DELIVER = "bankfeeds.tasks.deliver"
FOLLOW = "bankfeeds.tasks.follow"
SWEEP = "bankfeeds.tasks.sweep"
FEEDS = "bankfeeds.tasks.run_feeds"
MESSAGE = "bankfeeds.tasks.message"
REFRESH = "bankfeeds.tasks.refresh"
RESEND = "bankfeeds.tasks.resend"
ADOPT = "bankfeeds.tasks.adopt"
RECEIVED = "bankfeeds.tasks.read_received"
UPLOADED = "bankfeeds.tasks.read_upload"
PREPARE = "bankfeeds.tasks.prepare_preview"
SAVE = "bankfeeds.tasks.save_upload"
JOBS = (
    *(DELIVER, FOLLOW, SWEEP, MESSAGE, REFRESH),
    *(RESEND, FEEDS, ADOPT, RECEIVED, UPLOADED, PREPARE, SAVE),
)


# So many jobs in the queue are enough: what is rung in vain is rung again by the sweep.
ENOUGH = 50


def ring(job: str, *arguments: int) -> None:
    """Ask the worker to carry out `job`; the arguments are primary keys, nothing else."""
    if waiting() < ENOUGH:
        async_task(job, *arguments)


def lease() -> dt.timedelta:
    """By then the pool has ended whatever carried a job out."""
    return dt.timedelta(seconds=settings.QUEUE_RETRY)


def waiting() -> int:
    """How many jobs wait in the queue; those that a pool has taken do not count."""
    return int(OrmQ.objects.filter(lock__lte=timezone.now()).count())
