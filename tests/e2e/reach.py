"""Every page, and which roles reach it: by links, by the table of addresses, in each state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from django.test import Client
from django.urls import resolve

from bankfeeds.models import Push, Statement
from tests.e2e import crawl
from tests.matrix import table

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Reached(NamedTuple):
    path: str
    roles: Sequence[str]
    template: str


def pages(superuser: User, there: Mapping[str, int | str]) -> list[Reached]:
    """What answers with a page: no download, nothing that leads elsewhere.

    One of each kind (`crawl.kind`), but each push and each file that is not saved yet: those
    differ by state. `there`: what stands for the braces of the table.
    """
    client = Client()
    client.force_login(superuser)
    found: dict[str, str] = {}
    made_of: dict[str, str] = {}

    def read(path: str, *, named: str = "") -> tuple[str, str]:
        answer = client.get(path, follow=True)
        if answer.redirect_chain:
            path = answer.redirect_chain[-1][0]
        is_page = answer.headers.get("Content-Type", "").startswith("text/html")
        html = answer.content.decode() if is_page and not answer.streaming else ""
        if answer.status_code == 200 and "<html" in html:
            found.setdefault(named or crawl.kind(path), path)
            made_of[path] = str(answer.templates[0].name)
        return path, html

    for _ in crawl.walk(read):
        pass
    for line in table.addresses():
        path = "/" + line.path.format(**there)
        if crawl.kind(path) not in found and not crawl.LEFT_ALONE.search(path):
            read(path)
    for path in _states():
        read(path, named=path)
    paths = sorted(set(found.values()), key=list(found.values()).index)
    return [Reached(path, _roles(path), made_of[path]) for path in paths]


def _roles(path: str) -> Sequence[str]:
    """Of the four groups, by the table; who has signed in may go through each door."""
    # The page of an app is there for whoever may see something of it: here the people.
    path = "/admin/auth/user/" if path == "/admin/auth/" else path
    shape = table.shape(resolve(path.partition("?")[0]).route)
    lines = [line.see for line in table.addresses() if table.shape(line.path) == shape]
    may = lines[0] if lines else "".join(table.ROLES)
    return [role for letter, role in table.ROLES.items() if letter in may and letter != "R"]


def _states() -> Iterator[str]:
    for push in Push.objects.all():
        yield f"/admin/bankfeeds/push/{push.pk}/change/"
    for statement in Statement.objects.filter(state=Statement.State.PREVIEWED):
        yield f"/admin/bankfeeds/statement/{statement.pk}/preview/"
