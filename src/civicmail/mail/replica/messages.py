"""The replication protocol: frames of a JSON head and bytes (docs/formats.md, "Copy"). Pure: bytes in, messages out.

A frame that is not whole, or whose checksum is wrong, is no message: the connection ends there, and what was sent since the last
answer is sent again.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import orjson

MAGIC = b"CVM1"
FIXED = struct.Struct("<4sIII")  # magic, length of the head, length of the body, CRC-32 of head and body
HEAD_MAX = 64 << 20  # the list of everything that a copy of ten years holds
BODY_MAX = 4 << 20

Head = dict[str, Any]


def encode(head: Head, body: bytes | memoryview = b"") -> bytes:
    """Encode one frame."""
    plain = orjson.dumps(head)
    return b"".join((FIXED.pack(MAGIC, len(plain), len(body), zlib.crc32(body, zlib.crc32(plain))), plain, body))


def lengths(fixed: bytes) -> tuple[int, int, int]:
    """(length of the head, of the body, checksum) of the frame that begins with these 16 bytes. Raises ValueError."""
    magic, head, body, crc = FIXED.unpack(fixed)
    if magic != MAGIC or head > HEAD_MAX or body > BODY_MAX:
        raise ValueError("these bytes do not begin a message of version 1")
    return head, body, crc


def decode(head: bytes, body: bytes, crc: int) -> Head:
    """The head of a whole frame. Raises ValueError where it is not what was sent."""
    if zlib.crc32(body, zlib.crc32(head)) != crc:
        raise ValueError("a message is not whole")
    plain = orjson.loads(head)
    if not isinstance(plain, dict) or not isinstance(plain.get("do", ""), str):
        raise ValueError("a message has no head")
    return plain
