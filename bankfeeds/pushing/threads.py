"""The threads that carry bytes to Codat and back: one bounded pool for each process of ours.

Kept between jobs, since every thread keeps its connection to Codat open. They never touch the
database.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

THREADS = 40

_pools: dict[int, ThreadPoolExecutor] = {}


def pool() -> ThreadPoolExecutor:
    """Made on first use and never across a fork: a forked pool has no threads."""
    mine = os.getpid()
    if mine not in _pools:
        _pools.clear()
        _pools[mine] = ThreadPoolExecutor(THREADS, thread_name_prefix="codat")
    return _pools[mine]
