"""Company, Connection, SourceAccount: copies of Codat's truth.

Mirrored fields change only through an action that calls Codat; our own fields (name, reference,
country) are ours. What vanished at Codat gets `gone_at` and is never deleted: history points at it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .remote import Intent, RemoteCreation

LINK_LIFETIME = dt.timedelta(hours=1)
# In small letters; `credit` is the word of Codat's first schema.
CARDS_AND_LOANS = frozenset({"creditcard", "prepaidcard", "loan", "credit"})


class Country(models.TextChoices):
    US = "US", _("United States")
    CA = "CA", _("Canada")


class Language(models.TextChoices):
    """Of texts for a client, and of the pages for a person."""

    ENGLISH = "en", _("English")
    FRENCH = "fr-ca", _("Français (Canada)")


class Company(RemoteCreation):
    codat_id = models.UUIDField(_("Codat id"), null=True, blank=True, unique=True)
    name = models.CharField(_("our name"), max_length=200)
    codat_name = models.CharField(_("name at Codat"), max_length=200)
    reference = models.CharField(_("internal reference"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, choices=Country, default=Country.US)
    language = models.CharField(
        _("language for client texts"), max_length=5, choices=Language, default=Language.ENGLISH
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="companies",
        verbose_name=_("owner"),
    )
    # Of ours alone: never sent to Codat.
    contact_name = models.CharField(_("contact"), max_length=100, blank=True)
    contact_details = models.CharField(_("phone or e-mail"), max_length=200, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    # Of a duplicate that was closed: the company that goes on in its place.
    replaced_by = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replaces"
    )
    # What we write into Codat's `description`: our mark, by which a look-up finds the company.
    description = models.CharField(max_length=200, unique=True, editable=False)
    # The name without accents and case, for search and for likely duplicates.
    folded_name = models.CharField(max_length=200, editable=False, db_index=True)

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ("-requested_at", "-id")
        default_permissions = ("add", "change", "view")
        indexes = (
            models.Index(fields=("-requested_at", "-id"), name="company_newest"),
            models.Index(fields=("reference",), name="company_reference"),
        )

    def __str__(self) -> str:
        return self.name


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def live(self) -> ConnectionQuerySet:
        """Those that are not unlinked: at most one of a company."""
        return self.filter(gone_at=None).exclude(status="Unlinked")

    def withdraw_links(self, *, now: dt.datetime) -> int:
        """Hand them out no more; how many connections that were."""
        issued = self.exclude(link_issued_at=None, link_url="").filter(link_withdrawn_at=None)
        return issued.update(link_url="", link_withdrawn_at=now)

    def in_place_of(self, connection: Connection) -> ConnectionQuerySet:
        """The one by which the client is connected, or can connect, where it is another."""
        return self.live().filter(company=connection.company_id).exclude(pk=connection.pk)


class Books(models.TextChoices):
    SAME = "same", _("The same QuickBooks company as before")
    ANOTHER = "another", _("Another QuickBooks company")


class Connection(RemoteCreation):
    company = models.ForeignKey(Company, models.PROTECT, related_name="connections")
    codat_id = models.UUIDField(_("Codat id"), null=True, blank=True, unique=True)
    status = models.CharField(_("Codat's word"), max_length=50, blank=True)
    status_as_of = models.DateTimeField(null=True, blank=True)
    # A secret of this client: handed out by POST only, wiped once its hour is over.
    link_url = models.TextField(blank=True, editable=False)
    link_issued_at = models.DateTimeField(null=True, blank=True)
    link_issued_by = models.CharField(max_length=150, blank=True)
    # Handed out no more from then on, though its hour may not be over.
    link_withdrawn_at = models.DateTimeField(null=True, blank=True)
    # The answer to: is it the QuickBooks company of the client's earlier connection, or another?
    books = models.CharField(max_length=10, choices=Books, blank=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ("-requested_at", "-id")
        default_permissions = ("add", "view")
        permissions = (
            ("see_link", "Can copy the link of a client"),
            ("renew_link", "Can renew the link of a client"),
        )
        indexes = (models.Index(fields=("-requested_at", "-id"), name="connection_newest"),)
        constraints = (
            models.UniqueConstraint(
                fields=("company",),
                condition=Q(gone_at=None) & ~Q(status="Unlinked"),
                name="one_live_connection_of_a_company",
                violation_error_message=_(
                    "This company has a QuickBooks connection already. Unlink it first."
                ),
            ),
        )

    def __str__(self) -> str:
        return f"{self.company} – QuickBooks Online"

    def is_withdrawn(self, *accounts: SourceAccount) -> bool:
        """Whether permission was taken back, as far as is known.

        Codat's word for a connection is heard when a person asks only: an account that was seen
        connected since knows better.
        """
        seen = [row.status_as_of for row in accounts if row.is_connected and row.status_as_of]
        heard = self.status_as_of
        return self.status == "Deauthorized" and not any(heard and at > heard for at in seen)

    @property
    def link_works_until(self) -> dt.datetime | None:
        """At Codat, for whoever has it."""
        return self.link_issued_at + LINK_LIFETIME if self.link_issued_at else None

    @property
    def link_valid_until(self) -> dt.datetime | None:
        """Until when it can be handed out."""
        return None if self.link_withdrawn_at else self.link_works_until


class SourceAccountQuerySet(models.QuerySet["SourceAccount"]):
    def lines(self, accounts: Iterable[int]) -> dict[int, list[int]]:
        """By account: itself and those that it goes on from, the newest first.

        One question where nobody follows anybody, one more for each step back.
        """
        lines = {pk: [pk] for pk in accounts}
        asked = set(lines)
        while asked:
            rows = self.filter(pk__in=asked).exclude(follows=None)
            pairs = rows.values_list("pk", "follows")
            before = {pk: follows for pk, follows in pairs if follows is not None}
            for line in lines.values():
                # An account follows an older one, so that this comes to an end.
                line += [before[line[-1]]] if line[-1] in before else []
            asked = set(before.values())
        return lines

    def wanted(self) -> SourceAccountQuerySet:
        """Accounts that count towards a connection's headline and can be pushed."""
        return self.filter(intent=Intent.DONE, gone_at=None, not_wanted_at=None)


