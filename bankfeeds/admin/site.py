"""The admin site: what stands above every page, where each role starts, what has no page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from bankfeeds import conf, languages, words
from bankfeeds.going_back import back
from bankfeeds.models import Language
from bankfeeds.sign_in import ages, page, second, written_down

from . import at_a_glance, guide_pages, holding_shown, rule_pages

# In the order of the day's work.
ORDER = (
    "Company",
    "Connection",
    "SourceAccount",
    "Statement",
    "Doubt",
    "ColumnProfile",
    "ReceivedFile",
    "Sender",
    "BankTransaction",
    "Push",
    "FeedSchedule",
    "FeedRun",
    "Closure",
    "Resending",
    "SendingStop",
    "Incident",
    "WebhookMessage",
    "ReadinessCheck",
    "Event",
)
WITHOUT_PAGES = {"axes", "django_q", "otp_static", "otp_totp"}


class PortalAdminSite(AdminSite):
    login_form = page.NameAndPassword
    site_header = _("Bank Feeds Portal")
    site_title = _("Bank Feeds Portal")
    index_title = _("Home")
    site_url = None

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        """Pages of others stay out: whoever may only look at the queue could run jobs again, and
        the second factor's show its secrets.
        """
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        ours = [model for model in models if model._meta.app_label not in WITHOUT_PAGES]
        super().register(ours, admin_class, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [
            path("language/", self.admin_view(_choose_language), name="language"),
            path("help/", self.admin_view(guide_pages.show), name="help"),
            path("help/<slug:name>/", self.admin_view(guide_pages.show), name="guide"),
            path("rules/", self.admin_view(rule_pages.show), name="rules"),
            *super().get_urls(),
        ]

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and second.is_complete(request)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """On to the second step for who has taken the first; else the stock page."""
        half = super().has_permission(request) and not second.is_complete(request)
        if half and request.method == "GET":
            return page.step(request, "code")
        forgotten = reverse("sign_in:forgotten") if settings.MAIL_GOES_OUT else ""
        context = {"forgotten": forgotten, "signed_out": ages.told_why(request)}
        answer = super().login(request, {**context, **(extra_context or {})})
        if request.method == "POST" and (user := page.staff(request)):
            written_down.password_given(request, user)
        return answer

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        if request.method == "POST" and (user := page.staff(request)):
            written_down.signed_out(request, user)
        return super().logout(request, extra_context)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        title = {"title": _("Change your password")}
        with transaction.atomic():
            answer = super().password_change(request, {**title, **(extra_context or {})})
            if answer.status_code == 302 and (user := page.staff(request)):
                written_down.password_changed(request, user)
        return answer

    def password_change_done(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        title = {"title": _("Your password was changed")}
        return super().password_change_done(request, {**title, **(extra_context or {})})

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        context["environment"] = conf.environment()
        if context["has_permission"]:
            now = timezone.now()
            seen = at_a_glance.look()
            context["undecided"], context["rows_to_decide"] = seen.undecided, seen.rows_to_decide
            context["bands"] = holding_shown.bands(seen, now=now)
            context["other_language"] = _other_language()
            context["zone"] = words.zone(timezone.localtime(now))
        return context

    def index(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Managers start with their own companies, support with all, auditors with the history."""
        user = request.user
        if user.has_perm("bankfeeds.push_sourceaccount"):
            mine = "?owner=me" if user.has_perm("bankfeeds.change_company") else ""
            return redirect(f"{reverse('admin:bankfeeds_company_changelist')}{mine}")
        if user.has_perm("bankfeeds.view_push") and not user.has_perm("auth.change_user"):
            return redirect("admin:bankfeeds_push_changelist")
        return super().index(request, extra_context)

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """By its name alone: the framework puts it into a sentence that no gender fits."""
        app = apps.app_configs.get(app_label)
        context = {**({"title": app.verbose_name} if app else {}), **(extra_context or {})}
        return super().app_index(request, app_label, context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        for app in apps:
            if app["app_label"] == "bankfeeds":
                app["models"].sort(key=lambda model: ORDER.index(model["object_name"]))
        return sorted(apps, key=lambda app: app["app_label"] != "bankfeeds")


def _other_language() -> Language:
    speaks_french = (translation.get_language() or "").startswith("fr")
    return Language.ENGLISH if speaks_french else Language.FRENCH


def _choose_language(request: HttpRequest) -> HttpResponse:
    """Keep what the person chose, and back to the page they were on."""
    if request.method == "POST":
        languages.choose(request, request.POST.get("language", ""))
    return redirect(back(request, otherwise=reverse("admin:index")))
