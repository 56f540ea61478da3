"""gunicorn's own lines in the format of all others: `--logger-class portal.web_log.WebLog`."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from . import settings
from .logs import FORMATS


class WebLog(Logger):  # type: ignore[misc]
    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(FORMATS[settings.LOG_FORMAT]())
