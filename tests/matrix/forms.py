"""Every form of the portal, so that bad input can be put into each of its fields in turn.

A line: address, page on which the form stands (`.` the address itself, `-` no form: nothing is
typed there), what is filled in for an otherwise valid post (`name=value;...`), and after a bar the
fields that keep or ignore whatever is written: in all others bad input is refused and nothing
changes. What stands in the page's form already (hidden fields, chosen options) need not be named.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import NamedTuple

FORMS = """
# The site itself
admin/                                          -
admin/language/                                 admin/help/     language=fr-ca | language
admin/password_change/                          .               old_password={password};new_password1={fresh};new_password2={fresh}
admin/logout/                                   -
admin/{app}/                                    -
admin/login/                                    .               username=manager;password={password}
sign-in/code/                                   -
sign-in/set-up/                                 -
sign-in/leave/                                  -
sign-in/recovery-codes/                         -
webhooks/codat                                  -
api/statements                                  -
/                                               -

# Companies
admin/bankfeeds/company/                        {owner}         owner={manager} | select_across index
admin/bankfeeds/company/export/                 -
admin/bankfeeds/company/add/                    .               name=Acme;reference=R-1;country=US;language=en;owner={manager};contact_name=Zoe;contact_details=1 | name reference contact_name contact_details connect seen
admin/bankfeeds/company/name-at-codat/          -
admin/bankfeeds/company/adopt/                  .
admin/bankfeeds/company/adopt/{look}/           .               country=US;owner={manager};found={found}
admin/bankfeeds/company/{company}/              -
admin/bankfeeds/company/{company}/history/      -
admin/bankfeeds/company/{company}/edit/         .               name=Acme;reference=R-1;owner={manager} | name reference contact_name contact_details
admin/bankfeeds/company/{company}/connect/      -
admin/bankfeeds/company/{unfinished}/continue/  -
admin/bankfeeds/company/{company}/note/         admin/bankfeeds/company/{company}/change/  text=Called | text
admin/bankfeeds/company/{company}/close/        .               reason=left;replaced_by={unfinished} | reason
admin/bankfeeds/company/{closed}/reopen/        .               reason=back | reason
admin/bankfeeds/company/{unlinked}/books/       .               books=same
admin/bankfeeds/company/{company}/refresh/      -

# Connections and their links
admin/bankfeeds/connection/                     -
admin/bankfeeds/connection/export/              -
admin/bankfeeds/connection/routing/             -
admin/bankfeeds/connection/{connection}/        -
admin/bankfeeds/connection/{connection}/history/    -
admin/bankfeeds/connection/{connection}/accounts/   .           name-0=Main;account_type-0=checking;account_number-0=12345678;sort_code-0=021000021;currency-0=USD;balance-0=1.00 | name-0 account_number-0 rows seen-0 told-0 account_id-0 earlier-0
admin/bankfeeds/connection/{connection}/copy-link/  admin/bankfeeds/connection/{connection}/change/  | message
admin/bankfeeds/connection/{connection}/renew-link/ admin/bankfeeds/connection/{connection}/change/
admin/bankfeeds/connection/{connection}/refresh/    -
admin/bankfeeds/connection/{connection}/wrong-person/  .        reason=lost | reason issued unlink
admin/bankfeeds/connection/{connection}/move/       .           reason=moves;books=same | reason
admin/bankfeeds/connection/{connection}/unlink/     .           reason=left | reason
admin/bankfeeds/connection/{connection}/remove/     .           reason=left;confirm={name} | reason
admin/bankfeeds/connection/{connection}/revoke/     .           reason=left | reason
admin/bankfeeds/connection/{leaving}/go-on/         admin/bankfeeds/connection/{leaving}/change/
admin/bankfeeds/connection/{leaving}/leave-it/      admin/bankfeeds/connection/{leaving}/change/

# Accounts
admin/bankfeeds/sourceaccount/                      -           action=push_chosen;_selected_action={account} | _selected_action select_across index
admin/bankfeeds/sourceaccount/export/               -
admin/bankfeeds/sourceaccount/{account}/            -
admin/bankfeeds/sourceaccount/{account}/history/    -
admin/bankfeeds/sourceaccount/{account}/rename/     admin/bankfeeds/sourceaccount/{account}/change/  name=Payroll
admin/bankfeeds/sourceaccount/{planned}/continue/   admin/bankfeeds/sourceaccount/{planned}/change/  number=12345678 | number
admin/bankfeeds/sourceaccount/{account}/refresh/    -
admin/bankfeeds/sourceaccount/{account}/remove/     .           reason=left | reason
admin/bankfeeds/sourceaccount/{account}/not-wanted/ .           reason=no | reason
admin/bankfeeds/sourceaccount/{unwanted}/wanted/    .           reason=yes | reason
admin/bankfeeds/sourceaccount/{heir}/goes-on-from/  .           earlier={ended}

