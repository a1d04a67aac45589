"""A link that leads by our page first, and its way back: the address stands in the link itself, signed (docs/formats.md, P-31).

Nothing is looked up to know where it leads, so it works as long as its key is kept, and the message may be gone by then.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from urllib.parse import quote

from civicmail.city.notices.errors import BadLink
from civicmail.city.notices.tokens import Ring, Token
from civicmail.core.message import links
from civicmail.core.message.edits import Edit
from civicmail.core.message.linkplaces import Place

PATH = "/l/"
ALSO = ("/report/", "/verify/")
"""Other pages of ours that a delivered copy leads to, in the name of its reader."""
_TOKEN = re.compile(r"([A-Za-z0-9_-]{40,8192})/{0,2}\Z")
_MOST = 4096
"""Bytes of an address; a longer one is no link that a person follows."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """capture, index: whose copy it stood in; url: as the message has it; pretended: the host that its words named, "" for none."""

    capture: bytes
    index: int
    url: str
    pretended: str = ""


def token(ring: Ring, link: Wrapped) -> str:
    """What stands behind PATH; "" for an address that is too long."""
    said = "\n".join((link.url, link.pretended)).encode("utf-8", "replace")
    return ring.sign(Token("link", link.capture, link.index, 0, said)) if len(said) <= _MOST else ""


def read(ring: Ring, text: str) -> Wrapped:
    """Raises BadLink."""
    found = ring.verify("link", text)
    url, _, pretended = found.more.decode("utf-8", "replace").partition("\n")
    return Wrapped(found.capture, found.index, url, pretended)


def around(place: Place, base: str, ring: Ring, capture: bytes, index: int) -> Edit | None:
    """A link of a delivered copy, replaced; None where it stays as it is. base: where our pages are reached."""
    target = links.real(place.url)
    pretended = next((n for n in links.named(place.words) if links.names_another(place.words, target.host)), "")
    made = token(ring, Wrapped(capture, index, place.url, pretended))
    if not made:
        return None
    before = "" if place.quoted else f"[{target.host}] "
    return Edit(place.start, place.end, f"{before}{base}{PATH}{made}", fill="/")


def back(place: Place, content: bytes, base: str, ring: Ring, *, is_html: bool) -> Edit | None:
    """A link of ours in what leaves the city, turned back; None for any other. Pages that are there for one reader become plain."""
    if not place.url.startswith(base):
        return None
    rest = place.url[len(base) :]
    if rest.startswith(PATH) and (signed := _TOKEN.match(rest[len(PATH) :])):
        try:
            url = read(ring, signed[1]).url
        except BadLink:
            return None
        plain = url if url.isascii() else quote(url, safe="/?#[]@!$&'()*+,;=:%~-._|{}^", errors="replace")
        named = f"[{links.real(url).host}] ".encode()
        start = place.start - len(named) if content[: place.start].endswith(named) and not place.quoted else place.start
        return Edit(start, place.end, html.escape(plain) if is_html else plain)
    if rest.startswith(ALSO):
        return Edit(place.start, place.end, f"{base}/")
    return None
