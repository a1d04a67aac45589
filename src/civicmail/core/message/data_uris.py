"""Files in HTML as `data:` URIs (RFC 2397), read as browsers read them (Fetch 6). Pure, linear.

A URI may be in any attribute, in a style or in a script, its letters may be written as entities, and browsers drop tabs and line
endings in it. Icons do not count: pictures with too few pixels to read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from civicmail.core.filetype.identify import identify
from civicmail.core.filetype.picture_size import picture_size
from civicmail.core.message import limits, transfer_encoding

_BREAK = r"[\t\r\n]*+"
_URI = re.compile(
    rf"(?<![\w-])d{_BREAK}a{_BREAK}t{_BREAK}a{_BREAK}:\s*+(?P<kind>[\w.+-]{{1,100}}+/[\w.+-]{{1,100}}+)?+\s*+"
    r"(?P<parameters>(?:;[^;,<>()]{0,200}+){0,20}+),",
    re.IGNORECASE | re.ASCII,
)
_BASE64 = re.compile(r"[A-Za-z0-9+/=_\s-]*+(?:(?:%[0-9a-fA-F]{2}|&#?\w{1,8};)[A-Za-z0-9+/=_\s-]*+)*+", re.ASCII)
_UNQUOTED = re.compile(r"[^\s\"'<>)]*+")
_FOREIGN = re.compile(r"[\"'<>()].*", re.DOTALL)
_SEVERAL = re.compile(r"srcset\s*=\s*[\"']\Z", re.IGNORECASE)
"""A list: a space ends each."""
_BEFORE = 32
_ENDS = {'"': '"', "'": "'", "`": "`", "(": ")"}
_CODED = re.compile(
    rb"&(?:#(?:x0*(?:[46][14]|[57]4|3a|9|a|d)|0*(?:58|65|68|84|97|100|116|9|10|13))(?![0-9a-f]);?|colon;|tab;|newline;)"
)
"""A letter of `data:`, or a dropped character, as an entity; in lower case, which is faster to search."""
_LOWER = bytes(range(256)).lower()
_DOWNLOAD = re.compile(r"\bdownload\s*=\s*(?:\"([^\"]{1,255})\"|'([^']{1,255})'|([^\s\"'>]{1,255}))", re.IGNORECASE)
_NEAR = 1_000
"""Characters of a tag before and after a URI that are searched for the file's name."""
ICON_SIDE, ICON_BYTES = 21, 1_024
_ICONS = frozenset({"png", "gif"})
"""Pixels of a side, and bytes, below which a picture is an icon: no code of any phone and no line of text fits in."""
_KIND = "text/plain"  # RFC 2397 3


@dataclass(frozen=True, slots=True)
class DataUri:
    """kind: the declared media type, lower case; name: of a link that saves it, "" without one."""

    kind: str
    charset: str
    name: str
    content: bytes


def read(page: bytes) -> list[DataUri]:
    """The files of an HTML text, each once, in their order. Text of two bytes a letter is read like any other."""
    flat = page.translate(_LOWER, b"\0\t\r\n")
    is_plain = b"data:" in flat
    is_coded = b"&" in flat and _CODED.sub(_meant, flat).count(b"data:") > flat.count(b"data:")
    if not (is_plain or is_coded):
        return []
    text = page.replace(b"\0", b"").decode("latin-1")
    by_content: dict[tuple[str, bytes], DataUri] = {}
    for source in [text, html.unescape(text)] if is_coded else [text]:
        for uri in _in(source):
            if len(by_content) >= limits.DERIVED:
                break
            known = by_content.get((uri.kind, uri.content))
            if known is None or not known.name:
                by_content[uri.kind, uri.content] = uri
    return list(by_content.values())


def _meant(entity: re.Match[bytes]) -> bytes:
    return html.unescape(entity[0].decode("ascii")).strip().lower().encode("ascii", "ignore")


def is_icon(content: bytes) -> bool:
    """Whether a picture is only decoration, such as a spacer or a bullet."""
    if len(content) > ICON_BYTES:
        return False
    if identify(content).name not in _ICONS:
        return False
    return min(picture_size(content) or (0,)) < ICON_SIDE


def _in(text: str) -> Iterator[DataUri]:
    at = 0
    while (begin := _URI.search(text, at)) is not None:
        at = begin.end()
        parameters = [parameter.strip() for parameter in begin["parameters"].split(";")]
        payload = _payload(text, begin, is_base64=any(parameter.lower() == "base64" for parameter in parameters))
        at += len(payload)
        content = _content(payload, is_base64=any(parameter.lower() == "base64" for parameter in parameters))
        if content and not is_icon(content):
            named = dict(parameter.lower().partition("=")[::2] for parameter in parameters)
            charset = named.get("charset", "").strip("\"' ")
            name = _name(text, begin.start(), at) or _parameter(parameters)
            yield DataUri((begin["kind"] or _KIND).lower(), charset, name, content)


def _payload(text: str, begin: re.Match[str], *, is_base64: bool) -> str:
    """The bytes from the comma to the end of the URI."""
    before = text[max(0, begin.start() - _BEFORE) : begin.start()].rstrip()
    end = "" if _SEVERAL.search(before) else _ENDS.get(before[-1:], "")
    if is_base64:
        pattern = _BASE64 if end else _UNQUOTED
        match = pattern.match(text, begin.end())
        return match[0] if match is not None else ""
    if end:
        stop = text.find(end, begin.end())
        return text[begin.end() : stop] if stop >= 0 else text[begin.end() :]
    match = _UNQUOTED.match(text, begin.end())
    return match[0] if match is not None else ""


def _content(payload: str, *, is_base64: bool) -> bytes:
    if "&" in payload:
        payload = html.unescape(payload)
    if is_base64:
        plain = _FOREIGN.sub("", payload)
        data = unquote_to_bytes(plain) if "%" in plain else plain.encode("latin-1", "ignore")
        return transfer_encoding.base64_bytes(b"".join(data.split()).replace(b"-", b"+").replace(b"_", b"/"))[0]
    data = payload.encode("latin-1") if _is_latin(payload) else payload.encode("utf-8", "replace")
    return unquote_to_bytes(data.translate(None, b"\t\r\n"))


def _is_latin(text: str) -> bool:
    return not text or max(text) <= "\xff"


def _name(text: str, start: int, end: int) -> str:
    """By which the tag around an address saves it (HTML 4.6.1, download)."""
    opens = text.rfind("<", max(0, start - _NEAR), start)
    closes = text.find(">", end, end + _NEAR)
    for piece in (text[max(opens, 0) : start], text[end : closes if closes >= 0 else end + _NEAR]):
        if (match := _DOWNLOAD.search(piece)) is not None:
            return html.unescape(match[1] or match[2] or match[3])
    return ""


def _parameter(parameters: list[str]) -> str:
    """The file name that some programs put into the URI."""
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if equals and name.strip().lower() in ("name", "filename"):
            return unquote_to_bytes(value.strip("\"' ")).decode("utf-8", "replace")
    return ""
