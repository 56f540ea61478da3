"""The words of every status, held as a table: label, tone, explanation, and the label in French."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.utils import translation

from bankfeeds.words import Word, legend
from tests.admin.pushes import signed_in, text

NOW = dt.datetime(2026, 11, 20, 20, 42, tzinfo=dt.UTC)  # 3:42 p.m. in Toronto
CONNECTIONS = """
Removed at Codat | bad | No longer exists at Codat. Its history stays here. | Supprimée chez Codat
Access withdrawn | bad | Permission was withdrawn. A new link and a new consent are needed. | Accès retiré
Disconnected | bad | QuickBooks no longer asks for any account. The client must connect again. | Déconnectée
Partly disconnected (1 of 3 lost) | warn | The other accounts still work. Ask the client whether this was meant. | Partiellement déconnectée (1 sur 3)
Connected (3 of 3) | good | The client chose all accounts in QuickBooks. Transactions can be sent. | Connectée (3 sur 3)
Partly connected (2 of 3) | warn | Feeds run for 2 of 3. Ask about the rest: send a new link, or mark them not wanted. | Partiellement connectée (2 sur 3)
No accounts yet | quiet | Add accounts before the client opens the link; the page at Codat would be empty. | Aucun compte
Waiting for the client – link valid 38 min | wait | The client has a working link and has not finished. | En attente du client – lien valide 38 min
Waiting for the client – link expired | warn | The client cannot go on. Renew when the client is ready to use it within the hour. | En attente du client – lien expiré
Unclear – Codat says “…” | warn | A word this portal does not know. Nothing is sent until an account shows Connected. | À vérifier – Codat indique « … »
No connection yet | quiet | Create the QuickBooks connection first. | Pas encore de connexion
"""
LINKS = """
Valid – 38 min left | good | Works until 4:20 p.m. ET, for this client only. | Valide – reste 38 min
Ends soon – 6 min left | warn | Copying renews it first. | Expire bientôt – 6 min
Expired | bad | The client would see an error page (401). | Expiré
Withdrawn | quiet | It is handed out no more. | Retiré
None yet | quiet | Create the connection first. | Aucun
"""
ACCOUNTS = """
Not connected yet | wait | The client has not chosen this account in QuickBooks. Nothing can be sent; rows keep ageing. | Pas encore connecté
Connecting | wait | Started in QuickBooks, not confirmed. Nothing can be sent yet. | Connexion en cours
Connected | good | Transactions can be sent. Codat learns of a disconnect up to 10 days late. | Connecté
Disconnected | bad | QuickBooks has not asked for about 10 days. What was accepted meanwhile may be missing there. | Déconnecté
Unclear – Codat says “…” | warn | Not a known status. Nothing is sent. Refresh, then ask Codat. | À vérifier – Codat indique « … »
Not wanted | quiet | The client does not want this account in QuickBooks. No reminders, nothing is sent. | Non requis
Removed | quiet | Taken off the feed. The account in QuickBooks and what it holds stay. | Retiré
"""
PUSHES = """
Not confirmed | quiet | Prepared only. Nothing is sent. | Non confirmé
Waiting to be sent | wait | Confirmed; leaves in a moment. Can still be stopped. | En attente d'envoi
On hold – Codat cannot be reached, until 4 p.m. ET | wait | Nothing is wrong with these rows. Goes on by itself. | Suspendu – Codat est injoignable, jusqu'à 16 h 00 HE
Waiting behind push #118 | wait | An earlier push of this account needs a decision first; order must be kept. | En attente derrière l'envoi no 118
Sending | wait | Leaving now. Cannot be stopped any more. | Envoi en cours
Checking what Codat received | wait | The answer was lost. We look before anything is sent again. Nothing to do. | Vérification auprès de Codat
At Codat, being checked | wait | Codat has the rows and has not decided. Not yet accepted. | Chez Codat, en validation
Accepted by Codat | good | Stored by Codat. QuickBooks fetches once a day, or when the client presses Update. No proof that the client sees it. | Accepté par Codat
Refused by Codat | bad | Codat reports that it did not take this push. Later pushes of this account wait for your decision. | Refusé par Codat
Outcome unknown | warn | Codat ran out of time; the rows may be stored. Never send again without looking. | Résultat inconnu
Needs your decision | warn | We could not find out by ourselves. The evidence is below. | Décision requise
Stopped before sending | quiet | Nothing left this portal. The rows are free again. | Arrêté avant l'envoi
Accepted by Codat, by a person's word | good | Codat ran out of time and never said how it ended. A person found that Codat has the rows: the decision stands below. Nothing was sent again. | Accepté par Codat, sur la parole d'une personne
Sent again in another push | quiet | A person found that Codat does not have it. Its rows went into push #118; those that were too late stay with the account. | Envoyé de nouveau dans un autre envoi
Given up | quiet | A person gave up on it. Its rows may be at Codat all the same. | Abandonné
Sent in error | bad | Rows of it should not have gone. The client takes them out. | Envoyé par erreur
May not have reached QuickBooks | warn | Accepted in the ten days before the account was found disconnected. QuickBooks may not have fetched it. | N'a peut-être pas atteint QuickBooks
Sent again | wait | Rows of it went once more, in a push that has not ended yet. | Envoyé de nouveau
Seen to | quiet | What was perhaps missing was accepted again, or found in QuickBooks. | Vérifié
Resolved by push #118 | quiet | A decision sent its rows again, in that push. | Réglé par l'envoi no 118
Replaces push #118 | quiet | It carries the rows of that push, by a decision. | Remplace l'envoi no 118
"""
STOPS = """
Sending stopped | warn | We stopped it: its page says why, who and when. Nothing leaves until someone allows it again. | Envois arrêtés
"""
CLOSED = """
Closed | quiet | Nothing of it is sent; its history stays here. | Fermée
"""
TRANSACTIONS = """
Waiting | wait | Imported, in no push. Send by Nov 26, 2026. | En attente
Blocked – Its date lies in the future; only cleared transactions can be sent | warn | Wait until it has cleared, then push again. | Bloquée – Sa date est dans l'avenir ; seules les opérations compensées peuvent être envoyées
In push #118 | wait | Its outcome is the outcome of that push. | Dans l'envoi no 118
Left out | quiet | A person decided not to send it: who, when, why. | Écartée
Too late for the feed | bad | Older than seven days, or older than the newest accepted. Give the client a file. | Trop tard pour le flux
Goes on with the new account | quiet | The client moved to another QuickBooks company; it goes there. | Continue avec le nouveau compte
"""
FINDINGS = """
Stops this row | bad |  | Bloque
Worth a look | warn |  | À vérifier
Fine | good |  | Conforme
"""
TABLES = [
    (CONNECTIONS, legend.of_connections),
    (LINKS, legend.of_links),
    (ACCOUNTS, legend.of_accounts),
    (PUSHES, legend.of_pushes),
    (TRANSACTIONS, legend.of_transactions),
    (STOPS, legend.of_stops),
    (CLOSED, legend.of_closed),
]


def lines(english: Sequence[Word], french: Sequence[Word]) -> list[str]:
    return [
        f"{word.label} | {word.tone} | {word.explanation} | {translated.label}"
        for word, translated in zip(english, french, strict=True)
    ]


def in_both(words_of: Callable[[], list[Word]]) -> list[str]:
    with translation.override("en"):
        english = words_of()
    with translation.override("fr-ca"):
        shown = lines(english, words_of())
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in shown]


@pytest.mark.parametrize(("table", "words_of"), TABLES)
def test_the_table(table: str, words_of: Callable[..., list[Word]]) -> None:
    assert in_both(lambda: words_of(now=NOW)) == table.strip().splitlines()


def test_the_table_of_findings() -> None:
    assert in_both(legend.of_findings) == FINDINGS.strip().splitlines()


@pytest.mark.parametrize(
    ("name", "words_of"),
    [
        ("company", legend.of_connections),
        ("company", legend.of_links),
        ("company", legend.of_stops),
        ("company", legend.of_closed),
        ("connection", legend.of_connections),
        ("sourceaccount", legend.of_accounts),
        ("sourceaccount", legend.of_stops),
        ("push", legend.of_pushes),
        ("banktransaction", legend.of_transactions),
    ],
)
def test_each_list_explains_its_words(
    people: dict[str, Any], name: str, words_of: Callable[..., list[Word]]
) -> None:
    shown = text(signed_in(people["manager"]).get(f"/admin/bankfeeds/{name}/"))
    assert "What these words mean" in shown
    for word in words_of(now=NOW):
        assert word.explanation.partition(" by ")[0].partition(" until ")[0] in shown


def test_the_day_of_an_example_is_that_of_the_institution() -> None:
    evening = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)  # still November 20 in Toronto
    assert "Send by Nov 26, 2026." in legend.of_transactions(now=evening)[0].explanation
