"""Positions of links in the decoded bytes of a text part, so that only the links are replaced. Pure, linear.

HTML is tokenized as browsers do it (WHATWG HTML 13.2.5): quotes, comments and tags decide what is a link, and attackers use this
with `<p "><a href=…`. Text of charsets that keep ASCII is read byte for byte; other charsets have no places.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from civicmail.core.message import charsets, links

_WS = r"[\t\n\f\r ]"
_ATTRIBUTE = rf"[^\t\n\f\r />][^\t\n\f\r />=]*+(?:{_WS}*+={_WS}*+(?:\"[^\"]*+\"|'[^']*+'|(?=>)|[^\t\n\f\r \"'>][^\t\n\f\r >]*+))?+"
_TAG_REST = rf"(?:[\t\n\f\r /]++|{_ATTRIBUTE})*+>?+"
_RAW = "title|style|script|textarea|xmp|iframe|noembed|noframes"
_NAMES = "a|area|form|button|input|body|base"
_BETWEEN = r"(?:[^<hfw]++|h(?!ttps?://)|f(?!tp://)|w(?!ww\.))*+"
_WEB = r"\b(?:https?|ftp)://[^\s<>\"'`\x00-\x20\x7f]{1,4000}+|(?<![@\w.])www\.[^\s<>\"'`\x00-\x20\x7f@]{3,4000}+"
_MARKUP = re.compile(
    r"<!--(?:-?+>|.*?(?:--!?+>|\Z))"
    rf"|<(?P<raw>{_RAW})(?=[\t\n\f\r />]){_TAG_REST}.*?(?:(?=</(?P=raw)[\t\n\f\r />])|\Z)"
    r"|<[!?][^>]*+>?+"
    rf"|<(?P<end>/?+)(?P<name>(?:{_NAMES})(?=[\t\n\f\r />]))(?P<rest>{_TAG_REST})"
    rf"|(?:</?+(?!(?:{_NAMES}|{_RAW})[\t\n\f\r />])[A-Za-z][^\t\n\f\r />]*+{_TAG_REST}{_BETWEEN})++"  # in one step
    rf"|(?P<url>{_WEB})",
    re.IGNORECASE | re.DOTALL,
)
_PAIR = re.compile(
    rf"(?P<name>[^\t\n\f\r />][^\t\n\f\r />=]*+)"
    rf"(?:{_WS}*+={_WS}*+(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|(?=>)|(?P<bare>[^\t\n\f\r \"'>][^\t\n\f\r >]*+)))?+"
)
_PLAIN = re.compile(_WEB, re.IGNORECASE)
_TARGETS = {
    "a": ("href", "xlink:href"),
    "base": ("href",),
    "area": ("href",),
    "form": ("action",),
    "button": ("formaction",),
    "input": ("formaction",),
}
_BREAKS = re.compile(r"[\t\n\f\r]+")
_SEALED = b"-----BEGIN PGP "
_WORDS_MOST = 500


@dataclass(slots=True)
class Place:
    """A link at [start, end) of the decoded bytes. url: as it is meant, entities undone; words: shown for it, "" for a link that is
    its own words. quoted: it is the value of an attribute."""

    start: int
    end: int
    url: str
    words: str = ""
    quoted: bool = False


@dataclass(slots=True)
class Read:
    """The links of a part in order, and where a line can be put before everything that a reader sees."""

    places: list[Place]
    top: int = 0


def keeps_ascii(label: str) -> bool:
    """Whether bytes below 0x80 mean ASCII in this charset, so that a link can be found and replaced byte for byte."""
    codec = charsets.codec(label)
    return not codec or charsets.keeps_ascii(codec)


def read(content: bytes, *, is_html: bool, within: bool = False) -> Read:
    """The links of a decoded text. within: also URLs in the words of another link. Text signed or encrypted by OpenPGP has none:
    any change breaks its signature."""
    if _SEALED in content:
        return Read([], -1)
    text = content.decode("latin-1")
    return _hypertext(text, content, within=within) if is_html else Read(list(_written(text, content)))


def _written(text: str, content: bytes) -> Iterator[Place]:
    for match in _PLAIN.finditer(text):
        yield _bare(match.start(), match.end(), content)


def _bare(start: int, end: int, content: bytes) -> Place:
    """An address in running text, without the punctuation of its sentence."""
    shown = content[start:end]
    try:
        url = links.trimmed(shown.decode("utf-8"))
        size = len(url.encode("utf-8"))
    except UnicodeDecodeError:
        url = links.trimmed(shown.decode("latin-1"))
        size = len(url)
    return Place(start, start + size, url)


def _hypertext(text: str, content: bytes, *, within: bool) -> Read:
    result = Read([])
    open_: Place | None = None
    words, base = 0, ""
    for match in _MARKUP.finditer(text):
        if match["url"] is not None:
            if open_ is None or within:
                place = _bare(match.start(), match.end(), content)
                place.url = html.unescape(place.url)
                result.places.append(place)
            continue
        name, ends = (match["name"] or "").lower(), bool(match["end"])
        if name == "body" and not ends:
            result.top = match.end()
        elif name == "a" and open_ is not None:
            open_.words, open_ = _words(text[words : match.start()]), None
        if name in _TARGETS and not ends and (target := _target(match, content)) is not None:
            if name == "base":
                base = base or target.url
                continue
            result.places.append(target)
            if name == "a":
                open_, words = target, match.end()
    for place in result.places if base else ():
        place.url = links.joined(base, place.url) if place.quoted else place.url
    return result


def _target(tag: re.Match[str], content: bytes) -> Place | None:
    """The target of a tag. Of two attributes with one name the first counts."""
    attributes = _TARGETS[tag["name"].lower()]
    begin, end = tag.span("rest")
    for pair in _PAIR.finditer(tag.string, begin, end):
        if pair["name"].lower() in attributes:
            kind = next((k for k in ("double", "single", "bare") if pair[k] is not None), "")
            if not kind:
                return None
            start, stop = pair.span(kind)
            value = html.unescape(content[start:stop].decode("utf-8", "replace"))
            return Place(start, stop, _BREAKS.sub("", value.strip()), quoted=True)
    return None


def _words(markup: str) -> str:
    """The displayed words of a link."""
    plain = re.sub(r"<[^>]*+>?", " ", markup[: 4 * _WORDS_MOST])
    return " ".join(html.unescape(plain).split())[:_WORDS_MOST]
