"""QR codes as files, drawn without a library of pictures: PNG of each kind, baseline JPEG, PDF."""

from __future__ import annotations

import struct
import zlib
from itertools import chain

import qrcode

Grid = list[list[bool]]


def grid(text: str) -> Grid:
    """The modules of a code with its quiet zone; True is dark."""
    code = qrcode.QRCode(border=4, box_size=1)
    code.add_data(text)
    code.make()
    return [list(map(bool, row)) for row in code.get_matrix()]


_PIXELS = {
    0: (b"\x00", b"\xff"),
    2: (b"\x00\x00\x00", b"\xff\xff\xff"),
    3: (b"\x01", b"\x00"),
    6: (b"\x00\x00\x00\xff", b"\x00\x00\x00\x00"),
}
"""Dark and light by color type (ISO 15948 11.2.2); of type 6 the light is clear."""


def png(modules: Grid, kind: int = 0, scale: int = 4, *, claims: tuple[int, int] | None = None, interlaced: int = 0) -> bytes:
    """claims: width and height that the header says instead of the true ones."""
    dark, light = _PIXELS[kind]
    side = len(modules) * scale
    rows = b"".join((b"\0" + b"".join((dark if on else light) * scale for on in row)) * scale for row in modules)
    width, height = claims or (side, side)
    made = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, interlaced))
    made += _chunk(b"PLTE", b"\xff\xff\xff\0\0\0") if kind == 3 else b""
    return made + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def jpeg(modules: Grid) -> bytes:
    """One block of 8 x 8 for each module, so that each has one coefficient (ITU T.81, baseline, gray)."""
    side = len(modules) * 8
    counts, symbols = [0, 1, 5, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5, 6, 7, 8]
    codes, code = {}, 0
    left = iter(symbols)
    for length, count in enumerate(counts, 1):
        for _ in range(count):
            codes[next(left)] = f"{code:0{length}b}"
            code += 1
        code <<= 1
    bits, before = [], 0
    for on in chain.from_iterable(modules):
        level = -127 if on else 127
        bits.append(_coefficient(level - before, codes) + "0")  # "0": nothing more in this block
        before = level
    packed = "".join(bits)
    packed += "1" * (-len(packed) % 8)
    data = int(packed, 2).to_bytes(len(packed) // 8).replace(b"\xff", b"\xff\x00")
    return b"".join((
        b"\xff\xd8",
        _segment(0xDB, b"\x00" + b"\x08" * 64),
        _segment(0xC0, struct.pack(">BHHBBBB", 8, side, side, 1, 1, 0x11, 0)),
        _segment(0xC4, b"\x00" + bytes(counts) + bytes(symbols)),
        _segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\x00"),
        _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00"),
        data,
        b"\xff\xd9",
    ))  # fmt: skip


def _coefficient(difference: int, codes: dict[int, str]) -> str:
    size = abs(difference).bit_length()
    if not size:
        return codes[0]
    value = difference if difference > 0 else difference + (1 << size) - 1
    return codes[size] + f"{value:0{size}b}"


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def pdf(modules: Grid) -> bytes:
    """A page with the code drawn as squares, as PDF programs do."""
    return page(
        "".join(f"{100 + 3 * x} {400 - 3 * y} 3 3 re f\n" for y, row in enumerate(modules) for x, on in enumerate(row) if on)
    )


def page(drawn: str) -> bytes:
    """A PDF with one page of these operators."""
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}endstream",
    )
    body = "%PDF-1.4\n" + "".join(f"{n} 0 obj\n{o}\nendobj\n" for n, o in enumerate(objects, 1))
    return f"{body}trailer\n<< /Root 1 0 R /Size 5 >>\n%%EOF\n".encode("ascii")
