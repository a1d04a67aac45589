"""Criminal justice information (CJIS Security Policy 4.1): words of the trade say little, with a person's identifier much."""

from __future__ import annotations

import re
from collections.abc import Iterator

from civicmail.mail.screening.confidential.people import births
from civicmail.mail.screening.confidential.shapes import Detector, Hit, Text, each, is_near_any

_TERM = re.compile(
    r"\bNCIC\b|\bN[Ll][Ee][Tt][Ss]\b|\beTIME\b|\bTIME (?:System|query|return|response)|\bCCH\b|\bIII (?:hit|query"
    r"|return|response|record)"
    r"|\b(?i:rap sheet|criminal history|interstate identification index|booking (?:no\b|number|#|photo)"
    r"|arrest record|juvenile record|wanted person"
    r"|sealed record|mug ?shot)"
)
_PERSONAL = re.compile(
    r"(?<![0-9A-Za-z])(?:SID(?: ?(?:no\.?|number|#))?[ .:#]{0,3}(WI[0-9]{6,9})|(?:FBI|UCN)(?:/UCN)?(?: ?(?:no\.?"
    r"|number|#))?[ .:#]{1,3}([0-9]{5,9}[A-Z]{0,2}[0-9]{0,2})"
    r"|(?i:booking(?: ?(?:no\.?|number|#)))[ .:#]{0,3}([0-9]{2,4}-?[0-9]{4,8}))(?![0-9A-Za-z_])",
    re.ASCII,
)
_AGENCY = re.compile(r"\bWI0[0-9]{4}[0-9A-Z]{2}\b", re.ASCII)
"""An agency's identifier (ORI) identifies the agency of a record, not a person."""

_ABOUT = 500


def _find(text: Text) -> Iterator[Hit]:
    terms = [m.span() for m in each(_TERM, text)] + [m.span() for m in each(_AGENCY, text)]
    if not terms:
        return
    persons = [(m.start(), m.end(), next(g for g in m.groups() if g)) for m in each(_PERSONAL, text)]
    persons += [(start, end, text.text[start:end]) for start, end in births(text)]
    own = {start for start, _, _ in persons}
    places = sorted(
        start for start, _ in terms if start not in own
    )  # "booking no. 2026-1234" is no word of the trade beside itself
    for start, end, value in persons:
        if is_near_any(places, start, end, _ABOUT):
            yield Hit("cjis", start, end, value, "high")
    for start, end in terms:
        yield Hit("cjis", start, end, text.text[start:end].lower(), "low", shown=False)


FAMILY = (
    Detector(
        "cjis",
        (
            r"(?-i:\bNCIC\b|\beTIME\b|\bTIME (?:System|query|return|response)|\bCCH\b|\bIII (?:hit|query|return|response"
            r"|record)|\bWI0[0-9]{4})"
            r"|\bnlets\b|rap sheet|criminal history|interstate identification|booking (?:no|num|#|photo)|arrest record"
            r"|juvenile record|wanted person"
            r"|sealed record|mug ?shot",
        ),
        _find,
    ),
)
