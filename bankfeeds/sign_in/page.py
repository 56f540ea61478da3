"""What the pages before the admin's share: their frame, where they lead, and whom they let in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.models import User
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from bankfeeds.going_back import back


class NameAndPassword(AdminAuthenticationForm):
    """The first step. A name that is too long to be one is refused before it is counted."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        field = self.fields["username"]
        field.validators.append(MaxLengthValidator(User._meta.get_field("username").max_length))


def shown(
    request: HttpRequest, name: str, *, title: str, status: int = 200, **context: Any
) -> HttpResponse:
    """The page `name`, never kept by a browser: codes and secrets stand on some."""
    frame = admin.site.each_context(request)
    answer = render(
        request, f"sign_in/{name}.html", {**frame, "title": title, **context}, status=status
    )
    answer["Cache-Control"] = "no-store"
    return answer


def staff(request: HttpRequest) -> User | None:
    """Who has given name and password, and may use the portal."""
    user = request.user
    return user if isinstance(user, User) and user.is_active and user.is_staff else None


def onward(request: HttpRequest) -> str:
    """Where the person wanted to go: a page of ours, or the beginning."""
    return back(request, otherwise=reverse("admin:index"))


def step(request: HttpRequest, name: str) -> HttpResponse:
    """On to another page of the sign-in, with the way kept."""
    return redirect(f"{reverse(f'sign_in:{name}')}?{urlencode({'next': onward(request)})}")
