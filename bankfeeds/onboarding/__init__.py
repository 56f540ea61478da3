"""Company -> connection -> accounts at Codat, each planned first, each resumable.

A verb room: the client, the clock and the actor are handed in. `plan_*` commits an intent,
`create_*` sends it or continues; a failure is a row with its `problem`, not an exception.
"""

from __future__ import annotations

from . import references
from .accounts import (
    AccountIdTaken,
    NumberDiffers,
    create_account,
    forget_sealed_bodies,
    needs_number,
    plan_account,
    renew_account_number,
    surely_not_there,
)
from .accounts_together import Way, create_accounts
from .company import (
    LONGEST_REFERENCE,
    Details,
    NameNotUsable,
    alike,
    create_company,
    likely_duplicates,
    plan_company,
)
from .connection import (
    AlreadyConnected,
    BooksNotSaid,
    asks_for_books,
    create_connection,
    live_connection,
    plan_connection,
)
from .creation import Clock, NotAtCodat, in_progress
from .details import OURS, details, edit_details, hand_over, owners_version
from .drafts import (
    AccountDraft,
    check_draft,
    currency_doubt,
    made_account_id,
    own_currency,
    routing_as_sent,
    routing_problem,
    shows_number,
    type_as_sent,
)
from .names import changes_in_name, folded, name_at_codat
from .rename import name_version, rename_account

__all__ = [
    "LONGEST_REFERENCE",
    "OURS",
    "AccountDraft",
    "AccountIdTaken",
    "AlreadyConnected",
    "BooksNotSaid",
    "Clock",
    "Details",
    "NameNotUsable",
    "NotAtCodat",
    "NumberDiffers",
    "Way",
    "alike",
    "asks_for_books",
    "changes_in_name",
    "check_draft",
    "create_account",
    "create_accounts",
    "create_company",
    "create_connection",
    "currency_doubt",
    "details",
    "edit_details",
    "folded",
    "forget_sealed_bodies",
    "hand_over",
    "in_progress",
    "likely_duplicates",
    "references",
    "live_connection",
    "made_account_id",
    "name_at_codat",
    "name_version",
    "needs_number",
    "surely_not_there",
    "own_currency",
    "owners_version",
    "plan_account",
    "plan_company",
    "plan_connection",
    "rename_account",
    "renew_account_number",
    "routing_as_sent",
    "routing_problem",
    "shows_number",
    "type_as_sent",
]
