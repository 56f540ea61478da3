"""The database takes nothing more; a migration fails half way."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection, migrations, models
from django.db.migrations.executor import MigrationExecutor

from tests.faults import disk
from tests.faults.scene import Scene

from .entry import case


@case("disk-full")
def disk_full(scene: Scene) -> None:
    """Again and again, also between an answer of Codat and its being written down."""
    scene.clients(20)
    for name in ("reset-after", "500-after"):
        scene.fault(name, times=3)
    if connection.vendor == "sqlite":
        # What is free inside the file would be used first.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
    for _ in range(6):
        scene.confirm()
        time.sleep(0.3)
        with disk.full(scene.place.folder):
            time.sleep(1)
    assert (scene.place.folder / disk.MET).exists(), "nothing was refused"
    scene.wait_for_the_end(seconds=90)
    scene.must_be_once()


class HalfWay(Exception):
    """What this migration ends with."""


def _fail(apps: Any, schema_editor: Any) -> None:
    push = apps.get_model("bankfeeds", "Push")
    push.objects.update(half_way=1)
    time.sleep(1)
    raise HalfWay


class Failing(migrations.Migration):
    operations = (
        migrations.AddField("push", "half_way", models.IntegerField(default=0)),
        migrations.RunPython(_fail),
    )


@case("migration-fails-half-way")
def migration_fails_half_way(scene: Scene) -> None:
    """While the workers go on, as at an upgrade of which nobody stopped them."""
    scene.clients(20)
    scene.fault("reset-after", times=5)
    scene.confirm()
    for _ in range(2):
        _migrate_and_fail()
        scene.confirm(scene.accounts[:10])
    assert not any(
        column.name == "half_way"
        for column in connection.introspection.get_table_description(
            connection.cursor(), "bankfeeds_push"
        )
    )
    scene.wait_for_the_end(seconds=90)
    scene.must_be_once()


def _migrate_and_fail() -> None:
    before = MigrationExecutor(connection).loader.project_state()
    migration = Failing("half_way", "bankfeeds")
    try:
        with connection.schema_editor(atomic=migration.atomic) as editor:
            migration.apply(before, editor)
    except HalfWay:
        return
    raise AssertionError("it was to fail")
