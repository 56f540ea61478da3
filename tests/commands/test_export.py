"""`export`: the same columns and words as from the pages, for scripts."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bankfeeds import exporting
from bankfeeds.models import BankTransaction, Event, Push
from tests import support
from tests.admin.pushes import refused, succeeded

pytestmark = pytest.mark.django_db


def export(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("export", *arguments, "--json", stdout=out, stderr=io.StringIO())
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def read(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"), newline="")))


@pytest.mark.parametrize("what", ["pushes", "transactions", "record"])
def test_it_writes_what_there_is(tmp_path: Path, what: str) -> None:
    refused(), succeeded()
    rows: Any = {"pushes": Push, "transactions": BankTransaction, "record": Event}[what]
    number = rows.objects.count()
    file = tmp_path / "out.csv"
    assert export(what, "--out", str(file)) == {"file": str(file), "rows": number}
    assert len(read(file)) == number
    event = Event.objects.latest("pk")
    assert (event.action, event.origin, event.after["rows"]) == ("list.exported", "command", number)
    assert event.after["filter"] == "everything"


def test_a_company_and_a_period(tmp_path: Path) -> None:
    mine, other = refused(), succeeded()
    today, file = support.today().isoformat(), tmp_path / "a.csv"
    company = str(mine.company.codat_id)
    export("pushes", "--company", company, "--from", today, "--to", today, "--out", str(file))
    [row] = read(file)
    assert row["Push"] == str(mine.pk) and row["Status"] == "Refused by Codat"
    assert Event.objects.latest("pk").after["filter"] == (
        f"from {today}, to {today}, company: {mine.company.name}"
    )
    file = tmp_path / "b.csv"
    export("transactions", "--to", "2020-01-01", "--out", str(file))
    assert read(file) == []
    export("record", "--company", str(other.company.codat_id), "--out", str(tmp_path / "c.csv"))
    assert {row["Company"] for row in read(tmp_path / "c.csv")} == {other.company.name}


def test_it_says_why_it_wrote_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(), succeeded()
    file = tmp_path / "there.csv"
    file.write_text("mine")
    with pytest.raises(CommandError, match="exists already"):
        export("pushes", "--out", str(file))
    with pytest.raises(CommandError, match="cannot be written"):
        export("pushes", "--out", str(tmp_path / "no" / "such.csv"))
    with pytest.raises(CommandError, match="No company here"):
        export("pushes", "--company", "3f2a9c1e-0000-4000-8000-000000000000", "--out", "x.csv")
    for wrong in (["--from", "0001-01-01"], ["--from", "20-11-2026"], ["--company", "x"]):
        with pytest.raises(CommandError, match="it is a"):
            export("pushes", *wrong, "--out", "x.csv")
    monkeypatch.setattr(exporting, "MOST_ROWS", 1)
    with pytest.raises(CommandError, match="more than 1 rows"):
        export("pushes", "--out", str(tmp_path / "new.csv"))
    assert file.read_text() == "mine" and not (tmp_path / "new.csv").exists()
    assert not Event.objects.filter(action="list.exported").exists()


def test_the_record_is_whole_and_without_the_line_about_it(tmp_path: Path) -> None:
    refused()
    events = list(Event.objects.order_by("pk").values_list("action", flat=True))
    export("record", "--out", str(tmp_path / "d.csv"))
    assert len(read(tmp_path / "d.csv")) == len(events)
    assert "list.exported" not in (tmp_path / "d.csv").read_text("utf-8-sig")
