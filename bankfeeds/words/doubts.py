"""What staff read about a row that may be here already."""

from __future__ import annotations

from django.utils.translation import gettext as _

from bankfeeds.models import Doubt, Statement

from .word import Word

Answer = Doubt.Answer


def doubt(row: Doubt) -> Word:
    if row.answer:
        return Word(str(Answer(row.answer).label), _("Decided; nothing more to do."), "quiet")
    if row.statement.state != Statement.State.SAVED:
        return Word(
            _("Taken back"), _("The import was taken back. There is nothing to decide."), "quiet"
        )
    return Word(_("To decide"), _("Nothing of it comes in or leaves before a decision."), "warn")


def consequence(answer: str, row: Doubt) -> str:
    """What an answer does, before it is given."""
    if answer == Answer.KEEP:
        return _(
            "Both are the same transaction. The row of the file does not come in, and is not asked"
            " about again when it comes the same in a later file."
        )
    if answer == Answer.NEW:
        return _(
            "Both are real, as two equal coffees are. The row of the file comes in beside ours and"
            " waits for a push. Where its id is taken it gets a number behind it."
        )
    return _(
        "Ours was accepted by Codat and cannot be called back. It is marked Sent in error, and the"
        " client has to exclude it in QuickBooks. The row of the file comes in and waits for a"
        " push."
    )
