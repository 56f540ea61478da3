"""Calls of a day: how many Codat allows, how many it counted, what it tells (codat-api 5, 6.4).

Called under the world's lock. The limits per second and per address are not played.
"""

from __future__ import annotations

import datetime as dt

from . import webhooks
from .answers import Answer, problem
from .world import Record, World, stamp

DAY = dt.timedelta(days=1)


class Quota:
    def __init__(self, world: World) -> None:
        self.world = world
        kept = self._kept()
        if kept.get("told"):
            self._await_midnight_after(dt.date.fromisoformat(kept["day"]))

    def limit(self) -> int:
        """Codat guide: 1000 a day, and 1000 more for each company with a linked connection."""
        fixed = self.world.settings.daily_quota
        return 1000 * (1 + self.world.linked_companies()) if fixed is None else fixed

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The rate-limit headers of every answer."""
        now, limit = self._now(), self.limit()
        reset = _midnight_after(now.date())
        return (
            ("X-Rate-Limit-Limit", str(limit)),
            ("X-Rate-Limit-Remaining", str(max(0, limit - self._used(now)))),
            ("X-Rate-Limit-Reset", reset.isoformat().replace("+00:00", "Z")),
        )

    def take(self) -> Answer | None:
        """Count one call, or answer that there are none left. The last one is told of."""
        now, limit = self._now(), self.limit()
        used = self._used(now)
        if used >= limit:
            wait = int((_midnight_after(now.date()) - now).total_seconds()) + 1
            return problem(429, headers=(("Retry-After", str(wait)),))
        self._keep(now.date(), used + 1)
        if used + 1 >= limit:
            self._reached(now.date())
        return None

    def leave(self, calls: int) -> None:
        """Let only so many be left of today."""
        self._keep(self._now().date(), max(0, self.limit() - calls))

    def _reached(self, day: dt.date) -> None:
        if self._kept().get("told"):
            return
        self.world.put("meta", "quota", {**self._kept(), "told": True})
        self._tell("reached", remaining=0, until=_midnight_after(day))
        self._await_midnight_after(day)

    def _await_midnight_after(self, day: dt.date) -> None:
        self.world.due(_midnight_after(day).timestamp(), self._reset)

    def _reset(self, at: float) -> None:
        day = dt.datetime.fromtimestamp(at, dt.UTC).date()
        self._keep(day, 0)
        self._tell("reset", remaining=self.limit(), until=_midnight_after(day))

    def _tell(self, what: str, *, remaining: int, until: dt.datetime) -> None:
        webhooks.tell(
            self.world,
            f"client.rateLimit.{what}",
            "",
            dailyQuota=self.limit(),
            quotaRemaining=remaining,
            expiryDate=stamp(until.timestamp()),
        )

    def _now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.world.now(), dt.UTC)

    def _used(self, now: dt.datetime) -> int:
        kept = self._kept()
        return int(kept["used"]) if kept.get("day") == now.date().isoformat() else 0

    def _kept(self) -> Record:
        found: Record = self.world.table("meta").get("quota") or {}
        return found

    def _keep(self, day: dt.date, used: int) -> None:
        kept = self._kept()
        told = bool(kept.get("told")) and kept.get("day") == day.isoformat()
        self.world.put("meta", "quota", {"day": day.isoformat(), "used": used, "told": told})


def _midnight_after(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day + DAY, dt.time(), dt.UTC)
