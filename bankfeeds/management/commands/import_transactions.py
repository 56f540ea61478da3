"""`manage.py import_transactions`: statement files -> transactions that wait.

One file for one account, or a folder of files whose accounts are found by what they name.
"""

from __future__ import annotations

import time
import uuid
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from io import BufferedReader
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import CommandError
from django.utils import timezone

from bankfeeds import importing, senders
from bankfeeds.importing import BadRowsRemain, CannotImport, FileKnown, NothingToSave
from bankfeeds.intake.shape import Parsed, UnreadableFile
from bankfeeds.management import openings, taking
from bankfeeds.management.entrance import PortalCommand
from bankfeeds.management.inbox import DONE, QUARANTINE, Inbox, Result
from bankfeeds.models import ColumnProfile, Sender, SourceAccount, Statement

SHOWN = 20
LONGEST_WAIT = 86_400.0


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
        " refused; a transaction that is here already is never overwritten. Of a folder every file"
        " is taken in name order and then lies in `done` or `quarantine` below it, there beside a"
        " .txt that says why. Without --company and --account each part of a file goes to the"
        " account whose number it names, of text in columns by a profile that knows the column."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            metavar="FILE",
            help="CSV, Excel, OFX, QFX, BAI2, camt.053, MT940, JSON, or as a profile says;"
            " or a folder of such files",
        )
        parser.add_argument("--company", metavar="COMPANY_ID", help="Codat's id of the company")
        parser.add_argument("--account", metavar="ACCOUNT_ID", help="id of the source account")
        parser.add_argument(
            "--profile",
            metavar="PROFILE",
            help="name or number of the column profile that reads the file; else it is found by"
            " what is in the file",
        )
        parser.add_argument(
            "--sender",
            metavar="NAME",
            help="the folder is this sender's: the worker reads its files, and misses them",
        )
        parser.add_argument(
            "--leave-out-bad",
            action="store_true",
            help="save the good rows although others are bad",
        )
        parser.add_argument(
            "--opening-balance",
            action="append",
            default=[],
            metavar="[ACCOUNT_ID=]AMOUNT",
            help="the balance before the first row of a file that states none, such as -1234.56;"
            " with the account's id where the file is of several, once for each",
        )
        parser.add_argument(
            "--watch",
            type=_seconds,
            metavar="SECONDS",
            help="look into the folder again and again, this far apart, until stopped",
        )
        parser.add_argument(
            "--settle",
            type=_seconds,
            default=1.0,
            metavar="SECONDS",
            help="a file is taken once it has not changed for so long; with --watch, between two"
            " looks",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if bool(options["company"]) is not bool(options["account"]):
            self._refuse("Give both --company and --account, or neither. Nothing was saved.")
        try:
            options["openings"] = openings.given(options["opening_balance"], options["account"])
        except ValueError as wrong:
            self._refuse(f"{wrong} Nothing was saved.")
        if options["sender"]:
            self._refuse_beside_a_sender(options)
        if path.is_dir():
            self._take_folder(path, options)
            return
        if options["watch"]:
            self._refuse("Only a folder is watched. Nothing was saved.")
        if not options["company"]:
            result = self._take(path, None, options)
            self._report([result])
            self._end_badly([result])
            return
        try:
            self._import(options)
        except importing.OpeningNeeded as needed:
            self._refuse(f"{needed} Or give it with --opening-balance.")
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
        how: dict[str, Any] = {
            "file_name": taking.shown(path),
            "by": self.actor,
            "now": timezone.now(),
        }
        leave_out_bad: bool = options["leave_out_bad"]
        with self._opened(path) as file:
            if not options["profile"] and not options["openings"]:
                saved = importing.in_one_pass(
                    account, file, leave_out_bad=leave_out_bad, is_of_account=False, **how
                )
                if saved is not None:
                    self._tell(saved, ())
                    return
            content = file.read()
        profile = self._profile(options["profile"])
        upload = importing.look(account, content=content, profile=profile, **how)
        when = {"by": how["by"], "now": how["now"]}
        for text in options["openings"].values():
            importing.state_opening(upload, text, **when)
        saved = importing.save(upload, leave_out_bad=leave_out_bad, is_of_account=False, **when)
        self._tell(saved, importing.read(saved).others)

    def _take_folder(self, folder: Path, options: dict[str, Any]) -> None:
        if options["openings"]:
            self._refuse("An opening balance is of one file, not of a folder.")
        named = options["company"], options["account"]
        account = self._account(*named) if all(named) else None
        if options["sender"]:
            self._sender(options["sender"])
        inbox = Inbox(folder, lambda path: self._take(path, account, options))
        inbox.look()
        if not options["watch"]:
            time.sleep(options["settle"])
            results = list(inbox.round())
            for name in inbox.look():
                self.warn(f"{name} has only just changed and was left for the next time.")
            self._report(results)
            self._end_badly(results)
            return
        self.say(f"Watching {folder}. What is taken lies in {DONE} or {QUARANTINE} afterwards.")
        for result in taking.watched(inbox, every=options["watch"], warn=self.warn):
            self._report([result])

    def _take(self, path: Path, account: SourceAccount | None, options: dict[str, Any]) -> Result:
        """What came of one file; faults of the database are raised, and that its sender ended."""
        if options["sender"]:
            return taking.hand_in(self._sender(options["sender"]), path)
        try:
            arrival = importing.Arrival(
                file_name=taking.shown(path),
                content=path.read_bytes(),
                by=self.actor,
                now=timezone.now(),
                leave_out_bad=options["leave_out_bad"],
                profile=self._profile(options["profile"]) if account else None,
                openings=options["openings"],
            )
            landed = [importing.land_on(account, arrival)] if account else importing.land(arrival)
        except OSError as error:
            return taking.unreadable(path, error)
        except UnreadableFile as error:
            line = f"Line {error.line}: " if error.line else ""
            return Result(taking.shown(path), problems=(line + importing.words_of(error.reason),))
        except CannotImport as error:
            return Result(taking.shown(path), problems=(str(error),))
        return taking.result(taking.shown(path), landed)

    def _report(self, results: Sequence[Result]) -> None:
        for each in results:
            for problem in each.problems[:SHOWN]:
                self.warn(f"{each.file}: {problem}")
            self.say(each.told)
        self.answer({"files": [asdict(each) for each in results]})

    def _end_badly(self, results: Sequence[Result]) -> None:
        wrong = sum(bool(each.problems) for each in results)
        if wrong:
            raise CommandError(f"{wrong} of {len(results)} files could not be saved as a whole.")

    def _refuse_beside_a_sender(self, options: dict[str, Any]) -> None:
        others = ("company", "profile", "leave_out_bad", "opening_balance")
        if not options["file"].is_dir() or any(options[name] for name in others):
            self._refuse(
                "--sender is for a folder, alone or with --watch: what is to be done with its"
                " files is set on the sender's page. Nothing was kept."
            )

    def _sender(self, name: str) -> Sender:
        """Asked for again before each file: it may be revoked while its folder is watched."""
        try:
            return senders.of_folder(name)
        except senders.NoSuchSender:
            self._refuse(f"No sender {name!r} in use has a folder. What lies there stays there.")

    def _account(self, company: str, account_id: str) -> SourceAccount:
        try:
            company_id = uuid.UUID(company)
        except ValueError:
            self._refuse(f"{company!r} is no id of a company: Codat's ids are UUIDs.")
        found = taking.account(company_id, account_id)
        if found is None:
            self._refuse(
                f"There is no account {account_id!r} of a company {company_id} here."
                " Nothing was saved. Run `sync` if it was made elsewhere."
            )
        return found

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
        rejected = [
            {"line": row["line"], "reason": importing.words_of_row(row)} for row in saved.rejected
        ]
        for bad in rejected[:SHOWN]:
            self.warn(f"Line {bad['line']}: {bad['reason']} Left out.")
        self.say(
            f"{saved.file_name}: saved {saved.rows_saved}, already here {saved.rows_known},"
            f" left out {saved.rows_rejected}."
        )
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


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= LONGEST_WAIT:
        raise ValueError(text)
    return value
