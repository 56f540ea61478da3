"""The demo's folder: its lock, its secrets, and the whole environment of its children."""

from __future__ import annotations

import base64
import fcntl
import hmac
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# One person for each role, and the group of that role.
PEOPLE = {
    "admin": "administrator",
    "manager": "manager",
    "support": "support",
    "auditor": "auditor",
}
# What the operating system needs; of the caller's environment nothing else reaches a child.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ")


class PlaceTaken(Exception):  # noqa: N818 - said to a person as it stands
    """Another demo is using the folder."""


class SecretsUnreadable(Exception):  # noqa: N818 - said to a person as it stands
    """The file with the secrets is there and makes no sense."""


@dataclass(frozen=True)
class Secrets:
    """Made once, kept for good: sessions, sealed rows and passwords outlive a restart."""

    secret_key: str
    account_number_key: str
    api_key: str
    people: dict[str, str]

    @classmethod
    def make(cls) -> Secrets:
        return cls(
            secret_key=secrets.token_urlsafe(50),
            account_number_key=secrets.token_urlsafe(32),
            api_key=secrets.token_urlsafe(24),
            people={name: secrets.token_urlsafe(12) for name in PEOPLE},
        )

    @property
    def webhook_secret(self) -> str:
        """Signs the sandbox's messages to the portal."""
        key = hmac.digest(self.secret_key.encode(), b"demo.webhooks", "sha256")
        return f"whsec_{base64.b64encode(key).decode()}"


class Place:
    """Everything that the demo keeps: database, sandbox state, secrets, static files, logs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.state = self.folder / "sandbox.json"
        self.database = self.folder / "portal.sqlite3"
        self.static = self.folder / "static"
        self.secrets_file = self.folder / "secrets.json"
        self._ports_file = self.folder / "ports.json"

    @contextmanager
    def held(self) -> Iterator[int]:
        """Keep every other demo out. Yields the lock: who inherits it holds it too."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = os.read(lock, 20).decode(errors="replace").strip() or "?"
                raise PlaceTaken(
                    f"Another demo (process {owner}) is using {self.folder}, or is just ending."
                    " End it first, or give this one a folder of its own with --data."
                ) from None
            os.ftruncate(lock, 0)
            os.write(lock, str(os.getpid()).encode())
            yield lock
        finally:
            os.close(lock)

    def log(self, name: str) -> Path:
        folder = self.folder / "logs"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.log"

    def secrets(self) -> Secrets:
        """Those of the last time, or new ones."""
        if not self.secrets_file.exists():
            made = Secrets.make()
            _write_private(self.secrets_file, asdict(made))
            return made
        try:
            kept = json.loads(self.secrets_file.read_text())
            return Secrets(**{**kept, "people": {name: kept["people"][name] for name in PEOPLE}})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SecretsUnreadable(
                f"{self.secrets_file} is damaged ({type(error).__name__}). Remove"
                f" {self.folder} to begin afresh, or choose another folder with --data."
            ) from error

    def port(self, name: str, *, wanted: int) -> int:
        """The wanted port; for 0 that of the last time if it is free, so that links live on."""
        if wanted:
            return wanted
        last = _read(self._ports_file).get(name)
        return last if isinstance(last, int) and _is_free(last) else 0

    def remember_port(self, name: str, port: int) -> None:
        _write_private(self._ports_file, {**_read(self._ports_file), name: port})

    def environment(self, kept: Secrets, *, sandbox: str) -> dict[str, str]:
        """Every knob of the settings, so that no `.env` and no exported variable has a say."""
        return {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "DEBUG": "off",
            "PORTAL_DEMO": "on",
            "SECRET_KEY": kept.secret_key,
            "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
            "CSRF_TRUSTED_ORIGINS": "",
            "HTTPS_ONLY": "off",
            "CODAT_BASE_URL": sandbox,
            "CODAT_API_KEY": kept.api_key,
            "CODAT_ADD_ACCOUNTS": "post",
            "CODAT_WEBHOOK_SECRET": kept.webhook_secret,
            "INSTITUTION_NAME": "Demo Bank",
            "INSTITUTION_TIME_ZONE": "America/Toronto",
            "ACCOUNT_NUMBER_KEY": kept.account_number_key,
            "DATABASE_URL": f"sqlite:///{self.database}",
            "STATIC_ROOT": str(self.static),
            "CODAT_CALLS_PER_MINUTE": "800",
            "CODAT_CALLS_AT_ONCE": "8",
            "TIMING_FACTOR": "1",
            "LOG_LEVEL": "INFO",
            "LOG_FORMAT": "line",
            "LATE_AFTER_DAYS": "1",
            "SECOND_FACTOR": "off",
            # On this machine nobody is kept out for long.
            "SIGN_IN_ATTEMPTS": "50",
            "SIGN_IN_LOCK_MINUTES": "1",
            "SESSION_IDLE_MINUTES": "720",
            "SESSION_HOURS": "24",
            "PROXIES": "0",
            "EMAIL_URL": "",
            "MAIL_FROM": "",
            "SECRET_KEY_FALLBACKS": "",
        }


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write_private(file: Path, content: dict[str, Any]) -> None:
    """In one step, readable by its owner alone from the first byte."""
    fresh = file.with_name(file.name + ".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:  # noqa: PTH123
        json.dump(content, out, indent=1)
    fresh.replace(file)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True
