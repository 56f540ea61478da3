"""What was found when somebody asked whether everything is ready."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bankfeeds", "0005_ways_out")]

    operations = [
        migrations.CreateModel(
            name="ReadinessCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="checked")),
                ("by", models.CharField(max_length=150, verbose_name="by")),
                ("findings", models.JSONField(default=list)),
            ],
            options={
                "verbose_name": "readiness check",
                "verbose_name_plural": "readiness",
                "ordering": ("-at", "-id"),
                "permissions": (("check_readiness", "Can check whether everything is ready"),),
                "default_permissions": ("view",),
            },
        ),
    ]
