"""Pushing, side by side: this engine, a loop with the official SDK, a loop with `requests`.

    python -m tests.bench.push --accounts 400 --transactions 100 --latency 0 50 200
    python -m tests.bench.push --accounts 200 --transactions 1000 --latency 50
    python -m tests.bench.push --memory
    python -m tests.bench.push --thrift

How to read it: `tests/bench/__init__.py`. Exit code 0 when the server saw in every run exactly what
was claimed, whatever the figures are; 1 when a run is void.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from . import report, runs, thrift
from .goals import ENGINE, LOOP, SDK, Round
from .place import Place, note, prepared, say
from .processes import Void

# A serial peer at this latency (ms) needs no more accounts than that to show its rate.
FEWER = {50: 80, 200: 20}
MEMORY = (10_000, 200_000)
# Accounts in a company, where requests are counted.
THRIFT = (1, 5, 50)


def main() -> int:
    options = _options()
    mode = _thrift if options.thrift else _memory if options.memory else _side_by_side
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        try:
            mode(options, Path(name))
        except Void as error:
            for log in Path(name).glob("*/worker.log"):
                note(log.read_text(errors="replace")[-2000:])
            note(f"VOID: {error}")
            return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.push",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--accounts", type=int, default=400, help="pushes of the engine, one each")
    parser.add_argument("--transactions", type=int, default=100, help="in every push, at most 1000")
    parser.add_argument("--latency", type=int, nargs="+", default=[0, 50, 200], metavar="MS")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--only-engine", action="store_true", help="no peers and no ratios")
    parser.add_argument("--pending", type=float, default=20, help="s to a push's end (thrift)")
    parser.add_argument(
        "--per-company", type=int, nargs="+", metavar="M", help="accounts each, on one connection"
    )
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--memory", action="store_true", help="10,000 against 200,000 transactions")
    modes.add_argument("--thrift", action="store_true", help="requests for an account and day")
    return parser.parse_args()


def _side_by_side(options: argparse.Namespace, folder: Path) -> None:
    for per_company in options.per_company or (1,):
        _rounds(options, folder / str(per_company), per_company=per_company)


def _rounds(options: argparse.Namespace, folder: Path, *, per_company: int) -> None:
    rounds: dict[int, list[Round]] = {delay: [] for delay in options.latency}
    size = {"accounts": options.accounts, "transactions": options.transactions}
    with prepared(folder, database=options.database, per_company=per_company, **size) as place:
        for number in range(1, options.rounds + 1):
            for delay in options.latency:
                note(f"round {number} of {options.rounds}, answers after {delay} ms")
                rounds[delay].append(_round(options, place, delay=delay))
    say(_conditions(options, per_company))
    for delay, made in rounds.items():
        say(report.table(made, delay=delay, transactions=options.transactions))


def _round(options: argparse.Namespace, place: Place, *, delay: int) -> Round:
    """Every peer once, one after the other."""
    made: Round = {}
    size = {"accounts": _fewer(options, delay), "transactions": options.transactions}
    for peer in () if options.only_engine else (SDK, LOOP):
        made[peer] = runs.loop(place, peer, delay=delay, **size)
        note(report.progress(peer, made[peer]))
    made[ENGINE] = runs.engine(place, answers={"delay": delay})
    note(report.progress(ENGINE, made[ENGINE]))
    return made


def _fewer(options: argparse.Namespace, delay: int) -> int:
    accounts: int = options.accounts
    return min(accounts, FEWER.get(delay, accounts))


def _memory(options: argparse.Namespace, folder: Path) -> None:
    delay, made = options.latency[0], []
    for total in MEMORY:
        size = {"accounts": total // options.transactions, "transactions": options.transactions}
        with prepared(folder / str(total), database=options.database, **size) as place:
            made.append(runs.engine(place, answers={"delay": delay}))
            note(report.progress(ENGINE, made[-1]))
    say(report.memory(*made))


def _thrift(options: argparse.Namespace, folder: Path) -> None:
    for per_company in options.per_company or THRIFT:
        size = {"accounts": options.accounts, "per_company": per_company}
        with prepared(
            folder / str(per_company), database=options.database, transactions=10, **size
        ) as place:
            for told in (False, True):
                how = {"delay": options.latency[0], "pending": options.pending, "told": told}
                say(thrift.table(thrift.day(place, **how), per_company=per_company, told=told))


def _conditions(options: argparse.Namespace, per_company: int) -> str:
    loops = ", ".join(f"{_fewer(options, delay)} at {delay} ms" for delay in options.latency)
    return (
        f"{options.rounds} rounds; accounts: {options.accounts} for the engine, for the loops "
        f"{loops}; {per_company} on a connection; {options.database}; {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}.\n"
        "Compare ratios, not figures."
    )


if __name__ == "__main__":
    sys.exit(main())
