"""Run as a program, in the demo's environment: migrate, collect static files, plant the people.

Its one argument is the demo's folder, where their passwords are kept.
"""

from __future__ import annotations

import sys
from pathlib import Path

import django
from django.core.management import call_command

from bankfeeds.management.demo.place import PEOPLE, Place


def plant(passwords: dict[str, str]) -> None:
    """One staff user for each role, in the group of that role; nobody is a superuser."""
    from django.contrib.auth.models import Group, User

    for name, password in passwords.items():
        user, _ = User.objects.get_or_create(username=name)
        user.is_staff = user.is_active = True
        # Only when it differs: a new hash would end the person's sessions.
        if not user.check_password(password):
            user.set_password(password)
        user.save()
        user.groups.add(Group.objects.get(name=PEOPLE[name]))


def main(folder: Path) -> None:
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    plant(Place(folder).secrets().people)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
