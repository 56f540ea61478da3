"""What people write in their own words: no character that hides, or turns the text around.

The one rule for reasons, notes, names, references and contacts; talks to nobody. Files of banks
have their own, `intake.cells`.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Control, formatting (right-to-left marks and overrides are such), half characters, separators.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Joiners belong to some scripts and to pictures of several parts; a soft hyphen only divides.
_HARMLESS = {"\u200c", "\u200d", "\u00ad"}
_LINES = {"\n", "\r", "\t"}


def problem(text: str, *, lines: bool = False) -> str:
    """What is wrong with a text, in words for the person; "" when it may be kept as it is.

    `lines`: whether it may have several lines.
    """
    allowed = _HARMLESS | _LINES if lines else _HARMLESS
    for character in text:
        if character not in allowed and unicodedata.category(character) in _UNSEEN:
            words = _("The text has a character that cannot be printed (U+%(code)s). Type it anew.")
            return words % {"code": f"{ord(character):04X}"}
    return ""


def too_long(text: str, *, most: int) -> str:
    """In words for the person; "" when it has at most `most` characters."""
    if len(text) <= most:
        return ""
    words = _("The text has %(n)d characters; at most %(most)d are kept. Shorten it.")
    return words % {"n": len(text), "most": most}


def validate(text: Any) -> None:
    if wrong := problem(str(text)):
        raise ValidationError(wrong, code="unseen")


def guard(form: forms.BaseForm) -> None:
    """Hold every text field of a form to the rule; passwords are kept by nobody."""
    for field in form.fields.values():
        if type(field) is forms.CharField and not isinstance(field.widget, forms.PasswordInput):
            field.validators.append(validate)
