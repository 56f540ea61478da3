"""Who may what, at every address of the portal: one line for each.

Read a line so: address, who may read it (GET), who may press there (POST).

    M manager   S support   A auditor   D administrator   R superuser   . this one may not

Whoever has not signed in is led to the sign-in page and nothing else happens, but at the doors
(DOORS), which are open to everybody. Who may not read or press is told so: 403, or 404 and 405
where there is nothing to read or to press for anybody. Other methods than GET, HEAD and POST: 405
everywhere.

In braces stands the thing whose page it is. An address that only takes presses leads whoever reads
it to the page of its thing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

ROLES = {
    "M": "manager",
    "S": "support",
    "A": "auditor",
    "D": "administrator",
    "R": "superuser",
}

ADDRESSES = """
# The site itself
admin/                                                     MSADR  MSADR
admin/help/                                                MSADR  .....
admin/help/{guide}/                                        MSADR  .....
admin/rules/                                               MSADR  .....
admin/language/                                            MSADR  MSADR
admin/password_change/                                     MSADR  MSADR
admin/password_change/done/                                MSADR  .....
admin/jsi18n/                                              MSADR  .....
admin/logout/                                              .....  MSADR
admin/{app}/                                               MSADR  MSADR
# No form of ours completes as one types, and no thing has a page outside.
admin/autocomplete/                                        .....  .....
admin/r/{type}/{company}/                                  .....  .....

# Companies
admin/bankfeeds/company/                                   MSADR  MSADR
admin/bankfeeds/company/export/                            MSADR  MSADR
admin/bankfeeds/company/add/                               M...R  M...R
admin/bankfeeds/company/name-at-codat/                     M...R  M...R
admin/bankfeeds/company/adopt/                             M...R  M...R
admin/bankfeeds/company/adopt/{look}/                      M...R  M...R
admin/bankfeeds/company/adopt/{look}/status/               M...R  .....
admin/bankfeeds/company/{company}/                         MSADR  MSADR
admin/bankfeeds/company/{company}/change/                  MSADR  .....
admin/bankfeeds/company/{company}/history/                 MSADR  MSADR
admin/bankfeeds/company/{company}/delete/                  .....  .....
admin/bankfeeds/company/{company}/edit/                    M...R  M...R
admin/bankfeeds/company/{company}/connect/                 MSADR  M...R
admin/bankfeeds/company/{unfinished}/continue/             MSADR  M...R
admin/bankfeeds/company/{company}/note/                    MSADR  MS..R
admin/bankfeeds/company/{company}/close/                   M...R  M...R
admin/bankfeeds/company/{company}/reopen/                  M...R  M...R
admin/bankfeeds/company/{company}/books/                   M...R  M...R
admin/bankfeeds/company/{company}/refresh/                 MSADR  MS..R

# Connections and their links
admin/bankfeeds/connection/                                MSADR  MSADR
admin/bankfeeds/connection/export/                         MSADR  MSADR
admin/bankfeeds/connection/add/                            .....  .....
admin/bankfeeds/connection/routing/                        M...R  M...R
admin/bankfeeds/connection/{connection}/                   MSADR  MSADR
admin/bankfeeds/connection/{connection}/change/            MSADR  .....
admin/bankfeeds/connection/{connection}/history/           MSADR  MSADR
admin/bankfeeds/connection/{connection}/delete/            .....  .....
admin/bankfeeds/connection/{connection}/accounts/          M...R  M...R
admin/bankfeeds/connection/{connection}/copy-link/         MSADR  MS..R
admin/bankfeeds/connection/{connection}/renew-link/        MSADR  MS..R
admin/bankfeeds/connection/{connection}/refresh/           MSADR  MS..R
admin/bankfeeds/connection/{connection}/wrong-person/      MS..R  MS..R
admin/bankfeeds/connection/{connection}/move/              M...R  M...R
admin/bankfeeds/connection/{connection}/unlink/            M...R  M...R
admin/bankfeeds/connection/{connection}/remove/            M...R  M...R
admin/bankfeeds/connection/{connection}/revoke/            M...R  M...R
admin/bankfeeds/connection/{connection}/go-on/             MSADR  M...R
admin/bankfeeds/connection/{connection}/leave-it/          MSADR  M...R

