"""Identities: a message is the SHA-256 of its bytes; each receipt of it is a capture with its own id.

An id has the shape of a UUIDv7 (RFC 9562 5.7; docs/formats.md, "Capture id"): 48 bits of `received` in ms, version 7, 12 bits,
variant 10, 62 bits. For mail that comes in now the 74 bits are random; for imported mail they are the first bits of the SHA-256 of
its occurrence, for our own mail with a once-key those of the key. So an id names its month, and the same occurrence is recognized
(*known*) by its bits whatever its time.
"""

from __future__ import annotations

import hashlib
import os

from civicmail.mail.archive.records import Occurrence

_MASK = bytes([0, 0, 0, 0, 0, 0, 0x0F, 0xFF, 0x3F]) + b"\xff" * 7


def capture_id(received: int, bits: bytes | None = None) -> bytes:
    """16 bytes; bits: at least ten bytes that take the place of chance."""
    rest = bits[:10] if bits is not None else os.urandom(10)
    t = max(0, min(received, (1 << 48) - 1)).to_bytes(6, "big")
    return t + bytes([0x70 | rest[0] & 0x0F, rest[1], 0x80 | rest[2] & 0x3F]) + rest[3:10]


def occurrence_bits(occurrence: Occurrence, sha256: bytes) -> bytes:
    """The part of an imported capture's id that is derived from its occurrence."""
    text = "\0".join((occurrence.owner, occurrence.folder, str(occurrence.ordinal)))
    return hashlib.sha256(b"occurrence\0" + text.encode("utf-8", "surrogateescape") + b"\0" + sha256).digest()


def once_bits(key: str) -> bytes:
    """The part of the id of our own mail that is derived from its once-key."""
    return hashlib.sha256(b"once\0" + key.encode()).digest()


def same_bits(a: bytes, b: bytes) -> bool:
    """Whether two ids differ in nothing but their time."""
    return all((x ^ y) & m == 0 for x, y, m in zip(a, b, _MASK, strict=True))


def received_of(id_: bytes) -> int:
    """The time in an id, ms since 1970."""
    return int.from_bytes(id_[:6], "big")


def edges(since: int, until: int) -> tuple[bytes, bytes]:
    """The lowest and the highest id of captures received from `since` to `until` (ms, both included)."""
    low, high = (max(0, min(at, (1 << 48) - 1)) for at in (since, until))
    return low.to_bytes(6) + bytes(10), high.to_bytes(6) + b"\xff" * 10


def earlier(id_: bytes) -> bytes:
    """The id right before this one."""
    return max(0, int.from_bytes(id_) - 1).to_bytes(16)
