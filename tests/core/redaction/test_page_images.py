"""Page images show what their PDF shows and nothing else, and the gate finds what was put into one (R22, R26, promise 9)."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from civicmail.core.redaction import gate
from civicmail.core.redaction.balance import Balance
from civicmail.core.redaction.errors import NotConverted, NotReleasable
from civicmail.core.redaction.page_images import JPEG, TIFF, page_images
from civicmail.core.redaction.shapes import Document, ReleasedFile
from civicmail.core.redaction.text_path import text_pdf
from civicmail.core.redaction.words import text_document
from civicmail.core.sandbox.ocr import Ocr, find_tesseract
from core.redaction import pdfs
from core.redaction.pdfs import SECRET
from core.redaction.test_gate import BLIND

LETTER = text_document(["The bridge over the river was closed in the autumn."])


def letter_images(document: Document = LETTER) -> tuple[ReleasedFile, ...]:
    pdf = text_pdf(document, (), title="Letter", lang="en", number="PR-1")
    return page_images(pdf, ["PR-1"])


def photograph() -> ReleasedFile:
    """A page of soft colors, as a camera makes it."""
    rows = np.linspace(40, 215, 600, dtype=np.uint8)
    colors = np.stack([np.tile(rows, (800, 1)), np.full((800, 600), 90, np.uint8), np.tile(rows[::-1], (800, 1))], axis=2)
    out = io.BytesIO()
    Image.fromarray(colors).save(out, "PDF", resolution=72)
    (image,) = page_images(ReleasedFile("PR-2.pdf", "application/pdf", out.getvalue(), ()), ["PR-2"])
    return image


def refused(image: ReleasedFile, ocr: Ocr = BLIND) -> list[str]:
    try:
        gate.check([image], [SECRET], ocr=ocr, balance=Balance(0))
    except NotReleasable as error:
        return [problem.partition(": ")[2] for problem in error.problems]
    return []


def changed(image: ReleasedFile, content: bytes) -> ReleasedFile:
    return ReleasedFile(image.name, image.media_type, content, ())


def saved(image: ReleasedFile, **options: object) -> ReleasedFile:
    """The same picture, written by somebody else."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(image.content)) as opened:
        opened.save(out, opened.format, dpi=(300, 300), **options)
    return changed(image, out.getvalue())


def exif() -> Image.Exif:
    data = Image.Exif()
    data[0x010E] = SECRET
    return data


def test_r26_a_letter_is_a_tiff_of_group_4_and_its_words_can_be_read() -> None:
    (image,) = letter_images()
    with Image.open(io.BytesIO(image.content)) as opened:
        assert (image.name, image.media_type, opened.info["compression"], opened.info["dpi"]) == (
            "PR-1.tif",
            TIFF,
            "group4",
            (300, 300),
        )
        assert (opened.mode, opened.size) == ("1", (2550, 3301))
    assert letter_images() == (image,), "the same bytes each time"
    ocr = find_tesseract("eng")
    assert ocr is not None and "The bridge over the river" in ocr.words(image.content)[0]
    assert refused(image) == []


def test_r26_a_photograph_is_a_jpeg_in_its_colors() -> None:
    image = photograph()
    with Image.open(io.BytesIO(image.content)) as opened:
        assert (image.name, image.media_type, opened.mode) == ("PR-2.jpg", JPEG, "RGB")
        left, right = opened.getpixel((20, 20)), opened.getpixel((opened.width - 20, 20))
    assert left[2] > left[0] + 100 and right[0] > right[2] + 100, "red and blue are not exchanged"
    assert refused(image) == []


def test_r26_a_file_that_is_no_pdf_has_no_images() -> None:
    with pytest.raises(NotConverted, match="PR-3"):
        page_images(ReleasedFile("PR-3.pdf", "application/pdf", b"%PDF-1.7 nothing", ()), ["PR-3"])


MORE = ["it has more than the pixels of one picture."]


@pytest.mark.rule("promise 9", "A page image has nothing but the pixels of one picture.")
def test_r22_an_image_with_more_than_its_pixels_is_refused() -> None:
    (letter,), photo = letter_images(), photograph()
    two = [Image.open(io.BytesIO(letter.content)) for _ in range(2)]
    assert refused(saved(letter, compression="group4", tiffinfo={270: SECRET})) == MORE
    assert refused(saved(letter, compression="group4", save_all=True, append_images=two)) == MORE
    assert refused(changed(letter, letter.content + SECRET.encode())) == MORE
    assert refused(saved(photo, exif=exif())) == MORE
    assert refused(saved(photo, comment=SECRET)) == MORE
    assert refused(changed(photo, photo.content + SECRET.encode())) == MORE
    assert refused(changed(photo, photo.content + photo.content)) == MORE
    assert refused(saved(photo, icc_profile=SECRET.encode())) == MORE
    inside = photo.content[:-2] + b"\xff\xfe\x00\x0b" + SECRET.encode() + photo.content[-2:]
    assert refused(changed(photo, inside)) == MORE
    assert refused(changed(letter, photo.content)) == MORE and refused(changed(photo, letter.content)) == MORE
    for one in two:
        one.close()


@pytest.mark.rule("promise 9", "A page image shows no forbidden string.")
def test_r22_a_forbidden_word_in_an_image_is_read_by_ocr() -> None:
    ocr = find_tesseract("eng")
    assert ocr is not None
    words = text_document([f"Paid to {SECRET} yesterday."])
    (image,) = letter_images(words)
    assert refused(image, ocr) == ["OCR shows a forbidden string of the shape xxxxxxxxx"]
    assert refused(image) == [], "what is wrong is in its pixels alone"


def test_r22_a_damaged_image_is_refused() -> None:
    (letter,) = letter_images()
    for content in (b"", b"II*\0", letter.content[:200], pdfs.text_file().content):
        assert refused(changed(letter, content)) != []
