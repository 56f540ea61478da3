"""`manage.py import_transactions`: a statement file -> transactions of one account that wait."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from collections.abc import Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import CommandError
from django.utils import timezone

from bankfeeds import importing
from bankfeeds.importing import BadRowsRemain, CannotImport, FileKnown, NothingToSave
from bankfeeds.intake.shape import Parsed, UnreadableFile
from bankfeeds.management.entrance import PortalCommand
from bankfeeds.models import ColumnProfile, SourceAccount, Statement

SHOWN = 20


class Command(PortalCommand):
    help = (
        "Import a file of transactions for one account: CSV, Excel (.xlsx), OFX, QFX, BAI2,"
        " camt.053, MT940 or JSON, told apart by what is in it. They are saved and wait; `push`"
        " sends them. Of all but CSV and Excel the statement with this account's number is used;"
        " other accounts in the file are named and left alone, pending entries are held out. The"
        " first line of these names the columns id, date, description, amount, balance and, if"
        " you like, type. Dates are YYYY-MM-DD, money out has a minus. Another text in columns is"
        " read by the column profile that fits it. When rows are bad, they are named by line and"
        " reason and nothing is saved, unless you say --leave-out-bad. The same file again is"
        " refused; a transaction that is here already is never overwritten."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            metavar="FILE",
            help="CSV, Excel, OFX, QFX, BAI2, camt.053, MT940, JSON, or as a profile says",
        )
        parser.add_argument(
            "--company", required=True, metavar="COMPANY_ID", help="Codat's id of the company"
        )
        parser.add_argument(
            "--account", required=True, metavar="ACCOUNT_ID", help="id of the source account"
        )
        parser.add_argument(
            "--profile",
            metavar="PROFILE",
            help="name or number of the column profile that reads the file; else it is found by"
            " what is in the file",
        )
        parser.add_argument(
            "--leave-out-bad",
            action="store_true",
            help="save the good rows although others are bad",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._import(options)
        except (FileKnown, CannotImport) as error:
            self._refuse(str(error))
        except UnreadableFile as error:
            words = importing.words_of(error.reason)
            self._refuse(f"{words} Nothing was saved.", line=error.line)
        except (BadRowsRemain, NothingToSave) as error:
            self._name_bad_rows(error.parsed)
            some_are_good = isinstance(error, BadRowsRemain)
            hint = " Run it again with --leave-out-bad to save the others." if some_are_good else ""
            raise CommandError(f"{error}{hint}") from None

    def _import(self, options: dict[str, Any]) -> None:
        account = self._account(options["company"], options["account"])
        path: Path = options["file"]
        how: dict[str, Any] = {"file_name": path.name, "by": self.actor, "now": timezone.now()}
        leave_out_bad: bool = options["leave_out_bad"]
        with self._opened(path) as file:
            if not options["profile"]:
                saved = importing.in_one_pass(account, file, leave_out_bad=leave_out_bad, **how)
                if saved is not None:
                    self._tell(saved, ())
                    return
            content = file.read()
        upload = importing.look(
            account, content=content, profile=self._profile(options["profile"]), **how
        )
        saved = importing.save(upload, leave_out_bad=leave_out_bad, by=how["by"], now=how["now"])
        self._tell(saved, importing.read(saved).others)

    def _account(self, company: str, account_id: str) -> SourceAccount:
        try:
            company_id = uuid.UUID(company)
        except ValueError:
            self._refuse(f"{company!r} is no id of a company: Codat's ids are UUIDs.")
        rows = SourceAccount.objects.filter(company__codat_id=company_id, account_id=account_id)
        # Of two connections the one in use: not gone, then the newest.
        in_order = sorted(
            rows.select_related("company", "connection"),
            key=lambda row: (bool(row.gone_at or row.connection.gone_at), -row.connection_id),
        )
        if not in_order:
            self._refuse(
                f"There is no account {account_id!r} of a company {company_id} here."
                " Nothing was saved. Run `sync` if it was made elsewhere."
            )
        return in_order[0]

    def _profile(self, wanted: str | None) -> ColumnProfile | None:
        if not wanted:
            return None
        found = importing.profiles.by_name(wanted)
        if len(found) != 1:
            self._refuse(
                f"There are {len(found)} column profiles {wanted!r} in use. Nothing was saved."
                + (" Give its number, which stands on its page." if found else "")
            )
        return found[0]

    def _opened(self, path: Path) -> BufferedReader:
        try:
            return path.open("rb")
        except OSError as error:
            self._refuse(f"{path} cannot be read: {error.strerror}. Nothing was saved.")

    def _tell(self, saved: Statement, others: Sequence[str]) -> None:
        if others:
            names = ", ".join(f"••{name}" for name in others)
            self.warn(f"Other accounts in the file: {names}. Nothing of them is saved.")
        for entry in saved.rejected[:SHOWN]:
            self.warn(f"Line {entry['line']}: {entry['reason']} Left out.")
        self.say(
            f"{saved.file_name}: saved {saved.rows_saved}, already here {saved.rows_known},"
            f" left out {saved.rows_rejected}."
        )
        rejected = [{"line": row["line"], "reason": row["reason"]} for row in saved.rejected]
        self.answer({"saved": saved.rows_saved, "rejected": rejected})

    def _name_bad_rows(self, parsed: Parsed) -> None:
        rejected = [
            {"line": bad.line, "reason": importing.words_of(bad.reason)} for bad in parsed.rejected
        ]
        for bad in rejected[:SHOWN]:
            self.warn(f"Line {bad['line']}: {bad['reason']}")
        if parsed.rejected_count > SHOWN:
            self.warn(f"... and {parsed.rejected_count - SHOWN} more bad rows.")
        self.answer({"saved": 0, "rejected": rejected})

    def _refuse(self, words: str, *, line: int = 0) -> NoReturn:
        self.answer({"saved": 0, "rejected": [{"line": line, "reason": words}]})
        raise CommandError(words)
