"""Statement files in, one common shape out. Knows formats; no Django, no other room of ours."""

from __future__ import annotations
