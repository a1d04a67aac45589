"""QR codes in pictures and in PDF are read, and no picture takes more than its share (P-25)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.message.shapes import Part
from civicmail.mail.screening import drawing, qrcodes
from mail.screening import qrpictures

URL = "https://evil.example/login?for=clerk"
GRID = qrpictures.grid(URL)


def part(content: bytes, path: str = "1") -> Part:
    return Part(path, "image/png", "", "", "", "", "", 0, len(content), content)


def _texts(*contents: bytes) -> list[str]:
    return [text for _, text in qrcodes.read(map(part, contents))]


@pytest.mark.parametrize("kind", [0, 2, 3, 6])
@pytest.mark.parametrize("scale", [1, 3, 10])
def test_a_code_in_a_png_of_any_kind_and_size_is_read(kind: int, scale: int) -> None:
    """R-399: grey, colours, a palette, and clear where it is light."""
    assert _texts(qrpictures.png(GRID, kind, scale)) == [URL]


def test_a_code_in_a_jpeg_and_in_a_pdf_is_read() -> None:
    """R-399. Of PDF the pages are drawn: there the code may be no picture at all."""
    assert _texts(qrpictures.jpeg(GRID)) == [URL] and _texts(qrpictures.pdf(GRID)) == [URL]


def test_a_code_of_light_on_dark_is_read() -> None:
    assert _texts(qrpictures.png([[not on for on in row] for row in GRID])) == [URL]


def test_the_part_is_named() -> None:
    assert list(qrcodes.read([part(b"GIF89a" + bytes(80), "1.1"), part(qrpictures.png(GRID), "1.2")])) == [("1.2", URL)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        qrpictures.png(GRID, claims=(60_000, 60_000)),
        qrpictures.png(GRID, claims=(400, 3)),
        qrpictures.png(GRID, interlaced=1),
        qrpictures.png(GRID)[:-60],
        qrpictures.jpeg(GRID)[:150],
        b"\xff\xd8" + b"\xff\xc0\x00\x02" * 50,
        b"%PDF-1.7\n" + b"x" * 100,
        b"BM" + bytes(500),
    ],
)
def test_what_is_damaged_or_too_large_says_nothing(content: bytes) -> None:
    assert _texts(content) == []


def test_a_bomb_of_pixels_is_not_drawn() -> None:
    assert drawing.document(qrpictures.png(GRID, claims=(5_001, 5_000))) == b""


def test_the_time_of_a_message_ends_the_looking() -> None:
    ticks: Iterator[int] = count()
    pictures = [part(qrpictures.png(GRID), str(n)) for n in range(8)]
    assert 1 <= len(list(qrcodes.read(pictures, clock=lambda: next(ticks) / 6))) <= 3


def test_drawing_ends_in_time_and_gives_what_there_is() -> None:
    """A page of a hundred thousand lines."""
    lines = "".join(f"{n % 600} {n % 790} m {n * 7 % 600} {n * 13 % 790} l S\n" for n in range(100_000))
    with pypdfium2.PdfDocument(qrpictures.page(lines)) as opened:
        start = time.process_time()
        drawn = drawing.draw(opened[0], 1.5, lambda: time.process_time() > start + 0.02)
        assert time.process_time() - start < 3, "all of it takes a second"
    assert (drawn.width, drawn.height) == (918, 1188) and len(drawn.rows) == drawn.stride * drawn.height


def test_a_large_pdf_is_not_read() -> None:
    """Maps and plans take seconds before anything is drawn."""
    assert drawing.document(b"%PDF-1.7\n" + bytes(drawing.PDF_BYTES)) == b""


def test_after_so_many_pictures_no_more_are_looked_at() -> None:
    assert len(_texts(*[qrpictures.png(GRID, scale=1)] * (qrcodes.PICTURES + 5))) == qrcodes.PICTURES


@settings(max_examples=60)
@given(st.data())
def test_bytes_of_any_kind_are_read_or_say_nothing(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([qrpictures.png(GRID, 3, 2), qrpictures.jpeg(GRID), qrpictures.pdf(GRID)]))
    at = data.draw(st.integers(0, len(whole) - 1))
    for text in _texts(whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + data.draw(st.integers(0, 9)) :]):
        assert isinstance(text, str)
