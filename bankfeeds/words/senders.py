"""What staff read about a file that a core system sent, or that was kept of an upload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds.models import ExpectedFile, MissingFile, ReceivedFile, Sender

from .figures import day, moment, time_of_day
from .holds import Band
from .stored import said
from .word import Tone, Word

S = ReceivedFile.State
# So many accounts of a file are named where the same holds for more.
NAMED = 5


def received(row: ReceivedFile) -> Word:
    tones: dict[str, Tone] = {
        S.RECEIVED: "wait",
        S.READING: "wait",
        S.SAVED: "good",
        S.QUARANTINED: "warn",
        S.REJECTED: "quiet",
        S.READ: "good",
        S.REFUSED: "quiet",
    }
    meanings = {
        S.RECEIVED: _("The worker reads it by itself. Nothing to do."),
        S.READING: _("The worker reads it right now. Nothing to do."),
        S.SAVED: _("Each account has its transactions."),
        S.QUARANTINED: _("Not everything in it is saved. Nothing is lost: a person decides."),
        S.REJECTED: _("A person decided that nothing more of it comes in."),
        S.READ: _("Each of its accounts has a preview, from which somebody saves it."),
        S.REFUSED: _("It could not be read. Nothing of it came in; it is kept for the record."),
    }
    return Word(str(S(row.state).label), meanings[S(row.state)], tones[row.state])


def why(row: ReceivedFile, accounts: Sequence[Mapping[str, Any]]) -> str:
    """Why not all of it is saved; "" when all is. `accounts`: what the file keeps of each."""
    if row.words:
        return said(row.words)
    found: dict[str, list[str]] = {}
    for each in accounts:
        if each["reason"]:
            found.setdefault(said(each["reason"]), []).append(each["number"])
    if not found:
        return ""
    reason, numbers = max(found.items(), key=lambda alike: len(alike[1]))
    told = f"{_which(numbers, of=len(accounts))}: {reason}"
    others = sum(map(len, found.values())) - len(numbers)
    if not others:
        return told
    more = ngettext(
        "%(n)d more account is not saved.", "%(n)d more accounts are not saved.", others
    )
    return f"{told} {more % {'n': others}}"


def _which(numbers: Sequence[str], *, of: int) -> str:
    if len(numbers) == 1:
        return numbers[0]
    text = _("%(n)d of %(all)d accounts (%(numbers)s)")
    named = ", ".join(numbers[:NAMED]) + (" …" if len(numbers) > NAMED else "")
    return text % {"n": len(numbers), "all": of, "numbers": named}


def part(status: str) -> Word:
    """Of one account in the file."""
    found: dict[str, tuple[str, str, Tone]] = {
        "saved": (_("Saved"), _("Its transactions are here."), "good"),
        "previewed": (_("Preview ready"), _("Nothing of it is saved yet."), "good"),
        "undone": (_("Taken back"), _("Its rows are no longer here."), "quiet"),
        "let_go": (_("Not saved"), _("Its preview was cancelled, or nobody saved it."), "quiet"),
        "known": (_("Already here"), _("This very file was saved on it before."), "quiet"),
        "refused": (_("Refused"), _("Nothing of this account can be taken in."), "warn"),
        "unknown": (_("No account"), _("It belongs to no account here."), "warn"),
        "not_ours": (_("Not ours"), _("A person said that it is left out."), "quiet"),
    }
    quarantined: tuple[str, str, Tone]
    quarantined = (_("In quarantine"), _("Nothing of this account is saved."), "warn")
    return Word(*found.get(status, quarantined))


def expected(row: ExpectedFile | None) -> str:
    if row is None or not row.is_on:
        return _("No file is expected on a set day, so none is missed.")
    country = row.get_country_display()
    text = _("A file is expected on each business day (%(country)s) by %(at)s.")
    text %= {"country": country, "at": time_of_day(row.at)}
    if not row.grace:
        return text
    grace = ngettext("%(n)d minute of grace.", "%(n)d minutes of grace.", row.grace)
    return f"{text} {grace % {'n': row.grace}}"


def state(row: MissingFile) -> Word:
    if row.came_at is not None:
        return Word(_("Came late"), came_late(row), "good")
    if row.given_up_at is not None:
        text = _("Given up on %(at)s by %(who)s: %(reason)s")
        told = {"at": moment(row.given_up_at), "who": row.given_up_by, "reason": said(row.reason)}
        return Word(_("Given up"), text % told, "quiet")
    text = _("No file had come by %(at)s.") % {"at": moment(row.due_at)}
    return Word(_("File missing"), text, "bad")


def came_late(row: MissingFile) -> str:
    text = _("The file of %(day)s came late, on %(at)s.")
    return text % {"day": day(row.day), "at": moment(row.came_at)}


def missing(name: str, rows: Sequence[MissingFile]) -> str:
    """`Core: no file for Nov 20, 2026; the last was expected by ...`: of one sender's days."""
    days = ", ".join(day(row.day) for row in rows)
    text = _("%(sender)s: no file came for %(days)s, expected by %(at)s.")
    return text % {"sender": name, "days": days, "at": moment(rows[-1].due_at)}


def missing_band(sender: Sender, rows: Sequence[MissingFile]) -> Band:
    remedy = _(
        "Ask those who run that system. A file that comes before the next business day begins ends"
        " this by itself; of an earlier day, say on the sender's page that its file does not come."
    )
    if sender.by_folder:
        remedy += " " + _("See also whether the command runs that watches its folder.")
    return Band(_("File missing"), f"{missing(sender.name, rows)} {remedy}", "warn", sender)
