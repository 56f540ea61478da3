"""How a person of the house is called."""

from __future__ import annotations

from django.contrib.auth.models import User


def person(user: User) -> str:
    """The full name; where none is known, the name to sign in with."""
    return user.get_full_name() or user.get_username()
