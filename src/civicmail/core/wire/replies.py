"""Replies as text and as bytes (RFC 5321 4.2, RFC 2034): `250 2.0.0 Ok`; a line break makes a multi-line reply."""

from __future__ import annotations

import re

_FIRST = re.compile(r"([245]\d\d)(?: ([245]\.\d{1,3}\.\d{1,3}))? ?(.*)", re.DOTALL)
_MAX_TEXT = 480  # RFC 5321 4.5.3.1.5: 512 bytes with code and CRLF

OK = "250 2.0.0 Ok"
SENDER_OK = "250 2.1.0 Ok"
RECIPIENT_OK = "250 2.1.5 Ok"
START_DATA = b"354 End data with <CR><LF>.<CR><LF>\r\n"
LOCAL_ERROR = "451 4.3.0 Local error, please try again later"
SHUTTING_DOWN = "421 4.3.2 Service shutting down, please try again later"
TIMED_OUT = "421 4.4.2 Timeout, closing the connection"


def encode_reply(reply: str) -> bytes:
    """The bytes of a reply. Whatever the text holds, it stays one reply: control characters and 8-bit become `?`.

    A text that does not begin with a reply code is our own mistake and becomes a 451.
    """
    if len(reply) <= _MAX_TEXT and reply.isascii() and reply.isprintable() and reply[:3].isdigit() and reply[3:4] == " ":
        return reply.encode("ascii") + b"\r\n"
    match = _FIRST.fullmatch(reply)
    if match is None:
        return encode_reply(LOCAL_ERROR)
    code, status, text = match.group(1), match.group(2), match.group(3)
    lines = text.splitlines() or [""]
    lead = f" {status} " if status else " "
    out = [code + lead.replace(" ", "-", 1) + _plain(line) for line in lines[:-1]]
    out.append(code + lead + _plain(lines[-1]))
    return "".join(f"{line}\r\n" for line in out).encode("ascii")


def _plain(line: str) -> str:
    line = line[:_MAX_TEXT]
    if line.isascii() and line.isprintable():
        return line
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in line)
