"""Settings of a sandbox that runs as a process of its own: the portal's, and it is judged too.

What it judges it writes down, a line for each exchange; the tests that started it read that.
"""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

from portal.settings import *  # noqa: F403
from tests.contract import watch
from tests.contract.document import load
from tests.contract.judge import Exchange
from tests.contract.watch import Verdicts


class Diary(Verdicts):
    """Judges at once. A process that is killed loses the line it was writing, and no other."""

    def take(self, exchange: Exchange) -> None:
        with _FILE.open("a") as file:
            file.write(json.dumps(self.judge(exchange)._asdict()) + "\n")


_FILE = Path(os.environ[watch.FOLDER]) / f"{uuid.uuid4()}.jsonl"
watch.over_every_sandbox(Diary(load(watch.file_named())))
