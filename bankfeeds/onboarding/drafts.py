"""An account before it is sent: what was typed, what is wrong with it, what Codat will hear.

Pure: talks to nobody. Source: Codat guide, Set up the QuickBooks Online Bank Feeds integration
(all seven fields are required); the routing number's check digit is the ABA's.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from bankfeeds import free_text
from bankfeeds.codat.shapes import read_account_type
from bankfeeds.sealing import normalised

LONGEST_NAME = 200
LONGEST_ID = 100
CURRENCIES = ("USD", "CAD")

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]*")
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SEPARATORS = re.compile(r"[\s-]+")
_TRANSIT_INSTITUTION = re.compile(r"\s*([0-9]{5})\s*[-\s]?\s*([0-9]{3})\s*", re.ASCII)
_ELECTRONIC = re.compile(r"0([0-9]{3})([0-9]{5})", re.ASCII)
# No digits and no vowels: an id can neither contain an account number nor spell a word.
_LETTERS = "bcdfghjkmnpqrstvwxz"
_ABA_WEIGHTS = (3, 7, 1, 3, 7, 1, 3, 7, 1)


@dataclass(frozen=True)
class AccountDraft:
    """A source account as a person or a file gives it. `account_id` "": the portal makes one.

    `account_number` and `sort_code` as typed; `balance`: what is owed on a card is negative.
    """

    name: str
    account_type: str
    account_number: str
    sort_code: str
    currency: str
    balance: Decimal
    account_id: str = ""

    def __repr__(self) -> str:
        # Drafts stand in tracebacks and error reports; account numbers do not.
        return f"AccountDraft({self.name!r}, {self.account_type!r}, {self.account_id!r})"


def check_draft(draft: AccountDraft, *, country: str) -> dict[str, str]:
    """Everything that is wrong: the draft's field -> a message. Empty: it may be sent."""
    found = {
        "name": _name_problem(draft.name),
        "account_type": _type_problem(draft.account_type),
        "account_number": number_problem(draft.account_number),
        "sort_code": routing_problem(draft.sort_code, country=country),
        "currency": _currency_problem(draft.currency),
        "balance": _balance_problem(draft.balance),
        "account_id": _id_problem(draft),
    }
    return {field: message for field, message in found.items() if message}


def currency_doubt(currency: str, *, country: str) -> str:
    """What to think of before an account in the currency of the other country; "" if nothing."""
    if currency not in CURRENCIES or currency == own_currency(country):
        return ""
    text = _("An account in %(currency)s: the client's books must allow several currencies.")
    return text % {"currency": currency}


def own_currency(country: str) -> str:
    return "CAD" if country == "CA" else "USD"


def routing_as_sent(value: str, *, country: str) -> str:
    """The exact value that Codat will hear as `sortCode`.

    US: the nine digits. Canada: `12345-678`, transit and institution, also from the electronic
    form 0 + institution + transit (`067812345`). What is neither goes as typed, without spaces
    around it; `check_draft` refuses it.
    """
    typed = value.strip()
    digits = _SEPARATORS.sub("", typed)
    if country != "CA":
        return digits if re.fullmatch(r"[0-9]{9}", digits, re.ASCII) else typed
    if electronic := _ELECTRONIC.fullmatch(digits):
        return f"{electronic[2]}-{electronic[1]}"
    if paper := _TRANSIT_INSTITUTION.fullmatch(typed):
        return f"{paper[1]}-{paper[2]}"
    return typed


def type_as_sent(account_type: str) -> str:
    """Codat's spelling of a type written in any case; unknown ones as they are."""
    known = read_account_type(account_type)
    return known.value if known else account_type.strip()


def number_as_sent(account_number: str) -> str:
    return account_number.strip()


def made_account_id() -> str:
    """A new account id, never derived from the number; 42 bits of chance."""
    return "acc-" + "".join(secrets.choice(_LETTERS) for _ in range(10))


def _name_problem(name: str) -> str:
    if not name.strip():
        return _("Give the account a name; the client will see it in QuickBooks.")
    if len(name.strip()) > LONGEST_NAME:
        return _("The name is longer than %(most)d characters.") % {"most": LONGEST_NAME}
    return free_text.problem(name.strip())


def _type_problem(account_type: str) -> str:
    if not account_type.strip():
        return _("Choose a type.")
    known = read_account_type(account_type)
    if known is None or known.value == "Unknown":
        return _("“%(type)s” is not a type of account that Codat knows.") % {
            "type": account_type.strip()
        }
    return ""


def number_problem(number: str) -> str:
    """What is wrong with an account number, in words; "" if nothing is."""
    if not number.strip():
        return _("Enter the account number.")
    fits = _NUMBER.fullmatch(number.strip()) and 4 <= len(normalised(number)) <= 34
    return "" if fits else _("An account number has 4 to 34 digits or letters.")


def routing_problem(value: str, *, country: str) -> str:
    """What is wrong with a routing number, or transit and institution; "" if nothing is."""
    sent = routing_as_sent(value, country=country)
    if country == "CA":
        if not sent:
            return _("Enter transit and institution number.")
        if re.fullmatch(r"[0-9]{5}-[0-9]{3}", sent, re.ASCII):
            return ""
        return _("Transit and institution are 5 + 3 digits, such as 12345-678 or 067812345.")
    if not sent:
        return _("Enter the routing number.")
    if not re.fullmatch(r"[0-9]{9}", sent, re.ASCII):
        return _("A routing number has 9 digits.")
    weighted = sum(w * int(d) for w, d in zip(_ABA_WEIGHTS, sent, strict=True))
    if weighted % 10 or sent == "0" * 9:
        return _("The check digit of the routing number is wrong. Compare it with the original.")
    return ""


def _currency_problem(currency: str) -> str:
    return "" if currency in CURRENCIES else _("The currency must be USD or CAD.")


def _balance_problem(balance: Decimal) -> str:
    if not balance.is_finite():
        return _("The balance must be a number.")
    if balance and (balance.adjusted() >= 15 or int(balance.as_tuple().exponent) < -4):
        return _("The balance has too many digits.")
    return ""


def _id_problem(draft: AccountDraft) -> str:
    account_id = draft.account_id
    if not account_id:
        return ""
    if len(account_id) > LONGEST_ID or not _SAFE_ID.fullmatch(account_id):
        return _(
            "An account id begins with a letter or digit and has at most 100 letters,"
            " digits, dots, underscores and hyphens."
        )
    if shows_number(account_id, draft.account_number):
        return _("The account id contains the account number. Use another id; it is not secret.")
    return ""


def shows_number(account_id: str, account_number: str) -> bool:
    """Whether the id would give the account number away, which is kept nowhere."""
    number, shown = normalised(account_number), normalised(account_id)
    digits = re.sub(r"\D", "", number)
    return (len(number) >= 4 and number in shown) or (
        len(digits) >= 4 and digits in re.sub(r"\D", "", shown)
    )
