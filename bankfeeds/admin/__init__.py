"""The pages, by subject as in `models/`. They decide nothing: read the form, call one verb."""

from __future__ import annotations

from . import (  # noqa: F401
    accounts,
    company,
    connection,
    doubts,
    feed_closures,
    feed_runs,
    feed_schedules,
    holding,
    incidents,
    intake,
    people,
    profiles,
    pushes,
    readiness,
    received_files,
    record,
    resending,
    senders,
    transactions,
    webhook_messages,
)
