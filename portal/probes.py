"""`/healthz`: the process answers. `/readyz`: everything that it needs does, or 503 with the names.

Asked by machines: no sign-in, no redirect to https, and under any host name, since a probe comes
from beside the process. Hence before everything that looks at those.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from bankfeeds import guards, health

from .answering import GetResponse


def probes(get_response: GetResponse) -> GetResponse:
    def answer(request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        return probe() if probe else get_response(request)

    return answer


def _alive() -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})


def _ready() -> HttpResponse:
    fails = failing()
    return JsonResponse(
        {"ready": not fails, "fails": fails},
        status=503 if fails else 200,
        headers={"Cache-Control": "no-store"},
    )


PROBES: dict[str, Callable[[], HttpResponse]] = {"/healthz": _alive, "/readyz": _ready}


def failing() -> list[str]:
    """Names of what is not as it must be; without a database nothing else can be told."""
    if not _holds(_database_answers):
        return ["database"]
    return [name for name, true in CONDITIONS.items() if not _holds(true)]


def _holds(true: Callable[[], bool]) -> bool:
    try:
        return true()
    except DatabaseError:
        return False


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _migrations_are_applied() -> bool:
    return _on_disk() <= MigrationRecorder(connection).applied_migrations().keys()


@cache
def _on_disk() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


CONDITIONS: dict[str, Callable[[], bool]] = {
    "migrations": _migrations_are_applied,
    "guards": lambda: not guards.missing(),
    "worker": lambda: health.worker_is_running(now=timezone.now()),
}
