"""What staff hand to a client, word for word, in the client's language."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from .figures import clock_time


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
