"""Exact indicators that a rule may name to stop one attack: file digests and link targets.

All of them are facts, so that none hides behind others; a receipt keeps fewer (pipeline/policy_decision.py). A link target is host
and path without query and fragment, which differ for each victim. Only part of its hash is kept, so that no record tells where
somebody's links lead.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote, urlsplit

from civicmail.mail.screening import urls
from civicmail.mail.screening.shapes import CheckResult, CombinedCase

NAME = "exact"
VERSION = 2
PLACES = "places"
"""In what the limited process has for it (places.py)."""
MAX_PATH = 300
"""Characters of a path; what is behind them does not count."""
_ORDINARY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+://[A-Za-z0-9._:-]*+((?:/[!-\"$->@-~]*+)?)(?:[?#]|\Z)")
"""A link of which no reading differs: its path without urlsplit, which takes four times as long."""


def find(case: CombinedCase) -> CheckResult:
    files = dict.fromkeys(file.sha256 for file in case.message.files if file.sha256)
    more = case.more.get(NAME)
    places = more.get(PLACES) if isinstance(more, dict) else ()  # of a limited process: believed as far as it is of the right kind
    known = tuple(place for place in places if isinstance(place, str)) if isinstance(places, list | tuple) else ()
    return CheckResult(facts={"files.sha256": tuple(files), "links.places": known})


def target_digest(url: str) -> str:
    """The 16 digits by which the place of a link is known; "" for what leads nowhere."""
    parsed = urls.read(url)
    if parsed is None or not parsed.host:
        return ""
    plain = url.strip()
    try:
        ordinary = _ORDINARY.match(plain)
        path = ordinary[1] if ordinary else urlsplit(plain if "//" in plain else f"//{plain}").path
    except ValueError:  # an address that only browsers can read, like one with brackets in it
        return ""
    path = unquote(path[:MAX_PATH])
    return hashlib.sha256(f"{parsed.host}{path.rstrip('/')}".encode(errors="replace")).hexdigest()[:16]
