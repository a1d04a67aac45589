"""Payment cards (ISO/IEC 7812-1): issuer range, length, Luhn, and the groups in which it is printed or a word nearby."""

from __future__ import annotations

import re
from collections.abc import Iterator

from civicmail.mail.screening.confidential.checksums import luhn
from civicmail.mail.screening.confidential.shapes import Detector, Hit, Sure, Text, Words, each

SAMPLES = frozenset(
    {"4111111111111111", "4242424242424242", "4012888888881881", "4000056655665556", "5555555555554444", "5105105105105100",
     "5200828282828210", "2223003122003222", "378282246310005", "371449635398431", "378734493671000", "6011111111111117",
     "6011000990139424", "3056930009020004", "30569309025904", "38520000023237", "36227206271667", "3566002020360505",
     "3530111333300000", "6200000000000005", "4222222222222", "5019717010103742", "6331101999990016", "4012001037141112"}
)  # fmt: skip
"""Numbers that the brands and payment services publish for tests."""

_NUMBER = re.compile(
    r"[0-9](?<![0-9A-Za-z/+_][0-9])(?<![0-9][.][0-9])(?:[0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{3})?"
    r"|[0-9]{3}([ -])[0-9]{6}\2[0-9]{4,5}"
    r"|[0-9]{3}([ -])[0-9]{3}\3[0-9]{3}\3[0-9]{3}|[0-9]{11,18})(?![0-9A-Za-z_]|\.[0-9])",
    re.ASCII,
)
"""Grouped as brands print them, or in one piece."""

_EXPIRES = re.compile(r"[ ,;]{1,3}(?:0[1-9]|1[0-2]) ?/ ?(?:20)?[2-4][0-9](?![0-9/])(?:[ ,;]{1,3}[0-9]{3,4}(?![0-9]))?", re.ASCII)
"""Month and year right behind the number, as on the card; perhaps with the code on its back."""
_ROW_BEFORE, _ROW_AFTER = re.compile(r"[0-9][ -]\Z"), re.compile(r"[ -][0-9]")
_WORDS = re.compile(
    r"\b(?:credit|debit|visa|master ?card|amex|american express|discover|diners|jcb|maestro|card ?(?:no|num|#|:)"
    r"|cc(?!:)\b|ccn|pay(?:ment|ing)? (?:method|by|with|details)|method of payment"
    r"|exp(?:iry|ires?|iration|\.)?(?: date)?[ :]{0,3}[01]?[0-9] ?[/-] ?[0-9]{2}"
    r"|cardholder|card holder|cvv|cvc|tarjeta|(?:my|the|your|his|her|city|p|purchase)[- ]card)",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:account|acct|meter|service|policy|member(?:ship)?|tracking|serial|order|reference|confirmation|invoice"
    r"|barcode|parcel|library)\b",
    re.IGNORECASE,
)
"""Of numbers that are grouped like cards."""

_WORD_ONLY = frozenset({"maestro", "jcb15", "visa13"})
"""Ranges that so many other numbers lie in that only a word nearby makes them cards."""


def brand(digits: str) -> str:
    """The card issuer with this prefix and length; "" for none."""
    size, two, three, four = len(digits), int(digits[:2]), int(digits[:3]), int(digits[:4])
    for name, fits in (
        ("visa", digits[0] == "4" and size in {16, 19}),
        ("visa13", digits[0] == "4" and size == 13),
        ("mastercard", size == 16 and (51 <= two <= 55 or 2221 <= four <= 2720)),
        ("amex", size == 15 and two in {34, 37}),
        ("discover", size in {16, 19} and (four == 6011 or 644 <= three <= 649 or two == 65)),
        ("diners", size == 14 and (300 <= three <= 305 or two in {36, 38, 39})),
        ("jcb", size == 16 and 3528 <= four <= 3589),
        ("jcb15", size == 15 and four in {1800, 2131}),
        ("unionpay", size in {16, 19} and two == 62),
        ("maestro", size >= 12 and (two == 50 or 56 <= two <= 69)),
    ):
        if fits:
            return name
    return ""


def _find(text: Text) -> Iterator[Hit]:
    words, other = Words(_WORDS, text), Words(_OTHER, text)
    for m in each(_NUMBER, text):
        digits = m[0].replace(" ", "").replace("-", "")
        whose = brand(digits)
        if not whose or len(set(digits)) < 4 or not luhn(digits):
            continue
        has_context = words.near(*m.span(), before=60, after=40) or _EXPIRES.match(text.text, m.end()) is not None
        in_a_row = _ROW_BEFORE.search(text.text, max(0, m.start() - 2), m.start()) or _ROW_AFTER.match(text.text, m.end())
        if not has_context and (whose in _WORD_ONLY or in_a_row):
            continue
        grouped = len(m[0]) != len(digits)
        alone = grouped and not other.near(*m.span(), before=40)
        sure: Sure = "low" if digits in SAMPLES else "high" if has_context or alone else "medium"
        yield Hit("card", m.start(), m.end(), digits, sure)


FAMILY = (Detector("card", (r"[0-9]{4}[ -]?[0-9]{3}[0-9]?[ -]?[0-9]{3}[0-9]?[ -]?[0-9]{2}",), _find),)
