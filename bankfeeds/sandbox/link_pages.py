"""Codat's link pages of a connection, in English or French: permissions, set up, credentials.

Every step asks for the one-hour password. What follows in QuickBooks is in `quickbooks`.
"""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from . import callout, connections
from .answers import Answer
from .link_words import OTHER, WORDS, Words
from .markup import alert, form, hidden, link, listing, note, p, page
from .world import Record, World

STEPS = ("start", "set-up", "credentials", "revoke")


def answer(world: World, method: str, parts: list[str], given: dict[str, str]) -> Answer:
    """One page; `given` are the fields that came along, `parts` the path."""
    connection = connections.find(world, parts[1], parts[3])
    visit = _Visit(world, connection, "/" + "/".join(parts[:4]), given)
    step = parts[4]
    if not connections.link_works(world, connection["id"], otp=visit.otp):
        return visit.expired(step)
    if step == "start":
        return visit.permissions()
    if step == "credentials" and method == "POST":
        return visit.credentials()
    if step == "revoke" and method == "POST":
        connections.revoke_credentials(world, connection["id"])
        return visit.set_up(note(visit.words.revoked))
    return visit.set_up()


class _Visit:
    """A client on the pages of one connection, in one language."""

    def __init__(self, world: World, connection: Record, base: str, given: dict[str, str]) -> None:
        self.world, self.connection, self.base, self.given = world, connection, base, given
        self.otp = given.get("otp", "")
        self.language = given.get("lang", "en") if given.get("lang") in WORDS else "en"
        self.words: Words = WORDS[self.language]

    def expired(self, step: str) -> Answer:
        words = self.words
        return self._page(words.unauthorized, self._switch(step), alert(words.expired), status=401)

    def permissions(self) -> Answer:
        words = self.words
        go_on = form(f"{self.base}/set-up", *self._carried(), button=words.next, method="get")
        parts = p(words.you_agree), listing(words.permissions), go_on
        return self._page(words.connect, self._switch("start"), *parts)

    def set_up(self, *above: str) -> Answer:
        words = self.words
        get = form(f"{self.base}/credentials", *self._carried(), button=words.get)
        parts = *above, p(words.you_need), self._callout(), get
        return self._page(words.set_up, self._switch("set-up"), *parts)

    def credentials(self) -> Answer:
        """The language is switched with the pair at hand: it is shown once and made once."""
        words, made = self.words, self._pair()
        pair = [hidden(name, value) for name, value in made.items()]
        institution = self.world.settings.institution
        other = [hidden("otp", self.otp), hidden("lang", OTHER[self.language]), *pair]
        return self._page(
            words.set_up,
            form(f"{self.base}/credentials", *other, button=words.other_language, look="quiet"),
            f'<dl><dt>{escape(words.username)}</dt><dd id="shown-username">'
            f"{escape(made['username'])}</dd><dt>{escape(words.password)}</dt>"
            f'<dd id="shown-password">{escape(made["password"])}</dd></dl>',
            form(f"{self.base}/revoke", *self._carried(), button=words.revoke, look="quiet"),
            listing([each.format(institution=institution) for each in words.steps], ordered=True),
            form("/quickbooks/link-account", *pair, button=words.go_on),
        )

    def _pair(self) -> dict[str, str]:
        """The credentials that the page has just shown, or new ones."""
        given = {name: self.given.get(name, "") for name in ("username", "password")}
        if connections.sign_in(self.world, **given) == self.connection["id"]:
            return given
        return dict(connections.make_credentials(self.world, self.connection["id"]))

    def _callout(self) -> str:
        texts = callout.shown(self.world, self.language)
        if not texts:
            return ""
        title, body = escape(texts["title"]), escape(texts["body"])
        return f'<aside class="callout"><h2>{title}</h2><p>{body}</p></aside>'

    def _carried(self) -> list[str]:
        lang = [hidden("lang", self.language)] if self.language != "en" else []
        return [hidden("otp", self.otp), *lang]

    def _switch(self, step: str) -> str:
        """To the same page in the other language."""
        step = "start" if step == "start" else "set-up"
        other = OTHER[self.language]
        href = f"{self.base}/{step}?{urlencode({'otp': self.otp, 'lang': other})}"
        words = link(href, self.words.other_language, language=other)
        return f'<nav class="languages" aria-label="{escape(self.words.languages)}">{words}</nav>'

    def _page(self, title: str, *parts: str, status: int = 200) -> Answer:
        brand = {"brand": "codat", "brand_name": self.words.brand, "language": self.language}
        return page(title, *parts, status=status, **brand)
