"""Which parts of a message are files that leave the city with it (P-22), in the limited process. Pure; the joint half is leaves.py.

No files are: pictures that the text shows, calendars, visiting cards and signatures, each under 100 kB and only where it is what it
says; and the words of a forwarded message, whose own files count. Mail from outside has none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from civicmail.core.message.shapes import Letter, Part
from civicmail.core.sandbox import truetype
from civicmail.mail.screening.gathering import unavailable_all
from civicmail.mail.screening.shapes import NOTHING, Found, Inner

NAME = "leaving"
VERSION = 1
FILES = "files"
"""In what the limited process has for it: [path, name, size, sha256] of each."""
MOST = 100
SMALL = 100_000
"""Bytes of what is no file."""
NAME_MOST = 255

_CALENDARS = frozenset({"text/calendar", "application/ics"})
_CARDS = frozenset({"text/vcard", "text/x-vcard", "text/directory"})
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_PICTURES = frozenset({"png", "jpeg", "jpg", "gif", "webp", "bmp"})
_CARRIES = re.compile(
    rb"(?i)^(?:ATTACH|PHOTO|LOGO|SOUND|KEY)\b[^\r\n:]*(?:ENCODING=B|BASE64)|^(?:ATTACH|PHOTO|LOGO)[^\r\n]*:data:", re.M
)
_LETTERS = frozenset({"message/rfc822", "message/global"})
_REPORTS = frozenset({"message/delivery-status", "message/disposition-notification"})


def find(case: Inner) -> Found:
    """more["files"]. Of a message with more of them than are looked at the check is unavailable."""
    if case.asked.get("inbound"):
        return NOTHING
    rows: list[list[str | int]] = []
    for path, part in parts(case.letter):
        if len(rows) == MOST:
            return unavailable_all((NAME,), "too many", VERSION)
        rows.append([path, part.filename[:NAME_MOST], part.size, hashlib.sha256(part.content).hexdigest()])
    return Found(more={FILES: rows}) if rows else NOTHING


def parts(letter: Letter, above: str = "") -> Iterator[tuple[str, Part]]:
    """The files of a message and of those attached to it, each with its path from the outside."""
    shown = _shown(letter)
    signed = {part.path for part in letter.parts if part.content_type == "multipart/signed"}
    opened = {child.part for child in letter.children}
    for part in letter.attachments:
        passed_on = part.content_type in _LETTERS and (part.path in opened or not part.content)  # one that was not opened is a file
        if not passed_on and part.content_type not in _REPORTS and not _is_none(part, shown, signed):
            yield above + part.path, part
    for child in letter.children:
        yield from parts(child, f"{above}{child.part}/")


def _shown(letter: Letter) -> bytes:
    """The HTML in which pictures are named."""
    return b"\n".join(
        part.content for part in letter.parts if part.content_type == "text/html" and part.disposition != "attachment"
    )


def _is_none(part: Part, shown: bytes, signed: set[str]) -> bool:
    """Whether a part is none of the files that a manager is asked about."""
    if part.size >= SMALL:
        return False
    kind, start = part.content_type, part.content.lstrip()[:32].upper()
    if kind.startswith("image/"):
        name = part.content_id.strip("<> ")
        return bool(name) and f"cid:{name}".encode() in shown and truetype.of(part.content) in _PICTURES
    if kind in _CALENDARS:
        return start.startswith(b"BEGIN:VCALENDAR") and _CARRIES.search(part.content) is None
    if kind in _CARDS:
        return start.startswith(b"BEGIN:VCARD") and _CARRIES.search(part.content) is None
    return kind in _SIGNATURES and part.path.rpartition(".")[0] in signed
