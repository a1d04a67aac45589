"""Files of every format that is read, made on the spot around a word. None of it needs the programs whose formats they are."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib

import py7zr
import pypdfium2
import zstandard

_TYPES = "[Content_Types].xml"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def zipped(members: dict[str, bytes | str]) -> bytes:
    """Equal members make equal bytes, whatever the time of day."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


# -- office, XML -----------------------------------------------------------------------------------------------------------


def docx(body: str = "", **parts: str | bytes) -> bytes:
    """body: XML inside w:body; parts: other members by name, "__" for "/" and "_dot_" for "."."""
    members: dict[str, bytes | str] = {
        _TYPES: "<Types/>",
        "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
    }
    for name, content in parts.items():
        members[name.replace("__", "/").replace("_dot_", ".")] = content
    return zipped(members)


def paragraph(*runs: str) -> str:
    return "<w:p>" + "".join(f"<w:r><w:t>{run}</w:t></w:r>" for run in runs) + "</w:p>"


def word_part(tag: str, text: str) -> str:
    return f"<w:{tag} {_W}>{paragraph(text)}</w:{tag}>"


def pptx(slide: str, notes: str = "") -> bytes:
    def page(text: str) -> str:
        return f"<p {_A}><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p>"

    return zipped({_TYPES: "<Types/>", "ppt/slides/slide1.xml": page(slide), "ppt/notesSlides/notesSlide1.xml": page(notes)})


def xlsx(shared: str, cells: str = "") -> bytes:
    """shared: the text of the one shared string, in A1; cells: XML of more cells of row 1."""
    book = f'<workbook {_S} {_R}><sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>'

    def relation(kind: str, target: str) -> str:
        kind = f"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"
        names = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
        return f'<Relationships {names}><Relationship Id="r1" Type="{kind}" Target="{target}"/></Relationships>'

    sheet = f'<worksheet {_S}><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c>{cells}</row></sheetData></worksheet>'
    return zipped(
        {
            _TYPES: "<Types/>",
            "xl/workbook.xml": book,
            "_rels/.rels": relation("officeDocument", "xl/workbook.xml"),
            "xl/_rels/workbook.xml.rels": relation("worksheet", "worksheets/sheet1.xml"),
            "xl/sharedStrings.xml": f'<sst {_S} count="1"><si><t>{shared}</t></si></sst>',
            "xl/worksheets/sheet1.xml": sheet,
        }
    )


def opendocument(kind: str, text: str, meta: str = "") -> bytes:
    urn = "urn:oasis:names:tc:opendocument:xmlns"
    names = f'xmlns:office="{urn}:office:1.0" xmlns:text="{urn}:text:1.0"'
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content {names}><text:p>{text}</text:p></office:document-content>",
            "meta.xml": f'<office:document-meta {names} xmlns:dc="dc"><dc:title>{meta}</dc:title></office:document-meta>',
        }
    )


# -- OLE -------------------------------------------------------------------------------------------------------------------

_SECTOR, _CUT = 512, 4096
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def ole(streams: dict[str, bytes]) -> bytes:
    """A compound file (MS-CFB, version 3); a path with "/" lies in a storage. Streams are padded with zeros to 4,096 bytes."""
    folders = sorted({p.rpartition("/")[0] for p in streams} - {""})
    entries = [("Root Entry", 5, b"")] + [(f, 1, b"") for f in folders] + [(n, 2, s.ljust(_CUT, b"\0")) for n, s in streams.items()]
    children: dict[str, list[int]] = {}
    for number, (name, kind, _) in enumerate(entries):
        if kind != 5:
            children.setdefault(name.rpartition("/")[0], []).append(number)
    data, fat, directory = b"", [], b""
    for number, (name, kind, content) in enumerate(entries):
        start = _END
        if content:
            start = len(fat)
            count = -(-len(content) // _SECTOR)
            fat += [*range(start + 1, start + count), _END]
            data += content.ljust(count * _SECTOR, b"\0")
        own = children.get("" if kind == 5 else name, []) if kind != 2 else []
        siblings = [] if kind == 5 else children[name.rpartition("/")[0]]
        later = [n for n in siblings if n > number]
        label = name.rpartition("/")[2].encode("utf-16-le") + b"\0\0"
        directory += struct.pack(
            "<64sHBBIII16sIQQIQ", label, len(label), kind, 1, _FREE, later[0] if later else _FREE, own[0] if own else _FREE,
            b"", 0, 0, 0, start, len(content),
        )  # fmt: skip
    directory = directory.ljust(-(-len(directory) // _SECTOR) * _SECTOR, b"\0")
    first = len(fat)
    count = len(directory) // _SECTOR
    fat += [*range(first + 1, first + count), _END]
    table = [_FAT] * (-(-(len(fat) + 1) // 127))
    places = range(len(fat), len(fat) + len(table))
    fat += table
    packed = struct.pack(f"<{len(fat)}I", *fat).ljust(len(table) * _SECTOR, b"\xff")
    head = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, len(table), first,
        0, _CUT, _END, 0, _END, 0,
    )  # fmt: skip
    heads = head + struct.pack(f"<{len(table)}I", *places)
    return heads.ljust(_SECTOR, b"\xff") + data + directory + packed


def doc(narrow: str, wide: str = "", flags: int = 0x0200) -> bytes:
    """Word 97: two pieces, one of a byte a character, one of two."""
    one, two = narrow.encode("cp1252"), wide.encode("utf-16-le")
    at = 1024
    main = bytearray(at)
    struct.pack_into("<H", main, 0, 0xA5EC)
    struct.pack_into("<H", main, 10, flags)
    place = at + len(one)
    pieces = struct.pack("<III", 0, len(narrow), len(narrow) + len(wide))
    pieces += struct.pack("<HIH", 0, at * 2 | 0x40000000, 0) + struct.pack("<HIH", 0, place, 0)
    clx = b"\x02" + struct.pack("<I", len(pieces)) + pieces
    struct.pack_into("<II", main, 0x01A2, 0, len(clx))
    return ole({"WordDocument": bytes(main) + one + two, "1Table": clx})


def ppt(text: str) -> bytes:
    atom = struct.pack("<HHI", 0, 0x0FA0, 2 * len(text)) + text.encode("utf-16-le")
    return ole({"PowerPoint Document": struct.pack("<HHI", 0x0F, 0x03E8, len(atom)) + atom})


def xls(text: str, *, password: bool = False) -> bytes:
    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    begin = record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0)) + (record(0x002F, bytes(54)) if password else b"")
    name = b"Sheet1"
    size = len(begin) + 4 + 8 + len(name) + 4
    begin += record(0x0085, struct.pack("<IBBBB", size, 0, 0, len(name), 0) + name) + record(0x000A, b"")
    label = struct.pack("<HHHHB", 0, 0, 0, len(text), 0) + text.encode("latin-1")
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 0)) + record(0x0204, label) + record(0x000A, b"")
    return ole({"Workbook": begin + sheet})


