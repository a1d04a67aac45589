"""What a rule may name exactly, to stop one attack and nothing else: the files of a message and the places that its links lead to.

A place is host and path without query and fragment, which differ from victim to victim; only a part of its hash is kept, so that no
record tells where somebody's links lead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from civicmail.mail.screening import urls
from civicmail.mail.screening.shapes import Found, Joint

NAME = "exact"
VERSION = 1
FILES, PLACES = 20, 50
PATH_MOST = 300
"""Characters of a path; what is behind them does not count."""


def find(case: Joint) -> Found:
    files = dict.fromkeys(file.sha256 for file in case.seen.files)
    return Found(facts={"files.sha256": tuple(files)[:FILES], "links.places": tuple(_first(_places(case), PLACES))})


def place(url: str) -> str:
    """The 16 digits by which the place of a link is known; "" for what leads nowhere."""
    found = urls.read(url)
    if found is None or not found.host:
        return ""
    plain = url.strip()
    path = unquote(urlsplit(plain if "//" in plain else f"//{plain}").path[:PATH_MOST])
    return hashlib.sha256(f"{found.host}{path.rstrip('/')}".encode(errors="replace")).hexdigest()[:16]


def _first(found: Iterator[str], most: int) -> dict[str, None]:
    """The first different ones, and no look at the others: there may be thousands."""
    seen: dict[str, None] = {}
    for one in found:
        seen[one] = None
        if len(seen) == most:
            break
    return seen


def _places(case: Joint) -> Iterator[str]:
    for link in case.seen.links:
        try:
            known = place(link.url)
        except ValueError:  # an address that only browsers can read, like one with brackets in it
            continue
        if known:
            yield known