# Accounts
admin/bankfeeds/sourceaccount/                             MSADR  MSADR
admin/bankfeeds/sourceaccount/export/                      MSADR  MSADR
admin/bankfeeds/sourceaccount/add/                         .....  .....
admin/bankfeeds/sourceaccount/{account}/                   MSADR  MSADR
admin/bankfeeds/sourceaccount/{account}/change/            MSADR  .....
admin/bankfeeds/sourceaccount/{account}/history/           MSADR  MSADR
admin/bankfeeds/sourceaccount/{account}/delete/            .....  .....
admin/bankfeeds/sourceaccount/{account}/rename/            MSADR  M...R
admin/bankfeeds/sourceaccount/{account}/continue/          MSADR  M...R
admin/bankfeeds/sourceaccount/{account}/refresh/           MSADR  MS..R
admin/bankfeeds/sourceaccount/{account}/remove/            M...R  M...R
admin/bankfeeds/sourceaccount/{account}/not-wanted/        M...R  M...R
admin/bankfeeds/sourceaccount/{account}/wanted/            M...R  M...R
admin/bankfeeds/sourceaccount/{account}/goes-on-from/      M...R  M...R

# Imports
admin/bankfeeds/statement/                                 MSADR  MSADR
admin/bankfeeds/statement/export/                          MSADR  MSADR
admin/bankfeeds/statement/add/                             .....  .....
admin/bankfeeds/statement/import/                          MS..R  MS..R
admin/bankfeeds/statement/sample/                          MS..R  MS..R
admin/bankfeeds/statement/{statement}/                     MSADR  MSADR
admin/bankfeeds/statement/{statement}/change/              MSADR  .....
admin/bankfeeds/statement/{statement}/history/             MSADR  MSADR
admin/bankfeeds/statement/{statement}/delete/              .....  .....
admin/bankfeeds/statement/{statement}/preview/             MS..R  MS..R
admin/bankfeeds/statement/{statement}/preview/status/      MS..R  MS..R
admin/bankfeeds/statement/{statement}/preview/again/       MSADR  MS..R
admin/bankfeeds/statement/{bare}/opening/                  MS..R  MS..R
admin/bankfeeds/statement/{statement}/save/                MS..R  MS..R
admin/bankfeeds/statement/{statement}/saving/              MS..R  MS..R
admin/bankfeeds/statement/{statement}/saving/status/       MS..R  MS..R
admin/bankfeeds/statement/{statement}/discard/             MS..R  MS..R
admin/bankfeeds/statement/{statement}/undo/                MS..R  MS..R
admin/bankfeeds/statement/{statement}/bad-rows/            MS..R  MS..R

# Column profiles
admin/bankfeeds/doubt/                                     MSADR  MSADR
admin/bankfeeds/doubt/export/                              MSADR  MSADR
admin/bankfeeds/doubt/add/                                 .....  .....
admin/bankfeeds/doubt/{doubt}/                             MSADR  MSADR
admin/bankfeeds/doubt/{doubt}/change/                      MSADR  .....
admin/bankfeeds/doubt/{doubt}/history/                     MSADR  MSADR
admin/bankfeeds/doubt/{doubt}/delete/                      .....  .....
admin/bankfeeds/doubt/together/                            MS..R  MS..R
admin/bankfeeds/doubt/{doubt}/decide/                      MSADR  MS..R
admin/bankfeeds/columnprofile/                             MSADR  MSADR
admin/bankfeeds/columnprofile/export/                      MSADR  MSADR
admin/bankfeeds/columnprofile/add/                         M...R  M...R
admin/bankfeeds/columnprofile/sample/{sample}/             M...R  M...R
admin/bankfeeds/columnprofile/{profile}/                   MSADR  MSADR
admin/bankfeeds/columnprofile/{profile}/change/            MSADR  .....
admin/bankfeeds/columnprofile/{profile}/history/           MSADR  MSADR
admin/bankfeeds/columnprofile/{profile}/delete/            .....  .....
admin/bankfeeds/columnprofile/{profile}/retire/            M...R  M...R

