"""What is typed about a person: a new one, what one may do, a password set by another."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group, User
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from bankfeeds import free_text, words
from bankfeeds.admin.posted import number
from bankfeeds.admin.seen_form import SeenForm

ADMINISTRATOR = "administrator"
HELP = {
    "username": _("The name with which the person signs in."),
    "email": _("Here comes the link when the password is forgotten."),
    "is_active": _("Who leaves loses this tick: all sessions of the person end at once."),
    "is_staff": _("Without this tick nobody signs in."),
    "groups": _("What the person may do. One group is enough for most."),
    "is_superuser": _("May do everything, whatever the groups are."),
    "user_permissions": _("Rights beside those of the groups; as a rule there are none."),
}


class ChosenField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Model) -> str:
        return words.group(obj) if isinstance(obj, Group) else super().label_from_instance(obj)

    def clean(self, value: Any) -> Any:
        """SQLite fails at a number beyond its own; such a choice is as wrong as any other."""
        for pk in value or ():
            if number(str(pk)) is None:
                raise forms.ValidationError(
                    self.error_messages["invalid_pk_value"],
                    code="invalid_pk_value",
                    params={"pk": pk},
                )
        return super().clean(value)


class NewPersonForm(UserCreationForm):  # type: ignore[type-arg]
    """All at once: a name, a first password, and what the person may do."""

    class Meta(UserCreationForm.Meta):
        fields = ("username", "first_name", "last_name", "email", "is_staff", "groups")
        help_texts = HELP

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["is_staff"].initial = True
        free_text.guard(self)


class GivenPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """There is no way in but by a password, so it cannot be switched off."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields.pop("usable_password", None)
        for field in self.fields.values():
            field.required = True


class PersonForm(SeenForm, UserChangeForm):  # type: ignore[type-arg]
    # Who fills it in.
    me: User
    # What is kept of it tells nobody anything.
    password = None  # type: ignore[assignment]

    class Meta(UserChangeForm.Meta):
        help_texts = HELP

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if not self._somebody_is_left(given):
            raise forms.ValidationError(
                _(
                    "Nobody would be left who may manage people. Make somebody else an"
                    " administrator first."
                )
            )
        return given

    def clean_groups(self) -> Any:
        """What one administrator may do beside managing people is for another one to decide."""
        chosen = self.cleaned_data["groups"]
        mine = self.instance.pk == self.me.pk and not self.me.is_superuser
        if mine and set(chosen) != set(self.instance.groups.all()):
            raise forms.ValidationError(
                _("Your own groups are for another administrator to change.")
            )
        return chosen

    def _somebody_is_left(self, given: dict[str, Any]) -> bool:
        person = self.instance
        if not _managers_of_people().filter(pk=person.pk).exists():
            return True
        stays = given.get("is_active", person.is_active) and given.get("is_staff", person.is_staff)
        groups = given.get("groups", person.groups.all())
        may = given.get("is_superuser", person.is_superuser) or any(
            group.name == ADMINISTRATOR for group in groups
        )
        return bool(stays and may) or _managers_of_people().exclude(pk=person.pk).exists()


def _managers_of_people() -> QuerySet[User]:
    may = Q(is_superuser=True) | Q(groups__name=ADMINISTRATOR)
    return User.objects.filter(may, is_active=True, is_staff=True)
