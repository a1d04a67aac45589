"""Driver licences and passports: Wisconsin's by the way it is made of name and birthday, others by words nearby (AAMVA, WI DMV)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from civicmail.mail.screening.confidential.shapes import Detector, Hit, Text, Words, each

_SOUNDEX = {
    c: d for letters, d in (("BFPV", "1"), ("CGJKQSXZ", "2"), ("DT", "3"), ("L", "4"), ("MN", "5"), ("R", "6")) for c in letters
}
_WISCONSIN = re.compile(
    r"(?<![0-9A-Za-z-])([A-Z](?:[1-6]{3}|[1-6]{2}0|[1-6]00|000))(-?)([0-9]{4})\2([0-9]{4})\2([0-9]{2})(?![0-9A-Za-z_]|-[0-9])",
    re.IGNORECASE | re.ASCII,
)
_SHAPES = re.compile(
    r"(?<![0-9A-Za-z-])(?:[A-Z][ -]?[0-9]{3}[ -]?[0-9]{2,4}[ -]?[0-9]{2,4}[ -]?[0-9]{0,4}[ -]?[0-9]{0,2}"
    r"|[0-9]{3}[A-Z]{2}[0-9]{4}"
    r"|(?:(?=[A-Z*]{0,7}[0-9])[A-Z0-9*]{7,14}))(?![0-9A-Za-z_*]|-[0-9])",
    re.IGNORECASE | re.ASCII,
)
_LICENCE = re.compile(
    r"driv(?:er|ing)(?:'?s|s')? ?(?:licen[cs]e|lic\b|id\b)|\bdl ?(?:#|no|num|:)|\bdln\b|licencia de (?:conducir"
    r"|manejar)|\boln\b"
    r"|operator'?s? licen[cs]e|licen[cs]e (?:no|num|#)|state id\b",
    re.IGNORECASE,
)
_PASSPORT = re.compile(r"passport|pasaporte", re.IGNORECASE)
_PASSPORT_NUMBER = re.compile(r"(?<![0-9/+-])(?:(?<![A-Za-z])[A-Z][0-9]{8}|[0-9]{9})(?![0-9A-Za-z_]|[-./][0-9])", re.ASCII)
_WORD = re.compile(r"[A-Z][A-Za-z']{1,20}")
_AROUND = 200


def soundex(name: str) -> str:
    """American Soundex of a family name: its letter and three digits, "" where it has no letter of A to Z."""
    letters = [c for c in name.upper() if "A" <= c <= "Z"]
    if not letters:
        return ""
    code, last = letters[0], _SOUNDEX.get(letters[0], "")
    for c in letters[1:]:
        digit = _SOUNDEX.get(c, "")
        if digit and digit != last:
            code += digit
        if c not in "HW":
            last = digit
    return (code + "000")[:4]


def is_birthday(year: str, day: str) -> bool:
    """Whether the digits of a Wisconsin number are a day: (month - 1) * 40 + day, plus 500 for women. The century is not in it."""
    number = int(day) % 500
    try:
        date(2000 + int(year), number // 40 + 1, number % 40)
    except ValueError:
        return False
    return True


def _find(text: Text) -> Iterator[Hit]:
    known: set[int] = set()
    words = Words(_LICENCE, text)
    for m in each(_WISCONSIN, text):
        named, dash, second, third, last = m.groups()
        if not is_birthday(second[3] + third[0], third[1:]):
            continue
        has_context = words.near(*m.span(), before=60, after=30)
        own = bool(dash) or has_context or _carries(text.text, m, named.upper())
        if own:
            known.add(m.start())
            value = f"{named}{second}{third}{last}".upper()
            yield Hit("licence", m.start(), m.end(), value, "high" if dash or has_context else "medium")
    for m in each(_SHAPES, text):
        if m.start() not in known and words.near(*m.span(), before=40):
            value = re.sub("[ -]", "", m[0]).upper()
            if sum(c.isdigit() for c in value) >= 4 and len(value) >= 6:
                long = re.fullmatch(r"[A-Z][0-9]{11,13}|[0-9]{3}[A-Z]{2}[0-9]{4}", value)
                yield Hit("licence", m.start(), m.end(), value, "high" if long else "medium")


def _carries(text: str, m: re.Match[str], code: str) -> bool:
    """Whether the number is derived from a name nearby."""
    around = text[max(0, m.start() - _AROUND) : m.end() + _AROUND]
    return any(soundex(w) == code for w in _WORD.findall(around) if w[0] == code[0])


def _find_passport(text: Text) -> Iterator[Hit]:
    words = Words(_PASSPORT, text)
    for m in each(_PASSPORT_NUMBER, text):
        if words.near(*m.span(), before=40):
            yield Hit("passport", m.start(), m.end(), m[0], "high")


FAMILY = (
    Detector(
        "licence",
        (
            r"[a-z][0-6]{3}-?[0-9]{4}-?[0-9]{4}-?[0-9]{2}",
            r"driv(?:er|ing)(?:'?s|s')? ?(?:lic|id\b)|\bdl ?(?:#|no|num|:)|\bdln\b|\boln\b|licencia de|operator'?s? lic"
            r"|licen[cs]e (?:no|num|#)|state id\b",
        ),
        _find,
    ),
    Detector("passport", (r"passport|pasaporte",), _find_passport),
)
