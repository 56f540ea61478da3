"""What is kept of an upload stands in pieces; those that stood in its row go there, and back."""

from __future__ import annotations

import random
from io import BytesIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from bankfeeds import guards
from bankfeeds.importing import UploadGone, discard, pieces
from bankfeeds.models import KeptPiece, Statement
from tests import support as portal

from .support import BY, csv_of, look

CHANCE = random.Random(1)
CONTENTS = [b"x", *(CHANCE.randbytes(size) for size in (pieces.SIZE, 2 * pieces.SIZE + 1)), b""]


def whole_rows() -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM bankfeeds_statement ORDER BY id")
        return [bytes(content) for [content] in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_what_stood_in_the_row_goes_into_pieces_and_back() -> None:
    account = portal.make_account()
    for content in CONTENTS:
        pieces.write(portal.make_statement(account), BytesIO(content))
    before = list(KeptPiece.objects.order_by("statement", "number").values("statement", "piece"))
    # Not by the command, which plants the guards of today on the tables of then.
    guards.uproot()
    MigrationExecutor(connection).migrate([("bankfeeds", "0021_link_withdrawn")])
    try:
        assert whole_rows() == CONTENTS
    finally:
        call_command("migrate", verbosity=0)
    after = KeptPiece.objects.order_by("statement", "number").values("statement", "piece")
    assert (len(before), list(after)) == (5, before)
    assert [pieces.whole(each) for each in Statement.objects.order_by("pk")[:3]] == CONTENTS[:3]


@pytest.mark.django_db
def test_the_pieces_go_with_the_upload() -> None:
    upload = look(portal.make_account(), csv_of(["1.00"]))
    again = look(upload.account, csv_of(["1.00"]))
    assert (again, KeptPiece.objects.count()) == (upload, 1)
    discard(upload, by=BY, now=upload.uploaded_at)
    assert not KeptPiece.objects.exists()
    with pytest.raises(UploadGone):
        pieces.whole(upload)
