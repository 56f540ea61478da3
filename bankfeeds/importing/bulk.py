"""A long CSV, from the file to the account in one pass; no list of its rows is in memory.

The same outcome as `look` and `save` have, row by row; what they alone can judge is left to them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from io import BufferedReader
from tempfile import TemporaryFile
from typing import IO, Any

from django.db import transaction

from bankfeeds.intake.cells import MADE
from bankfeeds.intake.delimited import Reading
from bankfeeds.intake.mended import is_mended
from bankfeeds.intake.recognise import HEAD, Format, recognise
from bankfeeds.intake.shape import KEPT_REJECTED, Line, Parsed, Rejected, UnreadableFile
from bankfeeds.models import Actor, BankTransaction, SourceAccount, Statement

from . import profiles
from .look import keep, refuse_known, refuse_of_another, refuse_unfit
from .matching import CannotImport, places
from .save import BadRowsRemain, NothingToSave, left_out, locked, record
from .sorting import balance_before, line_of
from .staging import Here, Inexact, Repeated, Staged, staged

STAGED_AT_ONCE = 2_000
# Of zlib, which says 9 at most: a statement shrinks to a sixth by the quickest.
QUICKEST = 1


class _Unlike(Exception):
    """Not for this way; nothing was done."""


def in_one_pass(
    account: SourceAccount,
    file: BufferedReader,
    *,
    file_name: str,
    leave_out_bad: bool,
    is_of_account: bool = True,
    by: Actor,
    now: dt.datetime,
) -> Statement | None:
    """Look and save. None: it takes them both; nothing was saved, the file is at its beginning.

    Raises what they raise; a file with bad rows is kept for a preview, as by them.
    """
    refuse_unfit(account)
    if not _is_plain(file) or len(line_of(account)) > 1:
        return None
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    refuse_known(account, digest)
    if not is_of_account:
        refuse_of_another(account, digest, now=now)
    file.seek(0)
    try:
        with staged(places=places(account)) as rows, TemporaryFile() as packed:
            packing = _Packing(file, packed)
            parsed = _stage(rows, Reading(packing, places=places(account), ids_once=False))
            if rows.count and _may_be_told_anew(account, rows):
                raise _Unlike
            read = rows.count + parsed.rejected_count
            upload = packing.keep(account, file_name=file_name, rows_read=read, by=by, now=now)
            if not rows.count:
                raise NothingToSave(parsed)
            if parsed.rejected_count:
                parsed = _without_repeated(rows, parsed)
            try:
                return _save(upload, rows, _wanted(parsed, leave_out_bad), by=by, now=now)
            except Repeated:
                parsed = _without_repeated(rows, parsed)
            return _save(upload, rows, _wanted(parsed, leave_out_bad), by=by, now=now)
    except (_Unlike, Inexact):
        file.seek(0)
        return None


def _is_plain(file: BufferedReader) -> bool:
    """The portal's own CSV, whose header can be read."""
    if not file.seekable():
        return False
    head = file.read(HEAD)
    file.seek(0)
    try:
        if head.startswith(b"PK") or is_mended(head) or recognise(head) is not Format.CSV:
            return False
        if not Reading(file).states_balances:
            return False
        if profiles.found_for(head) is not None:
            return False
    except (UnreadableFile, CannotImport):
        return False
    finally:
        file.seek(0)
    return True


class _Packing:
    """A file that is read: its hash, its size and what is kept of it, of the same bytes."""

    def __init__(self, file: BufferedReader, packed: IO[bytes]) -> None:
        self._file, self._packed = file, packed
        self.size = 0
        self.digest = hashlib.sha256()
        self._zlib = zlib.compressobj(QUICKEST)

    def read(self, size: int, /) -> bytes:
        block = self._file.read(size)
        self.size += len(block)
        self.digest.update(block)
        self._packed.write(self._zlib.compress(block))
        return block

    def keep(self, account: SourceAccount, **how: Any) -> Statement:
        """The upload, when all was read. Raises FileKnown."""
        self._packed.write(self._zlib.flush())
        digest = self.digest.hexdigest()
        return keep(account, digest=digest, size=self.size, packed=self._packed, **how)


def _stage(rows: Staged, reading: Reading) -> Parsed:
    """Every row that is understood; the first of the others. Raises UnreadableFile."""
    rejected: list[Rejected] = []
    bad = 0
    batch: list[Line] = []
    with rows.filling():
        for entry in reading:
            if isinstance(entry, Rejected):
                bad += 1
                if bad <= KEPT_REJECTED:
                    rejected.append(entry)
                continue
            if entry.derived or entry.transaction_id.startswith(MADE):
                raise _Unlike
            batch.append(entry)
            if len(batch) == STAGED_AT_ONCE:
                rows.add(batch)
                batch.clear()
        rows.add(batch)
    return Parsed([], rejected, bad, reading.notes)


def _without_repeated(rows: Staged, parsed: Parsed) -> Parsed:
    """Rows whose id stands further up in the file are bad ones, too."""
    again, first = rows.take_out_repeated(most=KEPT_REJECTED)
    rejected = sorted([*parsed.rejected, *first], key=lambda entry: entry.line)[:KEPT_REJECTED]
    return Parsed([], rejected, parsed.rejected_count + again, parsed.notes)


def _wanted(parsed: Parsed, leave_out_bad: bool) -> Parsed:
    if parsed.rejected_count and not leave_out_bad:
        raise BadRowsRemain(parsed)
    return parsed


def _may_be_told_anew(account: SourceAccount, rows: Staged) -> bool:
    """Rows are here whose id was made of what they say: these may be the same ones."""
    here = BankTransaction.objects.filter(account=account, date__range=rows.days())
    return here.filter(transaction_id__startswith=MADE).exists()


def _save(
    upload: Statement, rows: Staged, parsed: Parsed, *, by: Actor, now: dt.datetime
) -> Statement:
    with transaction.atomic():
        mine = locked(upload)
        if mine.state != Statement.State.PREVIEWED:
            return mine
        # Reading took its time, in which others worked.
        refuse_unfit(mine.account)
        if len(line_of(mine.account)) > 1 or _may_be_told_anew(mine.account, rows):
            raise _Unlike
        here = rows.here(mine.account_id)
        if (here.known or here.changed) and not rows.is_once:
            raise Repeated
        backwards = _runs_backwards(mine.account, rows, here)
        if here.changed or rows.are_alike(mine.account_id):
            raise _Unlike
        if here.known and rows.come_late(mine.account_id, backwards=backwards):
            raise _Unlike
        mine.rows_saved = rows.move(mine, backwards=backwards)
        mine.rows_known = here.known
        mine.rows_rejected = parsed.rejected_count
        mine.rejected = left_out(parsed.rejected, ())
        return record(mine, by=by, now=now)


def _runs_backwards(account: SourceAccount, rows: Staged, here: Here) -> bool:
    """Whether the file lists the newest row of a day first; as `order.movement` decides it."""
    before = None
    if not here.known:
        balance = balance_before(account, rows.days()[0])
        before = None if balance is None else rows.units(balance)
    if rows.flows and before in (None, rows.opening):
        return False
    forwards = rows.breaks(before, backwards=False, sign=1)
    if not forwards:
        return False
    backwards = rows.breaks(before, backwards=True, sign=1)
    if not backwards:
        return True
    for way in (False, True):
        if not rows.breaks(before, backwards=way, sign=-1):
            return way
    return backwards < forwards
