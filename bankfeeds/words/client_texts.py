"""What staff hand to a client, word for word, in the client's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from bankfeeds.models import BankTransaction

from .figures import clock_time, day, flow


def link_message(*, company: str, link: str, until: dt.datetime, language: str) -> str:
    """The message that goes with a link: what to press, and until when it works."""
    with override(language):
        text = _(
            "Here is your link to connect %(company)s to QuickBooks Online: %(link)s. It works"
            " until %(time)s and only for you. On the page press Next, then Get credentials. In"
            " QuickBooks open Transactions, Bank transactions, Link account, find"
            " %(institution)s, enter the user name and password from the page, tick your"
            " accounts, choose a start date (at most seven days back) and press Connect. If it"
            " has expired, call us and we make a new one while you are on the line."
        )
        return text % {
            "company": company,
            "link": link,
            "time": clock_time(until),
            "institution": settings.INSTITUTION_NAME,
        }


def mistake_message(
    *,
    company: str,
    account: str,
    currency: str,
    rows: Iterable[BankTransaction],
    language: str,
) -> str:
    """What a client does about rows that were sent in error, and which they are.

    Source: QuickBooks Online help, Exclude a bank transaction.
    """
    with override(language):
        text = _(
            "Transactions that do not belong there were sent by mistake to QuickBooks Online for"
            " %(company)s, account %(account)s. Please take them out: in QuickBooks open"
            " Transactions, Bank transactions, For review, tick these rows and press Exclude. Do"
            " not add or match them. If one is added already, find it under Categorized, press"
            " Undo, then exclude it. These are the rows:"
        )
        lines = [f"{day(r.date)} · {flow(r.amount, currency)} · {r.description}" for r in rows]
        return "\n".join([text % {"company": company, "account": account}, "", *lines])