# Imports
admin/bankfeeds/statement/                          -
admin/bankfeeds/statement/export/                   -
admin/bankfeeds/statement/import/                   admin/bankfeeds/statement/import/?account={account} | file
admin/bankfeeds/statement/sample/                   -
admin/bankfeeds/statement/{statement}/              -
admin/bankfeeds/statement/{statement}/history/      -
admin/bankfeeds/statement/{statement}/preview/      -
admin/bankfeeds/statement/{statement}/preview/status/    -
admin/bankfeeds/statement/{statement}/preview/again/     -
admin/bankfeeds/statement/{bare}/opening/           admin/bankfeeds/statement/{bare}/preview/  opening_balance=1.00
admin/bankfeeds/statement/{statement}/save/         admin/bankfeeds/statement/{statement}/preview/  | leave_out_bad
admin/bankfeeds/statement/{statement}/saving/       -
admin/bankfeeds/statement/{statement}/saving/status/    -
admin/bankfeeds/statement/{statement}/discard/      -
admin/bankfeeds/statement/{saved}/undo/             .           reason=wrong | reason
admin/bankfeeds/statement/{statement}/bad-rows/     -

# Rows to decide
admin/bankfeeds/doubt/                              -
admin/bankfeeds/doubt/export/                   -
admin/bankfeeds/doubt/{doubt}/                      -
admin/bankfeeds/doubt/{doubt}/history/              -
admin/bankfeeds/doubt/together/                     admin/bankfeeds/doubt/together/?chosen={doubt}  answer=keep;reason=same | answer reason
admin/bankfeeds/doubt/{doubt}/decide/               admin/bankfeeds/doubt/{doubt}/change/  answer=keep;reason=same | answer reason

# Column profiles
admin/bankfeeds/columnprofile/                      -
admin/bankfeeds/columnprofile/export/           -
admin/bankfeeds/columnprofile/add/                  .
admin/bankfeeds/columnprofile/sample/{sample}/      .           name=Daily;press=save;right=yes | institution name press has_header widths out_words in_words
admin/bankfeeds/columnprofile/{profile}/            -
admin/bankfeeds/columnprofile/{profile}/history/    -
admin/bankfeeds/columnprofile/{profile}/retire/     .           reason=old | reason

# Core systems, and what they sent
admin/bankfeeds/sender/                             -
admin/bankfeeds/sender/export/                  -
admin/bankfeeds/sender/add/                         .           name=Core2;way=post | name
admin/bankfeeds/sender/{sender}/                    -
admin/bankfeeds/sender/{sender}/history/            -
admin/bankfeeds/sender/{sender}/revoke/             .           reason=left | reason
admin/bankfeeds/sender/{sender}/account/            .           account={account_id}
admin/bankfeeds/sender/{sender}/expect/             .           is_on=yes;at=06:00;grace=15;country=US
admin/bankfeeds/sender/missing/{missing}/give-up/   .           reason=moved | reason
admin/bankfeeds/sender/not-ours/{foreign}/end/      .           reason=ours | reason
admin/bankfeeds/receivedfile/{received}/not-ours/{place}/ .           reason=theirs | reason
admin/bankfeeds/receivedfile/                       -
admin/bankfeeds/receivedfile/export/            -
admin/bankfeeds/receivedfile/{received}/            -
admin/bankfeeds/receivedfile/{received}/history/    -
admin/bankfeeds/receivedfile/{received}/read-again/ -
admin/bankfeeds/receivedfile/{received}/leave-out/  -
admin/bankfeeds/receivedfile/{received}/file/       -
admin/bankfeeds/receivedfile/{received}/status/     -
admin/bankfeeds/receivedfile/{received}/reject/     admin/bankfeeds/receivedfile/{received}/change/  reason=wrong | reason

# Transactions
admin/bankfeeds/banktransaction/                    -
admin/bankfeeds/banktransaction/export/             -
admin/bankfeeds/banktransaction/{transaction}/      -
admin/bankfeeds/banktransaction/{transaction}/history/  -

