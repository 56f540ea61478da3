"""A mark for what went again in another push and is not known to be accepted there."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bankfeeds", "0003_ready_for_day_one")]

    operations = [
        migrations.AlterField(
            model_name="pushmark",
            name="kind",
            field=models.CharField(
                choices=[
                    ("may_be_missing", "May not have reached QuickBooks"),
                    ("sent_in_error", "Sent in error"),
                    ("sent_again", "Sent again"),
                    ("seen_to", "Seen to"),
                ],
                max_length=15,
            ),
        ),
    ]
