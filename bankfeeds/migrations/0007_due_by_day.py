"""Each feed knows the newest day it ran on, so that what is due is found by index."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import migrations, models
from django.db.models import Max, OuterRef, Subquery


def note_newest_days(apps: Any, schema_editor: Any) -> None:
    schedules = apps.get_model("bankfeeds", "FeedSchedule").objects.all()
    runs = apps.get_model("bankfeeds", "FeedRun").objects.filter(account=OuterRef("pk"))
    newest = runs.order_by().values("account").annotate(newest=Max("day")).values("newest")
    for_those = schedules.filter(account__runs__isnull=False)
    schedules.filter(pk__in=list(for_those.values_list("pk", flat=True).distinct())).update(
        newest_day=Subquery(newest)
    )


class Migration(migrations.Migration):
    dependencies = [("bankfeeds", "0006_readiness")]

    operations = [
        migrations.AddField(
            model_name="feedschedule",
            name="newest_day",
            field=models.DateField(default=dt.date.min, editable=False),
        ),
        migrations.RemoveIndex(model_name="feedschedule", name="schedule_due"),
        migrations.AddIndex(
            model_name="feedschedule",
            index=models.Index(
                condition=models.Q(("is_on", True)),
                fields=["newest_day", "at", "account"],
                name="schedule_due",
            ),
        ),
        migrations.AddIndex(
            model_name="feedschedule",
            index=models.Index(
                condition=models.Q(("is_on", True)),
                fields=["trigger", "newest_day", "at", "account"],
                name="schedule_by_file",
            ),
        ),
        migrations.AddIndex(
            model_name="feedrun",
            index=models.Index(fields=["day", "outcome"], name="run_to_complete"),
        ),
        migrations.RunPython(note_newest_days, migrations.RunPython.noop, elidable=True),
    ]
