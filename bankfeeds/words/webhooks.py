"""What staff read about a message of Codat's."""

from __future__ import annotations

from django.utils.translation import gettext as _

from bankfeeds.models import WebhookMessage

from .word import Tone, Word

S = WebhookMessage.State


def message(row: WebhookMessage) -> Word:
    tones: dict[str, Tone] = {
        S.WAITING: "wait",
        S.PROCESSED: "good",
        S.IGNORED: "quiet",
        S.FAILED: "bad",
    }
    meanings = {
        S.WAITING: _("The worker takes it up by itself. Nothing to do."),
        S.PROCESSED: _("What it is about was asked of Codat; the answer alone counts."),
        S.IGNORED: _("It concerns nothing that this portal looks after."),
        S.FAILED: _("Nothing is lost: Codat is asked regularly in any case. Process it again."),
    }
    label = str(S(row.state).label)
    return Word(label, meanings[S(row.state)], tones[row.state])
