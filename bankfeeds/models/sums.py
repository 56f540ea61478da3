"""Sums of money in the database, to the last digit."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum

# Money is kept with four decimals.
PARTS = 10_000


class MoneySum(Sum):
    """SQLite keeps decimals as floating point, whose long sums drift: there whole parts are summed.

    A sum has fifteen digits there, as every figure that Django reads of it.
    """

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, Any]:
        parts = self.copy()
        parts.template = f"%(function)s(CAST(ROUND(%(expressions)s * {PARTS}) AS INTEGER))"
        sql, values = parts.as_sql(compiler, connection, **more)
        return f"({sql} / {PARTS}.0)", values
