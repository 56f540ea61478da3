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
    "sign_in.device_added": gettext_lazy("Authenticator app set up"),
    "sign_in.codes_made": gettext_lazy("Recovery codes made"),
    "sign_in.code_used": gettext_lazy("Signed in with a recovery code"),
    "sign_in.device_reset": gettext_lazy("Second step of signing in reset"),
    "sign_in.in": gettext_lazy("Signed in"),
    "sign_in.out": gettext_lazy("Signed out"),
    "sign_in.over": gettext_lazy("Signed out by the time"),
    "sign_in.password": gettext_lazy("Password given, the second step follows"),
    "sign_in.wrong": gettext_lazy("Sign-in failed: wrong name or password"),
    "sign_in.code_wrong": gettext_lazy("Sign-in failed: wrong code"),
    "sign_in.locked": gettext_lazy("Sign-in locked after too many wrong ones"),
    "sign_in.unlocked": gettext_lazy("Sign-in unlocked"),
    "sign_in.password_changed": gettext_lazy("Own password changed"),
    "sign_in.password_asked": gettext_lazy("New password asked for by mail"),
    "sign_in.password_reset": gettext_lazy("New password chosen by mail"),
    "company.adopted": gettext_lazy("Company adopted from Codat"),
    "connection.adopted": gettext_lazy("QuickBooks connection adopted from Codat"),
    "account.adopted": gettext_lazy("Account adopted from Codat"),
    "adopting.looked": gettext_lazy("Look at Codat asked for"),
    "adopting.chosen": gettext_lazy("Companies chosen to be adopted"),
    "company.gone": gettext_lazy("Company removed at Codat"),
    "company.closed": gettext_lazy("Company closed"),
    "company.reopened": gettext_lazy("Company opened again"),
    "connection.requested": gettext_lazy("QuickBooks connection asked for"),
    "connection.created": gettext_lazy("QuickBooks connection created"),
    "connection.continued": gettext_lazy("Continue pressed"),
    "connection.failed": gettext_lazy("QuickBooks connection not created"),
    "connection.gone": gettext_lazy("Connection removed at Codat"),
    "connection.back": gettext_lazy("Connection found again at Codat"),
    "connection.linked": gettext_lazy("Connection linked again by the client"),
    "connection.unlinked": gettext_lazy("Connection unlinked at Codat"),
    "account.not_wanted": gettext_lazy("Marked as not wanted"),
    "account.wanted": gettext_lazy("Wanted again"),
    "account.follows": gettext_lazy("Goes on from an earlier account"),
    "leaving.asked": gettext_lazy("Ending at Codat asked for"),
    "leaving.continued": gettext_lazy("Continue pressed"),
    "leaving.failed": gettext_lazy("Not ended at Codat"),
    "leaving.refused": gettext_lazy("Codat refused to end it"),
    "leaving.done": gettext_lazy("Ended at Codat"),
    "leaving.abandoned": gettext_lazy("Left as it is"),
    "link.wrong_person": gettext_lazy("Link went to the wrong person"),
    "push.mistake": gettext_lazy("Mistake recorded"),
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
    "doubt.decided": gettext_lazy("Doubtful row decided on"),
    "statement.saved": gettext_lazy("File imported"),
    "statement.discarded": gettext_lazy("Upload cancelled"),
    "statement.undone": gettext_lazy("Import taken back"),
    "push.ready": gettext_lazy("Push confirmed"),
    "push.left_out": gettext_lazy("Account left out of a push"),
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
    "profile.made": gettext_lazy("Column profile made"),
    "profile.retired": gettext_lazy("Column profile retired"),
    "closure.added": gettext_lazy("Closing day added"),
    "closure.changed": gettext_lazy("Closing day changed"),
    "closure.deleted": gettext_lazy("Closing day taken away"),
    "incident.ended": gettext_lazy("Incident ended"),
    "resending.asked": gettext_lazy("Order to send again given"),
    "resending.ended": gettext_lazy("Order to send again carried out"),
    "sender.created": gettext_lazy("Sender made"),
    "sender.revoked": gettext_lazy("Sender revoked"),
    "sender.bound": gettext_lazy("Account of a sender set"),
    "sender.expects": gettext_lazy("Expected files of a sender set"),
    "sender.account_left_out": gettext_lazy("Account left out of a sender's files"),
    "sender.account_waits_again": gettext_lazy("Account of a sender's files not left out any more"),
    "sender.file_missing": gettext_lazy("File missing"),
    "sender.file_late": gettext_lazy("Missing file came late"),
    "sender.file_given_up": gettext_lazy("Missing file given up"),
    "received.quarantined": gettext_lazy("Received file put into quarantine"),
    "received.again": gettext_lazy("Received file read again"),
    "received.left_out": gettext_lazy("Received file read again without its bad rows"),
    "received.rejected": gettext_lazy("Received file rejected"),
    "received.refused": gettext_lazy("Uploaded file refused"),
    "received.handed_out": gettext_lazy("Refused file handed out"),
    "webhook.again": gettext_lazy("Message from Codat processed again"),
    "list.exported": gettext_lazy("List exported"),
}


def action(name: str) -> str:
    """The words for a name such as `company.created`; the name itself where there are none."""
    return str(WHAT.get(name, name))


# Kinds of events, by the first part of their names.
KINDS = {
    "clients": (
        gettext_lazy("Companies, connections, accounts"),
        ("company", "connection", "account", "adopting", "leaving"),
    ),
    "links": (gettext_lazy("Links"), ("link",)),
    "files": (
        gettext_lazy("Files and senders"),
        ("statement", "doubt", "received", "sender", "profile"),
    ),
    "pushes": (gettext_lazy("Pushes"), ("push", "resending")),
    "feeds": (gettext_lazy("Feed schedules"), ("feed", "closure")),
    "stops": (gettext_lazy("Stops and incidents"), ("sending", "incident")),
    "people": (gettext_lazy("People and what they may"), ("person",)),
    "sign-ins": (gettext_lazy("Signing in and out"), ("sign_in",)),
    "messages": (gettext_lazy("Messages from Codat"), ("webhook",)),
    "exports": (gettext_lazy("Lists exported"), ("list",)),
}


def of_kind(kind: str) -> list[str]:
    """The names of all events of a kind; none for a kind that is not known."""
    _label, parts = KINDS.get(kind, ("", ()))
    return [name for name in WHAT if name.split(".")[0] in parts]


def kind_of(name: str) -> str:
    """The kind of an event; "" for one that is of none."""
    first = name.split(".")[0]
    return next((kind for kind, (_label, parts) in KINDS.items() if first in parts), "")
