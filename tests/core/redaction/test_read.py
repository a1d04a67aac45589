"""Reading files as documents: every kind, words and the white space behind them."""

from __future__ import annotations

from io import BytesIO

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from civicmail.core.redaction.errors import NotConverted
from civicmail.core.redaction.forbidden import forbidden_strings
from civicmail.core.redaction.read import document_of, page_picture
from civicmail.core.redaction.shapes import Document, Redaction
from civicmail.core.redaction.words import counted, tokens
from civicmail.core.sandbox.ocr import find_tesseract
from core.redaction import sources
from core.sandbox import samples


def _text(read: Document) -> str:
    return "".join(word.text + gap for word, gap in zip(read.words, read.gaps, strict=True)).strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from Lee, Ann.", [("from", " "), ("Lee", ""), (",", " "), ("Ann", ""), (".", "")]),
        ("<ann@x.example>\n\nBye", [("<", ""), ("ann@x.example", ""), (">", "\n\n"), ("Bye", "")]),
        ("a\tb \n c", [("a", "\t"), ("b", "\n"), ("c", "")]),
        ("--- ... (§19.36(10)(a))", [("---", " "), ("...", " "), ("(", ""), ("§19.36(10)(a", ""), ("))", "")]),
        ("Aben\u00addroth \ufeffe\u0301", [("Abendroth", " "), ("\u00e9", "")]),
        ("", []),
    ],
)
def test_text_is_divided_into_words(text: str, expected: list[tuple[str, str]]) -> None:
    assert tokens(text) == expected


def test_numbers_of_things_are_told() -> None:
    assert (counted(1, "note"), counted(2, "note")) == ("1 note", "2 notes")


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b"Hello\r\n\r\nworld", "a.txt", "Hello\n\nworld"),
        ("Grüße".encode("latin-1"), "a.txt", "Grüße"),
        (b"<html><body><p>Hello</p><p>world</p></body></html>", "a.html", "Hello\nworld"),
        (b"{\\rtf1 Hello\\par world}", "a.rtf", "Hello\nworld"),
        (samples.docx(samples.paragraph("Hello") + samples.paragraph("world")), "a.docx", "Hello\nworld"),
        (samples.pptx("Hello"), "a.pptx", "Hello"),
        (samples.opendocument("text", "Hello"), "a.odt", "Hello"),
        (samples.doc("Hello"), "a.doc", "Hello"),
        (samples.ppt("Hello"), "a.ppt", "Hello"),
        (samples.msg("Hello", "world"), "a.msg", "Subject: Hello\n\nworld"),
        (b"", "a.txt", ""),
    ],
)  # fmt: skip
def test_texts_of_every_kind_are_read(content: bytes, name: str, expected: str) -> None:
    read = document_of(content, name)
    assert (read.kind, _text(read)) == ("text", expected)


@pytest.mark.parametrize(
    ("content", "name"),
    [(samples.xlsx("Hello"), "a.xlsx"), (samples.xls("Hello"), "a.xls"), (b"Hello,1\n", "a.csv"), (b"Hello\t1\n", "a.tsv")],
)
def test_tables_of_every_kind_are_read(content: bytes, name: str) -> None:
    read = document_of(content, name)
    assert read.kind == "sheet"
    assert "Hello" in _text(read)
    assert all(word.box is not None for word in read.words)


def test_the_media_type_counts_where_there_is_no_name() -> None:
    assert _text(document_of(b"one <b>two</b>", media_type="text/html")) == "one two"
    assert document_of(b"a;b\n", media_type="text/csv").words[1].box == (1, 0, 2, 1)
    assert _text(document_of(b"X-A: b\r\n\r\nHello", media_type="message/rfc822")) == "Hello"


def test_words_of_pages_have_boxes_where_they_are_shown() -> None:
    read = document_of(sources.drawn(sources.said("Hello world", at=(100, 700))))
    hello, world = read.words
    assert (hello.text, world.text) == ("Hello", "world")
    assert hello.box == pytest.approx((101, 83, 127, 92), abs=2)
    assert world.box[0] > hello.box[2]  # type: ignore[index]
    assert read.sizes == ((612, 792),)


def test_a_word_that_a_line_divides_has_two_places() -> None:
    """One box around both would cover what is between them."""
    with pikepdf.open(
        BytesIO(sources.drawn(sources.said("Aben\\255", at=(300, 700)) + sources.said("roth", at=(72, 680))))
    ) as file:
        file.pages[0].Resources.Font.F1.Encoding = pikepdf.Name.WinAnsiEncoding
        out = BytesIO()
        file.save(out)
    read = document_of(out.getvalue())
    assert [word.text for word in read.words][-1] == "roth"
    assert all(word.box is not None and word.box[3] - word.box[1] < 15 for word in read.words)
    assert "abenroth" not in forbidden_strings(read, ())
    assert "abenroth" in forbidden_strings(read, [Redaction(1, "c", 0, len(read.words) - 1)])


def test_a_picture_is_a_page() -> None:
    read = document_of(sources.photograph("Hello"))
    assert (read.kind, read.words, read.sizes) == ("pages", (), ((576.0, 192.0),))
    assert "page 1 is a picture whose words were not read (there is no OCR): redact it by boxes" in read.hidden


@pytest.mark.neighbour("tesseract")
def test_words_of_pictures_are_read_by_ocr() -> None:
    ocr = find_tesseract("eng")
    read = document_of(sources.photograph("Hello Abendroth"), ocr=ocr)
    assert [word.text for word in read.words] == ["Hello", "Abendroth"]
    assert read.words[0].box == pytest.approx((29, 63, 84, 80), abs=6)
    scanned = Image.open(BytesIO(sources.photograph("Hello Abendroth")))
    out = BytesIO()
    scanned.save(out, "PDF", resolution=150)
    assert [word.text for word in document_of(out.getvalue(), ocr=ocr).words] == ["Hello", "Abendroth"]


def test_each_frame_of_a_fax_is_a_page() -> None:
    frames = [Image.new("1", (850, 1100), 1) for _ in range(3)]
    out = BytesIO()
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:], dpi=(100, 100))
    assert document_of(out.getvalue()).sizes == ((612, 792),) * 3


def test_a_page_is_shown_to_reviewers() -> None:
    content = sources.pages("Hello")
    with Image.open(BytesIO(page_picture(content, 0, dpi=72))) as picture:
        assert picture.size == (612, 792)
        assert picture.getextrema()[0] == 0
    with pytest.raises(NotConverted):
        page_picture(content, 1)


def test_an_empty_page_needs_no_ocr() -> None:
    assert document_of(sources.drawn("")) == Document("pages", (), (), ((612, 792),))


def test_a_huge_page_is_refused() -> None:
    pdf = pypdfium2.PdfDocument.new()
    pdf.new_page(14_400, 14_400)
    out = BytesIO()
    pdf.save(out)
    with pytest.raises(NotConverted, match="expands too far"):
        document_of(out.getvalue())
