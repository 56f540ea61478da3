"""Asks glibc's allocator to keep the processes of a pool small; elsewhere it does nothing.

Source: mallopt(3) and malloc_trim(3) of the Linux manual pages.
"""

from __future__ import annotations

import contextlib
import ctypes

M_ARENA_MAX = -8


def one_arena() -> None:
    """For the threads to come, one heap: Python lets but one of them allocate at a time anyway."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def give_back() -> None:
    """Return what was freed to the system, before a fork shares it with those who never need it."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
