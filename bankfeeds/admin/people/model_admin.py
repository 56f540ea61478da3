"""People and groups: who may sign in, and in which group. Nobody is ever deleted.

Only a superuser hands out what stands above the groups; what each group may do is planted by
`bankfeeds/groups.py` and only shown here.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as StockGroupAdmin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bankfeeds import words
from bankfeeds.admin import meanwhile
from bankfeeds.admin.clients import company_left
from bankfeeds.admin.outside import NumbersFromOutside
from bankfeeds.admin.seen_form import SeenAdmin
from bankfeeds.admin.titles import Titled

from . import access as people_access
from . import leave, sign_in
from .forms import ChosenField, GivenPasswordForm, NewPersonForm, PersonForm

admin.site.unregister((User, Group))

ABOVE_GROUPS = ("is_superuser", "user_permissions")


class GroupFilter(admin.SimpleListFilter):
    title = _("groups")
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(group.name, words.group(group)) for group in Group.objects.order_by("name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        value = self.value()
        return queryset.filter(groups__name=value.replace("\x00", "")) if value else queryset


@admin.register(User)
class PeopleAdmin(SeenAdmin, Titled, NumbersFromOutside, StockUserAdmin):  # type: ignore[type-arg]
    form = PersonForm
    add_form = NewPersonForm
    # The stock one of persons is for ways to sign in that this portal does not have.
    add_form_template = "admin/change_form.html"
    change_password_form = GivenPasswordForm
    list_title = _("Users")
    add_title = _("Add a user")
    change_form_template = "admin/auth/user/change_form.html"
    list_display = (
        "username",
        "first_name",
        "last_name",
        "in_groups",
        "is_active",
        "last_in",
        "hand_over",
    )
    list_filter = ("is_active", GroupFilter)
    list_per_page = 100
    list_max_show_all = 100
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    filter_horizontal = ("user_permissions",)
    add_fieldsets = (
        (None, {"fields": ("username", "password1", "password2")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("May"), {"fields": ("is_staff", "groups")}),
    )
    fieldsets = (
        (None, {"fields": ("username",)}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (
            _("May"),
            {
                "fields": ("is_active", "is_staff", "groups"),
                "description": _(
                    "Somebody who leaves is made inactive, never deleted: history names them."
                ),
            },
        ),
        (_("Beyond the groups"), {"classes": ("collapse",), "fields": ABOVE_GROUPS}),
        (_("Dates"), {"fields": ("last_in", "since")}),
    )
    readonly_fields = ("last_in", "since")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return company_left.with_left_behind(
            super().get_queryset(request).prefetch_related("groups")
        )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **given: Any) -> Any:
        given["form_class"] = ChosenField
        if db_field.name == "groups":
            # Four: a person ticks them, and sees at once which there are.
            given["widget"] = CheckboxSelectMultiple()
        return super().formfield_for_manytomany(db_field, request, **given)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **given: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **given)
        return type(form.__name__, (form,), {"me": request.user})

    def changed_by(self, row: User) -> str:
        return meanwhile.changed_lately("person.", row.get_username())

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if _is_superuser(request) else fixed + ABOVE_GROUPS

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever could change a superuser, or their password, could become one."""
        if isinstance(obj, User) and obj.is_superuser and not _is_superuser(request):
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        user = self.get_object(request, id)
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        with transaction.atomic():
            # The whole row is saved: nobody else changes it meanwhile.
            answer = super().user_change_password(request, id, form_url)
            if request.method == "POST" and answer.status_code == 302:
                leave.record_password(request, User.objects.get(pk=id))
        if user is not None and isinstance(answer, TemplateResponse):
            title = _("Set a new password for %(who)s") % {"who": user.get_username()}
            answer.context_data = {**(answer.context_data or {}), "title": title}
        return answer

    def get_urls(self) -> list[URLPattern]:
        access = self.admin_site.admin_view(self.access_view)
        entry = self.admin_site.admin_view(self.sign_in_view)
        return [
            path("access/", access, name="auth_user_access"),
            path("<int:pk>/sign-in/", entry, name="auth_user_sign_in"),
            *super().get_urls(),
        ]

    def sign_in_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = self.get_object(request, str(pk))
        if not self.has_view_permission(request, user):
            raise PermissionDenied
        if user is None:
            raise Http404
        may = self.has_change_permission(request, user)
        frame = self.admin_site.each_context(request)
        return sign_in.view(request, user, may=may, frame=frame)

    def access_view(self, request: HttpRequest) -> HttpResponse:
        return people_access.view(request, self.admin_site.each_context(request))

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """Nothing is saved yet: how the rights stand is kept for the record."""
        form.rights_before = leave.rights(form.instance) if change else {}
        return super().save_form(request, form, change)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: list[Any], change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        before = form.rights_before
        leave.record(request, form.instance, changed=form.changed_data, before=before)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *given: Any, **named: Any
    ) -> HttpResponse:
        user = context.get("original")
        more = {"left_behind": self.hand_over(user) if getattr(user, "left_behind", 0) else ""}
        return super().render_change_form(request, {**context, **more}, *given, **named)

    @admin.display(description=_("last signed in"), ordering="last_login")
    def last_in(self, row: User) -> str:
        return words.moment(row.last_login)

    @admin.display(description=_("since"))
    def since(self, row: User) -> str:
        return words.moment(row.date_joined)

    @admin.display(description=_("to hand over"))
    def hand_over(self, row: Any) -> str | SafeString:
        """How many companies of somebody who has left have no new owner, and which."""
        if not row.left_behind:
            return "–"
        text = ngettext("%(n)d company", "%(n)d companies", row.left_behind)
        return format_html(
            '<a href="{}">{}</a>', company_left.address(row), text % {"n": row.left_behind}
        )

    @admin.display(description=_("groups"))
    def in_groups(self, row: User) -> str | SafeString:
        return ", ".join(words.group(group) for group in row.groups.all()) or "–"


@admin.register(Group)
class GroupsAdmin(Titled, NumbersFromOutside, StockGroupAdmin):
    """Shown only: the groups and what they may do are planted."""

    list_title = _("Groups")
    list_display = ("named",)
    fields = ("named", "rights")
    readonly_fields = ("named", "rights")
    filter_horizontal = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def row_title(self, row: Group) -> str:
        return words.group(row)

    @admin.display(description=_("name"), ordering="name")
    def named(self, group: Group) -> str:
        return words.group(group)

    @admin.display(description=_("May"))
    def rights(self, group: Group) -> SafeString:
        held = group.permissions.select_related("content_type").order_by("content_type", "pk")
        return format_html_join(SafeString("<br>"), "{}", ((words.right(one),) for one in held))


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))
