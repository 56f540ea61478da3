"""What a right allows, in words; the framework's own names of rights are English only."""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

OURS: dict[str, Promise] = {
    "see_link": gettext_lazy("Copy the link of a client"),
    "renew_link": gettext_lazy("Renew the link of a client"),
    "refresh_sourceaccount": gettext_lazy("Refresh statuses from Codat"),
    "push_sourceaccount": gettext_lazy("Confirm a push"),
    "check_readiness": gettext_lazy("Check whether everything is ready"),
    "stop_push": gettext_lazy("Stop a push that waits"),
    "decide_push": gettext_lazy("Decide on a refused or unknown push"),
    "stop_sending": gettext_lazy("Stop and allow sending"),
    "end_incident": gettext_lazy("Let everything go on after a refusal of our key"),
    "process_webhookmessage": gettext_lazy("Process a message from Codat again"),
}
USUAL: dict[str, Promise] = {
    "add": gettext_lazy("Add: %(what)s"),
    "change": gettext_lazy("Change: %(what)s"),
    "delete": gettext_lazy("Delete: %(what)s"),
    "view": gettext_lazy("See: %(what)s"),
}


def right(permission: Permission) -> str:
    """A right of ours by its name, a usual one by what it is about."""
    if permission.codename in OURS:
        return str(OURS[permission.codename])
    form = USUAL.get(permission.codename.partition("_")[0])
    model = permission.content_type.model_class()
    if form is None or model is None:
        return _(permission.name)
    return str(form) % {"what": model._meta.verbose_name}
