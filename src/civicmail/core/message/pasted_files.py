"""Base64 in plain text: a pasted file, or a part of a message quoted by a bounce. Pure, linear.

A block is a file if it begins like one or is text; keys, signatures and unknown data stay part of the text.
"""

from __future__ import annotations

import re

from civicmail.core.message import limits, transfer_encoding
from civicmail.core.message.uuencode import UuBlock

_RUN = re.compile(rb"^(?:[A-Za-z0-9+/]{60,998}+[ \t]?\r?\n){3,}+(?:[A-Za-z0-9+/]{1,998}+={0,2}[ \t]*(?=\r?\n|\Z))?", re.MULTILINE)
"""Three lines and more of it; one alone is a token or a key."""
_KINDS = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/octet-stream"),
    (b"{\\rt", "application/rtf"),
    (b"MZ", "application/octet-stream"),
    (b"\x7fELF", "application/octet-stream"),
    (b"Rar!\x1a\x07", "application/octet-stream"),
    (b"7z\xbc\xaf\x27\x1c", "application/octet-stream"),
    (b"\x1f\x8b\x08", "application/octet-stream"),
    (b"\x89PNG\r\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b'x\x9f>"', "application/ms-tnef"),
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_LOOK = 4_096
"""Bytes that say whether it is text: of a sound one all are."""


def blocks(text: bytes) -> list[tuple[UuBlock, str]]:
    """The files, without names, and the media type of each."""
    result: list[tuple[UuBlock, str]] = []
    for run in _RUN.finditer(text):
        if len(result) >= limits.DERIVED:
            break
        content, _ = transfer_encoding.base64_bytes(run[0])
        if kind := kind_of(content):
            result.append((UuBlock(b"", content, run.start(), run.end()), kind))
    return result


def kind_of(content: bytes) -> str:
    """The media type by its magic number; empty for unknown data."""
    for magic, kind in _KINDS:
        if content.startswith(magic):
            return kind
    try:
        words = content[:_LOOK].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(content[:_LOOK]) - 4 or len(content) <= _LOOK:  # a letter that is cut at the end is none
            return ""
        words = content[: error.start].decode("utf-8")
    if _CONTROLS.search(words):
        return ""
    return "text/html" if "<html" in words[:1000].lower() else "text/plain"
