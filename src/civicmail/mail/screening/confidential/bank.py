"""Bank accounts: a routing number by its checksum with an account number beside it (ABA), and IBANs (ISO 13616)."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice

from civicmail.mail.screening.confidential.checksums import aba, iban
from civicmail.mail.screening.confidential.shapes import HITS, Detector, Hit, Text, Words, each

_ROUTING = re.compile(r"routing|\baba\b|\baba ?#|\bach\b|\brtn\b|transit (?:no|num|#)", re.IGNORECASE)
_NINE = re.compile(r"[0-9](?<![0-9A-Za-z/+_-][0-9])[0-9]{3}[ -]?[0-9]{4}[ -]?[0-9](?![0-9A-Za-z_]|[-./][0-9])", re.ASCII)
_ACCOUNT = re.compile(
    r"\b(?:accounts?|acct|acc|a/c|cuenta|dda)\b[ .:#]{0,4}(?:no\b|num(?:ber)?s?\b|nbr\b)?[ .:#=]{0,4}"
    r"(?:is\b|are\b)?[ .:#=]{0,4}([0-9][0-9 -]{2,20}[0-9])"
    r"(?![0-9A-Za-z_]|[-./][0-9])",
    re.IGNORECASE | re.ASCII,
)
_BANK = re.compile(r"\bbank|\bchecking|\bsavings|direct deposit|\bach\b|\bwire\b|credit union", re.IGNORECASE)
_IBAN = re.compile(
    r"[A-Za-z](?<![0-9A-Za-z][A-Za-z])(?:[A-Z] ?[0-9]{2}(?:[ .-]?[0-9A-Z]){11,31}|[a-z] ?[0-9]{2}(?:[ .-]?[0-9a-z]){11,31})",
    re.ASCII,
)
IBANS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "ES": 24, "FI": 18, "FK": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18,
    "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31,
    "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29,
    "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip
"""Length by country (SWIFT's IBAN registry)."""
_DIGITS = 10
"""Of an IBAN in small letters."""
_BESIDE = 120
"""Characters between a routing number and the account that it leads to."""


def _find(text: Text) -> Iterator[Hit]:
    accounts = [(m.start(1), m.end(1), re.sub("[ -]", "", m[1])) for m in islice(each(_ACCOUNT, text), HITS)]
    accounts = [a for a in accounts if 4 <= len(a[2]) <= 17]
    starts = [a[0] for a in accounts]
    beside: set[int] = set()
    routing, banks = Words(_ROUTING, text), Words(_BANK, text)
    for m in each(_NINE, text):
        digits = re.sub("[ -]", "", m[0])
        if not aba(digits) or not routing.near(*m.span(), before=40, after=20):
            continue
        yield Hit("bank", m.start(), m.end(), digits, "low")
        for start, end, value in accounts[bisect_left(starts, m.start() - _BESIDE) : bisect_left(starts, m.end() + _BESIDE)]:
            if value != digits and start not in beside:
                beside.add(start)
                yield Hit("bank", start, end, f"{digits}/{value}", "high")
    for start, end, value in accounts:
        if start not in beside and banks.near(start, end, before=60, after=30):
            yield Hit("bank", start, end, value, "medium")


def _find_iban(text: Text) -> Iterator[Hit]:
    """Find IBANs in groups of any size; the country code determines the length."""
    for m in each(_IBAN, text):
        size = IBANS.get(m[0][:2].upper(), 99)
        places = [place for place, c in enumerate(m[0]) if c.isalnum()][:size]
        value = "".join([m[0][place] for place in places]).upper()
        if m[0][1].islower() and sum(map(str.isdigit, value)) < _DIGITS:
            continue  # words with a number in them
        end = m.start() + places[-1] + 1
        if len(value) == size and not text.text[end : end + 1].isalnum() and iban(value):
            yield Hit("iban", m.start(), end, value, "high")


FAMILY = (
    Detector(
        "bank",
        (
            r"routing|\baba\b|\baba ?#|\bach\b|\brtn\b|transit (?:no|num|#)",
            r"\b(?:accounts?|acct|acc|a/c|cuenta|dda)\b[ .:#a-z]{0,20}[0-9]",
        ),
        _find,
    ),
    Detector(
        "iban",
        (
            r"(?-i:\b[A-Z]{2} ?[0-9]{2}[ .-]?[0-9A-Z]{1,4}[ .-]?[0-9A-Z])",
            rf"(?-i:\b(?:{'|'.join(IBANS).lower()}) ?[0-9]{{2}}[ .-]?[0-9a-z]{{4}}[ .-]?[0-9]{{2}})",
        ),
        _find_iban,
    ),
)
