"""The sandbox as one thing to start and stop.

`with Sandbox(api_key="...") as sandbox:` answers at `sandbox.url`, in a thread of its own.
"""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from zoneinfo import ZoneInfo

from . import callout, webhooks
from .api import Api
from .delivery import LADDER, Deliverer
from .journal import Journal, StateUnusable
from .rules import DOUBLE_IDS
from .wire import Server, is_loopback
from .world import Settings, World

__all__ = ["NotLoopback", "Sandbox", "StateUnusable"]

QUOTA = 1_000_000


class NotLoopback(ValueError):
    """The sandbox was told to listen where others could reach it."""


class Sandbox:
    """A running sandbox. `state` None keeps everything in memory; port 0 takes any free one.

    Stopped and started again it answers at the same address, and knows what `state` kept.

    `daily_quota` None is Codat's own formula, which a test of a thousand requests would exhaust.
    `keeps_doubles` stores rows again that are there, and older ones, instead of failing the push.
    `double_ids`: one of `rules.DOUBLE_IDS`, what becomes of a row whose id is stored already.
    `link_callout` is the text on the link page (`callout` says of what form); None: as it was.
    `webhook_secret` empty makes one up; `webhook_retries` are seconds from try to try.
    """

    def __init__(
        self,
        *,
        api_key: str,
        port: int = 0,
        host: str = "127.0.0.1",
        state: Path | None = None,
        time_zone: str = "America/Toronto",
        institution: str = "Your bank",
        operation_seconds: float = 2.0,
        history_days: int = 7,
        put_accounts: bool = True,
        daily_quota: int | None = QUOTA,
        keeps_doubles: bool = False,
        double_ids: str = "refuse",
        webhook_secret: str = "",
        webhook_retries: tuple[float, ...] = LADDER,
        link_callout: callout.Callout | None = None,
    ) -> None:
        if not is_loopback(host):
            raise NotLoopback(f"{host} is not a loopback address.")
        if not api_key:
            raise ValueError("api_key must not be empty.")
        if double_ids not in DOUBLE_IDS:
            raise ValueError(f"double_ids must be one of {', '.join(DOUBLE_IDS)}.")
        if webhook_secret and not webhooks.is_secret(webhook_secret):
            raise ValueError("webhook_secret must be whsec_ and base64.")
        if link_callout and (wrong := callout.problem(link_callout)):
            raise ValueError(f"Callout: {wrong}")
        settings = Settings(
            api_key=api_key,
            zone=ZoneInfo(time_zone),
            institution=institution,
            operation_seconds=operation_seconds,
            history_days=history_days,
            put_accounts=put_accounts,
            daily_quota=daily_quota,
            keeps_doubles=keeps_doubles,
            double_ids=double_ids,
        )
        self._address = ("127.0.0.1" if host == "localhost" else host, port)
        self._state, self._settings = state, settings
        self._webhook_secret, self._webhook_retries = webhook_secret, webhook_retries
        self._callout = link_callout
        self._stopping = threading.Event()
        self._deliverer: Deliverer | None = None
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self.url = ""

    def start(self) -> Sandbox:
        """Loads the state, listens, and returns when requests are answered."""
        host, port = self._address
        server = Server(host, port)
        try:
            journal = Journal(self._state)
        except BaseException:
            server.server_close()
            raise
        name = f"[{host}]" if ":" in host else host
        # Started again it answers where it did: its links hold.
        self._address = host, port = host, server.server_address[1]
        self.url = f"http://{name}:{port}"
        world = World(journal, settings=self._settings)
        world.base = self.url
        if self._webhook_secret:
            world.put("meta", "webhookSecret", self._webhook_secret)
        if self._callout:
            callout.keep(world, self._callout)
        self._stopping.clear()
        server.api = Api(world, stopping=self._stopping)
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, args=(0.03,), name="sandbox", daemon=True
        )
        self._thread.start()
        self._deliverer = Deliverer(world, ladder=self._webhook_retries)
        self._deliverer.start()
        return self

    def stop(self) -> None:
        """Ends within a second, hung requests too, and saves the state. Twice does no harm."""
        if self._server is None or self._thread is None:
            return
        server, self._server = self._server, None
        self._stopping.set()
        if self._deliverer is not None:
            self._deliverer.stop()
        server.shutdown()
        self._thread.join()
        server.hang_up()
        server.server_close()
        with server.api.world.lock:
            server.api.world.journal.close()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