class SourceAccount(RemoteCreation):
    class Type(models.TextChoices):
        CHECKING = "checking", _("Checking")
        SAVINGS = "savings", _("Savings")
        CREDIT_CARD = "creditCard", _("Credit card")
        LOAN = "loan", _("Loan")
        PREPAID_CARD = "prepaidCard", _("Prepaid card")

    class Currency(models.TextChoices):
        USD = "USD", "USD"
        CAD = "CAD", "CAD"

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="accounts")
    company = models.ForeignKey(Company, models.PROTECT, related_name="accounts")
    account_id = models.CharField(_("account id"), max_length=100)
    name = models.CharField(_("name"), max_length=200)
    # Codat's word as it stands there: v1 clients say Credit or Debit.
    account_type = models.CharField(_("type"), max_length=30)
    number_last4 = models.CharField(_("account number"), max_length=4)
    number_hash = models.CharField(max_length=64, editable=False, db_index=True)
    sort_code = models.CharField(_("routing number"), max_length=20, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    balance = models.DecimalField(_("balance"), max_digits=19, decimal_places=4, default=0)
    status = models.CharField(_("status"), max_length=50, blank=True)
    status_as_of = models.DateTimeField(_("as of"), null=True, blank=True)
    feed_start_date = models.DateField(_("feed start date"), null=True, blank=True)
    # The client does not want it in QuickBooks: no reminders, nothing is sent.
    not_wanted_at = models.DateTimeField(_("not wanted since"), null=True, blank=True)
    # Of the client's earlier connection to the same QuickBooks company: the account that this one
    # goes on from. Nothing older than what that one sent may follow.
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="followed_by"
    )
    # It existed at Codat before it was known here, so that something may have been sent for it by
    # other means; `written_at`: of the newest write that Codat then knew of on its connection.
    adopted_at = models.DateTimeField(null=True, blank=True, editable=False)
    written_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The body of the creation, encrypted, until Codat has confirmed it and for 24 hours at most.
    sealed_body = models.BinaryField(null=True, editable=False)

    objects = SourceAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("source account")
        verbose_name_plural = _("source accounts")
        ordering = ("-requested_at", "-id")
        default_permissions = ("add", "change", "view")
        permissions = (
            ("refresh_sourceaccount", "Can refresh statuses from Codat"),
            ("push_sourceaccount", "Can confirm a push"),
        )
        indexes = (
            models.Index(fields=("-requested_at", "-id"), name="account_newest"),
            models.Index(
                fields=("status_as_of",),
                condition=Q(intent="done", gone_at=None),
                name="account_oldest_status",
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "account_id"),
                name="account_id_once_on_a_connection",
                violation_error_message=_("An account with this id is already on this connection."),
            ),
        )

    def __str__(self) -> str:
        kind = dict(self.Type.choices).get(self.account_type, self.account_type)
        return f"{self.name} · {kind} · ••{self.number_last4} · {self.currency}"

    @property
    def is_card_or_loan(self) -> bool:
        """Many people read money in and out of these the other way round."""
        return self.account_type.lower() in CARDS_AND_LOANS

    @property
    def is_connected(self) -> bool:
        return self.at_codat and self.status.lower() == "connected"
