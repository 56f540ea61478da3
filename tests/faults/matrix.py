"""The whole matrix, one case after the other:  python -m tests.faults.matrix [CASE ...]

Exits non-zero when one of them fails. `--list` names them all.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback

from tests.faults.place import prepared

# Short enough to be quick, long enough for the timings that are whole seconds.
FACTOR = 0.02
SETTINGS = "tests.faults.settings"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--factor", type=float, default=FACTOR)
    given = parser.parse_args()
    with prepared(
        database=given.database, factor=given.factor, workers=2, worker_settings=SETTINGS
    ) as place:
        from tests.faults.cases import CASES
        from tests.faults.scene import Scene

        if given.list:
            sys.stdout.write("".join(f"{name}\n" for name in CASES))
            return 0
        for worker in place.workers:
            worker.start()
        failed = 0
        for name in given.cases or CASES:
            scene, began = Scene(place, factor=given.factor, database=given.database), time.time()
            try:
                CASES[name](scene)
                outcome = "ok"
            except Exception:
                failed += 1
                outcome = traceback.format_exc()
            finally:
                scene.clear()
            sys.stdout.write(f"{name:28}{time.time() - began:6.1f} s  {outcome}\n")
            sys.stdout.flush()
        return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
