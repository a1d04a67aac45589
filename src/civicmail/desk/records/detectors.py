"""Detectors of personal data in a Document: they suggest, and never decide. Pure.

    for found in detect(document):        words first to last, and which detector

What they find may be public (LawPack.warnings), and what they miss is not safe: MEASURED says how often both happens.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from civicmail.core.redaction.shapes import Document


@dataclass(frozen=True, slots=True)
class Detector:
    """title: what it looks for; why: how it tells, for the reviewer; pattern: of the text; holds: further check of what fits."""

    title: str
    why: str
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class Detection:
    """detector: id in DETECTORS; first, last: words, both included."""

    detector: str
    first: int
    last: int


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def is_card(text: str) -> bool:
    """Whether the digits are those of a payment card: 13 to 19 of them, with the check digit of Luhn (ISO/IEC 7812-1)."""
    digits = [int(d) for d in _digits(text)]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [d * 2 - 9 * (d > 4) if n % 2 else d for n, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def is_social_security_number(text: str) -> bool:
    """Whether the number could have been issued: no area 000, 666 or 9xx, no group 00, no serial 0000 (20 CFR 422.103)."""
    digits = _digits(text)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return len(digits) == 9 and area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def is_telephone(text: str) -> bool:
    """Whether it is a number of the North American plan: area and exchange begin with 2 to 9."""
    digits = _digits(text).removeprefix("1") if len(_digits(text)) == 11 else _digits(text)
    return len(digits) == 10 and digits[0] in "23456789" and digits[3] in "23456789"


_STREET = "Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Court|Ct|Boulevard|Blvd|Place|Pl|Way|Terrace|Ter|Parkway|Pkwy|Circle|Cir"
DETECTORS: Mapping[str, Detector] = {
    "card": Detector(
        "Card number", "13 to 19 digits with a right check digit", re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])"), is_card
    ),
    "ssn": Detector(
        "Social security number",
        "nine digits as they are written, of an area that was issued",
        re.compile(r"(?<![\d-])\d{3}([- ])\d{2}\1\d{4}(?![\d-])"),
        is_social_security_number,
    ),
    "phone": Detector(
        "Telephone number",
        "ten digits with an area code that there is",
        re.compile(r"(?<![\w-])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\d-])"),
        is_telephone,
    ),
    "birth": Detector(
        "Date of birth",
        "a date behind words about birth",
        re.compile(
            r"(?:\bborn(?: on)?|\bdate of birth|\bd\.?o\.?b\.?|\bbirth ?da(?:y|te))\s*:?\s*(?:is\s+)?"
            r"(\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2}|[A-Z][a-z]{2,8}\.? \d{1,2},? \d{4})",
            re.IGNORECASE,
        ),
    ),
    "address": Detector(
        "Street address",
        "a house number and the name of a street",
        re.compile(rf"\b\d{{1,5}} (?:[NSEW]\.? )?(?:[A-Z][\w'’]+ ){{1,3}}(?:{_STREET})\b"),
    ),
    "email": Detector("E-mail address", "the form of an address", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
}
"""In this order; what one of them has found, the next ones leave."""

MEASURED: Mapping[str, tuple[int, int, int]] = {
    "card": (6, 0, 0),
    "ssn": (4, 0, 1),
    "phone": (6, 0, 1),
    "birth": (6, 0, 0),
    "address": (5, 2, 1),
    "email": (4, 0, 0),
}
"""Detector -> right, wrong, missed on the labelled set of tests/desk/records/labelled.toml, which a test counts again."""


def detect(document: Document, start: int = 0) -> list[Detection]:
    """What the detectors find from a word on, in the order of the document."""
    text, starts = _text(document, start)
    taken: set[int] = set()
    found = []
    for name, detector in DETECTORS.items():
        for begin, end in _spans(detector, text):
            first = start + bisect_right(starts, begin) - 1
            last = start + bisect_right(starts, end - 1) - 1
            if taken.isdisjoint(range(first, last + 1)):
                taken.update(range(first, last + 1))
                found.append(Detection(name, first, last))
    return sorted(found, key=lambda detection: detection.first)


def _text(document: Document, start: int) -> tuple[str, list[int]]:
    """The words in one text with a single space for white space, and where each begins."""
    parts: list[str] = []
    starts: list[int] = []
    size = 0
    for word, gap in zip(document.words[start:], document.gaps[start:], strict=True):
        starts.append(size)
        part = word.text + ("\n" if gap == "\n\n" else " " if gap else "")
        parts.append(part)
        size += len(part)
    return "".join(parts), starts


def _spans(detector: Detector, text: str) -> Iterator[tuple[int, int]]:
    for match in detector.pattern.finditer(text):
        group = 1 if detector is DETECTORS["birth"] else 0
        if detector.holds(match[group]):
            yield match.span(group)
