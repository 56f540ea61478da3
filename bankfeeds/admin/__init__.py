"""The pages, by subject as in `models/`. They decide nothing: read the form, call one verb."""

from __future__ import annotations

from . import intake, pushes, record, transactions  # noqa: F401
