"""Names are compared without *and*, and S.E.N.C. as SENC: those that are here are kept so, too."""

from __future__ import annotations

from typing import Any

from django.db import migrations

JOINING = {"and", "et"}
# Those of one letter each that stood apart: s e n c.
FORMS = ("sencrl", "senc", "pllc", "inc", "llc", "llp", "ltd", "plc", "lp", "pc", "co")


def fold_again(apps: Any, schema_editor: Any) -> None:
    company = apps.get_model("bankfeeds", "Company")
    changed = []
    for row in company.objects.only("pk", "folded_name").iterator():
        if (name := folded_again(row.folded_name)) != row.folded_name:
            row.folded_name = name
            changed.append(row)
    company.objects.bulk_update(changed, ["folded_name"], batch_size=500)


def folded_again(name: str) -> str:
    for form in FORMS:
        name = name.removesuffix(f" {' '.join(form)}")
    words = name.split()
    return " ".join(word for word in words if word not in JOINING) or name


class Migration(migrations.Migration):
    dependencies = [("bankfeeds", "0019_rows_to_decide")]

    operations = [migrations.RunPython(fold_again, migrations.RunPython.noop)]
