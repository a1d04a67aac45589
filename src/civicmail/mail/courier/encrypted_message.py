"""A message with content encrypted for its reader: which fields are outside, which inside (RFC 8551, RFC 3156, RFC 9788). Pure.

Inside is the whole body with a copy of the fields that describe the message. Outside stay the fields that servers need; the subject
becomes three dots, because it may be as confidential as the rest (RFC 9788, hcp_baseline).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

from cryptography import x509

from civicmail.mail.courier import cms

DOTS = b"[...]"
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*?\r\n(?:[ \t].*?\r\n)*)", re.DOTALL)
_COPIED = frozenset({b"from", b"sender", b"reply-to", b"to", b"cc", b"date", b"message-id", b"in-reply-to", b"references"})
_INSIDE = frozenset({b"keywords", b"comments", b"thread-topic"})
"""Fields that describe the message (RFC 9788 3.2.1); Outlook's Thread-Topic repeats the subject."""
_NO_TYPE = b" text/plain; charset=us-ascii\r\n"
_WIDTH = 64


def split_protected(message: bytes) -> tuple[bytes, bytes]:
    """The fields that stay outside, and the bytes to encrypt. message: with CRLF."""
    header, _, body = message.partition(b"\r\n\r\n")
    if message.startswith(b"\r\n"):
        header, body = b"", message[2:]
    outside, inside, outer_fields = b"", b"", b""
    kind = _NO_TYPE
    for name, value in _fields(header + b"\r\n"):
        low = name.lower()
        if low == b"content-type":
            kind = value
        elif low.startswith(b"content-") or low in _INSIDE:
            inside += name + b":" + value
        elif low == b"subject":
            outside += b"Subject: " + DOTS + b"\r\n"
            outer_fields += b"HP-Outer: Subject: " + DOTS + b"\r\n"
            inside += name + b":" + value
        elif low not in (b"mime-version", b"bcc"):
            outside += name + b":" + value
            if low in _COPIED:
                outer_fields += b"HP-Outer: " + name + b":" + value
                inside += name + b":" + value
    typed = b"Content-Type:" + kind.rstrip().rstrip(b";") + b';\r\n hp="cipher"\r\n'
    return outside, b"MIME-Version: 1.0\r\n" + typed + inside + outer_fields + b"\r\n" + body


def _fields(header: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and value of each field with its continuation lines. Lines that are not fields are dropped, because they cannot be
    encrypted for anybody."""
    return ((match[1], match[2]) for match in _FIELD.finditer(header))


def smime(message: bytes, certificate: x509.Certificate, cipher: str) -> bytes:
    """The message for the holder of this certificate's key (RFC 8551 3.3, 3.4). cipher: of cms. Raises ValueError if the key is
    neither RSA nor of an elliptic curve."""
    outside, inside = split_protected(message)
    sealed = base64.b64encode(cms.enveloped(inside, certificate, cipher))
    lines = b"".join(sealed[at : at + _WIDTH] + b"\r\n" for at in range(0, len(sealed), _WIDTH))
    kind = b"authenveloped-data" if cipher == cms.GCM else b"enveloped-data"
    head = (
        b"MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=" + kind + b';\r\n name="smime.p7m"\r\n'
        b'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="smime.p7m"\r\n'
    )
    return outside + head + b"\r\n" + lines


def pgp_mime(outside: bytes, armored: bytes) -> bytes:
    """The message around what OpenPGP made of the inner half (RFC 3156 4). armored: ASCII armor."""
    text = armored.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    boundary = hashlib.sha256(text).hexdigest()[:32].encode()  # no line of base64 begins with two dashes
    head = (
        b'MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; protocol="application/pgp-encrypted";\r\n'
        b' boundary="' + boundary + b'"\r\n\r\n'
    )
    first = b"--" + boundary + b"\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n"
    second = b"--" + boundary + b'\r\nContent-Type: application/octet-stream; name="encrypted.asc"\r\n\r\n'
    return outside + head + first + second + text + b"\r\n--" + boundary + b"--\r\n"
