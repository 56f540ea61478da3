"""Misconfiguration, said at start: an id, what is wrong, what to do."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.checks import ERROR, WARNING, CheckMessage, Error, Tags, Warning, register
from django.core.checks.registry import registry
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand
from django.db import connection

from . import conf, guards, webhooks
from .rules import FEED_WINDOW

HISTORY, DURABLE = "history", "durable"
SHOWN = {Tags.admin, Tags.templates, Tags.urls}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@register("portal")
def secrets_are_set(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    wanted = {"SECRET_KEY": _secret_key(), "CODAT_API_KEY": settings.CODAT_API_KEY}
    return [
        Error(
            f"{name} is empty.",
            hint=f"Set {name} in the environment or in .env; .env.example says how.",
            id="bankfeeds.E001",
        )
        for name, value in wanted.items()
        if not value
    ]


def _secret_key() -> str:
    try:
        return str(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django's own words for an empty one
        return ""


@register("portal")
def codat_address(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """https to Codat's own host; plain http to loopback only while trying things out."""
    url = urlsplit(settings.CODAT_BASE_URL)
    if url.scheme == "https" and url.hostname in conf.LIVE_HOSTS:
        if settings.DEMO:
            return [Error("The demo must not talk to Codat itself.", id="bankfeeds.E003")]
        return []
    trying = settings.DEBUG_AT_START or settings.DEMO
    if trying and url.scheme in {"http", "https"} and url.hostname in LOOPBACK:
        return []
    return [
        Error(
            "CODAT_BASE_URL is neither Codat's own address nor a sandbox that may be used here.",
            hint="Set https://api.codat.io for production. A sandbox on this machine"
            " (http://127.0.0.1:…) is allowed with DEBUG=on only.",
            id="bankfeeds.E002",
        )
    ]


