"""What staff read about a file that a core system sent."""

from __future__ import annotations

from django.utils.translation import gettext as _

from bankfeeds.models import ReceivedFile

from .word import Tone, Word

S = ReceivedFile.State


def received(row: ReceivedFile) -> Word:
    tones: dict[str, Tone] = {
        S.RECEIVED: "wait",
        S.READING: "wait",
        S.SAVED: "good",
        S.QUARANTINED: "warn",
        S.REJECTED: "quiet",
    }
    meanings = {
        S.RECEIVED: _("The worker reads it by itself. Nothing to do."),
        S.READING: _("The worker reads it right now. Nothing to do."),
        S.SAVED: _("Each account has its transactions."),
        S.QUARANTINED: _("Not everything in it is saved. Nothing is lost: a person decides."),
        S.REJECTED: _("A person decided that nothing more of it comes in."),
    }
    return Word(str(S(row.state).label), meanings[S(row.state)], tones[row.state])


def part(status: str) -> Word:
    """Of one account in the file."""
    if status == "saved":
        return Word(_("Saved"), _("Its transactions are here."), "good")
    if status == "unknown":
        return Word(_("No account"), _("It belongs to no account here."), "warn")
    return Word(_("In quarantine"), _("Nothing of this account is saved."), "warn")