# Core systems, and what they sent
admin/bankfeeds/sender/                                    MSADR  MSADR
admin/bankfeeds/sender/export/                             MSADR  MSADR
admin/bankfeeds/sender/add/                                ...DR  ...DR
admin/bankfeeds/sender/{sender}/                           MSADR  MSADR
admin/bankfeeds/sender/{sender}/change/                    MSADR  .....
admin/bankfeeds/sender/{sender}/history/                   MSADR  MSADR
admin/bankfeeds/sender/{sender}/delete/                    .....  .....
admin/bankfeeds/sender/{sender}/revoke/                    ...DR  ...DR
admin/bankfeeds/sender/{sender}/account/                   ...DR  ...DR
admin/bankfeeds/sender/{sender}/expect/                    ...DR  ...DR
admin/bankfeeds/sender/missing/{missing}/give-up/          MS..R  MS..R
admin/bankfeeds/sender/not-ours/{foreign}/end/             MS..R  MS..R
admin/bankfeeds/receivedfile/                              MSADR  MSADR
admin/bankfeeds/receivedfile/export/                       MSADR  MSADR
admin/bankfeeds/receivedfile/add/                          .....  .....
admin/bankfeeds/receivedfile/{received}/                   MSADR  MSADR
admin/bankfeeds/receivedfile/{received}/not-ours/{place}/  MS..R  MS..R
admin/bankfeeds/receivedfile/{received}/change/            MSADR  .....
admin/bankfeeds/receivedfile/{received}/history/           MSADR  MSADR
admin/bankfeeds/receivedfile/{received}/delete/            .....  .....
admin/bankfeeds/receivedfile/{received}/read-again/        MSADR  MS..R
admin/bankfeeds/receivedfile/{received}/leave-out/         MSADR  MS..R
admin/bankfeeds/receivedfile/{received}/reject/            MSADR  MS..R
admin/bankfeeds/receivedfile/{received}/status/            MSADR  MSADR
admin/bankfeeds/receivedfile/{received}/file/              MSADR  MS..R

# Transactions
admin/bankfeeds/banktransaction/                           MSADR  MSADR
admin/bankfeeds/banktransaction/export/                    MSADR  MSADR
admin/bankfeeds/banktransaction/add/                       .....  .....
admin/bankfeeds/banktransaction/{transaction}/             MSADR  MSADR
admin/bankfeeds/banktransaction/{transaction}/change/      MSADR  .....
admin/bankfeeds/banktransaction/{transaction}/history/     MSADR  MSADR
admin/bankfeeds/banktransaction/{transaction}/delete/      .....  .....

# Pushes
admin/bankfeeds/push/                                      MSADR  MSADR
admin/bankfeeds/push/export/                               MSADR  MSADR
admin/bankfeeds/push/totals/                               MSADR  MSADR
admin/bankfeeds/push/add/                                  .....  .....
admin/bankfeeds/push/confirm/                              MS..R  MS..R
admin/bankfeeds/push/dry-run/                              MS..R  .....
admin/bankfeeds/push/dry-run/{account}/                    MS..R  .....
admin/bankfeeds/push/pre-flight/{account}/                 MSADR  .....
admin/bankfeeds/push/pre-flight/{account}/export/          MSADR  MSADR
admin/bankfeeds/push/{push}/pre-flight/                    MSADR  .....
admin/bankfeeds/push/{push}/pre-flight/export/             MSADR  MSADR
admin/bankfeeds/push/together/                             MS..R  MS..R
admin/bankfeeds/push/{push}/                               MSADR  MSADR
admin/bankfeeds/push/{push}/change/                        MSADR  .....
admin/bankfeeds/push/{push}/history/                       MSADR  MSADR
admin/bankfeeds/push/{push}/delete/                        .....  .....
admin/bankfeeds/push/{push}/status/                        MSADR  MSADR
admin/bankfeeds/push/{push}/body/                          MSADR  MSADR
admin/bankfeeds/push/{push}/stop/                          MSADR  MS..R
admin/bankfeeds/push/{push}/look/                          MSADR  MS..R
admin/bankfeeds/push/{push}/decide/                        MSADR  MS..R
admin/bankfeeds/push/{push}/mistake/                       MS..R  MS..R
admin/bankfeeds/push/{push}/client-text/                   MSADR  MSADR

# Sending again
admin/bankfeeds/resending/                                 MSADR  MSADR
admin/bankfeeds/resending/export/                          MSADR  MSADR
admin/bankfeeds/resending/add/                             MS..R  MS..R
admin/bankfeeds/resending/account/{account}/               MSADR  MS..R
admin/bankfeeds/resending/account/{account}/seen-to/       MSADR  MS..R
admin/bankfeeds/resending/account/{account}/file/          MS..R  MS..R
admin/bankfeeds/resending/push/{push}/file/                MS..R  MS..R
admin/bankfeeds/resending/{resending}/                     MSADR  MSADR
admin/bankfeeds/resending/{resending}/change/              MSADR  .....
admin/bankfeeds/resending/{resending}/history/             MSADR  MSADR
admin/bankfeeds/resending/{resending}/delete/              .....  .....
admin/bankfeeds/resending/{resending}/status/              MSADR  MSADR

