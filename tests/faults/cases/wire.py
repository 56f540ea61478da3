"""Answers that are lost, cut, late, wrong or refusals; and nobody there to answer."""

from __future__ import annotations

import time

from bankfeeds.models import Incident
from tests.faults import bank, weather
from tests.faults.scene import Scene

from .entry import Case, case


@case("http")
def http(scene: Scene) -> None:
    """Every fault of a push at once, each on a connection of its own, with one more behind it.

    Refused at the door (400, 404): a person decides. All others end by themselves.
    """
    names = [name for name in weather.scaled(weather.WRITES, scene.factor) if name[:3] != "429"]
    heads = {account.connection_id: account for account in scene.clients(len(names))}
    for name, account in zip(names, heads.values(), strict=True):
        scene.fault(name, account)
    accounts = list(heads.values())
    scene.confirm(accounts)
    scene.confirm(accounts)
    scene.wait_for_the_end()
    scene.must_be_once()


@case("after-429")
def after_429(scene: Scene) -> None:
    """In each form of Retry-After; also behind a try of which nobody knows whether it arrived."""
    accounts = [client for client in scene.clients(6) if client.account_id][:6]
    for number, name in enumerate(("429-1", "429-date-1", "429-garbage") * 2):
        if number > 2:
            scene.fault("reset-after", accounts[number])
        scene.fault(name, accounts[number])
    scene.confirm()
    scene.wait_for_the_end()
    scene.must_be_once()


@case("429-that-nobody-saw")
def unseen_429(scene: Scene) -> None:
    """It arrived, but the worker died; the same key met a 429, which lets go of the key, and the
    worker died once more before it knew: the key must not go a third time."""
    (account,) = scene.clients()
    scene.kill_at("answered")
    scene.confirm([account])
    scene.wait(lambda: scene.was_killed_at("answered"), "the first kill")
    scene.fault("429-1", account)
    scene.kill_at("answered")
    scene.wait(lambda: scene.was_killed_at("answered"), "the second kill")
    scene.wait_for_the_end()
    scene.must_be_once()


def _held_by(name: str) -> Case:
    def held(scene: Scene) -> None:
        """Everything waits, with one alarm, until a person lets it go on."""
        scene.clients(3)
        scene.fault(name)
        scene.confirm()
        incidents = Incident.objects.open().filter(kind=Incident.Kind.REFUSED)
        scene.wait(incidents.exists, "the alarm")
        assert incidents.count() == 1
        bank.look_after_refusals()
        scene.wait_for_the_end()
        scene.must_be_once()

    return held


for _status in ("401", "402", "403"):
    case(f"held-by-{_status}")(_held_by(_status))


@case("nobody-answers")
def nobody_answers(scene: Scene) -> None:
    """The server is gone for a while: an outage, which ends by itself."""
    scene.clients(8)
    scene.confirm()
    scene.place.server.end()
    scene.confirm()
    time.sleep(2)
    scene.place.server.start()
    scene.wait_for_the_end()
    scene.must_be_once()
