"""Importing a CSV, side by side: this portal's command with all checks, and a raw load.

    python -m tests.bench.intake --rows 10000 200000 --database postgres

`raw` is what anybody would write who checks nothing: `csv` and `executemany` into the table of
transactions with all of its indexes, on PostgreSQL COPY. `ours` is `import_transactions`, from the
file to the end of its record. Each run has a process and a fresh copy of the database of its own;
ratios are those of one round, in which the two ran one after the other. Memory is the process's
own peak, and its ratio that of the most rows to the fewest.

Exit code 0 whatever the figures are; 1 when what is stored is not, row by row, what the file has.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from .databases import Seeded, seeded
from .place import note, say
from .processes import Void, environment, run
from .report import MB
from .rows import OPENING, Row, rows_of

PEERS = ("raw", "ours")
GOALS = {"sqlite": 1.5, "postgres": 1.7}
MEMORY_GOAL = 1.15
A_DAY = 1_000
FIRST_DAY = dt.date(2024, 1, 1)

Round = Mapping[str, Mapping[str, Any]]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.intake",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mixed-ids", action="store_true", help="ids in no order, as hashes are")
    parser.add_argument("--database", choices=tuple(GOALS), default="sqlite")
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="bench-intake-") as folder,
        seeded(options.database, folder=Path(folder)) as data,
    ):
        try:
            run("intake_peer", "seed", env=environment(database=data.url))
            made = {rows: _rounds(rows, options, data, Path(folder)) for rows in options.rows}
        except Void as error:
            note(f"VOID: {error}")
            return 1
    say(f"{options.database}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for rows, rounds in made.items():
        say(table(rounds, rows=rows, goal=GOALS[options.database]))
    if len(made) > 1:
        say(memory(made))
    return 0


def _rounds(rows: int, options: argparse.Namespace, data: Seeded, folder: Path) -> list[Round]:
    file = folder / f"{rows}.csv"
    write(file, rows, mixed=options.mixed_ids)
    made: list[Round] = []
    for number in range(1, options.rounds + 1):
        note(f"{rows:,} rows, round {number} of {options.rounds}")
        made.append({peer: _run(peer, file, rows, data) for peer in PEERS})
    file.unlink()
    return made


def _run(peer: str, file: Path, rows: int, data: Seeded) -> Mapping[str, Any]:
    env = environment(database=data.copy())
    made = run("intake_peer", peer, "--file", file, env=env)
    note(
        f"  {peer}: {made['seconds']:.2f} s, CPU {made['cpu']:.2f} s, {made['memory'] / MB:.0f} MB"
    )
    if (made["rows"], made["differing"]) != (rows, 0):
        raise Void(
            f"{peer}: the file has {rows} rows; stored are {made['rows']},"
            f" {made['differing']} of them others or in another place"
        )
    return made


def write(file: Path, rows: int, *, mixed: bool = False) -> None:
    """`rows` transactions in the portal's own CSV, 1,000 a day, oldest first, balance running.

    `mixed`: their ids come in no order; else they rise, as where a core system counts.
    """
    with file.open("w", newline="") as lines:
        to = csv.writer(lines)
        to.writerow(("id", "date", "description", "amount", "balance", "type"))
        to.writerows(_mixed(_some(rows)) if mixed else _some(rows))


def _mixed(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        yield row._replace(id=hashlib.sha256(row.id.encode()).hexdigest()[:24])


def _some(rows: int) -> Iterator[Row]:
    balance = OPENING
    for number in range(0, rows, A_DAY):
        day = FIRST_DAY + dt.timedelta(days=number // A_DAY)
        made = rows_of(number // A_DAY, count=min(A_DAY, rows - number), day=day)
        for row in made:
            yield row._replace(balance=row.balance - OPENING + balance)
        balance += made[-1].balance - OPENING


def table(rounds: Sequence[Round], *, rows: int, goal: float) -> str:
    lines = [f"{rows:,} rows, medians of {len(rounds)} rounds"]
    lines.append(f"  {'peer':<6}{'us / row':>10}{'CPU us / row':>14}{'peak MB':>9}")
    for peer in PEERS:
        each = {name: median(made[peer][name] for made in rounds) for name in rounds[0][peer]}
        wall, cpu = each["seconds"] / rows * 1e6, each["cpu"] / rows * 1e6
        lines.append(f"  {peer:<6}{wall:>10.1f}{cpu:>14.1f}{each['memory'] / MB:>9.1f}")
    for name, told in (("seconds", f"  goal <= {goal} x at 1,000,000"), ("cpu", "")):
        ratios = [made["ours"][name] / made["raw"][name] for made in rounds]
        found = median(ratios)
        met = ("  met" if found <= goal else "  MISSED") if told else ""
        lines.append(
            f"  {name:<8}ours / raw {found:.2f} x ({min(ratios):.2f}-{max(ratios):.2f}){told}{met}"
        )
    return "\n".join(lines)


def memory(made: Mapping[int, Sequence[Round]]) -> str:
    few, many = min(made), max(made)
    peaks = {rows: median(each["ours"]["memory"] for each in made[rows]) for rows in (few, many)}
    ratio = peaks[many] / peaks[few]
    return (
        f"Memory of ours: {peaks[few] / MB:.1f} MB for {few:,} rows, {peaks[many] / MB:.1f} MB for"
        f" {many:,}: {ratio:.2f} x  goal <= {MEMORY_GOAL} x"
        f"  {'met' if ratio <= MEMORY_GOAL else 'MISSED'}"
    )


if __name__ == "__main__":
    sys.exit(main())
