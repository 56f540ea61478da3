"""The words for sending again: why a push cannot go, what became of it in an order."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .word import Word

# Why a push is not sent again, by a stable code: the reason, and what helps instead.
WHY_NOT: Mapping[str, tuple[Promise, Promise]] = {
    "unknown": (
        gettext_lazy("Its outcome is unknown: its rows may be stored at Codat."),
        gettext_lazy("Look at Codat on its page and decide there. It is never sent again in bulk."),
    ),
    "too-late": (
        gettext_lazy("Every row of it is too late for the feed; Codat would refuse them again."),
        gettext_lazy("Give the client the file, then give up the push on its page."),
    ),
    "not-connected": (
        gettext_lazy("Its account is not connected; Codat would refuse it again."),
        gettext_lazy("Send the client a new link, and send again when it shows Connected."),
    ),
    "removed": (
        gettext_lazy("Its account or connection was removed at Codat."),
        gettext_lazy("Give the client the file, then give up the push on its page."),
    ),
    "off": (
        gettext_lazy("Its company is closed, or the client does not want the account."),
        gettext_lazy("Give up the push on its page, or say first that it is wanted again."),
    ),
    "marked": (
        gettext_lazy("Codat accepted it, but it may not have reached QuickBooks."),
        gettext_lazy("Choose row by row on the page of its account what goes again."),
    ),
    "accepted": (
        gettext_lazy("Codat accepted it."),
        gettext_lazy("Nothing to send again: what is there already would be doubled."),
    ),
    "under-way": (
        gettext_lazy("It is still on its way."),
        gettext_lazy("Nothing to do: it goes on by itself."),
    ),
    "stopped": (
        gettext_lazy("It was stopped or given up; its rows are not held by it any more."),
        gettext_lazy("Push the account: whatever waits goes in a new push."),
    ),
    "decided": (
        gettext_lazy("Somebody has decided about it already."),
        gettext_lazy("See the decision on its page."),
    ),
    "impossible": (
        gettext_lazy("It could not be carried out."),
        gettext_lazy("Decide on its page."),
    ),
}


def why_not_sent_again(code: str) -> Word:
    reason, remedy = WHY_NOT[code]
    return Word(str(reason), str(remedy), "quiet" if code in QUIET else "warn")


# Nothing needs to be done about these.
QUIET = frozenset({"accepted", "under-way", "stopped", "decided"})


def left_out_as_late(number: int) -> str:
    """What is said of the rows of a push that are not sent with the rest; "" when all are."""
    if not number:
        return ""
    text = ngettext(
        "%(n)d row left out: too late for the feed. Give the client the file.",
        "%(n)d rows left out: too late for the feed. Give the client the file.",
        number,
    )
    return text % {"n": number}


def accepted_again(pushes: list[int]) -> str:
    """`Sent again and accepted in push #12.`"""
    which = ", ".join(f"#{pk}" for pk in pushes)
    return _("Sent again, and accepted by Codat in push %(numbers)s.") % {"numbers": which}


def what_of_it(stands: Word, number: int, *, is_refused: bool, is_through: bool) -> str:
    """What to do about rows that went again in push `number`, which stands so."""
    said = {"id": number, "status": stands.label}
    if is_refused:
        text = _(
            "Push #%(id)d: %(status)s. It has to be decided there. Codat may refuse a row"
            " that it has already: then give that push up, give the client the file, and mark"
            " this as seen to."
        )
    elif is_through:
        text = _("Push #%(id)d: %(status)s.")
    else:
        text = _("Push #%(id)d: %(status)s. This is marked as seen to once Codat accepts it.")
    return text % said


def sent_again(rows: int, pushes: list[int]) -> str:
    """`3 rows sent again in push #12`."""
    text = ngettext("%(n)d row sent again in %(which)s", "%(n)d rows sent again in %(which)s", rows)
    which = ", ".join(f"#{pk}" for pk in pushes)
    return text % {"n": rows, "which": _("push %(numbers)s") % {"numbers": which}}
