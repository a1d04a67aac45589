"""A person in a text, as far as detectors need to know that there is one: titles and labels before a name, and a date of birth."""

from __future__ import annotations

import re

from civicmail.mail.screening.confidential.shapes import Text, each

PERSON = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|Sr|Sra)\.? [A-Z][a-z'-]{1,20}\b"
    r"|\b(?i:patient|client|claimant|employee|resident|defendant|suspect|subject|victim|juvenile|inmate|my (?:son"
    r"|daughter|husband|wife))"
    r"(?: (?:is|name))?[:,]? {1,2}(?:[A-Z][a-z'-]{1,20},? ){0,2}[A-Z][a-z'-]{1,20}\b"
    r"|\bName: {0,3}[A-Z][a-z'-]{1,20}"
)
DATE = re.compile(
    r"(?<![0-9./-])(?:(?:0?[1-9]|1[0-2])([/.-])(?:0?[1-9]|[12][0-9]|3[01])\1(?:19|20)?[0-9]{2}|(?:19"
    r"|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.? [0-9]{1,2},? (?:19|20)[0-9]{2})(?![0-9])",
    re.IGNORECASE,
)
_BORN = re.compile(r"\bd\.?o\.?b\b|\bborn\b|date of birth|birth ?(?:date|day)|fecha de nacimiento", re.IGNORECASE)
_NEAR = 25


def births(text: Text) -> list[tuple[int, int]]:
    """Places of dates of birth: a date within 25 characters of the word for it. Raises Spent."""
    spans = []
    for word in each(_BORN, text):
        date = DATE.search(text.text, max(0, word.start() - _NEAR), min(len(text.text), word.end() + _NEAR + 12))
        if date is not None:
            spans.append(date.span())
    return spans
