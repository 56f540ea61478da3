"""What is asked of a company: its name as Codat will store it, and what only we know of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds import free_text, onboarding, words
from bankfeeds.groups import OWNERS
from bankfeeds.models import Company, Language
from bankfeeds.models.mirror import Country


def owners() -> QuerySet[User]:
    """Who may look after clients: active people of the groups that create them."""
    return (
        User.objects.filter(is_active=True, is_staff=True, groups__name__in=OWNERS)
        .distinct()
        .order_by("username")
    )


class OwnerField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return words.person(obj)


class CompanyForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Our name"),
        max_length=200,
        help_text=gettext_lazy("Kept as you write it, accents too."),
        error_messages={"required": gettext_lazy("Enter the name of the company.")},
    )
    reference = forms.CharField(
        label=gettext_lazy("Internal reference"), max_length=100, required=False
    )
    country = forms.ChoiceField(label=gettext_lazy("Country"), choices=Country, initial="US")
    language = forms.ChoiceField(
        label=gettext_lazy("Language for client texts"),
        choices=Language,
        initial=Language.ENGLISH,
        required=False,
    )
    owner = OwnerField(
        label=gettext_lazy("Owner"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("Nobody"),
        help_text=gettext_lazy("The relationship manager who looks after this client."),
    )
    contact_name = forms.CharField(
        label=gettext_lazy("Contact"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Optional. Never sent to Codat."),
    )
    contact_details = forms.CharField(
        label=gettext_lazy("Phone or e-mail"), max_length=200, required=False
    )

    def __init__(self, data: Any = None, *, company: Company | None = None, me: Any = None) -> None:
        """`company`: whose details are edited; `me`: who adds one, its owner unless changed."""
        ours = onboarding.details(company) if company else {}
        super().__init__(data, initial=ours or {"owner": getattr(me, "pk", None)})
        free_text.guard(self)
        chosen: forms.ModelChoiceField[User] = self.fields["owner"]  # type: ignore[assignment]
        chosen.queryset = owners()
        if company and company.owner_id:
            # Whoever has left stays the owner until somebody else is chosen.
            mine = Q(pk__in=owners().values("pk")) | Q(pk=company.owner_id)
            chosen.queryset = User.objects.filter(mine).order_by("username")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if not onboarding.name_at_codat(name):
            raise forms.ValidationError(nothing_left())
        return name

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or Language.ENGLISH

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for name in ("reference", "contact_name", "contact_details"):
            given[name] = " ".join(given.get(name, "").split())
        return given


def nothing_left() -> str:
    return _("Codat would keep nothing of this name. Nothing was created. Use letters or digits.")
