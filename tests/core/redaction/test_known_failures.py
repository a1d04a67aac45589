"""How redactions of others have leaked (R22), each tried on a file of its own: nothing of it is in what is released."""

from __future__ import annotations

import re
from io import BytesIO

import pikepdf
import pypdfium2
import pytest

from civicmail.core.redaction.errors import NotConverted
from civicmail.core.redaction.picture_path import picture_pdf
from civicmail.core.redaction.read import document_of
from civicmail.core.redaction.shapes import Document, Redaction, ReleasedFile
from civicmail.core.redaction.sheet_path import sheet_csv, sheet_pdf
from civicmail.core.redaction.text_path import text_pdf
from core.redaction import sources
from core.redaction.reading import by_pdfium, by_pdfminer, letters
from core.redaction.sources import SECRET
from core.sandbox import samples

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NUMBER = "MKE-2026-00041-000001"


def _drawn(content: bytes, read: Document, *redactions: Redaction) -> ReleasedFile:
    return picture_pdf(content, read, redactions, title="File", lang="en", number=NUMBER)


def _set(read: Document, *redactions: Redaction) -> ReleasedFile:
    return text_pdf(read, redactions, title="File", lang="en", number=NUMBER)


def _words(read: Document) -> str:
    return " ".join(word.text for word in read.words)


def _is_gone(released: ReleasedFile, secret: str = SECRET) -> bool:
    content = sources.all_bytes(released)
    texts = (by_pdfium(released.content), by_pdfminer(released.content), "".join(released.words))
    return secret.encode() not in content and not any(letters(secret) in letters(text) for text in texts)


@pytest.mark.rule("promise 9", "Text under a black box of somebody else is not released, and the reviewer is told of it.")
def test_r22_a_black_box_over_text_that_somebody_drew() -> None:
    """Manafort, 2019: the text under the box can be copied."""
    content = sources.drawn(sources.said(f"Mr. {SECRET} called") + "0 g 90 690 130 25 re f\n" + sources.said("shown", at=(72, 600)))
    read = document_of(content)
    assert SECRET not in _words(read)
    assert "shown" in _words(read)
    assert any("that the pages do not show" in sentence for sentence in read.hidden)
    assert _is_gone(_drawn(content, read))


@pytest.mark.parametrize("hidden", ["1 g\n", "3 Tr\n"])
def test_r22_text_that_is_white_or_invisible(hidden: str) -> None:
    body = sources.said(SECRET, mode=3) if "Tr" in hidden else hidden + sources.said(SECRET)
    content = sources.drawn("q " + body + "Q " + sources.said("shown", at=(72, 600)))
    read = document_of(content)
    assert _words(read) == "shown"
    assert _is_gone(_drawn(content, read))


def test_r22_our_own_boxes_have_nothing_below_them() -> None:
    content = sources.pages(f"Dear {SECRET} of Wisconsin")
    read = document_of(content)
    released = _drawn(content, read, *sources.redacted(read, SECRET))
    assert _is_gone(released)
    assert not _is_gone(_drawn(content, read))  # the readers of this test find it where it is


@pytest.mark.rule("promise 9", "A name is gone from released text also where fonts name its letters by numbers.")
def test_r22_glyph_ids_of_a_subset_font() -> None:
    """The secret is in no decoded stream, and yet each reader extracts it: a search of bytes proves nothing."""
    read = document_of(b"Mr. Abendroth called")
    whole = _set(read)
    assert SECRET.encode() not in sources.all_bytes(whole)
    assert SECRET in by_pdfium(whole.content)
    assert _is_gone(_set(read, *sources.redacted(read, SECRET)))


@pytest.mark.rule("promise 9", "Boxes are burned as one color, and never blurred.")
def test_r22_pixels_under_a_box_are_of_one_color() -> None:
    content = sources.photograph(f"Dear {SECRET}")
    read = document_of(content)
    released = _drawn(content, read, Redaction(1, "c", page=0, box=(20, 40, 400, 100)))
    with pypdfium2.PdfDocument(released.content) as file:
        pixels = file[0].render(scale=200 / 72).to_numpy()
    (_, (x0, y0, x1, y1)), *_ = released.boxes
    inside = pixels[round(y0 * 200 / 72) + 1 : round(y1 * 200 / 72) - 1, round(x0 * 200 / 72) + 1 : round(x1 * 200 / 72) - 1]
    assert inside.size
    assert inside.min() == inside.max()


