"""What a person is told when Codat did not do as asked: what happened, what it means, what to do.

Every message has these three parts. Reads the client's errors, knows no database and no page.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from .codat import errors
from .codat.errors import CodatError

# CodatError is passed on for pages, which may not import the client's room.
__all__ = ["CodatError", "explain", "removed_at_codat", "what_happened", "with_details"]


def explain(error: CodatError, *, unsure: str = "") -> str:
    """The whole message for an error that a person waits for, with Codat's support reference.

    `unsure`: the other two parts where it is not known whether it was done, for callers who word
    them themselves.
    """
    if unsure and isinstance(error, errors.Uncertain):
        return with_details(f"{what_happened(error)} {unsure}", error)
    return with_details(f"{what_happened(error)} {_meaning(error)} {_remedy(error)}", error)


def what_happened(error: CodatError) -> str:
    """The first part alone: one or two sentences, for callers who word the other two themselves."""
    if isinstance(error, errors.KeyRefused):
        return _("Codat does not accept our key.")
    if isinstance(error, errors.PaymentRequired):
        return _("Codat asks for payment: %(words)s.") % {"words": _codats_words(error)}
    if isinstance(error, errors.Throttled):
        return _("Codat takes no more requests from us for now.")
    if isinstance(error, errors.Absent):
        return _("Codat does not know it: %(words)s.") % {"words": _codats_words(error)}
    if isinstance(error, errors.Refused):
        return _("Codat refused: %(words)s.") % {"words": _codats_words(error)}
    if isinstance(error, errors.NotSent):
        return _("Codat could not be reached.")
    if isinstance(error, errors.Garbled):
        return _("Codat answered with something that could not be read.")
    if error.status == 409:
        return _("Codat is still busy with our first request.")
    if error.status is not None and error.status >= 500:
        return _("Codat has a fault (%(status)d).") % {"status": error.status}
    return _("Codat did not answer.")


def with_details(message: str, error: CodatError) -> str:
    """The message, followed by what Codat's support asks for."""
    if not error.correlation_id:
        return message
    reference = _("Codat's support reference: %(id)s.") % {"id": error.correlation_id}
    return f"{message} {reference}"


def removed_at_codat() -> str:
    """What is said of a connection that Codat no longer knows."""
    return _("This connection no longer exists at Codat. Its history stays here. Create a new one.")


def _meaning(error: CodatError) -> str:
    if isinstance(error, errors.Uncertain):
        return _("We do not know yet whether it was done and are checking.")
    if isinstance(error, errors.Unavailable | errors.Garbled):
        return _("Nothing was changed.")
    return _("Nothing was created or sent.")


def _remedy(error: CodatError) -> str:
    if isinstance(error, errors.KeyRefused | errors.PaymentRequired):
        return _("Tell the administrator; everything waits.")
    if isinstance(error, errors.Throttled):
        return _("Try again in %(wait)s.") % {"wait": _wait(error)}
    if isinstance(error, errors.Absent):
        return _("Refresh from Codat; it may have been removed there.")
    if isinstance(error, errors.Uncertain):
        return _("Do not start again.")
    if isinstance(error, errors.Refused):
        return _("Correct what Codat names and try again.")
    return _("Try again in a minute; if it stays so, tell the administrator.")


def _codats_words(error: CodatError) -> str:
    """Codat's own words with its reasons, without a full stop at the end."""
    reasons = [item.message for item in error.validation if item.message]
    words = " ".join(reasons) if reasons else error.words
    return words.rstrip(". ") or str(error.status)


def _wait(error: errors.Throttled) -> str:
    seconds = error.retry_after or 60
    if seconds <= 90:
        return _("a minute")
    return _("%(minutes)d minutes") % {"minutes": -(-int(seconds) // 60)}
