"""Send what waits: confirms the waiting transactions of a company or one account."""

from __future__ import annotations

import time
import uuid
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from bankfeeds import conf, health, pushing, sync, words
from bankfeeds.management.entrance import PortalCommand
from bankfeeds.messages import CodatError, explain
from bankfeeds.models import Company, Connection, Push, PushStatus, SourceAccount
from bankfeeds.models.states import ENDED, UNDECIDED

LOOK_EVERY = 0.2  # seconds


class Command(PortalCommand):
    help = (
        "Send the waiting transactions of a company's connected accounts, or of one account, to"
        " QuickBooks Online through Codat. The worker delivers in the background; with --wait the"
        " command follows every push to its end and fails unless Codat accepted all of them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company", required=True, help="Codat's id of the company")
        parser.add_argument("--account", help="id of one source account; otherwise all, in turn")
        parser.add_argument("--wait", action="store_true", help="follow the pushes to their end")
        parser.add_argument(
            "--timeout", type=float, default=900, help="seconds to wait at most (default 900)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = self._connected(_accounts(options["company"], options["account"]))
        plan = pushing.plan(accounts, today=pushing.today(timezone.now()))
        self._tell(plan)
        self._demand_no_doubt(plan)
        pushes = self._confirm(accounts)
        followed = pushes
        if options["wait"]:
            # What is new waits behind what is under way; with nothing new, that is what to await.
            under_way = pushes or list(Push.objects.blocking().filter(account__in=accounts))
            followed = self._follow(under_way, seconds=options["timeout"])
        self._report(pushes)
        _judge(plan, followed, new=bool(pushes), waited=options["wait"])

    def _demand_no_doubt(self, plan: pushing.Plan) -> None:
        """Rows that were given up without knowing whether Codat has them are for a person."""
        unknown = pushing.perhaps_there([planned.account for planned in plan.accounts])
        going = {row.row.pk for planned in plan.accounts for row in planned.going}
        doubtful = {push for pk, push in unknown.items() if pk in going}
        if doubtful:
            numbers = ", ".join(f"#{pk}" for pk in sorted(doubtful))
            raise CommandError(
                f"Nothing was sent: rows of push {numbers} were given up without knowing whether"
                " Codat has them. Look at Codat, then push or leave them out on the page."
            )

    def _confirm(self, accounts: list[SourceAccount]) -> list[Push]:
        try:
            return pushing.confirm(
                accounts,
                fingerprint=None,
                form_key=str(uuid.uuid4()),
                by=self.actor,
                now=timezone.now(),
            )
        except pushing.RowsChanged:
            raise CommandError(
                "Somebody else confirmed these rows at this moment. Nothing was sent from here."
                " Run it again to send what is left."
            ) from None

    def _connected(self, accounts: list[SourceAccount]) -> list[SourceAccount]:
        """The accounts with their newest status, asked for only where it would stop a push."""
        connection = accounts[0].connection
        if not all(account.is_connected for account in accounts) and connection.at_codat:
            try:
                sync.refresh_connection(
                    connection, client=conf.page_client(), by=self.actor, clock=timezone.now
                )
            except CodatError as error:
                self.warn(explain(error))
            for account in accounts:
                account.refresh_from_db()
        return accounts

    def _tell(self, plan: pushing.Plan) -> None:
        for left in plan.left_out:
            self.warn(f"{left.account}: {left.words}")
        for account in [*plan.accounts, *plan.blocked]:
            for row in account.not_going:
                reasons = "; ".join(str(rule.reason) for rule in row.findings)
                self.warn(f"{account.account}: {row.row.transaction_id} will not go: {reasons}")

    def _follow(self, pushes: list[Push], *, seconds: float) -> list[Push]:
        give_up = time.monotonic() + seconds
        told = False
        while not all(_is_at_rest(push) for push in pushes) and time.monotonic() < give_up:
            if not told and health.stopped(now=timezone.now()):
                self.warn("Sending has stopped: the worker is not running. Start it to go on.")
                told = True
            time.sleep(LOOK_EVERY)
            pushes = list(Push.objects.filter(pk__in=[push.pk for push in pushes]).order_by("pk"))
        return pushes

    def _report(self, pushes: list[Push]) -> None:
        rows = list(
            Push.objects.filter(pk__in=[push.pk for push in pushes])
            .select_related("account")
            .order_by("pk")
        )
        for push in rows:
            status = words.push(push, now=timezone.now(), behind=pushing.behind(push))
            self.say(f"{push} {push.account}: {push.rows} transactions · {status.label}")
        self.answer({"pushes": [_answer(push) for push in rows]})


def _accounts(company_id: str, account_id: str | None) -> list[SourceAccount]:
    """The accounts of the company's live connection, or the one that was named."""
    try:
        company = Company.objects.get(codat_id=uuid.UUID(company_id))
    except (ValueError, Company.DoesNotExist):
        raise CommandError(f"No company here has the Codat id {company_id}.") from None
    live = Connection.objects.live().filter(company=company)
    rows = SourceAccount.objects.filter(connection__in=live).select_related("connection", "company")
    if account_id is not None:
        rows = rows.filter(account_id=account_id)
    accounts = list(rows.order_by("pk"))
    if not accounts:
        named = f"the account {account_id}" if account_id else "any account"
        raise CommandError(f"{company} has no live connection with {named}.")
    return accounts


def _is_at_rest(push: Push) -> bool:
    """At its end, or nothing more happens to it until a person decides."""
    if push.status in ENDED or push.status in UNDECIDED:
        return True
    head = pushing.behind(push)
    return head is not None and head.status in UNDECIDED


def _answer(push: Push) -> dict[str, Any]:
    key = push.push_operation_key
    return {
        "accountId": push.account.account_id,
        "transactions": push.rows,
        "status": push.status,
        "pushOperationKey": str(key) if key else None,
    }


def _judge(plan: pushing.Plan, pushes: list[Push], *, new: bool, waited: bool) -> None:
    """Exit 0 only when done: nothing new is done, an account that cannot be sent to is not."""
    if not new and any(left.code != "nothing-new" for left in plan.left_out):
        raise CommandError("Nothing was sent; the reasons are above.")
    if waited and any(push.status != PushStatus.SUCCEEDED for push in pushes):
        raise CommandError("Not every push was accepted; see the push history.")
