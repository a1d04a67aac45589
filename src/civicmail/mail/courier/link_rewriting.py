"""A rewritten link: it leads to our page and contains the signed original address (docs/formats.md, P-31).

No lookup is needed to follow it, so it works as long as its key is stored, even after the message was disposed of. restore_links.py
reverses it.
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
    """capture, index: the copy that contained it; url: the original; pretended: the host that its text named, "" for none."""

    capture: bytes
    index: int
    url: str
    pretended: str = ""


def token(ring: KeyRing, link: RewrittenLink) -> str:
    """The part of the URL after PATH; "" for an address that is too long."""
    more = "\n".join((link.url, link.pretended)).encode("utf-8", "replace")
    return ring.sign(Token("link", link.capture, link.index, 0, more)) if len(more) <= _MAX_URL_BYTES else ""


def read(ring: KeyRing, text: str) -> RewrittenLink:
    """Raises BadLink."""
    return parse(ring.verify("link", text))


def parse(token: Token) -> RewrittenLink:
    """The content of a token with the purpose "link"."""
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
