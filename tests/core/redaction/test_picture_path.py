"""The picture path: pages that are drawn anew, with boxes in their pixels and the surviving words behind them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import pdfa
from PIL import Image

from civicmail.core.redaction.burned_boxes import MARGIN, STEP, burned_boxes
from civicmail.core.redaction.errors import NotConverted
from civicmail.core.redaction.picture_path import picture_pdf
from civicmail.core.redaction.read import document_of
from civicmail.core.redaction.shapes import Document, Redaction, ReleasedFile, Word
from core.redaction import sources
from core.redaction.reading import by_pdfium, by_pdfminer, letters

NUMBER = "MKE-2026-00041-000031"
TEXT = "Dear Ann Lee of Wisconsin\nthe quick brown fox jumps\nover the lazy dog\n\nBye"


def _drawn(content: bytes, document: Document, *redactions: Redaction) -> ReleasedFile:
    return picture_pdf(content, document, redactions, title="File 2", lang="en", number=NUMBER)


def _pixels(pdf: bytes, dpi: int = 200) -> np.ndarray:
    with pypdfium2.PdfDocument(pdf) as file:
        return file[0].render(scale=dpi / 72, grayscale=True).to_numpy().squeeze().copy()


@pytest.mark.rule("promise 9", "No redacted word is in the text layer of a released picture, and no other word is lost.")
@settings(deadline=None, max_examples=6)
@given(data=st.data())
def test_r22_no_redacted_word_survives_and_no_other_word_disappears(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 40))
    words = [f"w{n}{data.draw(st.text('abcdefgjpqyABC0123456789', max_size=7))}z" for n in range(count)]
    content = sources.pages("".join(word + data.draw(st.sampled_from((" ", "\n"))) for word in words))
    read = document_of(content)
    marked = data.draw(st.sets(st.sampled_from(words), max_size=5))
    released = _drawn(content, read, *sources.redacted(read, *marked))
    redacted = {read.words[n].text for n in sources.numbers_of(read, *marked)}
    kept = [word.text for word in read.words if word.text not in redacted]
    for text in (by_pdfium(released.content), by_pdfminer(released.content)):
        shown = letters(text)
        assert [word for word in redacted if word in shown] == []
        assert [word for word in kept if letters(word) not in shown] == []
        assert sorted(shown) == sorted(letters("".join(released.words)))


def test_boxes_are_of_one_color_and_the_rest_is_as_it_was() -> None:
    content = sources.pages(TEXT)
    read = document_of(content)
    released, whole = _drawn(content, read, *sources.redacted(read, "Ann", "Lee")), _drawn(content, read)
    (_, box), *_ = released.boxes
    burned, before = _pixels(released.content), _pixels(whole.content)
    x0, y0, x1, y1 = (round(edge * 200 / 72) for edge in box)
    assert not burned[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1].any()
    assert before[y0:y1, x0:x1].any()
    assert (burned[y1 + 2 : 2000, :1600] == before[y1 + 2 : 2000, :1600]).all()


@pytest.mark.rule("promise 9", "A box is wider and higher than what it covers, in steps, so that it tells no name.")
def test_box_width_reveals_no_name() -> None:
    boxes = []
    for name in ("Ann", "Jan", "Wim"):
        read = document_of(sources.drawn(sources.said(name)))
        boxes.append(burned_boxes(read, sources.redacted(read, name))[0].box)
    assert {round(x1 - x0) for x0, _, x1, _ in boxes} == {2 * STEP}


def test_a_box_leaves_its_neighbors_alone_and_covers_its_words() -> None:
    words = (
        Word("a", 0, (10, 10, 20, 20)),
        Word("b", 0, (20.5, 10, 40, 22)),
        Word("c", 0, (40.5, 10, 50, 20)),
        Word("d", 0, (20, 22.3, 40, 30)),
    )
    read = Document("pages", words, (" ",) * 4, ((100.0, 100.0),))
    assert burned_boxes(read, [Redaction(1, "c", 1, 1)])[0].box == (20.0, 10 - MARGIN, 40.5, 22.3)


def test_a_drawn_box_grows_to_the_words_that_it_touches() -> None:
    words = (Word("a", 0, (10, 10, 20, 20)), Word("b", 0, (30, 10, 40, 20)))
    read = Document("pages", words, (" ",) * 2, ((100.0, 100.0),))
    assert burned_boxes(read, [Redaction(1, "c", page=0, box=(15, 5, 25, 12))])[0].box == (10, 5, 25, 20)


@pytest.mark.rule("promise 9", "Each redaction has its number beside it, by which a requester contests it.")
def test_each_redaction_has_its_label() -> None:
    content = sources.pages(TEXT)
    read = document_of(content)
    shown = by_pdfium(_drawn(content, read, *sources.redacted(read, "Ann", "fox")).content)
    assert "[1 · REDACTED §19.36(10)(a)]" in shown
    assert "[2 · REDACTED §19.36(10)(a)]" in shown
    assert NUMBER in shown


def test_many_and_long_labels_stay_on_the_page() -> None:
    content = sources.drawn("".join(sources.said(f"w{n}", at=(72 + n % 10 * 40, 700 - n // 10 * 20)) for n in range(150)))
    read = document_of(content)
    redactions = [Redaction(n + 1, "§19.36(10)(a) and a long explanation of it", n, n) for n in range(len(read.words))]
    released = _drawn(content, read, *redactions)
    with pypdfium2.PdfDocument(released.content) as file:
        height, text = file[0].get_height(), file[0].get_textpage()
        boxes = [text.get_charbox(n) for n in range(text.count_chars())]
    assert len(released.boxes) == 150
    assert min(box[1] for box in boxes) >= 0
    assert max(box[3] for box in boxes) <= height


@pytest.mark.rule("promise 9", "A released picture has the same bytes each time.")
def test_bytes_are_reproducible() -> None:
    content = sources.pages(TEXT)
    read = document_of(content)
    assert _drawn(content, read).content == _drawn(content, read).content


def test_the_file_conforms_and_its_text_is_invisible() -> None:
    content = sources.pages(TEXT)
    released = _drawn(content, document_of(content))
    findings = pdfa.validate_written(BytesIO(released.content), "2b").findings
    assert {found.rule for found in findings} <= {"ISO_19005_2:6.6.2.3.1-1", "ISO_19005_2:6.6.4-3"}  # it knows no level A and no UA
    with pikepdf.open(BytesIO(released.content)) as file:
        operations = pikepdf.parse_content_stream(file.pages[0])
        modes = {int(one.operands[0]) for one in operations if str(one.operator) == "Tr"}
        assert modes == {3}
        assert sum(str(one.operator) == "Do" for one in operations) == 1
        assert set(file.pages[0].Resources.keys()) == {"/Font", "/XObject"}


def test_a_page_that_is_turned_is_upright() -> None:
    with pikepdf.open(BytesIO(sources.pages(TEXT))) as file:
        file.pages[0].Rotate = 90
        out = BytesIO()
        file.save(out)
    read = document_of(out.getvalue())
    assert read.sizes[0] == (792, 612)
    released = _drawn(out.getvalue(), read, *sources.redacted(read, "Ann"))
    assert "Ann" not in by_pdfium(released.content)
    assert "Wisconsin" in by_pdfium(released.content)
    (_, box), *_ = released.boxes
    x0, y0, x1, y1 = (round(edge * 200 / 72) for edge in box)
    assert not _pixels(released.content)[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1].any()


def test_a_color_photograph_keeps_its_colors_and_is_small_without_boxes() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)
    out = BytesIO()
    Image.fromarray(noise).save(out, "PNG")
    read = document_of(out.getvalue())
    released = _drawn(out.getvalue(), read)
    with pikepdf.open(BytesIO(released.content)) as file:
        (picture,) = file.pages[0].get_images().values()
        assert (picture.ColorSpace, picture.Filter) == ("/DeviceRGB", "/DCTDecode")
    boxed = _drawn(out.getvalue(), read, Redaction(1, "c", page=0, box=(10, 10, 50, 50)))
    with pikepdf.open(BytesIO(boxed.content)) as file:
        (picture,) = file.pages[0].get_images().values()
        assert picture.Filter == "/FlateDecode"


def test_another_file_than_the_reviewed_one_is_refused() -> None:
    read = document_of(sources.pages("\n\n".join(["Dear Ann Lee of Wisconsin"] * 60)))
    with pytest.raises(NotConverted, match="withhold"):
        _drawn(sources.pages("a"), read)
    with pytest.raises(NotConverted, match="withhold"):
        _drawn(b"%PDF-1.7 broken", read)


def test_only_pages_are_released_as_pictures() -> None:
    with pytest.raises(ValueError, match="only pages"):
        _drawn(b"", Document("text", (), ()))
