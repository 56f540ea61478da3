"""What the link pages say, in English and in Canadian French."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    brand: str
    other_language: str  # in that language itself
    languages: str
    connect: str
    you_agree: str
    permissions: tuple[str, ...]
    next: str
    set_up: str
    you_need: str
    get: str
    username: str
    password: str
    revoke: str
    revoked: str
    steps: tuple[str, ...]
    go_on: str
    unauthorized: str
    expired: str


ENGLISH = Words(
    brand="Bank feeds by Codat (sandbox)",
    other_language="Français",
    languages="Language",
    connect="Connect to QuickBooks Online Bank Feeds",
    you_agree="To connect your bank accounts you agree to:",
    permissions=(
        "Give QuickBooks Online the balances of the accounts that you choose",
        "Give QuickBooks Online the transactions of the accounts that you choose, once a day",
        "Keep doing so until you disconnect the accounts in QuickBooks Online",
    ),
    next="Next",
    set_up="Set up QuickBooks",
    you_need="You need a username and a password that QuickBooks Online will ask you for.",
    get="Get credentials",
    username="Username",
    password="Password",  # noqa: S106
    revoke="Revoke credentials",
    revoked="The credentials were revoked.",
    steps=(
        "Keep this page open: the username and password are shown once.",
        "In QuickBooks Online, go to Transactions, then Bank transactions, then Link account.",
        "Search for {institution} and accept the terms.",
        "Enter the username and password above.",
        "Tick the accounts, choose the QuickBooks account of each and the date to start from.",
        "Select Connect.",
    ),
    go_on="Continue to QuickBooks",
    unauthorized="Unauthorized",
    expired=(
        "This link has expired or is not valid. Ask the one who sent it to you for a new link."
    ),
)

FRENCH = Words(
    brand="Flux bancaires par Codat (essai)",
    other_language="English",
    languages="Langue",
    connect="Connecter aux flux bancaires QuickBooks en ligne",
    you_agree="Pour connecter vos comptes bancaires, vous acceptez de :",
    permissions=(
        "Donner à QuickBooks en ligne les soldes des comptes que vous choisissez",
        "Donner à QuickBooks en ligne, une fois par jour, les opérations des comptes que vous"
        " choisissez",
        "Continuer ainsi jusqu'à ce que vous déconnectiez les comptes dans QuickBooks en ligne",
    ),
    next="Suivant",
    set_up="Configurer QuickBooks",
    you_need=(
        "Il vous faut un nom d'utilisateur et un mot de passe, que QuickBooks en ligne vous"
        " demandera."
    ),
    get="Obtenir les identifiants",
    username="Nom d'utilisateur",
    password="Mot de passe",  # noqa: S106
    revoke="Révoquer les identifiants",
    revoked="Les identifiants ont été révoqués.",
    steps=(
        "Gardez cette page ouverte : les identifiants ne sont affichés qu'une fois.",
        "Dans QuickBooks en ligne, ouvrez Opérations, puis Opérations bancaires, puis Lier un"
        " compte.",
        "Cherchez {institution} et acceptez les conditions.",
        "Entrez le nom d'utilisateur et le mot de passe ci-dessus.",
        "Cochez les comptes, choisissez le compte QuickBooks de chacun et la date de début.",
        "Appuyez sur Connecter.",
    ),
    go_on="Continuer vers QuickBooks",
    unauthorized="Non autorisé",
    expired=(
        "Ce lien est expiré ou n'est pas valide. Demandez un nouveau lien à la personne qui vous"
        " l'a envoyé."
    ),
)

WORDS = {"en": ENGLISH, "fr": FRENCH}
OTHER = {"en": "fr", "fr": "en"}
