"""A link that leads by our page first: the address stands in the link itself, signed (docs/formats.md, P-31).

Nothing is looked up to know where it leads, so it works as long as its key is kept, and the message may be gone by then. Its way
back is restore_links.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from civicmail.city.notices.signed_links import KeyRing, Token
from civicmail.core.message import links
from civicmail.core.message.edits import Edit
from civicmail.core.message.link_places import Place

PATH = "/l/"
_MAX_URL_BYTES = 4096
"""Bytes of an address; a longer one is no link that a person follows."""


@dataclass(frozen=True, slots=True)
class RewrittenLink:
    """capture, index: whose copy it stood in; url: as the message has it; pretended: the host that its words named, "" for none."""

    capture: bytes
    index: int
    url: str
    pretended: str = ""


def token(ring: KeyRing, link: RewrittenLink) -> str:
    """What stands behind PATH; "" for an address that is too long."""
    more = "\n".join((link.url, link.pretended)).encode("utf-8", "replace")
    return ring.sign(Token("link", link.capture, link.index, 0, more)) if len(more) <= _MAX_URL_BYTES else ""


def read(ring: KeyRing, text: str) -> RewrittenLink:
    """Raises BadLink."""
    return parse(ring.verify("link", text))


def parse(token: Token) -> RewrittenLink:
    """What a token of the purpose "link" says."""
    url, _, pretended = token.more.decode("utf-8", "replace").partition("\n")
    return RewrittenLink(token.capture, token.index, url, pretended)


def rewrite(place: Place, base: str, ring: KeyRing, capture: bytes, index: int) -> Edit | None:
    """A link of a delivered copy, replaced; None where it stays as it is. base: where our pages are reached."""
    target = links.real(place.url)
    pretended = next(links.named(place.words), "") if links.names_another(place.words, target.host) else ""
    made = token(ring, RewrittenLink(capture, index, place.url, pretended))
    if not made:
        return None
    before = "" if place.quoted else f"[{target.host}] "
    end = "" if place.quoted else "/"  # programs leave a last _ out of what they make a link of
    return Edit(place.start, place.end, f"{before}{base}{PATH}{made}{end}", fill="/")