# Pushes
admin/bankfeeds/push/                               -           action=send_again;_selected_action={refused} | _selected_action select_across index
admin/bankfeeds/push/export/                        -
admin/bankfeeds/push/totals/                        -
admin/bankfeeds/push/confirm/                       admin/bankfeeds/push/confirm/?account={ready}  signs-{ready}=right | shown
admin/bankfeeds/push/pre-flight/{account}/export/   -
admin/bankfeeds/push/{push}/pre-flight/export/      -
admin/bankfeeds/push/together/                      admin/bankfeeds/push/together/?chosen={timed_out}  reason=old;kind=give_up | reason
admin/bankfeeds/push/{push}/                        -
admin/bankfeeds/push/{push}/history/                -
admin/bankfeeds/push/{push}/status/                 -
admin/bankfeeds/push/{push}/body/                   -
admin/bankfeeds/push/{waiting}/stop/                admin/bankfeeds/push/{waiting}/change/  reason=wrong | reason seen
admin/bankfeeds/push/{unknown}/look/                admin/bankfeeds/push/{unknown}/change/
admin/bankfeeds/push/{refused}/decide/              admin/bankfeeds/push/{refused}/change/  reason=wrong;kind=give_up | reason leave_out
admin/bankfeeds/push/{push}/mistake/                .           reason=wrong;row={item} | reason wrong_client stop
admin/bankfeeds/push/{push}/client-text/            -

# Sending again
admin/bankfeeds/resending/                          -
admin/bankfeeds/resending/export/                   -
admin/bankfeeds/resending/add/?chosen={refused}     .           reason=again | reason
admin/bankfeeds/resending/account/{account}/        .           reason=lost;row={item} | reason push
admin/bankfeeds/resending/account/{account}/seen-to/  admin/bankfeeds/resending/account/{account}/  reason=seen | reason row
admin/bankfeeds/resending/account/{account}/file/   -           rows=all | rows
admin/bankfeeds/resending/push/{push}/file/         -
admin/bankfeeds/resending/{resending}/              -
admin/bankfeeds/resending/{resending}/history/      -
admin/bankfeeds/resending/{resending}/status/       -

# Schedules, their days, closing days
admin/bankfeeds/feedschedule/                       -
admin/bankfeeds/feedschedule/export/                -
admin/bankfeeds/feedschedule/company/{company}/     .           is_on=yes;trigger=daily;at=07:00
admin/bankfeeds/feedschedule/company/{company}/too-late/         -
admin/bankfeeds/feedschedule/company/{company}/too-late/export/  -
admin/bankfeeds/feedschedule/{account}/             -
admin/bankfeeds/feedschedule/{account}/history/     -
admin/bankfeeds/feedschedule/{account}/set/         admin/bankfeeds/feedschedule/{account}/change/  is_on=yes;trigger=daily;at=07:00
admin/bankfeeds/feedschedule/{account}/too-late/         -
admin/bankfeeds/feedschedule/{account}/too-late/export/  -
admin/bankfeeds/feedschedule/{account}/too-late/file/    -       part=1
admin/bankfeeds/feedrun/                            -
admin/bankfeeds/feedrun/export/                     -
admin/bankfeeds/feedrun/{run}/                      -
admin/bankfeeds/feedrun/{run}/history/              -
admin/bankfeeds/closure/                            -
admin/bankfeeds/closure/export/                     -
admin/bankfeeds/closure/add/                        .           day={tomorrow};name=Move | name
admin/bankfeeds/closure/{closure}/                  -
admin/bankfeeds/closure/{closure}/change/           .           name=Feast | name
admin/bankfeeds/closure/{closure}/history/          -
admin/bankfeeds/closure/{closure}/delete/           .           post=yes | post

# Stops of sending, incidents
admin/bankfeeds/sendingstop/                        -
admin/bankfeeds/sendingstop/export/                 -
admin/bankfeeds/sendingstop/stop/                   admin/bankfeeds/sendingstop/stop/?account={account}  reason=wrong | reason
admin/bankfeeds/sendingstop/{stop}/                 -
admin/bankfeeds/sendingstop/{stop}/history/         -
admin/bankfeeds/sendingstop/{stop}/allow/           admin/bankfeeds/sendingstop/{stop}/change/  reason=right | reason
admin/bankfeeds/incident/                           -
admin/bankfeeds/incident/export/                    -
admin/bankfeeds/incident/{incident}/                -
admin/bankfeeds/incident/{incident}/history/        -
admin/bankfeeds/incident/{incident}/go-on/          admin/bankfeeds/incident/{incident}/change/  reason=mended | reason

