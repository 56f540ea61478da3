"""The help in the portal: each person's own guide, in their language, with its pictures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client

from bankfeeds import guides
from bankfeeds.groups import GROUPS
from bankfeeds.models import Preference
from tests.admin.pushes import signed_in

if TYPE_CHECKING:
    from pathlib import Path

HELP = "/admin/help/"


def reader(people: dict[str, User], role: str, language: str) -> Client:
    Preference.objects.create(user=people[role], language=language)
    return signed_in(people[role])


@pytest.mark.parametrize("language", guides.LANGUAGES)
@pytest.mark.parametrize("role", GROUPS)
def test_the_help_is_the_guide_of_the_role(
    people: dict[str, User], role: str, language: str
) -> None:
    answer = reader(people, role, language).get(HELP)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert f"<h1>{guides.title(role, language=language)}</h1>" in html.replace("&#x27;", "'")
    assert answer["Content-Language"] == language
    assert " style=" not in html and "<script>" not in html and "<style" not in html
    for other in guides.NAMES:
        assert f'href="{HELP}{other}/"' in html


@pytest.mark.parametrize("name", guides.NAMES)
def test_everybody_may_read_every_guide(people: dict[str, User], name: str) -> None:
    assert signed_in(people["auditor"]).get(f"{HELP}{name}/").status_code == 200


def test_the_header_leads_to_it(people: dict[str, User]) -> None:
    shown = signed_in(people["support"]).get("/admin/bankfeeds/company/").content.decode()
    assert f'<a href="{HELP}">' in shown
    assert HELP not in Client().get("/admin/login/").content.decode()


@pytest.mark.parametrize("language", guides.LANGUAGES)
def test_pictures_come_from_the_portal_and_links_stay_in_it(
    people: dict[str, User], language: str
) -> None:
    html = reader(people, "manager", language).get(HELP).content.decode()
    article = html.split('<article class="guide">')[1].split("</article>")[0]
    pictures = re.findall(r'<img src="/static/([^"]+)" alt="([^"]+)"', article)
    assert pictures
    for path, _ in pictures:
        assert finders.find(path), path
    links = re.findall(r'href="([^"]+)"', article)
    assert links
    assert [each for each in links if not each.startswith((HELP, "#"))] == []
    anchors = set(re.findall(r' id="([^"]+)"', article))
    assert {each[1:] for each in re.findall(r'href="(#[^"]+)"', html) if "guide" in each} <= anchors


def test_there_is_no_help_for_strangers_and_none_of_another_name(people: dict[str, User]) -> None:
    assert Client().get(HELP)["Location"].startswith("/admin/login/")
    browser = signed_in(people["manager"])
    for name in ("production", "..", "manager.md", "en"):
        assert browser.get(f"{HELP}{name}/").status_code == 404, name
    assert browser.post(HELP).status_code == 405


def test_html_in_a_guide_is_shown_as_it_stands_and_other_files_are_not_linked(
    settings: object, tmp_path: Path
) -> None:
    folder = tmp_path / "en"
    folder.mkdir()
    text = "# Title\n\n## One\n\n<script>x</script> [x](../production.md) [y](support.md#two)\n"
    (folder / "manager.md").write_text(text)
    settings.GUIDES = tmp_path  # type: ignore[attr-defined]
    guide = guides.read("manager", language="en", guide=lambda n: f"/{n}/", picture=str)
    assert guide.title == "Title" and [s.anchor for s in guide.sections] == ["one"]
    assert "<script>" not in guide.html and "&lt;script&gt;" in guide.html
    assert "production" not in guide.html and '<a href="/support/#two">y</a>' in guide.html


@pytest.mark.parametrize("language", guides.LANGUAGES)
def test_an_example_that_scrolls_is_reached_by_keyboard(language: str) -> None:
    read = guides.read("statements", language=language, guide=str, picture=str)
    assert read.html.count("<pre") == read.html.count('<pre tabindex="0">') > 0
