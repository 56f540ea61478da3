"""How much work the main job is: presses of a button, link or shortcut; typing counted apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bankfeeds.models import SourceAccount
from tests.e2e.desk import THREE

if TYPE_CHECKING:
    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.conftest import At

MOST = 12


def test_a_new_client_with_three_accounts_and_a_copied_link(at_desk: At, sandbox: Sandbox) -> None:
    desk = at_desk("manager")
    desk.open()  # where everybody arrives after signing in
    desk.onboard("Maple Street Bakery")
    link = desk.copy_link()
    assert link.startswith(sandbox.url)
    assert SourceAccount.objects.wanted().count() == len(THREE)
    print(f"{desk.pressed} presses, {desk.typed} fields")
    assert desk.pressed <= MOST
