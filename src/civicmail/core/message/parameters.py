"""Parse Content-Type and Content-Disposition: the value and its parameters (RFC 2045 5.1, 2183, 2231), as senders write them.

Accepted beyond the standards: encoded words in values, unquoted values with spaces, missing semicolons, raw 8-bit, repeats (the
first wins).
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import count, takewhile
from urllib.parse import unquote_to_bytes

from civicmail.core.message import charsets, encoded_words, limits

_COMMENT = re.compile(r"\([^()\"]*\)")
_TOKEN = re.compile(r"[^\s;,()<>\"]+")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
ALSO = "*"
"""Suffix of a parameter's name for other values that programs read, one per line. Such programs do not support RFC 2231, or stop at
a missing piece of a value (its section 3)."""
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?\Z")


def parse(raw: bytes) -> tuple[str, dict[str, str]]:
    """The lower-case value and its decoded parameters by lower-case name; the result is shared: do not change it."""
    return _remembered(raw) if len(raw) <= _REMEMBER_BYTES else _parse(raw)


def _parse(raw: bytes) -> tuple[str, dict[str, str]]:
    value = encoded_words.text(raw)
    head, _, tail = value.partition(";")
    token = _TOKEN.search(_COMMENT.sub(" ", head))
    name = token[0].lower() if token else ""
    if "=" in name:  # no value at all, the parameters start at once
        name, tail = "", value
    elif "=" in head:  # "text/plain charset=utf-8"
        tail = head[head.lower().find(name) + len(name) :] + ";" + tail if name else value
    return name, _parameters(tail) if "=" in tail else {}


# Most mail repeats a few values ("text/plain; charset=utf-8"); long ones are not worth the memory.
_REMEMBER_BYTES = 256
_remembered = lru_cache(maxsize=2048)(_parse)


def _parameters(tail: str) -> dict[str, str]:
    tail = tail[: limits.ENCODED_WORD_BYTES]
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bool, str]]] = {}
    for read, piece in enumerate(_split(tail)):
        if read >= limits.PARAMETERS:
            break
        name, _, value = piece.partition("=")
        name, value = name.strip().lower(), _unquote(value.strip())
        section = _SECTION.match(name)
        if section and (section[2] or section[3]):
            number = int(section[2] or 0)
            sections.setdefault(section[1], {}).setdefault(number, (bool(section[3]), value))
        elif name:
            plain.setdefault(name, encoded_words.words(value) if "=?" in value else value)
    for name, numbered in sections.items():
        plain_value = plain.get(name, "")
        plain[name] = _joined(numbered) or plain_value
        if alternatives := [
            alternative for alternative in (plain_value, _joined(_unbroken(numbered))) if alternative and alternative != plain[name]
        ]:
            plain[f"{name}{ALSO}"] = "\n".join(alternatives)
    return plain


def _unbroken(numbered: dict[int, tuple[bool, str]]) -> dict[int, tuple[bool, str]]:
    """Up to the first number that is missing."""
    return {number: numbered[number] for number in takewhile(numbered.__contains__, count(min(numbered)))}


def _split(tail: str) -> list[str]:
    """Pieces between semicolons that are not in quotes; a quote that never closes ends with the value."""
    pieces: list[str] = []
    start = at = 0
    while True:
        semicolon, quote = tail.find(";", at), tail.find('"', at)
        if quote >= 0 and (semicolon < 0 or quote < semicolon):
            at = _closing(tail, quote + 1)
            continue
        if semicolon < 0:
            pieces.append(tail[start:])
            return [piece for glued in pieces for piece in _unglued(glued)]
        pieces.append(tail[start:semicolon])
        start = at = semicolon + 1


_GLUED = re.compile(r"(?:(?<=\")|(?<=\s))\s*(?=(?:charset|boundary|name|filename|format|delsp|type|size)\*?=)", re.IGNORECASE)


def _unglued(piece: str) -> list[str]:
    """Separate two parameters without a semicolon between them (seen: charset=x format=flowed) at known names."""
    if piece.count("=") < 2:
        return [piece]
    pieces = _GLUED.split(piece)
    return pieces if all('"' not in p or p.count('"') == 2 for p in pieces) else [piece]


def _closing(tail: str, at: int) -> int:
    while True:
        quote = tail.find('"', at)
        if quote < 0:
            return len(tail)
        slashes = quote
        while slashes > at and tail[slashes - 1] == "\\":
            slashes -= 1
        if (quote - slashes) % 2 == 0:
            return quote + 1
        at = quote + 1


def _unquote(value: str) -> str:
    if not value.startswith('"'):
        return value
    end = _closing(value, 1)
    inner = value[1 : end - 1] if end <= len(value) and value[end - 1 : end] == '"' and end > 1 else value[1:]
    # Windows paths are written without doubling the backslash; only pairs that need it are undone.
    return _QUOTED_PAIR.sub(lambda pair: pair[1] if pair[1] in '"\\' else pair[0], inner) if "\\" in inner else inner


def _joined(numbered: dict[int, tuple[bool, str]]) -> str:
    charset, data = "", b""
    for order, number in enumerate(sorted(numbered)):
        percent, value = numbered[number]
        if order == 0 and percent and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        data += unquote_to_bytes(value) if percent else value.encode("utf-8", "replace")
    return charsets.decode(data, charset)[0]
