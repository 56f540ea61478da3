"""Names that columns usually have, in English and French, and what is tried where none fits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .written import plainly

# Without accents, spaces and signs; those that fit better come first.
NAMES: Mapping[str, tuple[str, ...]] = {
    "date": (
        "date", "posted", "postingdate", "posteddate", "dateposted", "booked", "bookingdate",
        "transactiondate", "dateoftransaction", "trandate", "effectivedate", "datecomptable",
        "dateinscription", "datedinscription", "dateoperation", "datedeloperation",
        "datetransaction", "datedelatransaction", "valuedate", "datedevaleur",
    ),
    "description": (
        "description", "description1", "libelle", "memo", "details", "detail", "narrative",
        "particulars", "payee", "transaction", "text", "name", "what", "designation", "operation",
        "beneficiaire",
    ),
    "more": ("description2", "details", "detail", "memo", "libelle2", "precision", "note"),
    "amount": (
        "amount", "montant", "transactionamount", "amountcad", "amountusd", "cad", "usd",
        "montantcad", "montantoperation", "montantdeloperation", "somme", "value",
    ),
    "money_out": (
        "debit", "debits", "debitamount", "moneyout", "paidout", "withdrawal", "withdrawals",
        "montantdebit", "retrait", "retraits", "sortie", "sorties", "sortiedargent",
    ),
    "money_in": (
        "credit", "credits", "creditamount", "moneyin", "paidin", "deposit", "deposits",
        "montantcredit", "depot", "depots", "entree", "entrees", "entreedargent",
    ),
    "kind": (
        "type", "dc", "drcr", "crdr", "debitcredit", "creditdebit", "debitcreditindicator", "sens",
        "indicateur", "transactiontype", "typedoperation",
    ),
    "balance": (
        "balance", "runningbalance", "solde", "soldecourant", "ledgerbalance", "bookbalance",
        "closingbalance", "balanceafter", "soldeapres", "soldeapresoperation", "accountbalance",
    ),
    "id": (
        "id", "transactionid", "tranid", "fitid", "reference", "referencenumber", "ref", "trace",
        "tracenumber", "sequence", "numerodereference", "noreference", "nodereference",
        "iddeloperation", "idtransaction", "numerodoperation", "nooperation", "uniqueid",
    ),
    "account": (
        "account", "accountnumber", "accountno", "accountnum", "acct", "acctno", "acctnumber",
        "compte", "numerodecompte", "nodecompte", "nocompte", "numerocompte",
    ),
    "routing": (
        "routing", "routingnumber", "aba", "abanumber", "rtn", "transit", "transitnumber",
        "branchtransit", "numerodetransit", "notransit", "nodetransit",
    ),
    "bank": (
        "institution", "institutionnumber", "bank", "banknumber", "numerodinstitution",
        "noinstitution", "nodinstitution",
    ),
}  # fmt: skip
OUT_WORDS = {"d", "dr", "db", "dt", "debit", "debits", "out", "withdrawal", "retrait", "sortie"}
IN_WORDS = {"c", "cr", "ct", "credit", "credits", "in", "deposit", "depot", "entree"}
MONEY = ("amount", "money_out", "money_in", "balance")
BRACKETS = re.compile(r"\([^()]*\)")
CENTS = re.compile(r"[.,][0-9]{2}(?![0-9])")


def named(
    header: Sequence[str],
    dated: Sequence[int],
    numbers: Sequence[int],
    kinds: Sequence[Mapping[str, None]],
) -> dict[str, int]:
    """Positions by what the columns hold: by name where it fits the cells, else by the cells.

    `dated` and `numbers`: columns with such cells. `kinds`: the different cells of each column.
    """
    at: dict[str, int] = {}
    for what, names in NAMES.items():
        found = _by_name(header, names, set(at.values()))
        if found is not None and _holds(what, found, dated, numbers, kinds):
            at[what] = found
    if "account" not in at:
        at.pop("routing", None)
        at.pop("bank", None)
    if "money_out" in at and "money_in" in at:
        at.pop("amount", None)
        at.pop("kind", None)
    else:
        at.pop("money_out", None)
        at.pop("money_in", None)
    _by_cells(at, dated, numbers, kinds)
    return at


def _by_name(header: Sequence[str], names: Sequence[str], taken: set[int]) -> int | None:
    # What stands in brackets explains the name, or is the currency.
    for spoken in (header, [BRACKETS.sub("", name) for name in header]):
        plain = [re.sub("[^a-z0-9]", "", plainly(name)) for name in spoken]
        for name in names:
            if name in plain and plain.index(name) not in taken:
                return plain.index(name)
    return None


def _holds(
    what: str,
    at: int,
    dated: Sequence[int],
    numbers: Sequence[int],
    kinds: Sequence[Mapping[str, None]],
) -> bool:
    if what == "date":
        return at in dated
    if what in MONEY:
        # A sample of a quiet day may have money one way alone.
        return at in numbers or not kinds[at]
    if what == "account":
        # A file of one account is the account's that it is imported for.
        return len(kinds[at]) > 1
    return what != "kind" or _tells_the_way(kinds[at])


def _tells_the_way(cells: Mapping[str, None]) -> bool:
    words = {plainly(cell) for cell in cells}
    return bool(words) and words <= OUT_WORDS | IN_WORDS


def _has_letter(text: str) -> bool:
    return any(map(str.isalpha, text))


def _by_cells(
    at: dict[str, int],
    dated: Sequence[int],
    numbers: Sequence[int],
    kinds: Sequence[Mapping[str, None]],
) -> None:
    """What no name told: the first dates, the longest texts, the last two columns of numbers."""
    if "date" not in at and dated:
        at["date"] = dated[0]
    texts = [c for c in range(len(kinds)) if c not in {*at.values(), *dated, *numbers}]
    if "kind" not in at and "money_out" not in at:
        ways = [column for column in texts if _tells_the_way(kinds[column])]
        at.update({"kind": ways[0]} if ways else {})
        texts = [column for column in texts if column not in ways]
    if "description" not in at and texts:
        # One without a letter is a number of an account, however long it is.
        lettered = [column for column in texts if any(map(_has_letter, kinds[column]))]
        at["description"] = max(lettered or texts, key=lambda column: sum(map(len, kinds[column])))
    # Where one column has cents, one without is a number of a card, a cheque or a branch.
    with_cents = [column for column in numbers if any(map(CENTS.search, kinds[column]))]
    free = [column for column in with_cents or numbers if column not in at.values()]
    if "balance" not in at and free:
        at["balance"] = free.pop()
    if "amount" not in at and "money_out" not in at and free:
        at["amount"] = free.pop()
