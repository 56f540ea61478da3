"""Who may do what: the day-one groups, planted after every migrate. Planting only adds."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

SEE = (
    "view_company",
    "view_connection",
    "view_sourceaccount",
    "view_statement",
    "view_doubt",
    "view_banktransaction",
    "view_push",
    "view_event",
    "view_sendingstop",
    "view_incident",
    "view_feedschedule",
    "view_feedrun",
    "view_closure",
    "view_columnprofile",
    "view_resending",
    "view_webhookmessage",
    "view_sender",
    "view_receivedfile",
)
KEEP_ALIVE = (
    "see_link",
    "renew_link",
    "refresh_sourceaccount",
    "add_statement",
    "push_sourceaccount",
    "stop_push",
    "decide_push",
    "add_resending",
    "stop_sending",
    "end_incident",
    "change_feedschedule",
    "process_webhookmessage",
    "add_note",
)
ONBOARD = (
    "add_company",
    "change_company",
    "add_connection",
    "add_sourceaccount",
    "change_sourceaccount",
    "add_departure",
    "add_closure",
    "change_closure",
    "delete_closure",
    "add_columnprofile",
    "change_columnprofile",
)
PEOPLE = ("auth.view_user", "auth.add_user", "auth.change_user", "auth.view_group")

# Core systems that send statements by themselves.
SENDERS = ("add_sender", "change_sender")
READINESS = ("view_readinesscheck", "check_readiness")

GROUPS: dict[str, tuple[str, ...]] = {
    "manager": SEE + KEEP_ALIVE + ONBOARD + READINESS,
    "support": SEE + KEEP_ALIVE + READINESS,
    "auditor": SEE,
    # Manages people; by default sends nothing and sees no link.
    "administrator": SEE + PEOPLE + READINESS + ("end_incident",) + SENDERS,
}


# Whose people look after clients.
OWNERS = ("manager",)


def plant() -> None:
    for name, wanted in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*_permissions(wanted))


def _permissions(names: tuple[str, ...]) -> list[Permission]:
    wanted = Q()
    for name in names:
        app, _, codename = name.rpartition(".")
        wanted |= Q(content_type__app_label=app or "bankfeeds", codename=codename)
    return list(Permission.objects.filter(wanted))
