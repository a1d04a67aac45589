"""Which detectors a text may concern: all their hints in one automaton of RE2, linear in the text and the end of most messages."""

from __future__ import annotations

from functools import cache
from typing import Any

import re2

from civicmail.mail.screening.confidential import bank, cards, cjis, licences, medical, person_lists, secrets, ssn
from civicmail.mail.screening.confidential.shapes import Detector, Text

DETECTORS: tuple[Detector, ...] = (
    *(*ssn.FAMILY, *cards.FAMILY, *bank.FAMILY, *licences.FAMILY, *medical.FAMILY),
    *(*cjis.FAMILY, *secrets.FAMILY, *person_lists.FAMILY),
)
_MEMORY = 64 << 20


@cache
def _automaton() -> tuple[Any, tuple[int, ...]]:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # hints are ASCII: bytes are enough
    options.case_sensitive = False
    options.max_mem = _MEMORY
    options.log_errors = False
    made, of = re2.Set.SearchSet(options), []
    for number, detector in enumerate(DETECTORS):
        for hint in detector.hints:
            made.Add(hint)
            of.append(number)
    made.Compile()
    return made, tuple(of)


def candidates(text: Text) -> list[Detector]:
    """The detectors that a text wakes, in their order."""
    made, of = _automaton()
    hints = made.Match(text.text.encode("utf-8", "replace")) or ()
    return [DETECTORS[n] for n in sorted({of[hint] for hint in hints})]
