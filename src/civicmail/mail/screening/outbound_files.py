"""Which parts of a message are files that leave the city with it (P-22). Pure; runs in the sandboxed process for
outbound_approval.py.

Not files are: pictures that the text shows, or that an appointment or visiting card contains; calendars, cards up to 10 kB, and
signatures, each under 100 kB and only when its bytes match its type; and the text of a forwarded message, whose own files count.
Anything embedded in HTML, a calendar or a card is a file. Mail from outside has none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping

from civicmail.core.filetype.identify import identify
from civicmail.core.message import calendar_files
from civicmail.core.message.model import ParsedMessage, Part
from civicmail.mail.screening.merged_results import all_unavailable
from civicmail.mail.screening.shapes import NOTHING, CheckResult, ContentCase

NAME = "leaving"
VERSION = 2
FILES = "files"
"""Key in `more`: [path, name, size, sha256] of each file."""
MAX_FILES = 100
SMALL = 100_000
"""Largest size, in bytes, of what is not a file."""
CARD = 10_000
"""Bytes of visiting cards without their pictures, enough for twenty. More is a list of people."""
DRAWING = 4_096
"""Bytes of an SVG that the text shows: an icon. A larger one could hold text or files."""
MAX_NAME = 255

_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_PICTURES = frozenset({"png", "jpeg", "gif", "webp", "bmp"})
_DRAWN = re.compile(rb"<\s*(?:\w{1,10}:)?(?:text|tspan|script|foreignObject|image|a|style|metadata|desc|title)\b|<!|data:", re.I)
"""What an icon does not contain."""
_LETTERS = frozenset({"message/rfc822", "message/global"})
_REPORTS = frozenset({"message/delivery-status", "message/disposition-notification"})


def find(case: ContentCase) -> CheckResult:
    """more["files"]. Unavailable for a message with more than MAX_FILES."""
    if case.request.inbound:
        return NOTHING
    rows: list[list[str | int]] = []
    for path, part in parts(case.letter):
        if len(rows) == MAX_FILES:
            return all_unavailable((NAME,), "too many", VERSION)
        rows.append([path, part.filename[:MAX_NAME], part.size, hashlib.sha256(part.content).hexdigest()])
    return CheckResult(more={FILES: rows}) if rows else NOTHING


def parts(message: ParsedMessage, above: str = "") -> Iterator[tuple[str, Part]]:
    """The files of a message and of attached messages, with their paths from the outside. Parts within a file leave with it."""
    shown = _shown(message)
    hosts = {part.path: part for part in message.parts}
    opened = {child.part for child in message.children}
    files: set[str] = set()
    for part in message.attachments:
        passed_on = part.content_type in _LETTERS and (part.path in opened or not part.content)  # one that was not opened is a file
        if passed_on or part.content_type in _REPORTS or _is_none(part, shown, hosts):
            continue
        if not _lies_in(part.path, files):
            files.add(part.path)
            yield above + part.path, part
    for child in message.children:
        yield from parts(child, f"{above}{child.part}/")


def _lies_in(path: str, files: set[str]) -> bool:
    """Whether a part above it is a file."""
    while path := path.rpartition(".")[0]:
        if path in files:
            return True
    return False


def _shown(message: ParsedMessage) -> bytes:
    """The HTML that refers to pictures."""
    return b"\n".join(
        part.content for part in message.parts if part.content_type == "text/html" and part.disposition != "attachment"
    )


def _is_none(part: Part, shown: bytes, hosts: Mapping[str, Part]) -> bool:
    """Whether a part needs no approval. hosts: all parts by path."""
    kind, host = part.content_type, hosts.get(part.path.rpartition(".")[0])
    if kind in calendar_files.KINDS:
        return _is_plain(part, hosts)
    if part.size >= SMALL:
        return False
    if kind.startswith("image/"):
        if (
            host is not None
            and not part.filename
            and (host.content_type == "text/html" or host.content_type in calendar_files.KINDS)
        ):
            return _is_picture(part)  # it is carried in that
        name = part.content_id.strip("<> ")
        return bool(name) and f"cid:{name}".encode() in shown and identify(part.content).label in _PICTURES
    if kind.startswith("font/") and host is not None and host.content_type == "text/html":
        return identify(part.content).label == "font"
    return kind in _SIGNATURES and host is not None and host.content_type == "multipart/signed"


def _is_picture(part: Part) -> bool:
    true = identify(part.content).label
    if true == "svg":
        return part.size < DRAWING and _DRAWN.search(part.content) is None
    return true in _PICTURES


def _is_plain(part: Part, hosts: Mapping[str, Part]) -> bool:
    """Whether a calendar or card holds only text and pictures, in a usual size."""
    is_card = part.content_type in calendar_files.CARDS
    start = part.content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:16].upper()
    if not start.startswith(b"BEGIN:VCARD" if is_card else b"BEGIN:VCALENDAR"):
        return False
    carried = [one for path, one in hosts.items() if path.rpartition(".")[0] == part.path]
    if any(one.size >= SMALL or not one.content_type.startswith("image/") or not _is_picture(one) for one in carried):
        return False
    words = part.size - sum(4 * one.size // 3 for one in carried)
    return words < (CARD if is_card else SMALL)
