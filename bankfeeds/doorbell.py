"""The only importer of django_q: rings the worker.

The queue lies in our own database, so a ring inside a transaction commits or rolls back with the
rows that it is about. Losing every job is harmless: the sweep rings again.
"""

from __future__ import annotations

from django_q.models import OrmQ
from django_q.tasks import async_task

DELIVER = "bankfeeds.tasks.deliver"
SWEEP = "bankfeeds.tasks.sweep"
JOBS = (DELIVER, SWEEP)


def ring(job: str, *arguments: int) -> None:
    """Ask the worker to carry out `job`; the arguments are primary keys, nothing else."""
    async_task(job, *arguments)


def waiting() -> int:
    """How many jobs are queued; those being carried out count too."""
    return int(OrmQ.objects.count())


def silence() -> int:
    """Drop every job that waits, and say how many: what is still due is rung again by the sweep."""
    dropped, _ = OrmQ.objects.all().delete()
    return int(dropped)
