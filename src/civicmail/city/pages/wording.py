"""Translate sentences, and format dates and times for pages."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from civicmail.city.guard.roles import ROLES
from civicmail.core.config.sentence import Sentence


def translate(words: object) -> str:
    """A sentence of a rule (core/config/sentence.py), or any words that the catalogue may have, in the language of this request."""
    if isinstance(words, Sentence):
        text = gettext(words.text)
        text = text.format(**{k: _value(v) for k, v in words.values.items()}) if words.values else text
        return text.lower() if words.small else text
    return gettext(str(words)) if words else ""


def role(code: str) -> str:
    """The name of a role."""
    return translate(ROLES[code].name) if code in ROLES else code


def day(value: date) -> str:
    """Nov 23, 2026; 23 nov 2026."""
    return date_format(timezone.localtime(value) if isinstance(value, datetime) else value, pgettext("format of a date", "M j, Y"))


def clock(value: datetime) -> str:
    """4:05 p.m., in each language: pages and mail of ours have one clock."""
    return date_format(timezone.localtime(value), "g:i a")


def minute(value: datetime) -> str:
    """Nov 23, 2026, 4:05 p.m."""
    return f"{day(value)}, {clock(value)}"


def short_day(value: date) -> str:
    """A day of this year: Nov 23; 23 nov."""
    return date_format(timezone.localtime(value) if isinstance(value, datetime) else value, pgettext("format of a date", "M j"))


def _value(value: object) -> object:
    if isinstance(value, date):
        return day(value)
    return translate(value) if isinstance(value, Sentence) else value
