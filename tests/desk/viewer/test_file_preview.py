"""A file is looked at as text and drawn pages; a picture that is shown is one that we have drawn (P-25)."""

from __future__ import annotations

import io
import struct
import zlib

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.desk.viewer import file_preview


@given(st.integers(1, 40), st.integers(1, 40), st.randoms())
def test_a_drawing_is_a_png_of_the_same_dots(width: int, height: int, chance: object) -> None:
    """RFC 2083: gray, eight bits, every line unfiltered."""
    dots = bytes((x * 7 + y * 13) % 256 for y in range(height) for x in range(width))
    made = file_preview.png(b"P5 %d %d 255\n" % (width, height) + dots)
    assert made is not None and made.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", made[16:24]) == (width, height)
    at = made.index(b"IDAT")
    (size,) = struct.unpack(">I", made[at - 4 : at])
    lines = zlib.decompress(made[at + 4 : at + 4 + size])
    assert b"".join(lines[y * (width + 1) + 1 : (y + 1) * (width + 1)] for y in range(height)) == dots


@pytest.mark.rule("P-25", "A drawing of a file is made here; no picture of the sender is passed on as one.")
@given(st.binary(max_size=60))
def test_what_a_sender_made_is_never_passed_on_as_a_drawing(content: bytes) -> None:
    """Only what says that it is our own drawing, with as many dots as it says."""
    assert file_preview.png(content) is None
    assert file_preview.png(b"\x89PNG\r\n\x1a\n" + content) is None
    assert file_preview.png(b"P5 900 900 255\n" + content) is None


def test_a_file_becomes_text_and_a_broken_one_a_reason() -> None:
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 200)
    held = io.BytesIO()
    document.save(held)
    assert file_preview.preview_file(b"Bids close in May.\n").text.strip() == "Bids close in May."
    assert file_preview.preview_file(held.getvalue()).pictures == 0
    assert file_preview.preview_file(b"%PDF-1.7 and nothing else").why != ()
    assert (
        file_preview.picture(b"words", 1) is None
        and file_preview.picture(b"words", 0) is None
        and file_preview.picture(b"words", 10_000) is None
    )
