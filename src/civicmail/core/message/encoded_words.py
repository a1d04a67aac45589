"""Decode header values: unfolding (RFC 5322 2.2.3), encoded words (RFC 2047), raw 8-bit.

Words in one charset that only white space separates are joined before they are decoded: senders split characters between words.
"""

from __future__ import annotations

import binascii
import re

from civicmail.core.message import charsets, limits
from civicmail.core.message.transfer_encoding import base64_bytes

# The text of a word may hold "?" but no "=?" that starts another word; so a scan never passes the next start: linear.
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([BbQq])\?((?:[^?=]++|=(?!\?(?!=))|\?(?!=))*+)\?=")


def unfold(raw: bytes) -> bytes:
    """The value on one line: line endings and outer white space are removed, other white space stays."""
    if b"\n" in raw or b"\r" in raw:
        raw = raw.replace(b"\r", b"").replace(b"\n", b"")
    return raw.strip(b" \t")


def text(raw: bytes, hint: str = "") -> str:
    """Unfolded text of a raw value with encoded words unchanged. hint: charset for unlabeled 8-bit."""
    if raw.isascii():
        text = raw.decode("ascii")
        if "\n" in text or "\r" in text:
            text = text.replace("\r", "").replace("\n", "")
        text = text.strip(" \t")
        return text.replace("\0", "") if "\0" in text else text
    return charsets.decode(unfold(raw).replace(b"\0", b""), "", hint)[0]


def decode(raw: bytes, hint: str = "") -> str:
    """The value as a reader sees it: unfolded, encoded words decoded. Never raises."""
    value = text(raw, hint)
    return words(value) if "=?" in value else value


def words(value: str) -> str:
    """Decode the RFC 2047 words in a text, also where the standard does not allow them."""
    rest = value[limits.ENCODED_WORD_BYTES :]
    value = value[: limits.ENCODED_WORD_BYTES]
    out: list[str] = []
    run: list[bytes] = []
    charset = ""
    end = 0
    for match in _WORD.finditer(value):
        gap = value[end : match.start()]
        label = match[1].partition("*")[0].lower()
        if run and (gap.strip() or label != charset):
            out.append(charsets.decode(b"".join(run), charset)[0])
            run = []
        # White space between two words is the sender's folding, not text (RFC 2047 6.2).
        if gap.strip() or end == 0:
            out.append(gap)
        run.append(_payload(match[2], match[3]))
        charset, end = label, match.end()
    if run:
        out.append(charsets.decode(b"".join(run), charset)[0])
    out.append(value[end:])
    return "".join(out).replace("\0", "") + rest


def _payload(kind: str, payload: str) -> bytes:
    try:
        data = payload.encode("latin-1")  # raw 8-bit inside a word: back to the bytes that its charset is meant for
    except UnicodeEncodeError:
        data = payload.encode("utf-8", "replace")
    if kind in "Bb":
        return base64_bytes(data)[0]
    return binascii.a2b_qp(data, header=True)
