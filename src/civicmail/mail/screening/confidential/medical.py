"""Health information about a person: Medicare identifiers (MBI), record numbers, a diagnosis or clinical words beside a person.

MBI grammar: CMS, "Understanding the MBI format". Provider numbers (NPI) are public and are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from civicmail.mail.screening.confidential.people import PERSON, births
from civicmail.mail.screening.confidential.shapes import Detector, Hit, Sure, Text, Words, each, is_near_any

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
"""For lower-case text: without a flag the regular expression engine searches for first letters, which makes it fast."""

_CUE = re.compile(
    r"\b(?:(?P<plain>diagnosed (?:with|as having)|test(?:ed|s) positive for|new diagnosis of|diagn[oó]stico de)"
    r"|diagnos[ie]s(?: is| was| of|:)|\bdx\b[: ]|suffer(?:s|ed|ing)? from|suffers a|(?:is|are|was|been|being) treated for"
    r"|(?:in|under) treatment for|hospitali[sz]ed (?:for|with)|medical history of|history of present illness|prescribed [a-z]+ for"
    r"|(?:medical|health) condition:?|(?P<weak>living with|recovering from|admitted (?:for|with)))"
)
"""Words that precede an illness. plain: whatever follows; the others must precede one. weak: they also occur in news."""

_ILLNESS = re.compile(
    r"[a-z]{3,}(?:itis|osis|oma|[ae]mia|pathy|plegia|trophy|algia|uria|penia|ectomy|phobia|arthritis|carditis|rrh(?:ea|age))\b"
    r"|disease|disorder|syndrome|cancer|tumou?r|neoplasm|fracture|infecti|injur|asthma|\bhiv\b|\baids\b|stroke|seizure"
    r"|epilep|diabet|depressi|anxiety|\bptsd\b|autis|\badhd\b|dementia|alzheimer|parkinson|pneumonia|covid|influenza|migraine"
    r"|hypertension|heart (?:attack|failure)|pregnan|miscarriage|overdose|addict|alcohol (?:abuse|use|dependence)|ulcer|\bburns?\b"
    r"|poisoning|abscess|hernia|dislocation|sprain|strain|deficiency|insufficiency|malformation|lesion|hemorrhag|failure of"
    r"|(?:heart|kidney|renal|liver|respiratory) failure|\bpain\b|paralysis|palsy|embolism|aneurysm|thrombo|stenosis|edema|effusion"
    r"|perforation|obstruction|rupture|laceration|contusion|amputation|concussion|blindness|deafness|hearing loss|glaucoma|cataract"
    r"|psychos|schizophren|bipolar|mental|withdrawal|intoxication|dependence|abuse|sclerosis|cyst\b|polyp|gout\b|anomal|congenital"
    r"|deformity|complication|foreign body|toxic effect|adverse effect|underdosing|wound|bite\b|corrosion|sequela|fever|rash|shock"
)
"""On lower case, as the stems of ICD-10-CM's chapters A to T have it."""

_FOLLOWS = 90
"""Characters behind a cue in which an illness is named."""
_OWNS = 120
"""Characters before a cue in which its person is named, as people write: the person, then what they have."""
_SOMEBODY = re.compile(
    r"\b[A-Z][a-z'-]{1,20} (?:[A-Z]\.? )?[A-Z][a-z'-]{1,20}\b"
    r"|\b(?:[Ss]he|[Hh]e|[Hh]er|[Hh]is|[Mm]y (?:son|daughter|husband|wife|mother|father|child)"
    r"|[Tt]he (?:patient|employee|claimant))\b"
)
"""Somebody, whom a reader may know: not enough to be sure."""

_ABOUT = 300
"""Characters between a person and a statement about their health."""


def _find(text: Text) -> Iterator[Hit]:
    medicare = Words(_MEDICARE, text)
    for m in each(_MBI, text):
        value = "".join(m.group(1, 3, 4)).upper()
        has_context = medicare.near(*m.span(), before=80, after=40)
        if has_context or m[2]:
            sure: Sure = "low" if value == _SAMPLE else "high" if has_context else "medium"
            yield Hit("medicare", m.start(), m.end(), value, sure)
    for m in each(_RECORD, text):
        yield Hit("medical", m.start(1), m.end(1), m[1], "high")


def _find_health(text: Text) -> Iterator[Hit]:
    """Find a diagnosis, a diagnosis code, or two different clinical words, beside a person."""
    lower = replace(text, text=text.text.lower())
    if len(lower.text) != len(text.text):  # one letter that has two in lower case: places would not be the same
        lower = replace(text, text="".join([c if len(d := c.lower()) != 1 else d for c in text.text]))
    coded, statements = Words(_CODED, text), list(_statements(lower))
    codes = [(*m.span(), m[0]) for m in each(_CODE, text) if coded.near(*m.span(), before=40, after=20)]
    worded = list(_worded(lower))
    if not (statements or codes or worded):
        return
    people = sorted([*(m.start() for m in each(PERSON, text)), *(start for start, _ in births(text))])
    for start, end, phrase, weak in statements:
        if is_near_any(people, start, end, _OWNS):
            yield Hit("health", start, end, phrase, "medium" if weak else "high", shown=False)
        elif _SOMEBODY.search(text.text, max(0, start - _OWNS), start):
            yield Hit("health", start, end, phrase, "medium", shown=False)
    for start, end, phrase in codes:
        if is_near_any(people, start, end, _ABOUT):
            yield Hit("health", start, end, phrase, "high", shown=False)
    for start, end, phrase in worded:
        if is_near_any(people, start, end, _ABOUT):
            yield Hit("health", start, end, phrase, "medium", shown=False)


def _statements(lower: Text) -> Iterator[tuple[int, int, str, bool]]:
    """Statements of a diagnosis, and whether their words are weak."""
    for cue in each(_CUE, lower):
        illness = _ILLNESS.search(lower.text, cue.end(), min(len(lower.text), cue.end() + _FOLLOWS))
        if illness is not None:
            yield cue.start(), illness.end(), f"{cue[0]} {illness[0]}", bool(cue["weak"])
        elif cue["plain"]:
            yield cue.start(), cue.end(), cue[0], False


def _worded(lower: Text) -> Iterator[tuple[int, int, str]]:
    for first, second in pairwise(each(_CLINICAL, lower)):
        if first[0] != second[0] and second.start() - first.start() <= _ABOUT:
            yield first.start(), second.end(), f"{first[0]} {second[0]}"


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
            r"|prescribed|workers'? comp|test(?:ed|s) positive|suffer(?:s|ed|ing)? (?:from|a )|treat(?:ed|ment) for|hospitali[sz]ed"
            r"|admitted (?:for|with)|medical history|history of present|living with|recovering from|(?:medical|health) condition",
        ),
        _find_health,
    ),
)