@pytest.mark.rule("promise 9", "Hidden sheets, rows, columns, comments and caches of a workbook are never released.")
def test_r22_hidden_sheets_pivot_caches_and_comments() -> None:
    """Police Service of Northern Ireland, 2023: 9,483 people in a hidden sheet."""
    content = _workbook()
    read = document_of(content)
    assert _words(read) == "Staff Name Ann shown"
    assert read.hidden[:2] == ("2 hidden rows or columns", "1 hidden sheet")
    assert {"1 part with comments", "1 pivot cache", "properties of the file"} <= set(read.hidden)
    (table,) = sheet_csv(read, (), number=NUMBER)
    as_list = sheet_pdf(read, (), title="T", lang="en", number=NUMBER)
    for secret in (SECRET, "Cached", "Remark", "Budget", "Author"):
        assert secret not in table.content.decode()
        assert _is_gone(as_list, secret)


@pytest.mark.rule("promise 9", "Tracked changes, comments, hidden text and properties of a document are never released.")
def test_r22_tracked_changes_comments_and_hidden_text() -> None:
    body = (
        "<w:p><w:r><w:t>The fee is </w:t></w:r>"
        f"<w:del><w:r><w:delText>{SECRET}</w:delText></w:r></w:del><w:ins><w:r><w:t>ten</w:t></w:r></w:ins>"
        f"<w:r><w:rPr><w:vanish/></w:rPr><w:t>Unseen{SECRET}</w:t></w:r>"
        "<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t> dollars</w:t></w:r></w:p>"
    )
    content = samples.docx(
        body,
        word__comments_dot_xml=samples.word_part("comments", f"Remark{SECRET}"),
        docProps__core_dot_xml=f"<p><creator>Author{SECRET}</creator></p>",
        word__footnotes_dot_xml=samples.word_part("footnotes", "See page 2"),
    )
    read = document_of(content, "fee.docx")
    assert _words(read) == "The fee is ten dollars See page 2"
    assert {"1 hidden text", "2 tracked changes", "1 part with comments", "properties of the file"} <= set(read.hidden)
    assert _is_gone(_set(read))


def test_r22_notes_of_slides_and_hidden_slides() -> None:
    read = document_of(samples.pptx("Plan", f"Notes {SECRET}"), "plan.pptx")
    assert _words(read) == "Plan"
    assert "1 page of notes" in read.hidden


def test_r22_tracked_changes_of_open_documents() -> None:
    namespaces = 'xmlns:office="o" xmlns:text="t"'
    content = samples.zipped({
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": f"<office:document {namespaces}><text:tracked-changes><text:p>{SECRET}</text:p></text:tracked-changes>"
        f"<text:p>Shown<office:annotation><text:p>{SECRET}</text:p></office:annotation> text</text:p></office:document>",
    })  # fmt: skip
    read = document_of(content, "a.odt")
    assert _words(read) == "Shown text"
    assert {"1 tracked change", "1 comment"} <= set(read.hidden)


@pytest.mark.rule("promise 9", "The place and the camera of a photograph are never released.")
def test_r22_exif_of_a_photograph() -> None:
    content = sources.photograph("Shown", comment=SECRET)
    read = document_of(content)
    assert "a location" in read.hidden
    released = _drawn(content, read)
    assert _is_gone(released)
    assert b"Exif" not in released.content


@pytest.mark.rule("promise 9", "Attached files, notes and properties of a PDF are never released.")
def test_r22_attachments_notes_and_properties_in_a_pdf() -> None:
    content = sources.changed(sources.pages("Shown text"), attached=SECRET, note=f"Remark {SECRET}", author=SECRET)
    read = document_of(content)
    assert {"1 note", "1 attached file", "properties of the file"} <= set(read.hidden)
    assert SECRET not in _words(read)
    released = _drawn(content, read)
    assert _is_gone(released)
    with pikepdf.open(BytesIO(released.content)) as file:
        assert not file.attachments
        assert "/Annots" not in file.pages[0]


def test_r22_form_fields_are_words_like_others() -> None:
    """What a form shows is reviewed and redacted, not left out."""
    content = samples.pdf("Name:", field=SECRET)
    read = document_of(content)
    released = _drawn(content, read, *sources.redacted(read, SECRET))
    assert _is_gone(released)


@pytest.mark.rule("promise 9", "Earlier revisions of a PDF are never released.")
def test_r22_old_revisions_of_a_pdf() -> None:
    """A program that saves by appending leaves what was there."""
    content = sources.drawn(sources.said(SECRET))
    body = sources.said("Shown text").encode()
    at = len(content)
    content += b"4 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (len(body), body)
    start = re.findall(rb"startxref\s+(\d+)", content)[-1]
    table, trailer = len(content), b"trailer\n<< /Root 1 0 R /Size 6 /Prev %s >>\n" % start
    content += b"xref\n4 1\n%010d 00000 n \n%sstartxref\n%d\n%%%%EOF\n" % (at, trailer, table)
    read = document_of(content)
    assert _words(read) == "Shown text"
    assert "earlier revisions of the file" in read.hidden
    assert _is_gone(_drawn(content, read))


