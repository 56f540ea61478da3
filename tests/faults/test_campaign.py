"""A short campaign, as the long one is run, on this half's kind of database.

The long one: python -m tests.faults.campaign --operations 10000 --kills 1000 --database sqlite
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests import databases, support

SEED = 21
SHORT = {
    "operations": 80,
    "kills": 8,
    "connections": 25,
    "factor": 0.02,
    "pace": 0.3,
    "minutes": 2,
    "quiet": 20,
}


@pytest.mark.both_databases
def test_a_campaign_of_kills_and_faults_brings_every_operation_to_the_server_once() -> None:
    options = [f"--{name}={value}" for name, value in SHORT.items()]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.faults.campaign", *options),
            *(f"--seed={SEED}", f"--database={databases.which()}"),
        ],
        cwd=support.ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=150,
    )
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    said = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if line[:1].islower())
    assert said["operations"] == str(SHORT["operations"])
    assert int(said["kills"].split()[0]) >= SHORT["kills"]
