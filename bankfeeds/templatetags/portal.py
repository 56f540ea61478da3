"""Filters by which templates speak in the words of `bankfeeds/words.py`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django import template
from django.utils.safestring import SafeString

from bankfeeds import words
from bankfeeds.admin import parts

register = template.Library()


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
def money(amount: Decimal, currency: str) -> str:
    return words.money(amount, currency)


@register.filter
def flow(amount: Decimal, currency: str) -> str:
    return words.flow(amount, currency)
