"""`manage.py sync`: refresh what we know of every connection's accounts from Codat."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from bankfeeds import conf, sync
from bankfeeds.management.entrance import PortalCommand
from bankfeeds.sync import Refreshed


class Command(PortalCommand):
    help = (
        "Read the status, name, balance and feed start date of every source account from Codat."
        " Makes no link and sends nothing. Fit for a timer."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done: list[Refreshed] = []
        with conf.page_client() as client:
            for refreshed in sync.refresh_everything(
                client=client, by=self.actor, clock=timezone.now
            ):
                done.append(refreshed)
                if not refreshed.ok:
                    self.warn(f"{refreshed.company}: {refreshed.words}")
        result = _result(done)
        self.say("{connections} connections, {accounts} accounts refreshed.".format(**result))
        self.answer(result)
        if result["problems"]:
            raise CommandError(f"{len(result['problems'])} connections could not be refreshed.")


def _result(done: list[Refreshed]) -> dict[str, Any]:
    good = [each for each in done if each.ok]
    return {
        "companies": len({each.connection.company_id for each in good}),
        "connections": len(good),
        "accounts": sum(each.accounts for each in good),
        "problems": [
            {"companyId": str(each.company.codat_id), "words": each.words}
            for each in done
            if not each.ok
        ],
    }
