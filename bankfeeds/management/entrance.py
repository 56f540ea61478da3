"""The entrance that every command of the portal shares: words for people, one line for scripts.

With `--json` the answer is one line on standard output and all else goes to standard error; an
error of Codat becomes words and a non-zero exit, never a traceback.
"""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError

from bankfeeds import links, messages
from bankfeeds.codat.errors import CodatError
from bankfeeds.models import Actor


class PortalCommand(BaseCommand):
    """Base of the portal's commands: write `handle`, call `say` for words, `answer` once."""

    as_json = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        _add_json(parser)
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        self.as_json = bool(options.get("json"))
        try:
            return super().execute(*args, **options)
        except CodatError as error:
            raise CommandError(messages.explain(error)) from error
        except links.AlreadyRenewed as error:
            raise CommandError(str(error)) from error
        except (OperationalError, ProgrammingError) as error:
            raise CommandError(
                "The database is not ready, so nothing was done. Check DATABASE_URL and run"
                f" `manage.py migrate`. ({type(error).__name__})"
            ) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=130) from None

    def say(self, text: str) -> None:
        """Tell a person; standard output stays clean when a script listens."""
        stream = self.stderr if self.as_json else self.stdout
        stream.write(text, lambda words: words)
        stream.flush()

    def warn(self, text: str) -> None:
        """Tell a person something that is no result: always on standard error."""
        self.stderr.write(text, lambda words: words)
        self.stderr.flush()

    def answer(self, result: dict[str, Any]) -> None:
        """With --json, write the result as one line on standard output; otherwise nothing."""
        if self.as_json:
            self.stdout.write(json.dumps(result))
            self.stdout.flush()

    @property
    def actor(self) -> Actor:
        """Who the record names: the person at the operating system, if it tells."""
        try:
            name = getpass.getuser()
        except (OSError, KeyError, ImportError):
            name = ""
        return Actor.command(name or "command")


def _add_json(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--json",
        action="store_true",
        help="answer with one line of JSON on standard output; all else goes to standard error",
    )
