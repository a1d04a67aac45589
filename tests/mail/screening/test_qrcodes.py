"""QR codes in pictures and in PDF are read, and no picture takes more than its share (P-25)."""

from __future__ import annotations

import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from io import BytesIO
from itertools import count

import pypdfium2
import pytest
import qrcode
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from qrcode.image.svg import SvgFillImage, SvgImage, SvgPathImage

from civicmail.core.sandbox.child import ENVIRONMENT
from civicmail.mail.screening import drawing, qrcodes, rasters, svg_pages
from mail.screening import qrpictures

URL = "https://evil.example/login?for=clerk"
GRID = qrpictures.grid(URL)
INTERLACED = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAGMAAABjAQAAAAHQR7OuAAACsUlEQVR42q2ST0gUURzHf9tG0yEcyUMLjkyQUBAdIoiNoleXVKISOnaI6mo0Y6"
    "CBsfvWYINCdq3LkofoFHQIhUKhwAHFOXQQuiQozMuNNEidxdIJZ+b1ezNrM7YrFPgYfp/35X1/v9/7M8AdwG/Nga8lmCzBYgoMB4wSeCX4kgaW"
    "gtDAbfG96YRiI/Q3gjkMo53wsgi2DcVOeFasGjjnFFjzAwrfmjCsXHpH4fuZqxQq1x9TWHpvYbh/AC1nh9By7DTOUkdpmPZXYONJCsuv+nD29i"
    "KGRxiWPwj5BBcWj0xQ+Hn8IYUfXjP2OIGllsY+4ewFLizek7BK3kTz62sYik0Yhu5i+IirbKyvXkscRg1daLOojOxvay5eEdRmQrZPBoSOVrHO"
    "+S8p8LMG1i30/t6N3DRSNlq7RH63dLiA2tUuHLKFHszzfSJ/nrBdRNS57D4V6/75g6sFUb8DkgH1Vk34/d6FeTnYj9EybWy735D0n+mC+ZyqET"
    "1/bmAcX8nLm03DW8gGQ84MbKHPVoTfhdnbYZ2QnG/Ior5nKKxHjchHpJvnCAX/5MJqzopRNrraRX6PdKdgRfTWrc/r6He1yVu2GtEb2e3vFetT"
    "hO0hETmfaVkTfpjzRq2Inj9xY13k5WdB2splErDcpcXpL6xMhfdCT1kR//d+eWywnVI2gEbK+NoJoSrc1R2mmzipVYaikWTBBL2qMlDObad0A/"
    "OqirsZcLNRzZjC7rqJ5rC7GCZkY/uMVMWBhOMCUUKnmaREaUiDXKt8SckQXjCSQQdfNFG0NEvUKpsoWDBrbO5Mxc0luFqoVTYBLa3IvHpL2C+N"
    "tZheRzlocwEUuXqGithIPSXO7mC2unkvmoSHU3N1FN6nCQAx5WYkXl9lJHymP6+ZIW7WUeqo4N0ZSOXKzv1LcfUbNva2YQbCebsAAAAASUVORK"
    "5CYII="
)
"""One bit a pixel, in seven passes (ISO 15948 8.2)."""


def part(content: bytes, path: str = "1") -> tuple[str, bytes]:
    return path, content


def _texts(*contents: bytes) -> list[str]:
    return [text for _, text in qrcodes.read(map(part, contents))]


@pytest.mark.parametrize("kind", [0, 2, 3, 6])
@pytest.mark.parametrize("scale", [1, 3, 10])
def test_a_code_in_a_png_of_any_kind_and_size_is_read(kind: int, scale: int) -> None:
    """Grey, colors, a palette, and clear where it is light."""
    assert _texts(qrpictures.png(GRID, kind, scale)) == [URL]


@pytest.mark.rule("P-25", "A QR code in a picture or a PDF is a link of the message.")
def test_a_code_in_a_jpeg_and_in_a_pdf_is_read() -> None:
    """Of PDF the pages are drawn: there the code may be no picture at all."""
    assert _texts(qrpictures.jpeg(GRID)) == [URL] and _texts(qrpictures.pdf(GRID)) == [URL]


def _picture(kind: str, scale: int = 4) -> bytes:
    side = len(GRID) * scale
    pixels = b"".join(b"".join((b"\0" if on else b"\xff") * scale for on in row) * scale for row in GRID)
    held = BytesIO()
    Image.frombytes("L", (side, side), pixels).save(held, kind)
    return held.getvalue()


@pytest.mark.rule("P-25", "A code in a GIF, BMP, WebP, TIFF or interlaced PNG is read, within the limits of pictures.")
@pytest.mark.parametrize("kind", ["GIF", "BMP", "WEBP", "TIFF"])
@pytest.mark.parametrize("scale", [1, 3, 40])
def test_a_code_in_a_picture_that_is_unpacked_is_read(kind: str, scale: int) -> None:
    assert _texts(_picture(kind, scale)) == [URL]


def test_a_code_in_an_interlaced_png_and_on_a_clear_ground_is_read() -> None:
    """P-25."""
    with Image.open(BytesIO(_picture("PNG"))) as plain:
        clear, clear_gif = BytesIO(), BytesIO()
        clear_pixels = Image.new("RGBA", plain.size, (0, 0, 0, 0))
        clear_pixels.paste((0, 0, 0, 255), mask=plain.convert("L").point(lambda level: 255 - level))
        clear_pixels.save(clear, "WEBP", lossless=True)
        clear_pixels.save(clear_gif, "GIF")
    assert _texts(clear.getvalue()) == _texts(clear_gif.getvalue()) == [URL]
    assert _texts(INTERLACED) == ["https://evil.example/"]


