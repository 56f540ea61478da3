"""A list is taken out in two clicks, with the filter that stands in the address; and totalled."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from bankfeeds.models import Event, Push
from tests import support
from tests.e2e import day

if TYPE_CHECKING:
    from bankfeeds.models import Actor
    from tests.e2e.conftest import At
    from tests.e2e.pictures import Camera


def test_an_auditor_takes_the_history_out_and_totals_it(
    at_desk: At, actor: Actor, camera: Camera, tmp_path: Path
) -> None:
    client = day.lived(actor)
    desk = at_desk("auditor")
    desk.open("/admin/bankfeeds/push/?status=failed")
    camera.shoot(desk.page, "history-export")
    with desk.page.expect_download() as told:
        desk.button("Export this list")
    file = tmp_path / "taken.csv"
    told.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        [row] = csv.DictReader(lines)
    refused = Push.objects.get(status="failed")
    assert (row["Push"], row["Status"]) == (str(refused.pk), "Refused by Codat")
    assert told.value.suggested_filename == f"push-history-{support.today()}.csv"
    assert Event.objects.latest("pk").actor_name == "auditor"
    # The page stands as it was: the button works again.
    with desk.page.expect_download():
        desk.button("Export this list")
    desk.link("Count and total")
    camera.shoot(desk.page, "totals")
    assert "status: Refused by Codat" in desk.page.inner_text("#content")
    desk.link("Back to these pushes")
    assert desk.page.url.endswith("?status=failed")
    old = support.today() - dt.timedelta(days=9)
    support.make_transactions(client.accounts[0], date=old)
    support.make_transactions(client.accounts[2], date=support.today() - dt.timedelta(days=2))
    desk.open(f"/admin/bankfeeds/sourceaccount/{client.accounts[0].pk}/change/")
    camera.shoot(desk.page, "account-late")
    desk.press(desk.page.locator("a[href$='/too-late/']").first)
    camera.shoot(desk.page, "too-late")
    desk.open("/admin/bankfeeds/company/")
    camera.shoot(desk.page, "companies-send-by")