@register("portal")
def time_zone_exists(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    try:
        ZoneInfo(settings.INSTITUTION_TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return [
            Error(
                "INSTITUTION_TIME_ZONE names no time zone.",
                hint="Use a name such as America/Toronto.",
                id="bankfeeds.E004",
            )
        ]
    return []


@register("portal")
def late_is_within_the_feed(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if 1 <= settings.LATE_AFTER_DAYS < FEED_WINDOW.days:
        return []
    hint = "On the seventh day the feed takes a row for the last time, and that is said anyway."
    return [Error("LATE_AFTER_DAYS must be between 1 and 6.", hint=hint, id="bankfeeds.E014")]


@register("portal")
def timings_grow_outwards(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    q = settings.Q_CLUSTER
    rounds = 1 + -(-(q["queue_limit"] + 1) // q["workers"])
    ladder = [
        ("CODAT_READ_TIMEOUT", settings.CODAT_READ_TIMEOUT),
        ("CODAT_DEADLINE", settings.CODAT_DEADLINE),
        ("TASK_TIMEOUT", settings.TASK_TIMEOUT),
        ("PUSH_LEASE", settings.PUSH_LEASE),
        ("PUSH_SETTLE", settings.PUSH_SETTLE),
        ("QUEUE_RETRY", settings.QUEUE_RETRY),
    ]
    problems: list[CheckMessage] = [
        Error(f"{lower} must be shorter than {upper}.", id="bankfeeds.E005")
        for (lower, low), (upper, high) in zip(ladder, ladder[1:], strict=False)
        if low >= high
    ]
    if q["retry"] <= rounds * q["timeout"]:
        problems.append(
            Error(
                "The queue would hand out jobs again that still wait to be carried out.",
                hint=f"Q_CLUSTER retry must exceed {rounds} x timeout.",
                id="bankfeeds.E006",
            )
        )
    return problems


@register("portal")
def queue_lies_in_our_database(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.Q_CLUSTER.get("orm") == "default":
        return []
    return [Error("The queue's broker must be the default database.", id="bankfeeds.E007")]


@register("portal")
def accounts_are_added_in_a_known_way(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if conf.add_accounts() in {"post", "batch", "put"}:
        return []
    return [
        Error(
            "CODAT_ADD_ACCOUNTS is none of post, batch and put.",
            hint="Leave it out: then each account is sent by itself.",
            id="bankfeeds.E010",
        )
    ]


@register("portal")
def webhook_secret_is_one(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """None at all is fine: then no messages are taken, and everything is learned by asking."""
    secret = conf.webhook_secret()
    if not secret or webhooks.is_secret(secret):
        return []
    return [
        Error(
            "CODAT_WEBHOOK_SECRET is not a signing secret.",
            hint="Codat's portal shows it: whsec_ followed by base64. Leave it out to take no"
            " messages.",
            id="bankfeeds.E009",
        )
    ]


@register(HISTORY, deploy=True)
def guards_stand(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Asks the database, so only `check --deploy` and the start of web and worker run it."""
    gone = guards.missing()
    if not gone:
        return []
    return [
        Error(
            f"{len(gone)} guards of the history are missing, such as {gone[0]}.",
            hint="Run `manage.py migrate`: it puts them back.",
            id="bankfeeds.E008",
        )
    ]


@register(DURABLE, deploy=True)
def commits_survive(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """An attempt is committed before its POST leaves: a crash of the server must not undo that.

    Asks the database, for this very connection: server, database and role may each set it.
    """
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        (value,) = cursor.fetchone()
    if value != "off":
        return []
    return [
        Warning(
            "PostgreSQL forgets commits when it crashes: synchronous_commit is off.",
            hint="A push could be sent again that was sent already. Set synchronous_commit = on in"
            " postgresql.conf, or for us alone: ALTER ROLE … SET synchronous_commit = on. The"
            " worker does not start without it.",
            id="bankfeeds.W011",
        )
    ]


def refuse_to_send_undurably() -> None:
    """Run by the worker: what is a warning elsewhere keeps it from starting."""
    _hold([DURABLE], deploy=True, level=WARNING)


@register("portal", deploy=True)
def production_is_whole(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What has a value for a trial, and in production must be said."""
    return [
        Warning(f"{name} is left out.", hint=f"{why} See docs/production.md.", id="bankfeeds.W012")
        for name, (is_left_out, why) in _needed_in_production().items()
        if is_left_out
    ]


def _needed_in_production() -> dict[str, tuple[bool, str]]:
    return {
        "DATABASE_URL": (settings.SQLITE, "SQLite is for a trial, PostgreSQL for production."),
        "ALLOWED_HOSTS": (
            LOOPBACK.issuperset(host.strip("[]") for host in settings.ALLOWED_HOSTS),
            "The portal answers under no name but this machine's.",
        ),
        "PROXIES": (
            settings.HTTPS_ONLY and settings.PROXIES < 1,
            "Everybody has the proxy's address: ten wrong passwords lock out all of that name.",
        ),
        "ACCOUNT_NUMBER_KEY": (
            not settings.ACCOUNT_NUMBER_KEY,
            "Without a key of their own, account numbers match no more once SECRET_KEY changes.",
        ),
        "INSTITUTION_NAME": (
            settings.INSTITUTION_NAME == "Our institution",
            "Clients read it in every text that is meant for them.",
        ),
        "MAIL_FROM": (
            settings.MAIL_GOES_OUT and not settings.DEFAULT_FROM_EMAIL,
            "Mails need a sender.",
        ),
        "SECOND_FACTOR": (
            not settings.SECOND_FACTOR,
            "A password alone lets in: do not switch it off.",
        ),
    }


@register("portal", deploy=True)
def nothing_is_left_to_fill_in(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [
        Warning(
            f"{name} still says <…>, as in the sample.",
            hint="Put your own value there.",
            id="bankfeeds.W013",
        )
        for name in ("SECRET_KEY", "ACCOUNT_NUMBER_KEY", "CODAT_API_KEY")
        if str(getattr(settings, name)).startswith("<")
    ]


def refuse_to_start_broken(*, pages: bool = True) -> None:
    """Run by the web process and the worker: gunicorn by itself serves with a failing check.

    `pages`: with the checks of what is shown, which load it all; the worker shows nothing.
    """
    tags = None if pages else sorted(registry.tags_available() - SHOWN)
    _hold(tags)
    _hold([HISTORY], deploy=True)


def _hold(tags: list[str] | None, *, deploy: bool = False, level: int = ERROR) -> None:
    """Raise SystemCheckError, or say nothing: unlike the command, which says that all is well."""
    BaseCommand().check(tags=tags, include_deployment_checks=deploy, fail_level=level)
