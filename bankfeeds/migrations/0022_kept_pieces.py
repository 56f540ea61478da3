"""What is kept of an imported file goes from its row into pieces of a bounded size, and back."""

from __future__ import annotations

from itertools import count
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

SIZE = 65_536
# The next piece of every file that has one: whole files never come into the memory of ours.
NEXT = (
    "INSERT INTO bankfeeds_keptpiece (statement_id, number, piece)"
    " SELECT id, %s, substr(content, %s, %s) FROM bankfeeds_statement WHERE length(content) > %s"
)


def split(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        for number in count():
            before = number * SIZE
            cursor.execute(NEXT, [number, before + 1, SIZE, before])
            if cursor.rowcount == 0:
                return


def join(apps: Any, schema_editor: Any) -> None:
    statements = apps.get_model("bankfeeds", "Statement").objects.order_by()
    for key in statements.values_list("pk", flat=True):
        pieces = apps.get_model("bankfeeds", "KeptPiece").objects.filter(statement=key)
        found = pieces.order_by("number").values_list("piece", flat=True)
        statements.filter(pk=key).update(content=b"".join(found))


class Migration(migrations.Migration):
    dependencies = [("bankfeeds", "0021_link_withdrawn")]

    operations = [
        migrations.CreateModel(
            name="KeptPiece",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("piece", models.BinaryField()),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pieces",
                        to="bankfeeds.statement",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("statement", "number"), name="a_piece_once_of_a_file"
                    )
                ],
            },
        ),
        # On the way back the column is there before what goes into it.
        migrations.AlterField(
            model_name="statement", name="content", field=models.BinaryField(default=b"")
        ),
        migrations.RunPython(split, join),
        migrations.RemoveField(model_name="statement", name="content"),
    ]
