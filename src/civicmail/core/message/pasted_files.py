"""Base64 in plain text: a pasted file, or a part of a message quoted by a bounce. Pure, linear.

A block is a file if it begins like one or is text; keys, signatures and unknown data stay part of the text.
"""

from __future__ import annotations

import re

from civicmail.core.filetype.identify import identify
from civicmail.core.message import limits, transfer_encoding
from civicmail.core.message.uuencode import UuBlock

_RUN = re.compile(rb"^(?:[A-Za-z0-9+/]{60,998}+[ \t]?\r?\n){3,}+(?:[A-Za-z0-9+/]{1,998}+={0,2}[ \t]*(?=\r?\n|\Z))?", re.MULTILINE)
"""Three lines and more of it; one alone is a token or a key."""
_NAMED = frozenset({"pdf", "zip", "ole", "rtf", "exe", "dll", "elf", "rar", "7z", "gz", "png", "jpg", "gif", "tnef"})
"""Types that are identified by enough bytes: some random letters begin like any file."""
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_LOOK = 4_096
"""Bytes that decide whether it is text: in a valid text all are."""


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
    file_type = identify(content)
    if file_type.name in _NAMED:
        return file_type.media_type or "application/octet-stream"
    try:
        words = content[:_LOOK].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(content[:_LOOK]) - 4 or len(content) <= _LOOK:  # a letter that is cut at the end is none
            return ""
        words = content[: error.start].decode("utf-8")
    if _CONTROLS.search(words):
        return ""
    return "text/html" if "<html" in words[:1000].lower() else "text/plain"
