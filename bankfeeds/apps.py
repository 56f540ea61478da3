"""Registers the checks; after every migrate plants what must stand in every database."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PortalAdminConfig(AdminConfig):
    default_site = "bankfeeds.admin.site.PortalAdminSite"

    def ready(self) -> None:
        # The pages must not be imported by the look-up of the site that they register on:
        # they would end on a first site, which the look-up then replaces by a second.
        from . import admin  # noqa: F401

        super().ready()


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
