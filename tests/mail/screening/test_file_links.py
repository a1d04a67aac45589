"""Links in files are looked at like those of the text: PDF, Office old and new, OpenDocument, RTF, shortcuts, archives (P-25)."""

from __future__ import annotations

import struct
import time
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import message_parser
from civicmail.mail.screening import files, indicators, link_targets, links
from civicmail.mail.screening.allowance import Allowance
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import CheckResult, ContentCase
from core.sandbox import samples
from mail.screening import filesamples as made
from mail.screening import qrpictures
from mail.screening.filecases import mail, zipped
from mail.screening.joints import CITY, PROTECTED

BAD = "http://203.0.114.7/login?a=1&b=2"
XML = BAD.replace("&", "&amp;")
ANNOTATION = b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (%s) >> >>"
WIDE = BAD.encode("utf-16-le")
TYPES, OPEN = "[Content_Types].xml", "application/vnd.oasis.opendocument.text"
FLAT = """<?xml version='1.0'?><?mso-application progid='Word.Document'?><w:instrText>HYPERLINK "{}"</w:instrText>"""


def relation(target: str = XML) -> str:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
    return f'<Relationships><Relationship Id="rId9" Type="{kind}" Target="{target}" TargetMode="External"/></Relationships>'


def linked(words: str, target: str = XML) -> bytes:
    runs = f"<w:r><w:t>{words[:4]}</w:t></w:r><w:r><w:t>{words[4:]}</w:t></w:r>"
    body = f'<w:p><w:hyperlink r:id="rId9" w:history="1">{runs}</w:hyperlink></w:p>'
    return samples.docx(body, word___rels__document_dot_xml_dot_rels=relation(target))


def stream(uri: bytes) -> bytes:
    return made.object_stream(b"9 0 " + ANNOTATION % uri)


FILES = {
    "plain.pdf": made.pdf(b"", ANNOTATION % BAD.encode()),
    "hex.pdf": made.pdf(b"", (ANNOTATION % b"").replace(b"()", b"<" + BAD.encode().hex().encode() + b">")),
    "escaped.pdf": made.pdf(b"", ANNOTATION % BAD.encode().replace(b"l", rb"\154").replace(b"?", b"\\\n?")),
    "spelled.pdf": made.pdf(b"", (ANNOTATION % BAD.encode()).replace(b"/URI /URI", b"/URI /U#52I")),
    "stream.pdf": made.pdf(b"", stream(BAD.encode())),
    "form.pdf": made.pdf(b"", f"<< /S /SubmitForm /F << /FS /URL /F ({BAD}) >> >>".encode()),
    "letter.docx": linked("Open"),
    "field.docx": samples.docx(
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>HYPER</w:instrText></w:r>'
        f'<w:r><w:instrText>LINK "{XML}"</w:instrText></w:r>'
    ),
    "simple.docx": samples.docx(f"<w:fldSimple w:instr='HYPERLINK &quot;{XML}&quot;'/>"),
    "table.xlsx": samples.xlsx("x", f'<c r="B1"><f>HYPERLINK("{XML}","Pay")</f></c>'),
    "related.xlsx": samples.zipped({TYPES: "<T/>", "xl/workbook.xml": "<w/>", "xl/worksheets/_rels/s.xml.rels": relation()}),
    "slides.pptx": samples.zipped({TYPES: "<T/>", "ppt/p.xml": "<w/>", "ppt/slides/_rels/slide1.xml.rels": relation()}),
    "letter.odt": samples.opendocument("text", f'<text:a xlink:type="simple" xlink:href="{XML}">Open</text:a>'),
    "letter.rtf": rb'{\rtf1{\field{\*\fldinst{HYPERLINK "' + BAD.encode() + rb'"}}{\fldrslt Open}}}',
    "cut.rtf": rb'{\rtf1{\field{\*\fldinst HYPERLINK \\l "' + BAD.encode().replace(b"7", rb"\'37") + rb'"}}}',
    "old.doc": samples.ole({"WordDocument": b"words \x13 HYPERLINK \"" + BAD.encode() + b"\" \x14Open\x15 more"}),
    "wide.doc": samples.ole({"WordDocument": f'words \x13 HYPERLINK "{BAD}" \x14Open\x15'.encode("utf-16-le")}),
    "old.xls": samples.ole({"Workbook": struct.pack("<HH", 0x1B8, 90) + bytes(8) + WIDE + bytes(9)}),
    "site.url": f"[InternetShortcut]\r\nURL={BAD}\r\n".encode(),
    "plan.zip": zipped("letter.docx", linked("Open")),
    "page.zip": zipped("page.html", f"<html><a href='{BAD}'>Open</a></html>".encode()),
    "flat.xml": FLAT.format(XML).encode(),
}  # fmt: skip


