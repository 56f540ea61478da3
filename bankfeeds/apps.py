"""Registers the checks; after every migrate plants what must stand in every database."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.core import checks
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PortalAdminConfig(SimpleAdminConfig):
    """The addresses (`portal/urls.py`) load the pages: the worker has none, and does without."""

    default_site = "bankfeeds.admin.site.PortalAdminSite"

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_pages, checks.Tags.admin)
        # Django's own app, by the name that its pages have here.
        apps.get_app_config("auth").verbose_name = _("People and groups")


def _check_pages(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Django's own check, of what is there once the pages are."""
    import_module(settings.ROOT_URLCONF)
    return list(check_admin_app(app_configs, **kwargs))


class BankFeedsConfig(AppConfig):
    name = "bankfeeds"
    verbose_name = _("Bank feeds")

    def ready(self) -> None:
        from . import checks  # noqa: F401
        from .sign_in import ages, written_down

        user_logged_in.connect(ages.begin, dispatch_uid="bankfeeds.sign_in")
        user_login_failed.connect(written_down.wrong, dispatch_uid="bankfeeds.sign_in_wrong")
        post_migrate.connect(_plant, sender=self, dispatch_uid="bankfeeds.plant")


def _plant(using: str, **kwargs: Any) -> None:
    from . import groups, guards

    groups.plant()
    guards.plant(using=using)