@pytest.mark.rule("promise 9", "What a layer shows that is off is never released.")
def test_r22_layers_that_are_off() -> None:
    more = "/OCProperties << /OCGs [6 0 R] /D << /OFF [6 0 R] >> >>"
    content = sources.drawn("/OC /L BDC " + sources.said(SECRET) + "EMC " + sources.said("shown", at=(72, 600)), more=more).replace(
        b"/Resources << /Font", b"/Resources << /Properties << /L 6 0 R >> /Font"
    )
    with pikepdf.open(BytesIO(content)) as file:  # repairs its table
        layer = file.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="L"))
        file.Root.OCProperties = pikepdf.Dictionary(OCGs=[layer], D=pikepdf.Dictionary(OFF=[layer]))
        file.pages[0].Resources.Properties = pikepdf.Dictionary(L=layer)
        out = BytesIO()
        file.save(out)
    read = document_of(out.getvalue())
    assert _words(read) == "shown"
    assert _is_gone(_drawn(out.getvalue(), read))


def test_r22_a_pdf_that_says_another_thing_than_it_shows() -> None:
    """Its character map calls an A a B, so readers differ. Pixels and words are both taken as reviewed; the font stays behind."""
    content = sources.drawn(sources.said("ABBA"))
    with pikepdf.open(BytesIO(content)) as file:
        cmap = (
            b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def 1 begincodespacerange <00> <FF> "
            b"endcodespacerange 2 beginbfchar <41> <0058> <42> <0059> endbfchar endcmap end end"
        )
        file.pages[0].Resources.Font.F1.ToUnicode = file.make_stream(cmap)
        out = BytesIO()
        file.save(out)
    read = document_of(out.getvalue())
    released = _drawn(out.getvalue(), read)
    assert by_pdfium(released.content).split()[0] == by_pdfminer(released.content).split()[0] == read.words[0].text


@pytest.mark.rule("promise 9", "What cannot be read is not released: there is no way around a failed reader.")
@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"\x7fELF\x02\x01\x01" + bytes(60), "tool.bin", "type that is not read"),
        (samples.zipped({"a.txt": "inside"}), "files.zip", "type that is not read"),
        (b"%PDF-1.7\nbroken", "a.pdf", "damaged"),
        (samples.docx("<w:p><w:r>"), "a.docx", "damaged"),
        (samples.docx("", word__document_dot_xml='<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'), "a.docx", "entities"),
        (samples.xls("x", password=True), "a.xls", "encrypted"),
    ],
)  # fmt: skip
def test_r22_what_is_not_read_is_not_released(content: bytes, name: str, why: str) -> None:
    with pytest.raises(NotConverted, match=why) as caught:
        document_of(content, name)
    assert "withhold it whole" in str(caught.value)


def test_r22_a_document_that_crashes_its_reader_is_refused_and_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("civicmail.core.redaction.read.SECONDS", 0.2)
    bomb = samples.docx("<w:p>" * 300_000 + "</w:p>" * 300_000)
    with pytest.raises(NotConverted, match="withhold it whole"):
        document_of(bomb, "bomb.docx")
    monkeypatch.undo()
    assert _words(document_of(b"fine", "a.txt")) == "fine"


def _workbook() -> bytes:
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relations = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'

    def text(reference: str, value: str) -> str:
        return f'<c r="{reference}" t="inlineStr"><is><t>{value}</t></is></c>'

    def related(kind: str, *targets: str) -> str:
        kind = f"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"
        parts = [f'<Relationship Id="r{n}" Type="{kind}" Target="{target}"/>' for n, target in enumerate(targets, 1)]
        names = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
        return f"<Relationships {names}>{''.join(parts)}</Relationships>"

    return samples.zipped({
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook {space} {relations}><sheets><sheet name="Staff" sheetId="1" r:id="r1"/>'
        '<sheet name="Hidden" sheetId="2" state="hidden" r:id="r2"/></sheets></workbook>',
        "_rels/.rels": related("officeDocument", "xl/workbook.xml"),
        "xl/_rels/workbook.xml.rels": related("worksheet", "worksheets/sheet1.xml", "worksheets/sheet2.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet {space}><cols><col min="2" max="2" hidden="1"/></cols><sheetData>'
        f'<row r="1">{text("A1", "Name")}{text("B1", "Budget")}</row><row r="2">{text("A2", "Ann")}{text("C2", "shown")}</row>'
        f'<row r="3" hidden="1">{text("A3", SECRET)}</row></sheetData></worksheet>',
        "xl/worksheets/sheet2.xml": f'<worksheet {space}><sheetData><row r="1">{text("A1", SECRET)}</row></sheetData></worksheet>',
        "xl/comments1.xml": f"<comments {space}><t>Remark</t></comments>",
        "xl/pivotCache/pivotCacheDefinition1.xml": f"<pivotCacheDefinition {space}><s v='Cached'/></pivotCacheDefinition>",
        "docProps/core.xml": "<p><creator>Author</creator></p>",
    })  # fmt: skip
