"""The language of the pages: what a person chose for themselves wins over what a browser asks for.

Before anybody has signed in, Django's own LocaleMiddleware decides.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from .models import Language, Preference

# Where a session keeps the choice, so that it is asked of the database once.
KEY = "language"
# Words of Django's admin that our catalog says in another way: its French "Go" is ours for a push.
OTHERWISE = (translation.gettext_noop("Go"),)

Answer = Callable[[HttpRequest], HttpResponse]


def chosen(user: User) -> str | None:
    """The code that the person chose (`en`, `fr-ca`); None while they have chosen nothing."""
    found: str | None = (
        Preference.objects.filter(user=user).values_list("language", flat=True).first()
    )
    return found


def choose(request: HttpRequest, language: str) -> None:
    """Keep what the person who asks chose, unless it is no language of the portal's."""
    if language in Language.values and isinstance(request.user, User):
        Preference.objects.update_or_create(user=request.user, defaults={"language": language})
        request.session[KEY] = language


def preferred(get_response: Answer) -> Answer:
    """Middleware, behind the one that knows who it is."""

    def speak(request: HttpRequest) -> HttpResponse:
        language = _known(request)
        if not language:
            return get_response(request)
        with translation.override(language):
            request.LANGUAGE_CODE = translation.get_language() or language
            response = get_response(request)
            response.headers["Content-Language"] = language
            return response

    return speak


def _known(request: HttpRequest) -> str:
    if not isinstance(request.user, User):
        return ""
    if KEY not in request.session:
        request.session[KEY] = chosen(request.user) or ""
    return str(request.session[KEY])