# Schedules, their days, closing days
admin/bankfeeds/feedschedule/                              MSADR  MSADR
admin/bankfeeds/feedschedule/export/                       MSADR  MSADR
admin/bankfeeds/feedschedule/add/                          .....  .....
admin/bankfeeds/feedschedule/company/{company}/            MSADR  MS..R
admin/bankfeeds/feedschedule/company/{company}/too-late/   MSADR  MSADR
admin/bankfeeds/feedschedule/company/{company}/too-late/export/  MSADR  MSADR
admin/bankfeeds/feedschedule/{account}/                    MSADR  MSADR
admin/bankfeeds/feedschedule/{account}/change/             MSADR  .....
admin/bankfeeds/feedschedule/{account}/history/            MSADR  MSADR
admin/bankfeeds/feedschedule/{account}/delete/             .....  .....
admin/bankfeeds/feedschedule/{account}/set/                MS..R  MS..R
admin/bankfeeds/feedschedule/{account}/too-late/           MSADR  MSADR
admin/bankfeeds/feedschedule/{account}/too-late/export/    MSADR  MSADR
admin/bankfeeds/feedschedule/{account}/too-late/file/      .....  MS..R
admin/bankfeeds/feedrun/                                   MSADR  MSADR
admin/bankfeeds/feedrun/export/                            MSADR  MSADR
admin/bankfeeds/feedrun/add/                               .....  .....
admin/bankfeeds/feedrun/{run}/                             MSADR  MSADR
admin/bankfeeds/feedrun/{run}/change/                      MSADR  .....
admin/bankfeeds/feedrun/{run}/history/                     MSADR  MSADR
admin/bankfeeds/feedrun/{run}/delete/                      .....  .....
admin/bankfeeds/closure/                                   MSADR  MSADR
admin/bankfeeds/closure/export/                            MSADR  MSADR
admin/bankfeeds/closure/add/                               M...R  M...R
admin/bankfeeds/closure/{closure}/                         MSADR  MSADR
admin/bankfeeds/closure/{closure}/change/                  MSADR  M...R
admin/bankfeeds/closure/{closure}/history/                 MSADR  MSADR
admin/bankfeeds/closure/{closure}/delete/                  M...R  M...R

# Stops of sending, incidents
admin/bankfeeds/sendingstop/                               MSADR  MSADR
admin/bankfeeds/sendingstop/export/                        MSADR  MSADR
admin/bankfeeds/sendingstop/add/                           .....  .....
admin/bankfeeds/sendingstop/stop/                          MS..R  MS..R
admin/bankfeeds/sendingstop/{stop}/                        MSADR  MSADR
admin/bankfeeds/sendingstop/{stop}/change/                 MSADR  .....
admin/bankfeeds/sendingstop/{stop}/history/                MSADR  MSADR
admin/bankfeeds/sendingstop/{stop}/delete/                 .....  .....
admin/bankfeeds/sendingstop/{stop}/allow/                  MSADR  MS..R
admin/bankfeeds/incident/                                  MSADR  MSADR
admin/bankfeeds/incident/export/                           MSADR  MSADR
admin/bankfeeds/incident/add/                              .....  .....
admin/bankfeeds/incident/{incident}/                       MSADR  MSADR
admin/bankfeeds/incident/{incident}/change/                MSADR  .....
admin/bankfeeds/incident/{incident}/history/               MSADR  MSADR
admin/bankfeeds/incident/{incident}/delete/                .....  .....
admin/bankfeeds/incident/{incident}/go-on/                 MSADR  MS.DR