def msg(subject: str, body: str, file: bytes = b"") -> bytes:
    streams = {
        "__properties_version1.0": b"",
        "__substg1.0_0037001F": subject.encode("utf-16-le"),
        "__substg1.0_1000001F": body.encode("utf-16-le"),
    }
    if file:
        streams["__attach_version1.0_#00000000/__substg1.0_37010102"] = file
    return ole(streams)


# -- PDF and pictures ------------------------------------------------------------------------------------------------------


def pdf(text: str, *, field: str = "", note: str = "", size: int = 12) -> bytes:
    """One page with Helvetica; a form field with a value; a note."""
    shown = f"BT /F1 {size} Tf 40 100 Td ({text}) Tj ET".encode()
    return pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R] >> >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R"
            b" /Annots [6 0 R 7 0 R] >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown),
            b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (%s) /Rect [0 0 9 9] >>" % field.encode(),
            b"<< /Type /Annot /Subtype /Text /Contents (%s) /Rect [0 0 9 9] >>" % note.encode(),
        ]
    )


def pdf_of(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    end = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


def pdf_with_file(name: str, content: bytes) -> bytes:
    document = pypdfium2.PdfDocument(pdf("a page"))
    document.new_attachment(name).set_data(content)
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def picture(text: str) -> tuple[int, int, bytes]:
    """Width, height and gray pixels of a page that shows a text."""
    with pypdfium2.PdfDocument(pdf(f"the word {text} here", size=24)) as document:
        drawn = document[0].render(scale=3, grayscale=True)
        rows = bytes(drawn.buffer)
        return (
            drawn.width,
            drawn.height,
            b"".join(rows[y * drawn.stride : y * drawn.stride + drawn.width] for y in range(drawn.height)),
        )


def png(text: str) -> bytes:
    width, height, pixels = picture(text)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + pixels[y * width : (y + 1) * width] for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def scan(text: str, *, line: str = "") -> bytes:
    """A PDF whose page is a picture. line: words above it, as a fax or a scanner's program writes them."""
    width, height, pixels = picture(text)
    packed = zlib.compress(pixels)
    image = b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8" % (width, height)
    shown = b"q 400 0 0 200 0 0 cm /I Do Q BT /F1 6 Tf 10 190 Td (%s) Tj ET" % line.encode()
    return pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Contents 5 0 R"
            b" /Resources << /XObject << /I 4 0 R >> /Font << /F1 6 0 R >> >> >>",
            image + b" /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(packed), packed),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        ]
    )


def package(name: str, content: bytes) -> bytes:
    """The stream of a file that Windows packed into an object (MS-OLEDS 2.3.6)."""
    label, path = name.encode() + b"\0", b"C:\\" + name.encode() + b"\0"
    body = b"\2\0" + label + path + struct.pack("<HHI", 0, 3, len(path)) + path + struct.pack("<I", len(content)) + content
    return struct.pack("<I", len(body)) + body


# -- archives --------------------------------------------------------------------------------------------------------------


def tarred(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return held.getvalue()


def seven(members: dict[str, bytes], password: str | None = None) -> bytes:
    held = io.BytesIO()
    with py7zr.SevenZipFile(held, "w", password=password) as archive:
        for name, content in members.items():
            archive.writestr(content, name)
    return held.getvalue()


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstandard.compress}


