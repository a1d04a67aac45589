"""Keys that tell whether two messages of one sender have the same text, whatever the greeting. Pure and fast: it reads the raw
beginning of a message. No word can be recovered from a key."""

from __future__ import annotations

import hashlib
import re

from civicmail.core.message import header_scan

LOOKED_AT = 32_768
"""Bytes of a message that are read."""
GREETING = 12
"""Words at the beginning that are skipped: a name, a salutation."""
MAX_WORDS = 200
MIN_WORDS = 8
"""Words after the greeting, and letters of a subject, below which equality may be a coincidence."""

_WORD = re.compile(rb"[a-z\x80-\xff]{4,40}")
_BOUNDARY = re.compile(rb"(?m)^(?:--[^\r\n]*|content-[^\r\n]*|[ \t]+(?:charset|boundary|name|filename)=[^\r\n]*)\r?$")
_AGAIN = re.compile(r"^(?:(?:re|fwd?|aw|rv)\s*:\s*)+", re.IGNORECASE)


def keys(content: bytes) -> tuple[str, ...]:
    """Keys of the text, or of subject and text if it is short; none for too little text. content: a message, or its beginning."""
    start = bytes(content[:LOOKED_AT])
    at = max(start.find(b"\r\n\r\n"), start.find(b"\n\n"))
    words = _WORD.findall(_BOUNDARY.sub(b"", start[at:].lower()) if at >= 0 else b"")
    if len(words) >= GREETING + MIN_WORDS:
        return (_key(b"words", b" ".join(words[GREETING : GREETING + MAX_WORDS])),)
    raw = header_scan.first(start, "subject") or b""
    subject = "".join(c for c in _AGAIN.sub("", raw.decode("utf-8", "replace").strip()).lower() if c.isalpha())
    if len(subject) < MIN_WORDS or _is_answer(start):
        return ()
    return (_key(b"subject", b" ".join([subject.encode(), *words])),)


def _is_answer(start: bytes) -> bool:
    """Whether the message is an answer: many answers in a thread share a subject, and are not the same message."""
    return header_scan.first(start, "in-reply-to") is not None


def _key(kind: bytes, what: bytes) -> str:
    return hashlib.sha256(kind + b"\0" + what).hexdigest()[:16]