# Messages from Codat, readiness, the record
admin/bankfeeds/webhookmessage/                            MSADR  MSADR
admin/bankfeeds/webhookmessage/export/                     MSADR  MSADR
admin/bankfeeds/webhookmessage/add/                        .....  .....
admin/bankfeeds/webhookmessage/{message}/                  MSADR  MSADR
admin/bankfeeds/webhookmessage/{message}/change/           MSADR  .....
admin/bankfeeds/webhookmessage/{message}/history/          MSADR  MSADR
admin/bankfeeds/webhookmessage/{message}/delete/           .....  .....
admin/bankfeeds/webhookmessage/{message}/process/          MSADR  MS..R
admin/bankfeeds/readinesscheck/                            MS.DR  .....
admin/bankfeeds/readinesscheck/add/                        .....  .....
admin/bankfeeds/readinesscheck/check/                      MSADR  MS.DR
admin/bankfeeds/readinesscheck/{check}/                    MSADR  MSADR
admin/bankfeeds/readinesscheck/{check}/change/             MS.DR  .....
admin/bankfeeds/readinesscheck/{check}/history/            MS.DR  MS.DR
admin/bankfeeds/readinesscheck/{check}/delete/             .....  .....
admin/bankfeeds/event/                                     MSADR  MSADR
admin/bankfeeds/event/export/                              MSADR  MSADR
admin/bankfeeds/event/add/                                 .....  .....
admin/bankfeeds/event/{event}/                             MSADR  MSADR
admin/bankfeeds/event/{event}/change/                      MSADR  .....
admin/bankfeeds/event/{event}/history/                     MSADR  MSADR
admin/bankfeeds/event/{event}/delete/                      .....  .....

# People and groups
admin/auth/user/                                           ...DR  ...DR
admin/auth/user/access/                                    MSADR  MSADR
admin/auth/user/add/                                       ...DR  ...DR
admin/auth/user/{user}/                                    MSADR  MSADR
admin/auth/user/{user}/change/                             ...DR  ...DR
admin/auth/user/{user}/history/                            ...DR  ...DR
admin/auth/user/{user}/delete/                             .....  .....
admin/auth/user/{user}/password/                           ...DR  ...DR
admin/auth/user/{user}/sign-in/                            ...DR  ...DR
admin/auth/group/                                          ...DR  ...DR
admin/auth/group/add/                                      .....  .....
admin/auth/group/{group}/                                  MSADR  MSADR
admin/auth/group/{group}/change/                           ...DR  .....
admin/auth/group/{group}/history/                          ...DR  ...DR
admin/auth/group/{group}/delete/                           .....  .....
"""

# Address, status by GET and by POST for whoever has not signed in, and what stands there.
DOORS = """
/                              302  302  leads to the portal's start
healthz                        200  200  the process answers
readyz                         200  200  503 and what does not work, by name (here: all does)
webhooks/codat                 405  503  messages from Codat; 503 while no secret is set
api/statements                 405  401  statements of core systems; who has no token is refused
api/statements/{batch}         401  405  what became of one; the same
admin/login/                   200  200  the sign-in page
admin/nothing-of-ours/         302  302  what does not exist is not told to a stranger
sign-in/code/                  302  302  the second step, after the first
sign-in/set-up/                302  302  the same
sign-in/set-up/picture.svg     404  405  the same
sign-in/recovery-codes/        302  302  the same
sign-in/leave/                 405  302  leads to the sign-in page
sign-in/forgotten/             404  404  a new password by mail; 404 while no mail goes out
sign-in/forgotten/mailed/      404  404  the same
sign-in/forgotten/chosen/      404  404  the same
sign-in/forgotten/{who}/{key}/ 404  404  the same
"""

# The choices above a list: list, action, who has it.
ACTIONS = """
company         create_connections  M...R
company         push_connected    MS..R
company         refresh_statuses  MS..R
company         change_owner      M...R
sourceaccount   push_chosen       MS..R
doubt           decide_together   MS..R
push            decide_together   MS..R
push            send_again        MS..R
webhookmessage  process_selected  MS..R
"""


class Address(NamedTuple):
    path: str
    see: str
    press: str


class Door(NamedTuple):
    path: str
    read: int
    pressed: int


class Action(NamedTuple):
    model: str
    name: str
    who: str


def addresses() -> list[Address]:
    return [Address(*line.split()) for line in _lines(ADDRESSES)]


def doors() -> list[Door]:
    lines = (line.split()[:3] for line in _lines(DOORS))
    return [Door(path.lstrip("/"), int(read), int(pressed)) for path, read, pressed in lines]


def actions() -> list[Action]:
    return [Action(*line.split()) for line in _lines(ACTIONS)]


def paths() -> list[str]:
    """Of both tables."""
    return [line.path for line in addresses()] + [door.path for door in doors()]


def shape(path: str) -> str:
    """The same for a route and for a line of the table: what varies is nameless."""
    path = re.sub(r"\^?\(\?P<app_label>[\w|]*\)/\$", "<>/", path)
    path = path.replace("(?P<url>.*)$", "nothing-of-ours/")
    return re.sub(r"<[^>]*>|\{[^}]*\}", "<>", path)


def _lines(table: str) -> list[str]:
    return [line for line in table.splitlines() if line and not line.startswith("#")]
