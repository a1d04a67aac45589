"""Read pages: the words that a page shows, with their boxes. Only sandboxed processes import it.

A word whose place is of one color is not shown: it lies under a box, is white on white, or belongs to a layer that is off. The page
shows none of it, so nothing of it is released.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from PIL import ExifTags, Image

from civicmail.core.redaction.service import Reading
from civicmail.core.redaction.shapes import Document, Word
from civicmail.core.redaction.source_pages import Pixels, SourcePages
from civicmail.core.redaction.words import counted, plain

SHOWN_DPI = 100
"""Resolution at which a page is drawn to see which words it shows."""
CONTRAST = 24
"""Levels of 255 by which the pixels of a word differ at least."""
UNKNOWN = 0.2
"""Share of characters without a code from which a page is read by OCR."""
SCANNED = 200
"""Characters of a page that may be the stamp of a scanner."""
HYPHEN = "\u2027"
"""In the place of a hyphen at the end of a line, while characters are gathered."""
APART = 4.0
"""Sizes of a character that two of one word may be apart."""
_HALF = 0.5
_UNIT = 64  # device units of a point, for pdfium gives whole ones
_NOTES = frozenset({pdfium.FPDF_ANNOT_TEXT, pdfium.FPDF_ANNOT_POPUP, pdfium.FPDF_ANNOT_HIGHLIGHT, pdfium.FPDF_ANNOT_FILEATTACHMENT})
_MAX_OBJECTS = 500


Edges = tuple[float, float, float, float]
"""Left, right, bottom, top of a character, as pdfium has them."""


def read(content: bytes) -> Reading:
    source = SourcePages(content)
    if source.pdf is None:
        document = Document("pages", (), (), tuple(source.sizes), tuple(_beside_picture(content)))
        return Reading(document, tuple(range(len(source.sizes))))
    words: list[Word] = []
    gaps: list[str] = []
    scans = []
    notes = unseen = 0
    for number in range(len(source.sizes)):
        notes += _notes(source.pdf, number)
        page = source.page(number)
        text = page.get_textpage()
        found, unknown = _words(page, text, number, source.sizes[number])
        pixels = source.pixels(number, SHOWN_DPI, gray=True)
        shown = [(word, gap) for word, gap in found if is_shown(word, pixels, SHOWN_DPI)]
        unseen += len(found) - len(shown)
        if _needs_ocr(page, sum(len(word.text) for word, _ in shown), unknown, pixels):
            scans.append(number)
            shown = [] if unknown else shown
        words += [word for word, _ in shown]
        gaps += [gap for _, gap in shown]
        text.close()
        page.close()
    hidden = _beside_pages(content, source.pdf, notes, unseen)
    return Reading(Document("pages", tuple(words), tuple(gaps), tuple(source.sizes), tuple(hidden)), tuple(scans))


def is_shown(word: Word, pixels: Pixels, dpi: int) -> bool:
    """Whether there is anything to see where a word is. Its edges are left out, because a box above it may end there. A dash is
    thinner than a pixel, and says nothing."""
    assert word.box is not None
    if not any(character.isalnum() for character in word.text):
        return True
    x0, y0, x1, y1 = (edge * dpi / 72 for edge in word.box)
    aside, above = min(1.0, (x1 - x0) / 4), min(1.0, (y1 - y0) / 4)
    place = pixels[max(0, int(y0 + above)) : int(y1 - above) + 1, max(0, int(x0 + aside)) : int(x1 - aside) + 1]
    return bool(place.size) and int(place.max()) - int(place.min()) >= CONTRAST


def _words(page: Any, text: Any, number: int, size: tuple[float, float]) -> tuple[list[tuple[Word, str]], bool]:
    """Words with the white space behind them, and whether too many characters have no code."""
    result: list[tuple[Word, str]] = []
    letters: list[str] = []
    edges: list[Edges] = []
    count = unknown = 0
    for character, corners in _characters(text):
        if letters and not character.isspace() and (letters[-1] == HYPHEN or _is_elsewhere(edges[-1], corners)):
            result.append((_word(page, letters, edges, number, size), ""))
            letters, edges = [], []
        if not character.isspace():
            letters.append(character)
            edges.append(corners)
            count += 1
            unknown += character == "\ufffd"
            continue
        if letters:
            result.append((_word(page, letters, edges, number, size), " "))
            letters, edges = [], []
        if character == "\n" and result:
            result[-1] = (result[-1][0], "\n")
    if letters:
        result.append((_word(page, letters, edges, number, size), "\n"))
    return [(word, gap) for word, gap in result if word.text], unknown > UNKNOWN * count


def _characters(text: Any) -> Iterator[tuple[str, Edges]]:
    """Characters with left, right, bottom, top. A pair of surrogates is one character."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    places = [ctypes.byref(edge) for edge in (left, right, bottom, top)]
    high = 0
    for n in range(text.count_chars()):
        code = pdfium.FPDFText_GetUnicode(text.raw, n)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((high - 0xD800) << 10) + code - 0xDC00 if high else 0
        high = 0
        pdfium.FPDFText_GetCharBox(text.raw, n, *places)
        yield _character(code), (left.value, right.value, bottom.value, top.value)


