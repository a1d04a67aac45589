"""A sentence that pages can translate: its fixed text and the values in it."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any


class Sentence(str):
    """English text wherever it goes: SMTP replies, logs, entries. text: what it was made from; values: what stands in its braces,
    each a text (a Sentence, too), a number or a date; small: in small letters. Pages look `text` up in their catalogue."""

    text: str
    values: dict[str, Any]
    small: bool = False

    def lower(self) -> Sentence:
        made = Sentence(str.lower(self))
        made.text, made.values, made.small = self.text, self.values, True
        return made


def sentence(text: str, /, **values: Any) -> Sentence:
    """`sentence("Your access ended on {day}.", day=day)`. The name is what tools/messages.py looks for, so `text` stands there in
    full and has no other braces than those of values."""
    made = Sentence(text.format(**{k: _plain(v) for k, v in values.items()}) if values else text)
    made.text, made.values = text, values
    return made


def in_ascii(text: str) -> str:
    """For a protocol that has only ASCII: letters lose their accents, and what has no such letter is a question mark."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return plain.encode("ascii", "replace").decode()


def _plain(value: Any) -> Any:
    return f"{value.day} {value:%B %Y}" if isinstance(value, date) else value
