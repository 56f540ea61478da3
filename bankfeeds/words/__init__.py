"""What staff read: every status as label, symbol and explanation, in one place.

Pages, exports and commands all take their words from here. Knows the models and reads the rows
it is given; asks no database.
"""

from __future__ import annotations

from .actions import action
from .client_texts import link_message, mistake_message
from .clients import (
    ACCOUNT_WORDS,
    LINK_ENDS_SOON,
    account,
    closed,
    connection,
    gone,
    link,
    unlinked,
    withdrawn,
)
from .figures import clock_time, count, day, flow, moment, money, number, zone
from .holds import (
    Band,
    Barriers,
    Held,
    Holds,
    ageing,
    everything_band,
    held,
    lost,
    outage_band,
    refused_band,
    scope,
    sending_stopped,
    short,
    stopped,
    who,
    worker_band,
)
from .incidents import everything_waits, incident, incident_cost, incident_story, refusal
from .marks import marks
from .people import actor, group, named, person
from .pushes import finding, push, push_label, push_number, transaction
from .resending import (
    WHY_NOT,
    accepted_again,
    left_out_as_late,
    sent_again,
    what_of_it,
    why_not_sent_again,
)
from .rights import right
from .rules import limits
from .stored import said
from .timeline import OF_ACCOUNT, OF_CONNECTION, Turn, account_turns, changed, connection_turns
from .word import Tone, Word, labelled

__all__ = [
    "ACCOUNT_WORDS",
    "LINK_ENDS_SOON",
    "OF_ACCOUNT",
    "OF_CONNECTION",
    "WHY_NOT",
    "Band",
    "Barriers",
    "Held",
    "Holds",
    "Tone",
    "Turn",
    "Word",
    "accepted_again",
    "account",
    "account_turns",
    "action",
    "actor",
    "ageing",
    "changed",
    "clock_time",
    "closed",
    "connection",
    "connection_turns",
    "count",
    "day",
    "everything_band",
    "everything_waits",
    "finding",
    "flow",
    "gone",
    "group",
    "held",
    "incident",
    "incident_cost",
    "incident_story",
    "left_out_as_late",
    "limits",
    "link",
    "labelled",
    "link_message",
    "lost",
    "marks",
    "mistake_message",
    "moment",
    "named",
    "money",
    "number",
    "outage_band",
    "person",
    "push",
    "push_label",
    "push_number",
    "refusal",
    "refused_band",
    "scope",
    "sending_stopped",
    "right",
    "said",
    "sent_again",
    "short",
    "stopped",
    "transaction",
    "what_of_it",
    "unlinked",
    "withdrawn",
    "who",
    "why_not_sent_again",
    "worker_band",
    "zone",
]