def checked(raw: bytes) -> tuple[CheckResult, ContentCase]:
    case = ContentCase(raw, message_parser.parse(raw), ReadMessage(domains=(CITY,), protected=(PROTECTED,), inbound=True))
    files.find(case)
    return links.find(case), case


@pytest.mark.rule(
    "P-25, P-31",
    "Links in PDF, Office documents, OpenDocument, RTF, shortcuts and archives are checked like those of the text, also "
    "by rules that name one.",
)
@pytest.mark.parametrize("name", FILES)
def test_a_link_in_a_file_is_looked_at(name: str) -> None:
    found, case = checked(mail((name, FILES[name])))
    assert found.facts.get("links.address") is True, case.memo
    assert found.facts["links.hosts"] == ("203.0.114.7",)
    assert [(f.code, f.part) for f in found.findings] == [("address", "1.2")]
    assert {link.url for link in case.memo[files.LINKS]} == {BAD}
    assert indicators.target_digest(BAD) in link_targets.find(case).more["places"]


def test_the_words_of_a_link_in_a_file_deceive_like_others() -> None:
    """P-25, P-31."""
    for content in (linked(f"https://{CITY}/pay", "http://evil.example/"), FILES["old.doc"].replace(b"Open\x15 more", b"x")):
        found, _ = checked(mail(("a.docx", content)))
        assert found.facts.get("links.deceptive", False) is (content[:2] == b"PK")
    named = samples.opendocument("text", f'<text:a xlink:href="http://evil.example/">{CITY}</text:a>')
    assert checked(mail(("a.odt", named)))[0].facts["links.deceptive"] is True


def test_what_nobody_follows_is_no_link() -> None:
    """Names of schemas, and addresses that only stand in the text."""
    for name, content in (
        ("a.docx", samples.docx(samples.paragraph(f"see {BAD}"))),
        ("a.docx", linked("Open", "mailto:a@b.example")),
        ("a.pdf", made.pdf(b"", b"<< /Note (%s) >>" % BAD.encode())),
        ("a.odt", samples.opendocument("text", "words")),
    ):
        assert checked(mail((name, content)))[1].memo[files.LINKS] == []


GRID = qrpictures.grid(BAD)
CODE = qrpictures.png(GRID)


@pytest.mark.rule("P-25", "A code in a picture of a document, or in one that HTML carries, is read.")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docx", samples.docx("", word__media__image1_dot_png=CODE)),
        ("a.xlsx", samples.zipped({TYPES: "<T/>", "xl/workbook.xml": "<w/>", "xl/media/image1.jpeg": qrpictures.jpeg(GRID)})),
        ("a.odt", samples.zipped({"mimetype": OPEN, "content.xml": "<c/>", "Pictures/1.png": CODE})),
        ("a.zip", zipped("code.png", CODE)),
    ],
)  # fmt: skip
def test_a_code_in_a_document_is_read(name: str, content: bytes) -> None:
    found, _ = checked(mail((name, content)))
    assert {"qr", "address"} == {f.code for f in found.findings} and found.facts["links.qr"] is True


def test_a_code_that_the_text_carries_is_read() -> None:
    """A picture as a data: address, and one of any type of picture."""
    html = f"<img src='data:image/png;base64,{b64encode(CODE).decode()}'>"
    raw = b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n" + html.encode()
    assert checked(raw)[0].facts["links.qr"] is True
    assert checked(mail(("a.gif", CODE), declared="image/gif"))[0].facts["links.qr"] is True


@given(st.binary(max_size=200), st.sampled_from(sorted(FILES)), st.integers(0, 2_000))
def test_files_with_any_bytes_in_them_are_read(noise: bytes, name: str, at: int) -> None:
    content = FILES[name]
    files.scan_files(message_parser.parse(mail((name, content[:at] + noise + content[at:]))), Allowance(), {})


def test_many_links_end_in_time() -> None:
    for content in (
        made.pdf(b"", *[ANNOTATION % BAD.encode()] * 5_000, b"/URI (" * 100_000, b"/URI ((((" * 50_000),
        linked("Open").replace(b"x", b"x"),
        samples.docx('<w:hyperlink r:id="a">' * 50_000),
        samples.docx("", word___rels__document_dot_xml_dot_rels=relation() * 20_000),
        rb"{\rtf1 " + b'HYPERLINK "' * 100_000,
        samples.ole({"WordDocument": b'\x13 HYPERLINK "' * 50_000}),
        samples.opendocument("text", 'xlink:href="http:' * 50_000),
    ):
        started = time.process_time()
        files.scan_files(message_parser.parse(mail(("a", content))), Allowance(), {})
        assert time.process_time() - started < 10, content[:30]
