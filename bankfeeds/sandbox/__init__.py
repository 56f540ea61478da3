"""A server that behaves like Codat's Bank Feeds API, with the pages that a client sees.

Standard library only. Imports nothing of this project; nothing of it imports this room but the
command that starts it.
"""

from __future__ import annotations
