"""`manage.py onboard`: a new client from a CSV file to the link that the client opens."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from bankfeeds import conf, links, onboarding, sealing, words
from bankfeeds.codat.client import Client
from bankfeeds.management.entrance import PortalCommand
from bankfeeds.models import Company, Connection, Intent, RemoteCreation, SourceAccount
from bankfeeds.onboarding import AccountDraft
from bankfeeds.onboarding.accounts_file import COLUMNS, Note, read_accounts


class Command(PortalCommand):
    help = (
        "Set up a new client: create the company at Codat, its QuickBooks connection and the"
        " accounts of a CSV file, and print the link that the client opens to connect. The link"
        " works for one hour. After a failure run the same command again: it goes on where it"
        " stopped, and nothing is made twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="the client's name")
        parser.add_argument(
            "--accounts",
            required=True,
            type=Path,
            metavar="FILE.csv",
            help="the accounts, with the columns " + ", ".join(COLUMNS),
        )
        parser.add_argument("--reference", default="", help="your own number of the client")
        parser.add_argument(
            "--country",
            choices=("US", "CA"),
            default="US",
            help="which routing numbers to expect (default: US)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        drafts = self._read(options["accounts"], country=options["country"])
        key = _form_key(options, drafts)
        with conf.page_client() as client:
            company = self._company(options, client=client, key=key)
            connection = self._connection(company, client=client, key=key)
            accounts = self._accounts(connection, drafts, client=client, key=key)
            link = self._link(connection, client=client)
        self._tell(company, accounts, link)
        self.answer(
            {
                "companyId": str(company.codat_id),
                "connectionId": str(connection.codat_id),
                "linkUrl": link,
                "accounts": [{"id": row.account_id, "status": row.status} for row in accounts],
            }
        )

    def _read(self, path: Path, *, country: str) -> list[AccountDraft]:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        found = read_accounts(content, country=country)
        for note in found.warnings:
            self.warn(f"{_place(note)}{note.words} It is sent as it is.")
        if found.problems:
            lines = "\n".join(f"{_place(note)}{note.words}" for note in found.problems)
            raise CommandError(f"{lines}\nNothing was created. Correct the file and run again.")
        return found.drafts

    def _company(self, options: dict[str, Any], *, client: Client, key: str) -> Company:
        name, reference = options["name"], options["reference"]
        try:
            row = onboarding.plan_company(
                name=name,
                reference=reference,
                country=options["country"],
                by=self.actor,
                now=timezone.now(),
                form_key=key,
            )
        except onboarding.NameNotUsable as error:
            raise CommandError(str(error)) from None
        for other in onboarding.likely_duplicates(name=name, reference=reference, besides=row.pk):
            self.warn(f"There is a client like this already: {other.name} ({other.codat_id}).")
        done = onboarding.create_company(row, client=client, by=self.actor, clock=timezone.now)
        _demand(row, done=done)
        return row

    def _connection(self, company: Company, *, client: Client, key: str) -> Connection:
        try:
            row = onboarding.plan_connection(
                company, by=self.actor, now=timezone.now(), form_key=key
            )
        except ValueError as error:  # AlreadyConnected, NotAtCodat: both carry the words
            raise CommandError(str(error)) from None
        done = onboarding.create_connection(row, client=client, by=self.actor, clock=timezone.now)
        _demand(row, done=done)
        return row

    def _accounts(
        self, connection: Connection, drafts: list[AccountDraft], *, client: Client, key: str
    ) -> list[SourceAccount]:
        planned, rows, problems = [], [], []
        for draft in drafts:
            try:
                planned.append(self._planned(connection, draft, key=key))
            except ValueError as error:  # AccountIdTaken, NumberDiffers, NotAtCodat
                problems.append(f"{draft.account_id}: {error}")
        onboarding.create_accounts(
            planned,
            way=onboarding.Way(conf.add_accounts()),
            client=client,
            by=self.actor,
            clock=timezone.now,
        )
        for row in planned:
            try:
                _demand(row, done=row.intent == Intent.DONE)
                rows.append(row)
            except CommandError as error:
                problems.append(f"{row.account_id}: {error}")
        if problems:
            done = f"{len(rows)} of {len(drafts)} accounts were added."
            where = f"Company {connection.company.codat_id} exists."
            raise CommandError("\n".join([*problems, done, where]))
        return rows

    def _planned(self, connection: Connection, draft: AccountDraft, *, key: str) -> SourceAccount:
        now = timezone.now()
        row = onboarding.plan_account(
            connection, draft, by=self.actor, now=now, form_key=_hash(key, draft.account_id)
        )
        if onboarding.needs_number(row, now=now):
            onboarding.renew_account_number(row, draft.account_number, by=self.actor, now=now)
        return row

    def _link(self, connection: Connection, *, client: Client) -> str:
        """The link that is still valid, else a new one: this command is a person's action."""
        try:
            return links.reveal(connection, by=self.actor, now=timezone.now())
        except links.NoValidLink:
            pass
        try:
            links.renew(connection, client=client, by=self.actor, clock=timezone.now)
            return links.reveal(connection, by=self.actor, now=timezone.now())
        except links.NoValidLink as error:
            raise CommandError(str(error)) from None

    def _tell(self, company: Company, accounts: list[SourceAccount], link: str) -> None:
        self.say(f"Company {company.codat_name} ({company.codat_id})")
        for row in accounts:
            self.say(f"  {row} – {row.account_id} – {words.account(row).label}")
        if not self.as_json:
            self.say(f"Link for the client, valid for one hour at most: {link}")


def _demand(row: RemoteCreation, *, done: bool) -> None:
    if done:
        return
    if onboarding.in_progress(row, now=timezone.now()):
        raise CommandError("Somebody else is creating it right now. Run it again in a minute.")
    raise CommandError(f"{row.problem} (Continue means here: run the same command again.)")


def _form_key(options: dict[str, Any], drafts: list[AccountDraft]) -> str:
    """The same client from the same file: the same key, so that a second run goes on."""
    rows = [
        [d.account_id, d.name, d.account_type, d.account_number, d.sort_code, d.currency,
         str(d.balance)]
        for d in drafts
    ]  # fmt: skip
    named = [options["name"], options["reference"], options["country"]]
    return _hash(json.dumps([*named, rows]))


def _hash(*parts: str) -> str:
    # Of account numbers too, hence keyed: the key is stored with the rows.
    return sealing.fingerprint("/".join(parts))


def _place(note: Note) -> str:
    return f"Line {note.line}: " if note.line else ""
