"""The status timeline on the pages of connections and accounts: what the record says, in words."""

from __future__ import annotations

from bankfeeds import words
from bankfeeds.models import Connection, Event, SourceAccount
from bankfeeds.words import Turn

# The newest; older changes are in the record of events.
LINES = 50
READ = ("at", "action", "origin", "actor_name", "before", "after", "account", "account__name")


def of_account(account: SourceAccount) -> list[Turn]:
    events = Event.objects.filter(account=account, action__in=words.OF_ACCOUNT)
    return words.account_turns(account, events.select_related("account").only(*READ)[:LINES])


def of_connection(connection: Connection) -> list[Turn]:
    """The headline through time, worked out from its accounts as they changed."""
    events = Event.objects.filter(connection=connection, action__in=words.OF_CONNECTION)
    accounts = connection.accounts.only("connection", "intent", "status", "gone_at")
    return words.connection_turns(
        accounts,
        events.select_related("account").only(*READ)[:LINES],
        is_gone=connection.gone_at is not None,
    )
