"""`manage.py sandbox`: starts the server that behaves like Codat and keeps it until a signal."""

from __future__ import annotations

import json
import os
import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bankfeeds.sandbox import callout
from bankfeeds.sandbox.rules import DOUBLE_IDS
from bankfeeds.sandbox.server import QUOTA, Sandbox, StateUnusable

PORT = 8182
STATE = Path("var/sandbox/state.json")


class Command(BaseCommand):
    help = (
        "Runs a local server that behaves like Codat and QuickBooks Online, on this machine only. "
        "It takes the API key from CODAT_API_KEY, keeps its state in a file, and ends on Ctrl+C."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=int, default=PORT, help=f"0 takes any free one; default {PORT}."
        )
        parser.add_argument(
            "--state", type=Path, default=STATE, metavar="FILE", help=f"Default {STATE}."
        )
        parser.add_argument("--host", default="127.0.0.1", help="A loopback address.")
        parser.add_argument(
            "--json", action="store_true", help='First line of output: {"sandbox": URL}.'
        )
        parser.add_argument(
            "--operation-seconds",
            type=float,
            default=2.0,
            metavar="S",
            help="How long a push stays Pending; default 2.",
        )
        parser.add_argument(
            "--history-days",
            type=int,
            default=7,
            metavar="N",
            help="How many days back a transaction may lie; default 7.",
        )
        parser.add_argument(
            "--daily-quota",
            type=int,
            default=QUOTA,
            metavar="N",
            help=f"Requests per day, {QUOTA} by default; 0 is Codat's own formula, "
            "1000 and 1000 more per connected company.",
        )
        parser.add_argument(
            "--without-put", action="store_true", help="Answer 405 to the retired PUT of accounts."
        )
        parser.add_argument(
            "--keep-doubles",
            action="store_true",
            help="Store rows again that are there already, and older ones, to count them.",
        )
        for name, most in callout.LIMITS.items():
            help = f"Callout on the link page, its {name}: at most {most} characters, plain text."
            parser.add_argument(f"--callout-{name}", default="", metavar="TEXT", help=help)
            parser.add_argument(
                f"--callout-{name}-fr", default="", metavar="TEXT", help="The same in French."
            )
        parser.add_argument(
            "--double-ids",
            choices=DOUBLE_IDS,
            default="refuse",
            help="What becomes of a row whose id is stored already, of which Codat's documents say"
            " nothing: its push fails (refuse, the default), or it is left away with a warning"
            " (skip), or stored once more (store).",
        )
        parser.add_argument(
            "--with-parent", action="store_true", help="End when the process that started it ends."
        )

    def handle(self, **options: Any) -> None:
        stop, parent = threading.Event(), os.getppid()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        sandbox = self._start(options)
        try:
            self._tell(sandbox.url, state=options["state"], as_json=options["json"])
            while not stop.wait(0.5):
                if options["with_parent"] and os.getppid() != parent:
                    break
        finally:
            sandbox.stop()

    def _start(self, options: dict[str, Any]) -> Sandbox:
        key = os.environ.get("CODAT_API_KEY") or settings.CODAT_API_KEY
        if not key:
            raise CommandError("Set CODAT_API_KEY to the key that the sandbox shall demand.")
        try:
            return Sandbox(
                api_key=key,
                port=options["port"],
                host=options["host"],
                state=options["state"],
                time_zone=settings.INSTITUTION_TIME_ZONE,
                institution=settings.INSTITUTION_NAME,
                operation_seconds=options["operation_seconds"],
                history_days=options["history_days"],
                put_accounts=not options["without_put"],
                daily_quota=options["daily_quota"] or None,
                keeps_doubles=options["keep_doubles"],
                double_ids=options["double_ids"],
                webhook_secret=settings.CODAT_WEBHOOK_SECRET,
                link_callout=callout.from_options(
                    title=options["callout_title"],
                    body=options["callout_body"],
                    title_fr=options["callout_title_fr"],
                    body_fr=options["callout_body_fr"],
                ),
            ).start()
        except (StateUnusable, ValueError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            where = f"{options['host']}:{options['port']}, state {options['state']}"
            raise CommandError(f"Cannot start on {where}: {error}") from error

    def _tell(self, url: str, *, state: Path, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"sandbox": url}))
        else:
            self.stdout.write(f"The sandbox answers at {url} (state in {state}). Ctrl+C ends it.")
        self.stdout.flush()
