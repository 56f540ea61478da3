"""Log lines: one sentence or one JSON object each, with the id of the request.

Query strings never get in, whoever logs them: they hold what people searched for. Of what is
attached to a record only the named fields do: Django attaches whole requests.
"""

from __future__ import annotations

import copy
import logging
import re
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from bankfeeds import request_ids

FIELDS = ("request_id", "method", "path", "route", "status", "ms", "person")
_QUERY = re.compile(r"\?[^\s'\"<>]+")


def discreet(text: str) -> str:
    return _QUERY.sub("?…", text)


def _prepared(record: logging.LogRecord) -> logging.LogRecord:
    """A copy: other handlers get the record as it was."""
    record = copy.copy(record)
    record.msg, record.args = discreet(record.getMessage()), ()
    record.request_id = request_ids.current() or getattr(record, "request_id", "")
    # Made by another formatter, with what this one leaves out.
    record.exc_text = None
    return record


class Line(logging.Formatter):
    """`2026-03-02 09:15:00,123 INFO portal.requests 5f0c… GET /admin/ 200 12 ms`"""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {request_id} {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        record = _prepared(record)
        record.request_id = record.request_id or "-"  # type: ignore[attr-defined]
        return super().format(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        return discreet(super().formatException(ei))


class Json(JsonFormatter):
    """One object a line: timestamp (UTC), level, logger, message, and of FIELDS what there is."""

    def __init__(self) -> None:
        super().__init__(
            "{levelname}{name}{message}",
            style="{",
            timestamp=True,
            json_ensure_ascii=False,
            rename_fields={"levelname": "level", "name": "logger"},
        )

    def format(self, record: logging.LogRecord) -> str:
        return super().format(_prepared(record))

    def process_log_record(self, log_record: dict[str, Any]) -> dict[str, Any]:
        known = {"timestamp", "level", "logger", "message", "exc_info", *FIELDS}
        return {name: log_record[name] for name in log_record if name in known and log_record[name]}

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        return discreet(str(super().formatException(ei)))


FORMATS: dict[str, type[logging.Formatter]] = {"line": Line, "json": Json}


def configuration(kind: str, *, level: str) -> dict[str, Any]:
    """For LOGGING: all lines to standard error. `level`: of our own."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            name: {"()": f"portal.logs.{each.__name__}"} for name, each in FORMATS.items()
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": kind}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            "bankfeeds": {"level": level},
            "portal": {"level": level},
            "django": {"handlers": [], "level": "WARNING"},
            # What is refused has a line of portal.requests; here are errors with their tracebacks.
            "django.request": {"level": "ERROR"},
            # It says a header, and anybody can make as many as they like.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # It says names that were typed, and somebody types a password there some day.
            "axes": {"level": "CRITICAL"},
            # One line for each job rung would drown everything else.
            "django-q": {"level": "WARNING", "handlers": ["console"], "propagate": False},
        },
    }
