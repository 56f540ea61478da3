"""The admin site: header, bands, and which models have no page."""

from __future__ import annotations

from django.contrib.admin import AdminSite


class PortalAdminSite(AdminSite):
    pass
