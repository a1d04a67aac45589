"""Restore the original links in mail that leaves the city, whatever mail programs have done to them (P-31, promise 4).

A rewritten link may be in a link, in an attribute that a program added, inside the URL of a scanning server, or broken over quoted
lines. Each is signed, so a wrong guess about its end changes nothing. Pure.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from civicmail.city.notices.errors import BadLink
from civicmail.city.notices.signed_links import KeyRing
from civicmail.core.message import link_places, links
from civicmail.core.message.edits import Edit
from civicmail.core.message.link_places import Place
from civicmail.core.message.text_parts import TextPart
from civicmail.mail.courier import link_rewriting

PURPOSES = {b"l": "link", b"report": "report", b"verify": "verify"}
"""Pages that a delivered copy leads to, in the name of its reader: path -> what its token is for."""
MAX_LINES = 60
"""Over so many lines a link is put together again."""
_COLON = rb"(?::|%(?:25)*+3A|&(?:#0*+58|#x0*+3a|colon);)"
_SLASH = rb"(?:/|%(?:25)*+2F|&(?:#0*+47|#x0*+2f|sol);)"
_BREAK = rb"(?:[ \t]?\r?\n(?:[ \t]*+(?:[>|]|&gt;))*+[ \t]*+|<wbr[ \t]*+/?>|&shy;|&#8203;|\xc2\xad|\xe2\x80\x8b)"
_PIECE = re.compile(rb"(?:%b)?+([A-Za-z0-9_-]++)" % _BREAK, re.IGNORECASE)
_AFTER = re.compile(rb"(?:%b){0,3}" % _SLASH, re.IGNORECASE)
_LABEL = rb"\[%%b\](?:[ \t]|&nbsp;|\xc2\xa0|%b)*+(<a\b[^<>]*+>?+)?\Z" % _BREAK
_BEFORE = 600
"""Bytes before a link that are searched for its label."""
_VALUE = (b"=", b"__")
"""Characters that precede a whole address inside another one."""
_SAFE = "/?#[]@!$&'()*+,;=:%~-._|{}^"


@dataclass(frozen=True, slots=True)
class _OurLink:
    """A rewritten link at [start, end) of the decoded bytes. url: its original; depth: number of percent-encodings."""

    start: int
    end: int
    url: str
    depth: int
    labeled: bool


def restore(part: TextPart, base: str, ring: KeyRing) -> list[Edit]:
    """base: where our pages are reached. Signed text stays as it is."""
    links = [one for match in _pattern(base).finditer(part.content) if (one := _read(match, base, ring)) is not None]
    read = link_places.read(part.content, is_html=part.is_html, within=True) if links else link_places.Read([], -1)
    if read.top < 0:
        return []
    places = sorted(read.places, key=lambda place: place.start)
    starts = [place.start for place in places]
    edits: list[Edit] = []
    for one in links:
        at = bisect_right(starts, one.start) - 1
        edits += _edits(one, places[at] if at >= 0 else None, part)
    return edits


@lru_cache(maxsize=8)
def _pattern(base: str) -> re.Pattern[bytes]:
    scheme, _, rest = base.partition(":")
    plain = b"".join(_SLASH if c == "/" else _COLON if c == ":" else re.escape(c.encode()) for c in rest)
    pages = b"|".join(PURPOSES)
    token = rb"[A-Za-z0-9_-]++(?:%b[A-Za-z0-9_-]++){0,%d}+" % (_BREAK, MAX_LINES)
    begin = rb"%b(?P<colon>%b)%b%b" % (re.escape(scheme.encode()), _COLON, plain, _SLASH)
    return re.compile(rb"%b(?P<page>%b)%b(?P<token>%b)" % (begin, pages, _SLASH, token), re.IGNORECASE)


def _read(match: re.Match[bytes], base: str, ring: KeyRing) -> _OurLink | None:
    """The link, or None if it is not ours. Its token is the first candidate, line by line, with our signature."""
    purpose = PURPOSES[match["page"].lower()]
    for token, end in _tokens(match):
        try:
            payload = ring.verify(purpose, token)
        except BadLink:
            continue
        is_link = purpose == "link"
        url = link_rewriting.parse(payload).url if is_link else f"{base}/"
        plain = url if url.isascii() else quote(url, safe=_SAFE, errors="replace")
        after = _AFTER.match(match.string, end)
        colon = match["colon"]
        depth = (len(colon) - 1) // 2 if colon.startswith(b"%") else 0
        return _OurLink(match.start(), after.end() if after else end, plain, depth, is_link)
    return None


def _tokens(match: re.Match[bytes]) -> Iterator[tuple[str, int]]:
    """Candidates for the token and its end: up to each break, and without lines that a program has inserted."""
    text, end = "", match.end()
    for piece in _PIECE.finditer(match.string, match.start("token"), match.end("token")):
        text, end = text + piece[1].decode("ascii"), piece.end()
        yield text, end
    for cut in range(1, len(text) - len(text.rstrip("_")) + 1):
        yield text[:-cut], end - cut


def _edits(one: _OurLink, place: Place | None, part: TextPart) -> Iterator[Edit]:
    content = part.content
    if place is not None and _is_inside(one, place, content):
        yield Edit(place.start, max(place.end, one.end), html.escape(one.url) if part.is_html else one.url)
        return
    text = one.url
    for _ in range(one.depth):
        text = quote(text, safe="")
    start = one.start
    if one.labeled and not one.depth and (label := _label(one, content)) is not None:
        if label[1] is None:
            start = label.start()
        else:
            yield Edit(label.start(), label.start(1), "")
    yield Edit(start, one.end, html.escape(text) if part.is_html and not one.depth else text)


def _is_inside(one: _OurLink, place: Place, content: bytes) -> bool:
    """Whether it is what another web address carries, of which nothing is left then: a server that looks at links has made it."""
    if not place.start < one.start < place.end or not place.url.lower().startswith(("http", "www.")):
        return False
    before = content[place.start : one.start]
    return bool(before.strip()) if place.quoted else bool(one.depth) or before.endswith(_VALUE)


def _label(one: _OurLink, content: bytes) -> re.Match[bytes] | None:
    """The name of the host in brackets, which we put before a link in text; a program may have made a link of what follows."""
    host = links.real(one.url).host.encode()
    pattern = re.compile(_LABEL % re.escape(host), re.IGNORECASE)
    return pattern.search(content, max(0, one.start - _BEFORE), one.start) if host else None
