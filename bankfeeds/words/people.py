"""How a person of the house is called."""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from bankfeeds.models import Origin
from bankfeeds.models.record import WORKER

# Of these there is one each: the record has a name of it that is no word for people.
WITHOUT_NAME = {Origin.WORKER, Origin.SCHEDULE, Origin.WEBHOOK}

GROUPS = {
    "manager": pgettext_lazy("group", "manager"),
    "support": pgettext_lazy("group", "support"),
    "auditor": pgettext_lazy("group", "auditor"),
    "administrator": pgettext_lazy("group", "administrator"),
}


def group(row: Group) -> str:
    """One of ours in words; one that the institution made keeps its name."""
    return str(GROUPS.get(row.name, row.name))


def person(user: User) -> str:
    """The full name; where none is known, the name to sign in with."""
    return user.get_full_name() or user.get_username()


def actor(name: str, origin: str) -> str:
    """Who did it, as people read it: a person's sign-in name, a command, or what worked."""
    if origin in WITHOUT_NAME:
        return str(Origin(origin).label)
    return name or _("Nobody known")


def named(name: str) -> str:
    """Who did it, of a row that keeps a name and no origin: a person, or the worker."""
    return str(Origin.WORKER.label) if name == WORKER.name else name
