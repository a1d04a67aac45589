"""Mail with many attachments, made from a seed: PDF, DOCX, XLSX and PNG files whose words come from the development mail.

Four of seven messages carry one to three files. Two of five files were sent before, as in real mail. Mean about 40 kB.
"""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from email.message import EmailMessage
from itertools import islice
from pathlib import Path
from xml.sax.saxutils import escape

from bench.corpus import source

_WORD = re.compile(rb"[A-Za-z]{2,14}")
_OFFICE = "http://schemas.openxmlformats.org"
_TYPES = (
    '<?xml version="1.0"?><Types xmlns="{o}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>{parts}</Types>'
)
_RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="{o}/package/2006/relationships">'
    '<Relationship Id="rId1" Type="{o}/officeDocument/2006/relationships/{kind}" Target="{target}"/></Relationships>'
)


def maildir(folder: Path, count: int) -> tuple[str, int, int]:
    """Fill a Maildir; returns what mail it is, how many messages, how many bytes."""
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    size = 0
    for number, raw in enumerate(messages(count), 1):
        (folder / "cur" / f"{number}.bench:2,S").write_bytes(raw)
        size += len(raw)
    return "made mail with attachments", count, size


def messages(count: int, seed: int = 1) -> Iterator[bytes]:
    chance = random.Random(seed)
    words = [w.decode() for raw in islice(source()[1], 300) for w in _WORD.findall(raw)]
    sent: list[tuple[str, str, bytes]] = []
    for number in range(count):
        mail = EmailMessage()
        mail["From"] = f"clerk{chance.randrange(40)}@city.example"
        mail["To"] = f"desk{chance.randrange(40)}@city.example"
        mail["Date"] = f"{1 + number % 28:d} Mar {2020 + 7 * number // count} 10:00:00 +0000"
        mail["Subject"] = " ".join(chance.choices(words, k=5))
        mail["Message-ID"] = f"<{number}.{seed}@made.example>"
        mail.set_content(_text(chance, words, chance.randrange(30, 400)))
        for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3))):
            if not sent or chance.random() < 0.6:
                sent.append(_file(chance, words))
            name, kind, content = sent[-1] if chance.random() < 0.6 else chance.choice(sent)
            main, _, sub = kind.partition("/")
            mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
        if mail.is_multipart():
            mail.set_boundary(f"_{seed}_{number}_")
        yield mail.as_bytes()


def _file(chance: random.Random, words: list[str]) -> tuple[str, str, bytes]:
    """Name, media type, bytes."""
    name = "-".join(chance.choices(words, k=2)).lower()
    office = "application/vnd.openxmlformats-officedocument."
    match chance.randrange(10):
        case 0 | 1 | 2 | 3:
            return f"{name}.pdf", "application/pdf", pdf([_text(chance, words, 300) for _ in range(chance.randint(1, 8))])
        case 4 | 5:
            return f"{name}.docx", f"{office}wordprocessingml.document", docx(_text(chance, words, chance.randint(200, 4000)))
        case 6 | 7:
            rows = [chance.choices(words, k=6) for _ in range(chance.randint(20, 400))]
            return f"{name}.xlsx", f"{office}spreadsheetml.sheet", xlsx(rows)
        case _:
            return f"{name}.png", "image/png", png(chance, chance.randint(200, 400))


def _text(chance: random.Random, words: list[str], number: int) -> str:
    lines = [" ".join(chance.choices(words, k=10)) for _ in range(number // 10 + 1)]
    return "\n".join(lines) + "\n"


def pdf(pages: list[str]) -> bytes:
    """One page for each text, lines in Helvetica, streams deflated (ISO 32000-1)."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for text in pages:
        lines = "".join(f"({line}) Tj T*\n" for line in text.splitlines())
        stream = zlib.compress(f"BT /F1 9 Tf 11 TL 40 800 Td\n{lines}ET".encode())
        objects.append(b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream))
        font = b"<</Font<</F1 3 0 R>>>>"
        page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources%s/Contents %d 0 R>>" % (font, len(objects))
        objects.append(page)
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    out, places = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, io.SEEK_END)
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % p for p in places))
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table))
    return out.getvalue()


def docx(text: str) -> bytes:
    paragraphs = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in text.splitlines())
    space = f"{_OFFICE}/wordprocessingml/2006/main"
    document = f'<?xml version="1.0"?><w:document xmlns:w="{space}"><w:body>{paragraphs}</w:body></w:document>'
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return _package("word/document.xml", {"word/document.xml": (document, kind)})


def xlsx(rows: list[list[str]]) -> bytes:
    cells = "".join("<row>" + "".join(f'<c t="inlineStr"><is><t>{escape(c)}</t></is></c>' for c in row) + "</row>" for row in rows)
    main, related = f"{_OFFICE}/spreadsheetml/2006/main", f"{_OFFICE}/officeDocument/2006/relationships"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
    book = f'<workbook xmlns="{main}" xmlns:r="{related}"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>'
    sheet = f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
    return _package(
        "xl/workbook.xml",
        {
            "xl/workbook.xml": (book, f"{kind}sheet.main+xml"),
            "xl/worksheets/sheet1.xml": (sheet, f"{kind}worksheet+xml"),
            "xl/_rels/workbook.xml.rels": (_RELATIONS.format(o=_OFFICE, kind="worksheet", target="worksheets/sheet1.xml"), ""),
        },
    )


def _package(main: str, parts: dict[str, tuple[str, str]]) -> bytes:
    """A package of parts: name -> (XML, content type, "" for the default one) (ECMA-376 part 2)."""
    named = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, (_, kind) in parts.items() if kind)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        texts = {
            "[Content_Types].xml": _TYPES.format(o=_OFFICE, parts=named),
            "_rels/.rels": _RELATIONS.format(o=_OFFICE, kind="officeDocument", target=main),
            **{name: text for name, (text, _) in parts.items()},
        }
        for name, text in texts.items():
            package.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)  # without the time of day
    return out.getvalue()


def png(chance: random.Random, side: int) -> bytes:
    """A square of gray noise without any word in it."""
    rows = b"".join(b"\0" + chance.randbytes(side) for _ in range(side))
    chunks = (b"IHDR", struct.pack(">2I5B", side, side, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
