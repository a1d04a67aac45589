"""Width and height of pictures, by their headers. Pure."""

from __future__ import annotations

import struct

from civicmail.core.filetype.identify import identify


def picture_size(content: bytes) -> tuple[int, int] | None:
    """The size in pixels if the header states it plainly (PNG, GIF, JPEG), else None."""
    name = identify(content).name
    if name == "png" and len(content) >= 24:
        width, height = struct.unpack_from(">II", content, 16)
        return width, height
    if name == "gif" and len(content) >= 10:
        width, height = struct.unpack_from("<HH", content, 6)
        return width, height
    return _jpeg(content) if name == "jpg" else None


def _jpeg(content: bytes) -> tuple[int, int] | None:
    """From the frame header (ITU T.81, B.2.2)."""
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return None