# Messages from Codat, readiness, the record
admin/bankfeeds/webhookmessage/                     -           action=process_selected;_selected_action={message} | select_across index
admin/bankfeeds/webhookmessage/export/              -
admin/bankfeeds/webhookmessage/{message}/           -
admin/bankfeeds/webhookmessage/{message}/history/   -
admin/bankfeeds/webhookmessage/{message}/process/   -
admin/bankfeeds/readinesscheck/check/               -
admin/bankfeeds/readinesscheck/{check}/             -
admin/bankfeeds/readinesscheck/{check}/history/     -
admin/bankfeeds/event/                              -
admin/bankfeeds/event/export/                       -
admin/bankfeeds/event/{event}/                      -
admin/bankfeeds/event/{event}/history/              -

# People and groups
admin/auth/user/                                    -
admin/auth/user/access/                             -
admin/auth/user/add/                                .           username=zoe;password1={fresh};password2={fresh};groups={group} | username first_name last_name email is_staff
admin/auth/user/{user}/                             -
admin/auth/user/{user}/change/                      .           groups={group};first_name=Zoe | username first_name last_name is_active is_staff is_superuser
admin/auth/user/{user}/history/                     -
admin/auth/user/{user}/password/                    .           password1={fresh};password2={fresh} | username
admin/auth/user/{user}/sign-in/                     -           unlock=yes | unlock
admin/auth/group/                                   -
admin/auth/group/{group}/                           -
admin/auth/group/{group}/history/                   -
"""  # noqa: E501


class Form(NamedTuple):
    """`on`: the page with the form, "" for none. `keeps`: fields that keep or ignore anything."""

    path: str
    on: str
    filled: dict[str, str]
    keeps: set[str]


def forms() -> list[Form]:
    return [_form(line) for line in FORMS.splitlines() if line and not line.startswith("#")]


def _form(line: str) -> Form:
    typed, _bar, keeps = line.partition("|")
    path, on, filled = re.split(r"\s+", typed.strip() + " ", maxsplit=2)
    pairs = (pair.split("=", 1) for pair in filled.strip().split(";") if pair)
    page = {"-": "", ".": path}.get(on, on)
    return Form(path, page, dict(pairs), set(keeps.split()))


class _Reader(HTMLParser):
    """The forms of a page: by their action, the fields with what they would send as they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, list[str]]]] = []
        self._select: tuple[str, list[str]] | None = None
        self._area = ""
        self.texts: set[str] = set()  # names of the fields into which words are typed

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((given.get("action", ""), {}))
        elif not self.found:
            return
        elif tag in ("input", "textarea") and given.get("name"):
            self._field(tag, given)
        elif tag == "select" and given.get("name"):
            self._fields.setdefault(given["name"], [])
            self._select = given["name"], []
        elif tag == "option" and self._select and "selected" in given:
            self._fields[self._select[0]].append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self._fields[self._area] = [data]

    @property
    def _fields(self) -> dict[str, list[str]]:
        return self.found[-1][1]

    def _field(self, tag: str, given: dict[str, str]) -> None:
        if given.get("type") == "submit":
            return
        if tag == "textarea" or given.get("type", "text") in ("text", "email", "search", "tel"):
            self.texts.add(given["name"])
        values = self._fields.setdefault(given["name"], [])
        if tag == "textarea":
            self._area = given["name"]
        elif given.get("type") not in ("checkbox", "radio", "file") or "checked" in given:
            values.append(given.get("value", ""))


def texts_of(page: str) -> set[str]:
    """Names of the fields of a page into which words are typed."""
    reader = _Reader()
    reader.feed(page)
    return reader.texts


def fields_of(page: str, address: str, *, itself: bool) -> dict[str, list[str]] | None:
    """The fields of the form of a page that posts to `address`; None when there is none.

    `itself`: it may do so by having no action.
    """
    reader = _Reader()
    reader.feed(page)
    mine = [
        fields
        for action, fields in reader.found
        if action.partition("?")[0] == address.partition("?")[0] or (itself and not action)
    ]
    return max(mine, key=len) if mine else None
