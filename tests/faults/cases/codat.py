"""What Codat makes of a push that it has taken, or will not take."""

from __future__ import annotations

import time

from bankfeeds.models import Decision, PushStatus, SourceAccount
from tests.faults.scene import SETTLE, Scene, decide

from .entry import case


@case("operations")
def operations(scene: Scene) -> None:
    """Slow, late after timing out, unlisted while its answer is lost; refused after all."""
    slow, late, hidden, failed = _of_different_connections(scene, 4)
    scene.fault(f"op-slow-{scene.seconds(40)}", slow)
    scene.fault(f"op-late-{scene.seconds(20)}", late)
    scene.fault(f"op-unlisted-{scene.seconds(60)}", hidden)
    scene.fault("500-after", hidden)
    scene.fault("op-failed", failed)
    scene.confirm([slow, late, hidden, failed])
    scene.confirm([slow, late, hidden, failed])
    scene.wait_for_the_end(seconds=900 * scene.factor + 60)
    scene.must_be_once()


@case("422")
def key_reused(scene: Scene) -> None:
    """Our mistake, or so Codat says: a person looks, and nothing of the connection moves."""
    accounts = scene.clients(2)[-2:]
    scene.fault("422", accounts[0])
    (first, _second) = scene.confirm(accounts)
    eyes = scene.pushes.filter(status=PushStatus.NEEDS_REVIEW)
    scene.wait(eyes.exists, "the one for a person")
    assert eyes.get() == first
    time.sleep(SETTLE * scene.factor + 1)
    assert scene.look(first) == []
    decide(first, Decision.NOT_THERE)
    scene.wait_for_the_end()
    scene.must_be_once()


@case("disconnected")
def disconnected(scene: Scene) -> None:
    """The client disconnects in the middle: the push is refused, and goes when it is back."""
    (account,) = scene.clients()
    tie = str(account.connection.codat_id)
    scene.place.server.post("disconnect", {"connectionId": tie, "accountIds": [account.account_id]})
    scene.confirm()
    refused = scene.pushes.filter(status=PushStatus.FAILED)
    scene.wait(refused.exists, "the refused one")
    scene.place.server.post("connect", {"connectionId": tie, "accountIds": [account.account_id]})
    SourceAccount.objects.filter(pk=account.pk).update(status="connected")
    scene.confirm()
    scene.wait_for_the_end()
    scene.must_be_once()


def _of_different_connections(scene: Scene, count: int) -> list[SourceAccount]:
    by_connection = {each.connection_id: each for each in scene.clients(count)}
    return list(by_connection.values())
