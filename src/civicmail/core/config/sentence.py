"""A sentence that pages can translate: its fixed text and the values in it."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any


class Sentence(str):
    """English text for SMTP replies, logs and entries, which pages can translate. text: the pattern, which pages look up in their
    catalogue; values: for its braces, each a text (possibly a Sentence), a number or a date; small: in small letters."""

    text: str
    values: dict[str, Any]
    small: bool = False

    def lower(self) -> Sentence:
        made = Sentence(str.lower(self))
        made.text, made.values, made.small = self.text, self.values, True
        return made


def sentence(text: str, /, **values: Any) -> Sentence:
    """`sentence("Your access ended on {day}.", day=day)`. tools/messages.py searches for this name, so `text` must be a literal
    whose only braces are those of values."""
    made = Sentence(text.format(**{k: _plain(v) for k, v in values.items()}) if values else text)
    made.text, made.values = text, values
    return made


def in_ascii(text: str) -> str:
    """For a protocol that has only ASCII: letters lose their accents, and what has no such letter is a question mark."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return plain.encode("ascii", "replace").decode()


def _plain(value: Any) -> Any:
    return f"{value.day} {value:%B %Y}" if isinstance(value, date) else value
