"""Whose a file is, and what comes of one of a folder: imported, or handed in as a sender's."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone

from bankfeeds import importing, senders
from bankfeeds.importing import CannotImport, Landed
from bankfeeds.management.inbox import Inbox, Result
from bankfeeds.models import Sender, SourceAccount


def hand_in(sender: Sender, path: Path) -> Result:
    """Kept for the worker to read, in its own place as a batch of the sender."""
    try:
        body = path.read_bytes()
        row, is_new = senders.hand_in(sender, path.name, body, now=timezone.now())
    except OSError as error:
        return unreadable(path, error)
    except CannotImport as error:
        return Result(shown(path), problems=(str(error),))
    return Result(shown(path), batch=row.batch_id, is_known=not is_new)


def watched(inbox: Inbox, *, every: float, warn: Callable[[str], None]) -> Iterator[Result]:
    """Round after round, `every` so many seconds, without end.

    A share that is away or a database that starts anew is waited for: what was not sorted away is
    taken once more, and known where it was kept.
    """
    while True:
        time.sleep(every)
        close_old_connections()
        try:
            yield from inbox.round()
        except (OSError, OperationalError, InterfaceError) as error:
            warn(f"Folder or database out of reach ({type(error).__name__}). Trying again.")


def account(company_id: uuid.UUID, account_id: str) -> SourceAccount | None:
    """Of two connections the one in use: not gone, then the newest."""
    rows = SourceAccount.objects.filter(company__codat_id=company_id, account_id=account_id)
    in_order = sorted(
        rows.select_related("company", "connection"),
        key=lambda row: (bool(row.gone_at or row.connection.gone_at), -row.connection_id),
    )
    return in_order[0] if in_order else None


def unreadable(path: Path, error: OSError) -> Result:
    return Result(shown(path), problems=(f"It cannot be read: {error.strerror}.",))


def shown(path: Path) -> str:
    """Its name as it can be printed and kept."""
    return importing.profiles.plain_name(path.name)


def result(name: str, landed: Sequence[Landed]) -> Result:
    counted = [each.statement for each in landed if each.is_saved and not each.is_known]
    saved = [statement for statement in counted if statement]
    return Result(
        name,
        saved=sum(each.rows_saved for each in saved),
        known=sum(each.rows_known for each in saved),
        left_out=sum(each.rows_rejected for each in saved),
        is_known=bool(landed) and all(each.is_known for each in landed),
        problems=tuple(line for each in landed if not each.is_saved for line in _problems(each)),
    )


def _problems(each: Landed) -> list[str]:
    """First the account's, then its bad rows."""
    rows = [f"Line {bad.line}: {importing.words_of(bad.reason)}" for bad in each.bad]
    return [f"Account ••{each.last4}: {each.words}", *rows]
