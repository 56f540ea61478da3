"""What each line of the record says was done, by its stable name."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

WHAT = {
    "company.requested": gettext_lazy("Company entered"),
    "company.created": gettext_lazy("Company created at Codat"),
    "company.continued": gettext_lazy("Continue pressed"),
    "company.failed": gettext_lazy("Company not created"),
    "company.changed": gettext_lazy("Name at Codat changed"),
    "company.edited": gettext_lazy("Our details changed"),
    "person.added": gettext_lazy("Person added"),
    "person.changed": gettext_lazy("Person changed"),
    "person.activated": gettext_lazy("Person made active again"),
    "person.deactivated": gettext_lazy("Person made inactive"),
    "person.password_set": gettext_lazy("Password set by somebody else"),
    "company.gone": gettext_lazy("Company removed at Codat"),
    "connection.requested": gettext_lazy("QuickBooks connection asked for"),
    "connection.created": gettext_lazy("QuickBooks connection created"),
    "connection.continued": gettext_lazy("Continue pressed"),
    "connection.failed": gettext_lazy("QuickBooks connection not created"),
    "connection.gone": gettext_lazy("Connection removed at Codat"),
    "connection.back": gettext_lazy("Connection found again at Codat"),
    "account.requested": gettext_lazy("Account entered"),
    "account.created": gettext_lazy("Account added"),
    "account.continued": gettext_lazy("Continue pressed"),
    "account.failed": gettext_lazy("Account not added"),
    "account.number_entered": gettext_lazy("Account number entered again"),
    "account.renamed": gettext_lazy("Account renamed"),
    "account.status": gettext_lazy("Status changed"),
    "account.changed": gettext_lazy("Changed at Codat"),
    "account.gone": gettext_lazy("Account removed"),
    "account.back": gettext_lazy("Account found again at Codat"),
    "account.marked": gettext_lazy("May not have reached QuickBooks"),
    "account.seen_to": gettext_lazy("Seen to"),
    "resending.chosen": gettext_lazy("Rows chosen to go again"),
    "link.issued": gettext_lazy("Link issued"),
    "link.renewed": gettext_lazy("Link renewed"),
    "link.copied": gettext_lazy("Link copied"),
    "statement.saved": gettext_lazy("File imported"),
    "statement.discarded": gettext_lazy("Upload cancelled"),
    "push.ready": gettext_lazy("Push confirmed"),
    "push.sending": gettext_lazy("Push leaving"),
    "push.reconciling": gettext_lazy("Looking for a push at Codat"),
    "push.late_answer": gettext_lazy("Codat answered late"),
    "push.submitted": gettext_lazy("Push at Codat, being checked"),
    "push.succeeded": gettext_lazy("Push accepted by Codat"),
    "push.failed": gettext_lazy("Push refused by Codat"),
    "push.timed_out": gettext_lazy("Outcome of push unknown"),
    "push.needs_review": gettext_lazy("Push needs a decision"),
    "push.cancelled": gettext_lazy("Push stopped or given up"),
    "push.too_late": gettext_lazy("Rows too late for the feed"),
    "feed.scheduled": gettext_lazy("Schedule set"),
    "feed.missed": gettext_lazy("The day's file did not arrive"),
    "feed.late": gettext_lazy("The day's file came late"),
    "feed.held": gettext_lazy("The day could not be sent"),
    "feed.resumed": gettext_lazy("The held day was carried out"),
    "feed.file_for_client": gettext_lazy("File for the client taken out"),
    "sending.stopped": gettext_lazy("Sending stopped"),
    "sending.allowed": gettext_lazy("Sending allowed again"),
    "list.exported": gettext_lazy("List exported"),
}


def action(name: str) -> str:
    """The words for a name such as `company.created`; the name itself where there are none."""
    return str(WHAT.get(name, name))
