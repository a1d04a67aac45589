"""The places that all links of a message lead to, in the limited process: of letters in it, HTML files and documents, too, as many
as are looked at at all. Fifty links to nowhere in front hide none from a rule that names one (P-25).

An inner check without facts of its own: what it finds goes to exact.py.
"""

from __future__ import annotations

from itertools import chain

from civicmail.mail.screening import everylink, exact
from civicmail.mail.screening.files import LINKS
from civicmail.mail.screening.gathering import unavailable_all
from civicmail.mail.screening.shapes import Found, Inner

NAME = exact.NAME
VERSION = exact.VERSION


def find(case: Inner) -> Found:
    """more["places"], each once. Of a message with more links than are looked at the check is unavailable: a rule that asks for a
    place cannot know whether it is among the others."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    links = chain(everylink.every(case.letter, everylink.MOST + 1), case.memo.get(LINKS, ()))
    for number, link in enumerate(links):
        if number == everylink.MOST:
            return Found(
                unavailable_all((NAME,), "too many", VERSION).findings, {"unavailable": (NAME,)}, {exact.PLACES: list(found)}
            )
        if link.url not in seen:
            seen.add(link.url)
            if known := exact.place(link.url):
                found[known] = None
    return Found(more={exact.PLACES: list(found)})
