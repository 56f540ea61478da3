"""A new password by mail: Django's own views in the portal's look, where mail is configured."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from bankfeeds import languages
from bankfeeds.models import Actor, Event, Origin

ASKED, DONE = "sign_in.password_asked", "sign_in.password_reset"
# Whoever knows an address cannot fill its mailbox.
MAILS, WITHIN = 3, dt.timedelta(hours=1)


def _by(user: User) -> Actor:
    """They have not signed in: the record says who was meant, as whom anybody could have asked."""
    return Actor(user.get_username(), Origin.PERSON, user.pk)


class Form(PasswordResetForm):
    def get_users(self, email: str) -> Any:
        """Staff alone, and each a few times an hour; to the page it makes no difference."""
        return (user for user in super().get_users(email) if user.is_staff and not _enough(user))

    def send_mail(self, *args: Any, **kwargs: Any) -> None:
        user = args[2]["user"]
        Event.objects.record(ASKED, by=_by(user), at=timezone.now(), words=user.get_username())
        with translation.override(languages.chosen(user) or translation.get_language()):
            super().send_mail(*args, **kwargs)


def _enough(user: User) -> bool:
    recent = Event.objects.filter(action=ASKED, user=user, at__gte=timezone.now() - WITHIN)
    return recent.count() >= MAILS


class Framed:
    """The portal's frame; no such page where no mail goes out."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.MAIL_GOES_OUT:
            raise Http404
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        answer["Cache-Control"] = "no-store"
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        frame = admin.site.each_context(self.request)  # type: ignore[attr-defined]
        return {**frame, **super().get_context_data(**kwargs)}  # type: ignore[misc]


class Ask(Framed, views.PasswordResetView):
    form_class = Form
    template_name = "sign_in/forgotten.html"
    email_template_name = "sign_in/forgotten_mail.txt"
    subject_template_name = "sign_in/forgotten_subject.txt"
    success_url = reverse_lazy("sign_in:mailed")
    title = _("New password")


class Mailed(Framed, views.PasswordResetDoneView):
    template_name = "sign_in/mailed.html"
    title = _("Look into your mailbox")


class Choose(Framed, views.PasswordResetConfirmView):
    template_name = "sign_in/choose.html"
    success_url = reverse_lazy("sign_in:chosen")
    title = _("Choose a new password")

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        Event.objects.record(
            DONE, by=_by(form.user), at=timezone.now(), words=form.user.get_username()
        )
        return answer


class Chosen(Framed, views.PasswordResetCompleteView):
    template_name = "sign_in/chosen.html"
    title = _("The new password holds")
