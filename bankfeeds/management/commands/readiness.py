"""`manage.py readiness`: is everything ready for clients, line by line, with what to do."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from bankfeeds import conf, readiness
from bankfeeds.management.entrance import PortalCommand
from bankfeeds.words.readiness import Line


class Command(PortalCommand):
    help = (
        "Ask Codat whether our key works and QuickBooks Bank Feeds are enabled, and look at worker,"
        " webhooks, clock and database here. The exit code is 0 only when nothing is out of order"
        " and everything could be asked. Creates and sends nothing; the result is kept for the"
        " page of the portal."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = readiness.check(conf.page_client, by=self.actor, clock=timezone.now)
        lines, is_ready = readiness.lines(done), readiness.is_ready(done)
        for line in lines:
            self.say(_text(line))
        self.answer(
            {
                "ready": is_ready,
                "checkedAt": done.at.isoformat(),
                "lines": [_told(line) for line in lines],
            }
        )
        if not is_ready:
            raise CommandError("Not everything is in order.")


def _text(line: Line) -> str:
    first = f"{line.word.symbol} {line.word.label}: {line.topic}. {line.word.explanation}"
    return f"{first}\n    {line.remedy}" if line.remedy else first


def _told(line: Line) -> dict[str, str]:
    return {
        "code": line.code,
        "state": line.word.tone,
        "what": line.topic,
        "means": line.word.explanation,
        "remedy": line.remedy,
    }
