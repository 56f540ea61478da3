"""Many passwords are tried here: with a hash that costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.hashers import make_password

from tests import support

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@pytest.fixture
def people(db: None, settings: Any) -> dict[str, User]:
    from django.contrib.auth.models import User

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    made = support.make_people()
    User.objects.update(password=make_password(support.PASSWORD))
    for user in made.values():
        user.refresh_from_db()
    return made
