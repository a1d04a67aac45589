"""Numbers in a requester's own words that no page or letter repeats: Social Security numbers. Pure."""

from __future__ import annotations

import re

from civicmail.mail.screening.confidential.ssn import is_ssn

MASK = "•••-••-••••"
_NUMBER = re.compile(r"(?<![0-9-])[0-9]{3}([- .]?)[0-9]{2}\1[0-9]{4}(?![0-9-])", re.ASCII)


def masked(text: str) -> str:
    """The text, with each Social Security number replaced. Nine digits in a row count too: rather one too many."""
    return _NUMBER.sub(lambda match: MASK if is_ssn(re.sub(r"[^0-9]", "", match[0])) else match[0], text)


def has_number(text: str) -> bool:
    return masked(text) != text
