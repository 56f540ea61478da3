"""Codat's published OpenAPI file as a judge over every exchange with the sandbox.

`CODAT_OPENAPI` names the file; it is no part of the project, and without it nothing here runs.
"""

from __future__ import annotations
