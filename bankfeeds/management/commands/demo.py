"""`manage.py demo`: the portal, its worker and the sandbox on this machine, ready to be tried."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import CommandError, CommandParser

from bankfeeds.management.demo import story
from bankfeeds.management.demo.place import Place, PlaceTaken, Secrets, SecretsUnreadable
from bankfeeds.management.demo.servers import Servers, Stopped, Trouble, is_loopback
from bankfeeds.management.entrance import PortalCommand
from bankfeeds.management.process import BASE_DIR, Family, told_to_stop

PORT, SANDBOX_PORT, HIGHEST_PORT = 8000, 8182, 65_535
FOLDER = BASE_DIR / "var" / "demo"
# Seconds. A worker that must be killed has a reaper of its own, which takes 2.5 more.
GRACE = 6.5
LOOK_EVERY = 0.5


class Command(PortalCommand):
    help = (
        "Starts the portal, its worker and the sandbox on this machine, with four people to sign "
        "in as. Nothing leaves the machine. Ctrl+C ends it; started again, it goes on where it was."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        any_free = "0 takes any free one"
        parser.add_argument("--port", type=_port, default=PORT, help=f"of the portal; {any_free}")
        parser.add_argument(
            "--sandbox-port", type=_port, default=SANDBOX_PORT, help=f"of the sandbox; {any_free}"
        )
        parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
        parser.add_argument(
            "--data", type=Path, default=FOLDER, metavar="DIR", help=f"default {FOLDER}"
        )
        parser.add_argument(
            "--once",
            action="store_true",
            help="do the main job by itself through the web pages, print the history, and end",
        )

    def handle(self, **options: Any) -> None:
        _refuse_to_be_reached_from_outside(options["host"])
        _refuse_live()
        place = Place(options["data"])
        try:
            with place.held() as lock:
                self._run(place, lock=lock, options=options)
        except (PlaceTaken, SecretsUnreadable, Trouble, story.Failed) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"Cannot use {place.folder}: {error}") from error

    def _run(self, place: Place, *, lock: int, options: dict[str, Any]) -> None:
        kept, stop = place.secrets(), told_to_stop()
        self.say("Starting the sandbox, the worker and the web …")
        with Family(grace=GRACE, orphan_grace=GRACE, lock=lock) as family:
            servers = Servers(
                family, place=place, kept=kept, host=options["host"], stop=stop, say=self.say
            )
            try:
                servers.start(port=options["port"], sandbox_port=options["sandbox_port"])
                self._introduce(servers, kept)
                if options["once"]:
                    self._tell_the_story(servers, kept)
                else:
                    self.say(WHAT_TO_TRY.format(folder=place.folder))
                while not options["once"] and not stop.wait(LOOK_EVERY):
                    servers.check()
            except Stopped:
                pass
            self.say("Ending …")
        if options["once"] and stop.is_set():
            raise CommandError("Stopped before the story was over.")

    def _introduce(self, servers: Servers, kept: Secrets) -> None:
        addresses = {"web": servers.web, "sandbox": servers.sandbox}
        self.answer({**addresses, "api_key": kept.api_key, "people": kept.people})
        people = "\n".join(f"  {name:<10}{password}" for name, password in kept.people.items())
        self.say(INTRODUCTION.format(**addresses, people=people))

    def _tell_the_story(self, servers: Servers, kept: Secrets) -> None:
        self.say(
            story.tell(
                web=servers.web,
                sandbox=servers.sandbox,
                password=kept.people["manager"],
                say=self.say,
                check=servers.check,
            )
        )


INTRODUCTION = """
The portal is ready, with a sandbox in the place of Codat and QuickBooks Online.

  Portal    {web}/admin/
  Sandbox   {sandbox}

Sign in as, with the password:

{people}
"""
WHAT_TO_TRY = """\
What to try first:
  1. As manager: Add company, then add one or two accounts, then Copy link.
  2. Open the link in another window and be the client, up to Connect.
  3. Back in the portal: Refresh statuses, Import file for an account, Push now.
  4. Watch the push until it is accepted. As auditor, look at the history.

Everything is kept in {folder}: starting again goes on where this ends, removing it begins afresh.
Ctrl+C ends it.
"""


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > HIGHEST_PORT:
        raise ArgumentTypeError(f"a port is a number from 0 to {HIGHEST_PORT}, not {text!r}")
    return int(text)


def _refuse_to_be_reached_from_outside(host: str) -> None:
    if not is_loopback(host):
        raise CommandError(
            f"{host} can be reached from outside. The demo has throw-away passwords and plain"
            " http: it listens on this machine only, such as on 127.0.0.1."
        )


def _refuse_live() -> None:
    """Whoever has the real Codat in the environment or in .env is not trying things out."""
    address = os.environ.get("CODAT_BASE_URL", "")
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        host = ""
    if address and not is_loopback(host):
        raise CommandError(
            f"CODAT_BASE_URL points at {host or 'another machine'}. The demo talks to its own"
            " sandbox only: unset CODAT_BASE_URL (also in .env), or use another checkout."
        )
