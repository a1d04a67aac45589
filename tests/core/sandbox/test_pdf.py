"""Words of PDF pages, taken from pdfium in one go (P-24)."""

from __future__ import annotations

import pypdfium2
import pytest

from civicmail.core.sandbox import pdf
from core.sandbox import samples

UNICODE = (
    b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange\n"
    b"2 beginbfchar <41> <D83DDE00> <42> <006600660069> endbfchar endcmap end"
)


def lettered(shown: bytes) -> bytes:
    """A page whose letter A is U+1F600, and whose letter B is three letters."""
    content = b"BT /F1 9 Tf 11 TL 40 180 Td " + shown + b" ET"
    return samples.pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(UNICODE), UNICODE),
        ]
    )


@pytest.mark.parametrize("shown", [b"(Caac) Tj", b"(ABBA) Tj", b"(x) Tj T* " * 12, b"() Tj"])
@pytest.mark.parametrize("few", [False, True])
def test_all_letters_of_a_page_are_taken_whatever_room_they_need(shown: bytes, few: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with pypdfium2.PdfDocument(lettered(shown)) as document:
        page = document[0]
        words = page.get_textpage()
        expected = words.get_text_range()
        if few:
            monkeypatch.setattr(type(words), "count_chars", lambda _: 0)
        assert pdf._text(words, page.get_bbox()) == expected
        assert b"A" not in shown or expected.count("\U0001f600") == 2
        assert b"B" not in shown or expected.count("ffi") == 2
        words.close()
        page.close()
