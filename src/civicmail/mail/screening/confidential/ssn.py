"""Social Security numbers and ITINs: there is no check digit, so structure, dashes and words around them decide (SSA, IRS)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from civicmail.mail.screening.confidential.shapes import Detector, Hit, Sure, Text, Words, each

SAMPLES = frozenset(
    {"078051120", "219099999", "457555462", "123456789", "111111111", "222222222", "333333333", "444444444", "555555555",
     "777777777", "888888888", "721074426", "095073645", "012345678"}
)  # fmt: skip
"""Numbers of advertisements, forms and examples."""

_NUMBER = re.compile(
    r"([0-9](?<![0-9/+][0-9])(?<![0-9]-[0-9])(?<![0-9]\.[0-9])[0-9]{2})"
    r"((?: ?[-./]| )?[ \t]?(?:\n[ \t>]{0,4})?)([0-9]{2})((?: ?[-./]| )?[ \t]?(?:\n[ \t>]{0,4})?)([0-9]{4})"
    r"(?![0-9A-Za-z_]|[-./][0-9])",
    re.ASCII,
)
"""The pattern begins with the first digit, so that the engine skips other text natively; forbidden characters before it are checked
afterwards. A dash may have blanks around it, and a line may end there, as programs wrap and quote."""
_SSN = re.compile(
    r"\bssn|s\.s\.n|\bss ?#|\bss no\b|soc(?:ial)?\.? ?sec(?:urity)?|\bsocial ?(?:no\b|num|#|is\b|:)|seguro social", re.IGNORECASE
)
_OTHER = re.compile(
    r"\bg/?l\b|general ledger|\bfund\b|\bbudget|line item|\bacc(?:oun)?t\b|\bp\.?o\.? ?(?:#|no\b|num)"
    r"|purchase order|invoice|parcel|permit|docket|\btax ?key|ordinance|resolution|statute"
    r"|\bpart (?:no\b|num|#)|\bmodel\b|serial|stock (?:no\b|num|#)|\bsku\b|tracking",
    re.IGNORECASE,
)
"""Of numbers that have the same form: accounts of a ledger (100-52-5210) above all."""

_ITIN = re.compile(r"\bitin|tax(?:payer)?['s]{0,2} ?id", re.IGNORECASE)
_ITIN_GROUPS = frozenset([*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)])


def is_ssn(digits: str) -> bool:
    """Whether nine digits can be an issued number."""
    return digits[:3] not in {"000", "666"} and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"


def is_itin(digits: str) -> bool:
    return digits[0] == "9" and int(digits[3:5]) in _ITIN_GROUPS and digits[5:] != "0000"


def _find(text: Text) -> Iterator[Hit]:
    """Find the numbers. Many numbers with the same few areas and no words about them are accounts of a few funds."""
    context = Words(_SSN, text)
    hits = list(islice(_each(text, context), _NUMBERS))
    bare = {hit.value for hit in hits if hit.kind == "ssn" and hit.sure == "high" and not _has_context(context, hit.start, hit.end)}
    if len(bare) >= _MANY and len({value[:3] for value in bare}) <= len(bare) // 4:
        hits = [replace(hit, sure="medium") if hit.value in bare else hit for hit in hits]
    yield from hits


_MANY = 5
_NUMBERS = 20_000


def _each(text: Text, words: Words) -> Iterator[Hit]:
    other, itin = Words(_OTHER, text), Words(_ITIN, text)
    for m in each(_NUMBER, text):
        area, group, serial = m.group(1, 3, 5)
        digits = area + group + serial
        if is_ssn(digits):
            sure = _ssn(text.text, m, digits, words, other)
            if sure is not None:
                yield Hit("ssn", m.start(), m.end(), digits, sure)
        elif is_itin(digits) and itin.near(*m.span(), before=60, after=20):
            yield Hit("itin", m.start(), m.end(), digits, "high")


def _ssn(text: str, m: re.Match[str], digits: str, words: Words, other: Words) -> Sure | None:
    start, end = m.span()
    has_context = _has_context(words, start, end)
    touched = start > 0 and (text[start - 1].isalpha() or text[start - 1] in "_#")
    dashed = m[2].strip(" \t\n>") == m[4].strip(" \t\n>") == "-" and not touched
    if digits in SAMPLES:
        return "medium" if has_context else "low" if dashed else None
    if has_context:
        return "high"
    return None if not dashed else "medium" if other.near(start, end, before=60, after=30) else "high"


def _has_context(words: Words, start: int, end: int) -> bool:
    """Whether words say what it is; bare digits need them closer, and before."""
    apart = end - start > 9
    return words.near(start, end, before=60 if apart else 30, after=25 if apart else 0)


FAMILY = (
    Detector(
        "ssn",
        (
            r"\d{3} ?-\s{0,2}(?:> ?)?\d{2} ?-\s{0,2}(?:> ?)?\d{4}",
            r"\bssn|s\.s\.n|\bss ?#|\bss no\b|soc(?:ial)?\.? ?sec|\bsocial ?(?:no|num|#|is|:)|seguro social",
            r"\bitin|tax(?:payer)?['s]{0,2} ?id",
        ),
        _find,
    ),
)
