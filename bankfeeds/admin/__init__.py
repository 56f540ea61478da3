"""The pages, by subject as in `models/`. They decide nothing: read the form, call one verb."""

from __future__ import annotations
