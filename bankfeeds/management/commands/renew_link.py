"""`manage.py renew_link`: a new link for a client whose link has expired."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from bankfeeds import conf, links, onboarding, words
from bankfeeds.management.entrance import PortalCommand
from bankfeeds.models import Company, Connection


class Command(PortalCommand):
    help = (
        "Ask Codat for a new link by which a client connects QuickBooks, and print it. It works"
        " for one hour and for this client only. Renew it when the client is ready to use it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--company",
            required=True,
            type=_company_id,
            metavar="COMPANY_ID",
            help="Codat's id of the company, as `onboard` prints it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        connection = _connection_of(options["company"])
        with conf.page_client() as client:
            try:
                links.renew(connection, client=client, by=self.actor, clock=timezone.now)
                link = links.reveal(connection, by=self.actor, now=timezone.now())
            except links.NoValidLink as error:
                raise CommandError(str(error)) from None
        until = connection.link_valid_until
        assert until is not None  # noqa: S101 - reveal has looked
        if not self.as_json:
            self.say(f"{link}\nValid until {words.moment(until)}, for this client only.")
        self.answer(
            {
                "companyId": str(options["company"]),
                "connectionId": str(connection.codat_id),
                "linkUrl": link,
                "validUntil": until.isoformat(),
            }
        )


def _connection_of(company_id: uuid.UUID) -> Connection:
    company = Company.objects.filter(codat_id=company_id).first()
    if company is None:
        raise CommandError(f"No company with the id {company_id} is known here.")
    connection = onboarding.live_connection(company) or company.connections.first()
    if connection is None:
        raise CommandError("This company has no connection yet. Create it first.")
    return connection


def _company_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ArgumentTypeError(
            "it is an id such as 3f2a9c1e-0000-4000-8000-000000000000"
        ) from None
