"""`manage.py adopt`: take over companies, connections and accounts that exist at Codat already."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.utils import timezone

from bankfeeds import adopting, conf, messages
from bankfeeds.codat import errors, shapes
from bankfeeds.codat.client import Client
from bankfeeds.management.entrance import PortalCommand
from bankfeeds.models import FoundAs
from bankfeeds.models.adopting import TAKEABLE
from bankfeeds.models.mirror import Country


class Command(PortalCommand):
    help = (
        "Make companies, QuickBooks connections and accounts that exist at Codat known here too."
        " Changes nothing at Codat and makes no link. Running it again changes nothing twice and"
        " picks up accounts that are new there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only tell what would be adopted"
        )
        parser.add_argument(
            "--company",
            action="append",
            default=[],
            type=_company_id,
            metavar="COMPANY_ID",
            help="Codat's id of a company; may be given several times (default: all)",
        )
        parser.add_argument(
            "--country",
            choices=Country.values,
            help="of companies that are new here; needed unless --dry-run",
        )
        parser.add_argument("--owner", default="", help="user name: who looks after new companies")

    def handle(self, *args: Any, **options: Any) -> None:
        self.dry_run = bool(options["dry_run"])
        if not self.dry_run and not options["country"]:
            raise CommandError("Give --country, or --dry-run to only look. Nothing was adopted.")
        self.country = options["country"] or ""
        self.owner = _owner(options["owner"])
        found: list[dict[str, Any]] = []
        stopped: errors.CodatError | None = None
        with conf.page_client() as client:
            try:
                for company in _companies(options["company"], client=client):
                    found.append(self._one(company, client=client))
                    self._tell(found[-1])
            except errors.CodatError as error:
                stopped = error
        self._finish(found)
        if stopped is not None:
            raise stopped
        if failed := sum(each["outcome"] == "failed" for each in found):
            raise CommandError(f"{failed} companies could not be adopted.")

    def _one(self, company: shapes.Company, *, client: Client) -> dict[str, Any]:
        try:
            there = adopting.read_company(company, client=client, writes=not self.dry_run)
        except (errors.KeyRefused, errors.PaymentRequired, errors.Throttled):
            raise
        except errors.CodatError as error:
            return _failed(company, messages.explain(error))
        where = adopting.stands(there)
        told = _told(there, where)
        if self.dry_run or where.found_as not in TAKEABLE:
            return {**told, "outcome": "left"}
        try:
            taken = adopting.take(
                there,
                country=self.country,
                owner_id=self.owner,
                by=self.actor,
                now=timezone.now(),
            )
        except adopting.CannotAdopt as error:
            return {**told, "outcome": "failed", "words": str(error)}
        return {**told, "outcome": "adopted", "words": taken.words}

    def _tell(self, each: dict[str, Any]) -> None:
        done = each["outcome"] if each["outcome"] != "left" else each["foundAs"]
        self.say(f"{each['name']} ({each['companyId']}): {done}. {each['words']}".rstrip())
        for account in each["accounts"]:
            known = "known" if account["known"] else account["words"] or "new"
            parts = (account["name"], account["type"], f"••{account['last4']}")
            self.say(f"  {' · '.join(parts)} · {account['currency']} – {known}")

    def _finish(self, found: list[dict[str, Any]]) -> None:
        counts = Counter(str(each["outcome"]) for each in found)
        takeable = sum(each["foundAs"] in TAKEABLE for each in found)
        ways = f"{takeable} can be adopted" if self.dry_run else f"{counts['adopted']} adopted"
        self.say(f"{len(found)} companies at Codat, {ways}.")
        self.answer({"dryRun": self.dry_run, "adopted": counts["adopted"], "companies": found})


def _companies(wanted: list[uuid.UUID], *, client: Client) -> Iterator[shapes.Company]:
    if not wanted:
        yield from client.list_companies()
    for company_id in wanted:
        yield client.get_company(company_id)


def _told(there: adopting.AtCodat, where: adopting.Stands) -> dict[str, Any]:
    return {
        "companyId": str(there.company.id),
        "name": there.name,
        "foundAs": where.found_as.value,
        "words": where.words,
        "accounts": where.shown_accounts(),
    }


def _failed(company: shapes.Company, words: str) -> dict[str, Any]:
    return {
        "companyId": str(company.id),
        "name": company.name,
        "foundAs": FoundAs.UNREADABLE.value,
        "words": words,
        "accounts": [],
        "outcome": "failed",
    }


def _owner(username: str) -> int | None:
    if not username:
        return None
    user = User.objects.filter(username=username, is_active=True, is_staff=True).first()
    if user is None:
        raise CommandError(f"There is no active person {username!r}. Nothing was adopted.")
    return int(user.pk)


def _company_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ArgumentTypeError("a company id is a UUID") from None
