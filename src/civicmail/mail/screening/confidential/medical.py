"""Health information about a person: Medicare identifiers (MBI), record numbers, a diagnosis or clinical words beside a person.

MBI grammar: CMS, "Understanding the MBI format". Provider numbers (NPI) are public and are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from civicmail.mail.screening.confidential.people import PERSON, births
from civicmail.mail.screening.confidential.shapes import Detector, Hit, Sure, Text, beside, near

_A = "[AC-HJKMNP-RT-Y]"
_AN = "[0-9AC-HJKMNP-RT-Y]"
_MBI = re.compile(
    rf"(?<![0-9A-Za-z-])([1-9]{_A}{_AN}[0-9])(-?)({_A}{_AN}[0-9])\2({_A}{_A}[0-9][0-9])(?![0-9A-Za-z_]|-[0-9A-Za-z])",
    re.IGNORECASE | re.ASCII,
)
_SAMPLE = "1EG4TE5MK73"
_MEDICARE = re.compile(r"medicare|\bmbi\b|beneficiary", re.IGNORECASE)
_RECORD = re.compile(
    r"(?:\bMRN\b|(?i:\bmedical record ?(?:no|num(?:ber)?|#|id)|\bpatient (?:id|no|num(?:ber)?|#"
    r"|acc(?:oun)?t)))\b[ .:#=]{0,4}(?:is )?([A-Z]{0,3}-?[0-9]{5,12})"
    r"(?![0-9A-Za-z_])",
    re.ASCII,
)
_CODE = re.compile(r"(?<![0-9A-Za-z.])[A-TV-Z][0-9][0-9AB](?:\.[0-9A-Z]{1,4})(?![0-9A-Za-z_])", re.ASCII)
_CODED = re.compile(r"\bicd(?:-?10)?(?:-?cm)?\b|diagnos[ie]s|\bdx\b", re.IGNORECASE)
_CLINICAL = re.compile(
    r"\b(?:diagnosed with|diagnos[ie]s|prognosis|chemotherapy|radiation therapy|oncolog(?:y|ist)|psychiatr(?:y|ist"
    r"|ic)|psychotherapy"
    r"|bipolar|schizophreni[ac]|depressive|antidepressants?|anxiety disorder|ptsd|hiv(?:[- ]positive)?|hepatitis"
    r"|tuberculosis|metastatic"
    r"|carcinoma|lymphoma|leukemia|dialysis|insulin|diabet(?:es|ic)|epilep(?:sy|tic)|miscarriage|pregnan(?:t"
    r"|cy) (?:test|complications)"
    r"|overdose|rehab(?:ilitation)? (?:clinic|program)|substance (?:abuse|use) (?:treatment|disorder)|methadone"
    r"|suboxone|biopsy|mri scan"
    r"|lab results|blood test results|medical leave|fmla|fitness for duty|workers'? comp(?:ensation)? claim"
    r"|prescribed|mg daily)\b",
)
"""On lower case: without a flag the first letters are looked up, which is what makes it fast."""

_ABOUT = 300
"""Characters between a person and what is said of their health."""


def _find(text: Text) -> Iterator[Hit]:
    for m in _MBI.finditer(text.text):
        value = "".join(m.group(1, 3, 4)).upper()
        said = near(_MEDICARE, text.text, *m.span(), before=80, after=40)
        if said or m[2]:
            sure: Sure = "low" if value == _SAMPLE else "high" if said else "medium"
            yield Hit("medicare", m.start(), m.end(), value, sure)
    for m in _RECORD.finditer(text.text):
        yield Hit("medical", m.start(1), m.end(1), m[1], "high")


def _find_health(text: Text) -> Iterator[Hit]:
    """A diagnosis code or two different clinical words, with a person beside them."""
    found = [(*m.span(), m[0]) for m in _CODE.finditer(text.text) if near(_CODED, text.text, *m.span(), before=40, after=20)]
    for first, second in pairwise(_CLINICAL.finditer(text.text.lower())):
        if first[0] != second[0] and second.start() - first.start() <= _ABOUT:
            found.append((first.start(), second.end(), f"{first[0]} {second[0]}"))
    if found:
        people = sorted([*(m.start() for m in PERSON.finditer(text.text)), *(start for start, _ in births(text.text))])
        for start, end, said in found:
            if beside(people, start, end, _ABOUT):
                yield Hit("health", start, end, said, "medium", shown=False)


FAMILY = (
    Detector(
        "medical",
        (
            r"(?-i:[1-9][A-Z][0-9A-Z][0-9]-[A-Z][0-9A-Z][0-9]-[A-Z]{2}[0-9]{2})",
            r"medicare|\bmbi\b|beneficiary",
            r"(?-i:\bMRN\b)|medical record|patient (?:id|no|num|#|acc)",
        ),
        _find,
    ),
    Detector(
        "health",
        (
            r"\bicd|diagnos|\bdx\b|prognosis|therapy|oncolog|psychiatr|bipolar|schizophren|depress|anxiety|ptsd|\bhiv\b"
            r"|hepatitis|tubercul|carcinoma"
            r"|metasta|lymphoma|leukemia|dialysis|insulin|diabet|epilep|miscarriage|overdose|rehab|substance|methadone"
            r"|suboxone|biopsy|medical leave|fmla"
            r"|prescribed|workers'? comp",
        ),
        _find_health,
    ),
)
