"""Views in which a person waits for Codat's answer: the client, the wait, what is told.

An error of Codat becomes a message in three parts; the page it is shown on is the caller's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import conf, links, onboarding
from bankfeeds.messages import CodatError, explain
from bankfeeds.models import Intent, RemoteCreation

Answer = TypeVar("Answer")
client = conf.page_client
clock = timezone.now

# What a verb refuses with words for the person; any other error is a mistake of ours.
REFUSALS = (
    onboarding.AlreadyConnected,
    onboarding.NameNotUsable,
    onboarding.NotAtCodat,
    onboarding.NumberDiffers,
    links.NoValidLink,
)


def ask(request: HttpRequest, call: Callable[[], Answer], *, unsure: str = "") -> Answer | None:
    """What `call` answers; None when it could not be done, and the person is told why. `unsure`:
    what to say and do where it may have been done, if nothing looks for that by itself."""
    try:
        return call()
    except CodatError as error:
        messages.error(request, explain(error, unsure=unsure))
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
    return None


def settle(row: RemoteCreation) -> bool:
    """Wait while another press is asking Codat for this row; True once it exists there.

    The second press of a button shows the result of the first, so it has to wait for it.
    """

    def ended() -> bool:
        row.refresh_from_db()
        return not onboarding.in_progress(row, now=clock())

    wait_until(ended)
    return row.intent == Intent.DONE


def wait_until(true: Callable[[], bool]) -> None:
    """As long as a person waits for Codat, and no longer."""
    end = time.monotonic() + conf.longest_wait() + 1
    while not true() and time.monotonic() < end:
        time.sleep(0.1)


def patience_is_over(since: float) -> bool:
    """Whether a person has waited for Codat as long as one does; `since`: of `time.monotonic`."""
    return time.monotonic() - since >= conf.longest_wait()


def tell_unfinished(request: HttpRequest, row: RemoteCreation, *, of: str = "") -> None:
    """Say what became of a creation that did not end well; `of` whom, where there are several."""
    before = f"{of}: " if of else ""
    if onboarding.in_progress(row, now=clock()):
        text = _("It is being created right now. Look again in a minute.")
        messages.warning(request, f"{before}{text}")
    else:
        text = row.problem or _("It was not sent to Codat yet. Press Continue.")
        messages.error(request, f"{before}{text}")
