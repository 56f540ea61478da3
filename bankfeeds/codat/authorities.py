"""Whose certificates are believed: read once for all connections of a process.

To read them takes 1 MB and milliseconds, for each connection that reads them for itself.
"""

from __future__ import annotations

import functools
import ssl
import threading

from requests import adapters
from urllib3.util.ssl_ import create_urllib3_context

_one_reads = threading.Lock()


def trusting() -> ssl.SSLContext:
    """The context of every connection, also for processes that are forked afterwards.

    Many threads begin at the same moment: one reads, the others wait for it.
    """
    with _one_reads:
        return _read(adapters.DEFAULT_CA_BUNDLE_PATH)


@functools.cache
def _read(file: str) -> ssl.SSLContext:
    context = create_urllib3_context()
    context.load_verify_locations(file)
    return context
