"""Filters by which templates speak in the words of `bankfeeds/words`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import template
from django.contrib.auth.models import Group, User
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bankfeeds import words
from bankfeeds.admin import mirror_words, parts
from bankfeeds.admin import notes as notes_page
from bankfeeds.admin.clients import connection_link, ways_out
from bankfeeds.admin.mirror_shown import LinkBlock
from bankfeeds.models import Company, Connection, Event, Push, SourceAccount
from bankfeeds.words import decided, stored

register = template.Library()


@register.inclusion_tag("admin/bankfeeds/mirror/notes.html", takes_context=True)
def notes(context: template.Context, company: Company, push: Push | None = None) -> dict[str, Any]:
    return {
        **notes_page.block(context["request"], company, push),
        "csrf_token": context["csrf_token"],
    }


@register.inclusion_tag("admin/bankfeeds/leaving/section.html", takes_context=True)
def ways_out_of(
    context: template.Context, row: Company | Connection | SourceAccount
) -> dict[str, Any]:
    request = context["request"]
    if isinstance(row, Company):
        block = ways_out.of_company(request, row)
    elif isinstance(row, Connection):
        block = ways_out.of_connection(request, row)
    else:
        block = ways_out.of_account(request, row)
    return {**block, "csrf_token": context["csrf_token"]}


@register.filter
def said(text: str) -> str:
    """Stored words in the reader's language."""
    return stored.said(text)


@register.filter
def person(user: User) -> str:
    return words.person(user)


@register.filter
def group(row: Group) -> str:
    return words.group(row)


@register.filter
def actor(event: Event) -> str:
    return words.actor(event.actor_name, event.origin)


@register.filter
def push_number(pk: int) -> str:
    return words.push_number(pk)


@register.filter
def by(push: Push) -> str:
    return decided.by(push)


@register.filter
def finding(severity: str) -> words.Word:
    return words.finding(severity)


@register.filter
def badge(word: words.Word) -> SafeString:
    return parts.badge(word)


@register.filter
def moment(at: dt.datetime | None) -> str:
    return words.moment(at)


@register.filter
def day(date: dt.date | None) -> str:
    return words.day(date)


@register.filter
def count(things: int) -> str:
    return words.count(things)


@register.filter
def money(amount: Decimal, currency: str) -> str:
    return words.money(amount, currency)


@register.filter
def flow(amount: Decimal, currency: str) -> str:
    return words.flow(amount, currency)


@register.filter
def flow_out(amount: Decimal, currency: str) -> str:
    """Of a total of money out, with or without its sign."""
    if amount:
        return words.flow(-abs(amount), currency)
    return f"{_('Out')} {words.money(amount, currency)}"


@register.filter
def account_type(codat_word: str) -> str:
    return mirror_words.account_type(codat_word)


@register.filter
def countdown(link: LinkBlock) -> SafeString:
    return connection_link.countdown(link.word, link.seconds)
