"""What a file is: one message, an mbox, or no mail, with the reason. Pure: looks at the name and the first bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

LOOK = 65_536  # bytes of the beginning that are looked at

_MAIL_SUFFIX = (".eml", ".mht", ".mhtml")
_HEADER = re.compile(rb"[\x21-\x39\x3b-\x7e]+[ \t]*:")
_SURE = re.compile(
    rb"(?im)^(?:from|date|received|message-id|return-path|mime-version|delivered-to|x-original-to|resent-from|x-mailer"
    rb"|dkim-signature|x-from|envelope-to)[ \t]*:"
)
_LIKELY = re.compile(rb"(?im)^(to|cc|bcc|subject|reply-to|sender|content-type|content-transfer-encoding|references)[ \t]*:")
_EMPTY_LINE = re.compile(rb"\n\r?\n|\r\r")
_FOREIGN = (
    (b"!BDN", "Outlook data files (PST, OST) cannot be read yet"),
    (b"\xd0\xcf\x11\xe0", "Outlook MSG and other OLE files cannot be read yet"),
    (b"\x78\x9f\x3e\x22", "TNEF is an attachment, not a message"),
    (b"PK\x03\x04", "it is a ZIP file"),
    (b"\x1f\x8b", "it is a gzip file; unpack it first"),
    (b"BZh", "it is a bzip2 file; unpack it first"),
    (b"\xfd7zXZ", "it is an xz file; unpack it first"),
    (b"%PDF", "it is a PDF"),
    (b"\x89PNG", "it is a picture"),
    (b"\xff\xd8\xff", "it is a picture"),
    (b"GIF8", "it is a picture"),
)


@dataclass(frozen=True, slots=True)
class Look:
    """is_: message, mbox or other; why: for other, the reason as the end of a sentence."""

    is_: Literal["message", "mbox", "other"]
    why: str = ""


_MESSAGE = Look("message")
_MBOX = Look("mbox")


def look(name: str, head: bytes, *, named: bool = False) -> Look:
    """What a file with this name and beginning is. named: a person named the very file, so doubt speaks for a message.

    A file whose name ends in .eml is one message whatever its bytes are, even a "From " line is then its own.
    """
    if not head:
        return Look("other", "it is empty")
    for magic, why in _FOREIGN:
        if head.startswith(magic):
            return Look("other", why)
    if name.lower().endswith(_MAIL_SUFFIX):
        return _MESSAGE
    if head.startswith(b"From "):
        return _MBOX
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if _HEADER.match(start) and _has_mail_headers(start):
        return _MESSAGE
    if named and b"\0" not in head:
        return _MESSAGE
    return Look("other", "it does not begin with the headers of a message")


def _has_mail_headers(start: bytes) -> bool:
    end = _EMPTY_LINE.search(start)
    block = start[: end.start() + 1] if end else start
    if b"\n" not in block:
        block = block.replace(b"\r", b"\n")
    return _SURE.search(block) is not None or len({m[1].lower() for m in _LIKELY.finditer(block)}) > 1