SHAPES = {
    "rects": lambda at: f"<rect x='{at[0]}' y='{at[1]}' width='1' height='1'/>",
    "dots": lambda at: f"<circle cx='{at[0] + 0.5}' cy='{at[1] + 0.5}' r='.5'/>",
    "paths": lambda at: f"<path d='M{at[0]} {at[1]}h1v1h-1z'/>",
    "polygons": lambda at: f"<polygon points='{at[0]},{at[1]} {at[0] + 1},{at[1]} {at[0] + 1},{at[1] + 1} {at[0]},{at[1] + 1}'/>",
    "moved": lambda at: f"<g transform='translate({at[0]} {at[1]}) scale(.5)'><rect width='2' height='2'/></g>",
    "used": lambda at: f"<use xlink:href='#m' x='{at[0]}' y='{at[1]}'/>",
}


def _svg(shapes: str, head: str = "viewBox='0 0 {0} {0}'", before: str = "") -> bytes:
    side = len(GRID)
    return f"<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='x' {head.format(side)}>{before}{shapes}</svg>".encode()


@pytest.mark.rule("P-25", "A code that an SVG draws is read, within limits.")
@pytest.mark.parametrize("kind", SHAPES)
def test_a_code_that_is_drawn_is_read(kind: str) -> None:
    """SVG, as the programs draw it that make codes."""
    modules = [(x, y) for y, row in enumerate(GRID) for x, on in enumerate(row) if on]
    defined = "<defs><rect id='m' width='1' height='1'/></defs>"
    shapes = "".join(map(SHAPES[kind], modules))
    ground = "<style>.w{fill:#fff}</style><rect class='w' width='100%' height='9999'/>"
    assert _texts(_svg(shapes, before=defined)) == _texts(_svg(shapes, before=ground + defined)) == [URL]
    light = f"<g fill='white'>{shapes}</g>"
    assert _texts(_svg(light, before=f"<rect width='99' height='99'/>{defined}")) == [URL]
    clipped = f"<clipPath id='c'>{shapes}</clipPath><rect width='99' height='99' clip-path='url(#c)' fill='rgb(9,9,9)'/>"
    if kind not in ("moved", "used"):
        assert _texts(_svg(clipped)) == [URL]


def test_a_code_of_lines_and_one_of_the_librarys_own_is_read() -> None:
    """P-25."""
    rows = [f"M0 {y}.5" + "".join("h1" if on else "m1 0" for on in row) for y, row in enumerate(GRID)]
    assert _texts(_svg(f"<path stroke='#000' d='{''.join(rows)}'/>")) == [URL]
    for factory in (SvgImage, SvgPathImage, SvgFillImage):
        held = BytesIO()
        qrcode.make(URL, image_factory=factory).save(held)
        assert _texts(held.getvalue()) == [URL], factory


@pytest.mark.parametrize(
    "content",
    [
        b"<svg>" + b"<g>" * 100_000,
        b"<svg viewBox='0 0 9 9'>" + b"<rect/>" * 60_000,
        b"<svg viewBox='0 0 9 9'><path d='" + b"h1" * 400_000 + b"'/></svg>",
        b"<svg viewBox='0 0 0 -1'><rect/></svg>",
        b"<svg viewBox='0 0 1e308 1e-9'><rect width='1e999'/></svg>",
        b'<!DOCTYPE svg [<!ENTITY a "' + b"x" * 999 + b'">]><svg width="9">' + b"&a;" * 9_999 + b"</svg>",
        _picture("GIF")[:60],
        b"GIF89a" + bytes([255] * 600),
    ],
)
def test_pictures_without_sense_are_no_work(content: bytes) -> None:
    """P-25."""
    start = time.process_time()
    assert _texts(content) == []
    assert time.process_time() - start < 2


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_bytes_are_some_picture(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([_picture("GIF", 1), _picture("BMP", 1), _picture("WEBP", 1), _svg("<path d='M1 1h2z'/>")]))
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + data.draw(st.integers(0, 9)) :]
    rasters.pixels(changed)
    svg_pages.page(changed)


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


_DRAWN_UNDER = """
import ctypes, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) != 0: sys.exit(7)
from civicmail.mail.screening import drawing, message_reader
from civicmail.core.sandbox import confine
content = sys.stdin.buffer.read()
import pypdfium2
confine.confine(2 << 30)
with pypdfium2.PdfDocument(content) as opened: print(drawing.draw(opened[0], 1.0, lambda: False).width, flush=True)
"""


def test_pages_are_drawn_where_the_service_may_not_write_programs() -> None:
    """MemoryDenyWriteExecute= of the gateway's unit: no code in a picture was read there."""
    command, page = [sys.executable, "-c", _DRAWN_UNDER], qrpictures.page("0 0 m 9 9 l S")
    done = subprocess.run(command, input=page, capture_output=True, check=False, env=ENVIRONMENT)
    if done.returncode == 7:
        pytest.skip("this kernel has no PR_SET_MDWE (Linux 6.3)")
    assert (done.returncode, done.stdout) == (0, b"612\n"), done.stderr


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
