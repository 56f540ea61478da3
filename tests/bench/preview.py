"""What the pages of a long file's preview cost, from the upload on.

    python -m tests.bench.preview --rows 5000 200000 --database postgres

In a process with a client of Django's, no browser and no network: the worker's reading of the
upload and the working out of its preview, then each page twice, the first line of the second time.
One row in a hundred is bad, and one in a hundred here already with another amount, so that
*Problems only* has many pages.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests import databases as given

from . import databases
from .intake import write

PAGES = {
    "first": "",
    "middle": "?all=1&page={middle}",
    "last": "?all=1&page={last}",
    "problems": "?problems=1",
}
SHOWN_ROWS = 500
ODD = 100


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.preview",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[5_000, 200_000])
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="bench-preview-") as folder,
        databases.seeded(options.database, folder=Path(folder)) as place,
    ):
        os.environ.update(given.KNOBS, DJANGO_SETTINGS_MODULE="portal.settings", DEBUG="off")
        os.environ["DATABASE_URL"] = place.url
        os.environ["STATIC_ROOT"] = str(Path(folder) / "static")
        import django
        from django.core.management import call_command

        django.setup()
        from django.test.utils import setup_test_environment

        from tests import support

        setup_test_environment(debug=False)
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        support.worker_runs()
        person = support.make_person("support")
        for rows in options.rows:
            _measure(rows, person, Path(folder))
        from django.db import connection

        connection.close()
    return 0


def _measure(rows: int, person: Any, folder: Path) -> None:
    from django.test import Client

    from tests import support

    account, client = support.make_account(), Client()
    client.force_login(person)
    content = _content(rows, folder)
    _here(account, content)
    page = "/admin/bankfeeds/statement/import/"
    _, put = _seconds(lambda: _posted(client, page, account.pk, content))
    # Read, and then its preview worked out.
    _, read = _seconds(support.run_jobs)
    _, worked_out = _seconds(support.run_jobs)
    preview = f"/admin/bankfeeds/statement/{account.statements.latest('pk').pk}/preview/"
    last = -(-rows // SHOWN_ROWS)
    told = [f"{rows:>7} rows  upload {put:.2f} s  worker {read:.2f} + {worked_out:.2f} s "]
    for name, query in PAGES.items():
        address = preview + query.format(middle=last // 2, last=last)
        (answer, first), (_, again) = (_seconds(lambda: client.get(address)) for _ in range(2))  # noqa: B023
        # Of the rows, and not of how far the working out of them is.
        assert answer.status_code == 200 and b"Sign check" in answer.content, answer
        told.append(f" {name} {first:.2f} {again:.2f} s ")
    sys.stdout.write("".join(told) + "\n")


def _content(rows: int, folder: Path) -> bytes:
    file = folder / "day.csv"
    write(file, rows)
    lines = file.read_bytes().splitlines(keepends=True)
    for number in range(1, len(lines), ODD):
        lines[number] = lines[number].replace(b",", b",x", 1)
    return b"".join(lines)


def _here(account: Any, content: bytes) -> None:
    """Some of its rows came before, with another description."""
    from django.utils import timezone

    from bankfeeds import importing
    from bankfeeds.models import Actor

    header, *lines = content.splitlines(keepends=True)
    some = [line.replace(b"CORNER", b"OTHER") for line in lines[2::ODD]]
    by, now = Actor.command("bench"), timezone.now()
    upload = importing.look(
        account, file_name="before.csv", content=b"".join((header, *some)), by=by, now=now
    )
    importing.save(upload, leave_out_bad=True, by=by, now=now)


def _posted(client: Any, page: str, account: int, content: bytes) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("day.csv", content)
    answer = client.post(page, {"account": account, "file": file})
    assert answer.status_code == 302, answer.content


def _seconds(run: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    made = run()
    return made, time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
