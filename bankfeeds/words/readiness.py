"""What each finding of the readiness check is called, means, and asks somebody to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .figures import moment
from .stored import said
from .word import Tone, Word

Words = str | Promise

# In the order in which the page shows them.
TOPICS: dict[str, Words] = {
    "key": gettext_lazy("Our key at Codat"),
    "integration": gettext_lazy("QuickBooks Online Bank Feeds at Codat"),
    "types": gettext_lazy("Data types: bank accounts and bank transactions"),
    "currencies": gettext_lazy("Countries and currencies"),
    "worker": gettext_lazy("The worker"),
    "webhooks": gettext_lazy("Messages from Codat"),
    "clock": gettext_lazy("The clock of this machine"),
    "database": gettext_lazy("The database and the guards of its history"),
}


class Saying(NamedTuple):
    """`means` and `remedy` may put in facts; no remedy: nothing to do."""

    tone: Tone
    means: Words
    remedy: Words = ""


_NOTHING_CHECKED = gettext_lazy("Codat could not be asked.")
_FIRST = gettext_lazy("See to the line above first, then check again.")

SAYINGS: dict[str, Saying] = {
    "key.works": Saying("good", gettext_lazy("Codat accepts it.")),
    "key.missing": Saying(
        "bad",
        gettext_lazy("There is none. Nothing can be created or sent."),
        gettext_lazy("Set CODAT_API_KEY: Codat's portal shows it under Developers, API keys."),
    ),
    "key.refused": Saying(
        "bad",
        gettext_lazy("Codat does not accept it (%(said)s). Nothing is created or sent."),
        gettext_lazy(
            "Make a new key in Codat's portal under Developers, API keys, set CODAT_API_KEY and"
            " start web and worker again."
        ),
    ),
    "key.payment": Saying(
        "bad",
        gettext_lazy("Codat accepts it and asks for payment (%(said)s)."),
        gettext_lazy("Ask whoever holds the contract with Codat."),
    ),
    "key.silence": Saying(
        "quiet",
        gettext_lazy("Codat could not be asked: %(said)s Nothing is lost."),
        gettext_lazy(
            "Check again in a minute. If it stays so, look at the network of this machine and at"
            " status.codat.io."
        ),
    ),
    "integration.on": Saying("good", gettext_lazy("%(name)s is enabled.")),
    "integration.off": Saying(
        "bad",
        gettext_lazy("%(name)s is not enabled: no client can be connected."),
        gettext_lazy(
            "In Codat's portal open Settings, Integrations, Bank feeds, choose Set up beside"
            " QuickBooks Online Bank Feeds and set it to Enabled."
        ),
    ),
    "integration.absent": Saying(
        "bad",
        gettext_lazy("Codat has not given our account this integration."),
        gettext_lazy("Ask your Solutions Engineer at Codat for QuickBooks Online Bank Feeds."),
    ),
    "integration.unasked": Saying("quiet", _NOTHING_CHECKED, _FIRST),
    "types.proven": Saying(
        "good", gettext_lazy("Codat last accepted a push of bank transactions on %(last_at)s.")
    ),
    "types.unproven": Saying(
        "warn",
        gettext_lazy(
            "No push has been accepted yet, and Codat tells no program which data types are on."
        ),
        gettext_lazy(
            "In Codat's portal open Settings, Data types: Bank accounts and Bank transactions must"
            " be on. The first accepted push settles this line."
        ),
    ),
    "currencies.good": Saying(
        "good",
        gettext_lazy(
            "All companies are in the United States or Canada, and every account is in the"
            " currency of its country."
        ),
    ),
    "currencies.foreign": Saying(
        "warn",
        gettext_lazy(
            "Accounts in the other country's currency: %(number)s. QuickBooks takes them only"
            " where the client's books allow several currencies."
        ),
        gettext_lazy("Ask these clients whether several currencies are on in QuickBooks."),
    ),
    "currencies.odd": Saying(
        "bad",
        gettext_lazy(
            "Accounts in a currency that is neither USD nor CAD: %(number)s. QuickBooks feeds"
            " serve clients in the United States and Canada only."
        ),
        gettext_lazy("Remove these accounts, or add them again in the right currency."),
    ),
    "worker.runs": Saying("good", gettext_lazy("It gave a sign of life on %(last_at)s.")),
    "worker.stopped": Saying(
        "bad",
        gettext_lazy("It has given no sign of life since %(last_at)s. Nothing leaves."),
        gettext_lazy("Start it: manage.py worker, or its service. What waits goes on by itself."),
    ),
    "worker.never": Saying(
        "bad",
        gettext_lazy("It has never run. Nothing leaves."),
        gettext_lazy("Start it: manage.py worker, or its service. What waits goes on by itself."),
    ),
    "webhooks.none": Saying(
        "warn",
        gettext_lazy(
            "None are taken: there is no signing secret. Everything is learned by asking, a"
            " little later and with more calls."
        ),
        gettext_lazy(
            "In Codat's portal register this portal's address /webhooks/codat and set"
            " CODAT_WEBHOOK_SECRET to the secret shown there."
        ),
    ),
    "webhooks.silent": Saying(
        "warn",
        gettext_lazy("The signing secret is set, and no message has ever come."),
        gettext_lazy(
            "Look in Codat's portal whether this portal's address /webhooks/codat is registered"
            " and can be reached from outside."
        ),
    ),
    "webhooks.quiet": Saying(
        "warn",
        gettext_lazy(
            "The last message came on %(last_at)s, and pushes have ended since of which none told."
            " Everything is learned by asking, a little later and with more calls."
        ),
        gettext_lazy(
            "Look in Codat's portal whether the webhook for this portal's address /webhooks/codat"
            " is still on, what was answered to it last, and whether the secret shown there is"
            " still that of CODAT_WEBHOOK_SECRET."
        ),
    ),
    "webhooks.come": Saying(
        "good", gettext_lazy("The signing secret is set; the last message came on %(last_at)s.")
    ),
    "clock.right": Saying(
        "good", gettext_lazy("It and Codat's differ by %(seconds)s seconds or less.")
    ),
    "clock.off": Saying(
        "warn",
        gettext_lazy("It and Codat's differ by %(seconds)s seconds."),
        gettext_lazy("Let this machine set its clock from the network (NTP)."),
    ),
    "clock.far": Saying(
        "bad",
        gettext_lazy(
            "It and Codat's differ by %(seconds)s seconds: Codat's messages are refused as too"
            " old, and links and dates are judged wrongly."
        ),
        gettext_lazy("Let this machine set its clock from the network (NTP)."),
    ),
    "clock.unasked": Saying("quiet", _NOTHING_CHECKED, _FIRST),
    "database.good": Saying(
        "good", gettext_lazy("PostgreSQL, and all guards stand that keep history as it was.")
    ),
    "database.trial": Saying(
        "warn",
        gettext_lazy("All guards stand that keep history as it was. SQLite is for a trial."),
        gettext_lazy("Set DATABASE_URL to a PostgreSQL database before real clients are added."),
    ),
    "database.unguarded": Saying(
        "bad",
        gettext_lazy("Guards that keep history as it was are missing: %(number)s."),
        gettext_lazy("Run manage.py migrate: it puts them back."),
    ),
}


@dataclass(frozen=True)
class Line:
    """One line of the page. `code`: stable, for scripts."""

    code: str
    topic: str
    word: Word
    remedy: str


def line(name: str, facts: Mapping[str, Any]) -> Line:
    """A finding as a person reads it, also one that only an older version of ours knew."""
    saying = SAYINGS.get(name)
    topic = str(TOPICS.get(name.partition(".")[0], name))
    if saying is None:
        return Line(name, topic, Word(_label("quiet"), "", "quiet"), "")
    shown = {fact: _fact(fact, value) for fact, value in facts.items()}
    word = Word(_label(saying.tone), str(saying.means) % shown, saying.tone)
    return Line(name, topic, word, str(saying.remedy))


def is_ready(names: list[str]) -> bool:
    """Whether nothing is out of order and everything could be asked."""
    return all(SAYINGS[name].tone in ("good", "warn") for name in names if name in SAYINGS)


def _label(tone: Tone) -> str:
    labels = {
        "good": _("In order"),
        "warn": _("Worth a look"),
        "bad": _("Not in order"),
    }
    return labels.get(tone, _("Could not be checked"))


def _fact(name: str, value: Any) -> str:
    if name.endswith("_at"):
        return moment(parse_datetime(str(value)))
    return said(str(value))