def _character(code: int) -> str:
    if code in (2, 0xFFFE):
        return HYPHEN
    character = chr(code)
    return "\ufffd" if code == 0xFFFF or (code < 0x20 and not character.isspace()) else character


def _is_elsewhere(before: Edges, behind: Edges) -> bool:
    """Whether a character is too far from the one before to belong to the same word: a word that a line or column divides has two
    places."""
    size = max(before[1] - before[0], before[3] - before[2], behind[1] - behind[0], behind[3] - behind[2], 1.0)
    return abs(behind[0] - before[0]) + abs(behind[2] - before[2]) > APART * size


def _word(page: Any, letters: list[str], edges: list[Edges], number: int, size: tuple[float, float]) -> Word:
    left, right = min(edge[0] for edge in edges), max(edge[1] for edge in edges)
    bottom, top = min(edge[2] for edge in edges), max(edge[3] for edge in edges)
    x, y = ctypes.c_int(), ctypes.c_int()
    points = []
    for a, b in ((left, bottom), (right, top)):
        width, height = round(size[0] * _UNIT), round(size[1] * _UNIT)
        pdfium.FPDF_PageToDevice(page.raw, 0, 0, width, height, 0, a, b, ctypes.byref(x), ctypes.byref(y))
        points.append((x.value / _UNIT, y.value / _UNIT))
    (x0, y0), (x1, y1) = points
    return Word(plain("".join(letters).replace(HYPHEN, "-")), number, (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))


def _needs_ocr(page: Any, characters: int, unknown: bool, pixels: Pixels) -> bool:
    """Whether a page shows words that its text does not have."""
    if unknown:
        return True
    if characters >= SCANNED:
        return False
    if characters == 0:
        return int(np.ptp(pixels)) >= CONTRAST
    width, height = page.get_size()
    covered = 0.0
    for n, picture in enumerate(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=4)):
        left, bottom, right, top = picture.get_bounds()
        covered += max(0.0, right - left) * max(0.0, top - bottom)
        if n > _MAX_OBJECTS:
            break
    return bool(covered > _HALF * width * height)


def _notes(pdf: Any, number: int) -> int:
    """Annotations of a page that it does not show as they are: notes, popups, files."""
    page = pdf[number]
    count = 0
    for n in range(pdfium.FPDFPage_GetAnnotCount(page.raw)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, n)
        count += pdfium.FPDFAnnot_GetSubtype(annotation) in _NOTES
        pdfium.FPDFPage_CloseAnnot(annotation)
    page.close()
    return count


def _beside_pages(content: bytes, pdf: Any, notes: int, unseen: int) -> Iterator[str]:
    if notes:
        yield counted(notes, "note")
    if files := pdf.count_attachments():
        yield counted(files, "attached file")
    if unseen:
        yield f"{counted(unseen, 'word')} that the pages do not show, such as text under a black box"
    if content.count(b"startxref") > (2 if b"/Linearized" in content[:2048] else 1):
        yield "earlier revisions of the file"
    if any(pdf.get_metadata_dict(skip_empty=True).values()):
        yield "properties of the file"


def _beside_picture(content: bytes) -> Iterator[str]:
    with Image.open(BytesIO(content)) as picture:
        exif = picture.getexif()
        if exif.get_ifd(ExifTags.IFD.GPSInfo):
            yield "a location"
        if exif or {"exif", "comment", "photoshop", "xmp"} & set(picture.info):
            yield "data of the camera or of the program that made it"
