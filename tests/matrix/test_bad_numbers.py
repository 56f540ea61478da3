"""Numbers and filters in addresses that no page of ours made: answered clearly, never an error."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

# The site knows no pages before.
import bankfeeds.admin  # noqa: F401
from tests.matrix import table, things

HUGE = "9" * 30
MARKUP = '=HYPERLINK("http://a.example","b")<script>alert(1)</script>'
BAD = (HUGE, "-1", MARKUP, "a\x00\u202eb")
EVERY_LIST = ("q", "p", "o", "pk__in", "account", "company", "account__id__exact", "batch")


@pytest.fixture
def boss(transactional_db: None, sandbox: Any) -> tuple[Client, dict[str, Any]]:
    there = things.make()
    things.calm()
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("root"))
    return client, there


def test_no_number_in_an_address_is_an_error(boss: tuple[Client, dict[str, Any]]) -> None:
    client, _there = boss
    wrong = []
    for line in table.addresses():
        if "{" not in line.path:
            continue
        path = "/" + line.path.format_map(Anything())
        for answer in (client.get(path), client.post(path, {"reason": "x"})):
            if answer.status_code >= 500:
                wrong.append(f"{line.path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


class Anything(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return HUGE


def filters(rf: RequestFactory) -> dict[str, set[str]]:
    """Of every list its address and the names by which it can be filtered."""
    request = rf.get("/")
    request.user = User(is_superuser=True, is_active=True, is_staff=True)
    found = {}
    for model, page in admin.site._registry.items():
        names = set(EVERY_LIST)
        for one in page.get_list_filter(request):
            names.add(getattr(one, "parameter_name", None) or f"{one}__exact")
            names |= {f"{one}__id__exact"} if isinstance(one, str) else set()
        found[f"/admin/{model._meta.app_label}/{model._meta.model_name}/"] = names
    return found


def test_no_filter_of_a_list_is_an_error(boss: tuple[Client, dict[str, Any]], rf: Any) -> None:
    client, _there = boss
    wrong = []
    for path, names in filters(rf).items():
        for name in names:
            for value in BAD if name in ("q", "owner", "group") else (HUGE,):
                answer = client.get(path, {name: value}, follow=True)
                if answer.status_code >= 500 or b"<script>alert(1)" in answer.getvalue():
                    wrong.append(f"{path}?{name}={value}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
