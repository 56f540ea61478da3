"""A manager takes over what exists at Codat: five clicks, and the page follows by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bankfeeds.models import Company
from tests.adopting.support import add_account, at_codat, company_only

if TYPE_CHECKING:
    from tests.e2e.conftest import At
    from tests.e2e.pictures import Camera
    from tests.e2e.worker import Worker


def test_a_manager_adopts_what_exists_at_codat(at_desk: At, worker: Worker, camera: Camera) -> None:
    made, tie = at_codat("Acme Bakery", accounts=2)
    add_account(made.id, tie.id, "12340000", account_number="12340000", account_name="Old card")
    at_codat("Bravo Books", accounts=1, connected=False)
    company_only("Charlie, no feed")
    desk = at_desk("manager")
    page = desk.page
    desk.open("/admin/bankfeeds/company/")
    desk.link("Adopt from Codat")
    camera.shoot(page, "adopt")
    desk.button("Look at Codat")
    # Without a press: the page looks again by itself.
    page.get_by_role("checkbox", name="Adopt Acme Bakery").wait_for()
    camera.shoot(page, "adopt-look")
    page.get_by_role("checkbox", name="Adopt Acme Bakery").check()
    page.get_by_label("Country").select_option("US")
    desk.button("Adopt the ticked companies")
    page.get_by_text("2 accounts adopted.").wait_for()
    page.get_by_label("Country").select_option("CA")
    desk.button("Adopt 1 company")
    page.get_by_text("1 account adopted.").wait_for()
    camera.shoot(page, "adopt-done")
    assert dict(Company.objects.values_list("name", "country")) == {
        "Acme Bakery": "US",
        "Bravo Books": "CA",
    }
