"""What a person is told when somebody else changed what their page showed, and saved first."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import words
from bankfeeds.models import Company, Event

# How far back a change of what has no timeline of its own is looked for.
LATELY = dt.timedelta(days=1)


def details_changed(company: Company) -> str:
    """Who last changed our details of a company."""
    return _by(Event.objects.filter(company=company, action="company.edited"))


def renamed(account: Any) -> str:
    return _by(Event.objects.filter(account=account, action="account.renamed"))


def changed_lately(prefix: str, name: str) -> str:
    """By the words of the record: who did last something `prefix` (`person.`) to that `name`."""
    since = timezone.now() - LATELY
    return _by(Event.objects.filter(at__gt=since, action__startswith=prefix, words=name))


def _by(events: Any) -> str:
    """A sentence; "" where nothing is written down."""
    event = events.order_by("-at", "-pk").first()
    if event is None:
        return ""
    said = {"who": words.actor(event.actor_name, event.origin), "at": words.moment(event.at)}
    return _("Changed by %(who)s on %(at)s.") % said