# -- forty places for a word -----------------------------------------------------------------------------------------------


def planted() -> dict[str, bytes]:
    """Name of the place -> a file with the word word(place) there, and nowhere else."""
    w = word
    letter = f"From: a@b.example\nSubject: {w('letter')}\n\nwords\n".encode()
    rtf = b"{\\rtf1\\ansi\\ansicpg1252 {\\fonttbl{\\f0 Arial;}}\\f0 "
    return {
        "pdf": pdf(w("pdf")),
        "pdf-field": pdf("page", field=w("pdf-field")),
        "pdf-note": pdf("page", note=w("pdf-note")),
        "pdf-file": pdf_with_file("inner.txt", w("pdf-file").encode()),
        "pdf-in-zip": zipped({"a.pdf": pdf(w("pdf-in-zip"))}),
        "docx": docx(paragraph(w("docx"))),
        "docx-runs": docx(paragraph(w("docx-runs")[:3], w("docx-runs")[3:])),
        "docx-header": docx("", word__header1_dot_xml=word_part("hdr", w("docx-header"))),
        "docx-footnote": docx("", word__footnotes_dot_xml=word_part("footnotes", w("docx-footnote"))),
        "docx-comment": docx("", word__comments_dot_xml=word_part("comments", w("docx-comment"))),
        "docx-deleted": docx(f"<w:p><w:del><w:r><w:delText>{w('docx-deleted')}</w:delText></w:r></w:del></w:p>"),
        "docx-title": docx("", docProps__core_dot_xml=f"<c><title>{w('docx-title')}</title></c>"),
        "docx-embedded": docx("", word__embeddings__a_dot_xlsx=xlsx(w("docx-embedded"))),
        "pptx": pptx(w("pptx")),
        "pptx-notes": pptx("slide", w("pptx-notes")),
        "xlsx": xlsx(w("xlsx")),
        "xlsx-inline": xlsx("x", f'<c r="B1" t="inlineStr"><is><t>{w("xlsx-inline")}</t></is></c>'),
        "odt": opendocument("text", w("odt")),
        "ods": opendocument("spreadsheet", w("ods")),
        "odp": opendocument("presentation", w("odp")),
        "odt-title": opendocument("text", "x", w("odt-title")),
        "doc": doc(w("doc")),
        "doc-wide": doc("x ", w("doc-wide")),
        "ppt": ppt(w("ppt")),
        "xls": xls(w("xls")),
        "msg": msg("s", w("msg")),
        "msg-file": msg("s", "b", docx(paragraph(w("msg-file")))),
        "package": ole({"\x01Ole10Native": package("a.docx", docx(paragraph(w("package"))))}),
        "rtf": rtf + w("rtf").encode() + b"}",
        "rtf-escaped": rtf + b"".join(b"\\'%02x" % c for c in w("rtf-escaped").encode()) + b"}",
        "html": b"<html><body><p>" + w("html").encode() + b"</p></body></html>",
        "csv": b"a,b\n1," + w("csv").encode() + b"\n",
        "utf-16": "\ufeff".encode("utf-16-le") + w("utf-16").encode("utf-16-le"),
        "letter": letter,
        "letter-in-zip": zipped({"kept.eml": letter.replace(w("letter").encode(), w("letter-in-zip").encode())}),
        "zip": zipped({"deep/a.txt": w("zip")}),
        "zip-name": zipped({f"{w('zip-name')}.txt": "x"}),
        "zip-zip-zip": zipped({"1.zip": zipped({"2.zip": zipped({"a.txt": w("zip-zip-zip")})})}),
        "tar": tarred({"a.txt": w("tar").encode()}),
        **{f"tar-{name}": pack(tarred({"a.txt": w(f"tar-{name}").encode()})) for name, pack in PACKERS.items()},
        "gz": gzip.compress(w("gz").encode()),
        "7z": seven({"a.txt": w("7z").encode()}),
        "7z-in-zip": zipped({"a.7z": seven({"a.docx": docx(paragraph(w("7z-in-zip")))})}),
        "docx-in-tar-in-zip": zipped({"a.tar": tarred({"a.docx": docx(paragraph(w("docx-in-tar-in-zip")))})}),
    }


def scanned() -> dict[str, bytes]:
    """The same for words that only OCR can read."""
    return {
        "png": png(word("png")),
        "scan": scan(word("scan")),
        "scan-in-zip": zipped({"a.pdf": scan(word("scan-in-zip"))}),
        "docx-picture": docx("", word__media__image1_dot_png=png(word("docx-picture"))),
    }


_SYLLABLES = ("ba", "do", "fi", "ku", "le", "mo", "na", "pe", "ri", "su", "ta", "vo", "we", "ya", "zo", "hu")


def word(place: str) -> str:
    """A word that stands for a place; the same every time, and easy to read for OCR."""
    number = zlib.crc32(place.encode())
    return "".join(_SYLLABLES[number >> shift & 15] for shift in range(0, 20, 4))
