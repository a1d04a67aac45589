"""The content check for the targets of all links of a message, including attached messages, HTML files and documents (P-25). Fifty
decoy links cannot hide a target from a rule that names it.

It sets no facts; indicators.py uses its result.
"""

from __future__ import annotations

from itertools import chain

from civicmail.mail.screening import all_links, indicators
from civicmail.mail.screening.files import LINKS
from civicmail.mail.screening.merged_results import all_unavailable
from civicmail.mail.screening.shapes import CheckResult, ContentCase

NAME = indicators.NAME
VERSION = indicators.VERSION


def find(case: ContentCase) -> CheckResult:
    """more["places"], without duplicates. Unavailable for a message with more links than are read: a rule cannot know whether its
    target is among the rest."""
    places: dict[str, None] = {}
    seen: set[str] = set()
    links = chain(all_links.in_message(case.letter, all_links.MAX_LINKS + 1), case.memo.get(LINKS, ()))
    for number, link in enumerate(links):
        if number == all_links.MAX_LINKS:
            return CheckResult(
                all_unavailable((NAME,), "too many", VERSION).findings, {"unavailable": (NAME,)}, {indicators.PLACES: list(places)}
            )
        if link.url not in seen:
            seen.add(link.url)
            if known := indicators.target_digest(link.url):
                places[known] = None
    return CheckResult(more={indicators.PLACES: list(places)})
