"""The places that all links of a message lead to, in the limited process: of letters in it, HTML files and documents, too, as many
as are looked at at all. Fifty links to nowhere in front hide none from a rule that names one (P-25).

An inner check without facts of its own: what it finds goes to exact.py.
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
    """more["places"], each once. Of a message with more links than are looked at the check is unavailable: a rule that asks for a
    place cannot know whether it is among the others."""
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
