"""Small valid attachments of the kinds that offices send."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from random import Random
from typing import NamedTuple

_THEN = (2026, 3, 2, 8, 0, 0)  # a fixed time in zip members, so that the same seed gives the same bytes


class File(NamedTuple):
    name: str
    content_type: str
    content: bytes


def pdf(random: Random, topic: str, text: str) -> File:
    """A page with the text (ISO 32000-1, minimal with a valid cross-reference table)."""
    lines = [text[i : i + 90] for i in range(0, len(text), 90)]
    shown = " ".join(f"({_escape(line)}) '" for line in lines)
    stream = f"BT /F1 10 Tf 14 TL 50 780 Td {shown} ET".encode("latin-1", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return File(f"{topic.replace(' ', '-')}-{random.randint(1, 999)}.pdf", "application/pdf", bytes(out))


def png(random: Random, topic: str, text: str) -> File:
    """A picture of colored noise; pictures do not compress, as in real mail."""
    side = random.randint(16, 64)
    rows = b"".join(b"\0" + random.randbytes(3 * side) for _ in range(side))
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in (
            (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(rows, 1)),
            (b"IEND", b""),
        )
    )
    return File(f"photo_{random.randint(1000, 9999)}.png", "image/png", content)


def csv(random: Random, topic: str, text: str) -> File:
    rows = ["case,place,amount"] + [f"{random.randint(1000, 9999)},{topic},{random.randint(1, 90_000)}" for _ in range(40)]
    return File("cases.csv", "text/csv", ("\r\n".join(rows) + "\r\n").encode())


def docx(random: Random, topic: str, text: str) -> File:
    """A Word file with one paragraph (ECMA-376)."""
    name = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    body = text.replace("&", "&amp;").replace("<", "&lt;")
    members = {
        "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{name}.main+xml"/></Types>',
        "_rels/.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/document.xml": '<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body><w:p><w:r><w:t>{body}</w:t></w:r></w:p></w:body></w:document>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for member, content in members.items():
            z.writestr(zipfile.ZipInfo(member, _THEN), content, zipfile.ZIP_DEFLATED)
    return File(f"Entwurf {topic} für Sie v{random.randint(1, 9)}.docx", name, out.getvalue())


def calendar(random: Random, topic: str, text: str) -> File:
    day = random.randint(1, 28)
    content = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//sample city//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{random.randint(1, 1 << 40)}@city.example\r\nDTSTAMP:20260302T080000Z\r\nDTSTART:202603{day:02d}T150000Z\r\n"
        f"SUMMARY:{topic}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    return File("invite.ics", "text/calendar", content.encode())


MAKERS: tuple[Callable[[Random, str, str], File], ...] = (pdf, png, csv, docx, calendar)


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
