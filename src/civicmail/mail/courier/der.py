"""Values of ASN.1 in DER (X.690): as many kinds as envelopes and certificates of S/MIME need. Pure."""

from __future__ import annotations

from collections.abc import Iterator

INTEGER, BITS, OCTETS, OID, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31
NULL = b"\x05\x00"
_LONGEST = 4  # octets of a length


def value(tag: int, *contents: bytes) -> bytes:
    """One value (8.1, 10.1)."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def integer(number: int) -> bytes:
    return value(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    """8.19."""
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray()
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        out += bytes(reversed(groups))
    return value(OID, bytes(out))


def context(number: int, *contents: bytes) -> bytes:
    """[number], constructed."""
    return value(0xA0 | number, *contents)


def values(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Tag, content and full bytes of each value in these bytes. Raises ValueError if they are not DER."""
    at = 0
    while at < len(content):
        tag, start = content[at], at + 2
        if tag & 31 == 31 or start > len(content):
            raise ValueError("no DER")
        size = content[at + 1]
        if size >= 0x80:
            octets = size & 0x7F
            size = int.from_bytes(content[start : start + octets], "big")
            start += octets
            if not 0 < octets <= _LONGEST or size < 0x80:
                raise ValueError("no DER")
        if start + size > len(content):
            raise ValueError("no DER")
        yield tag, content[start : start + size], content[at : start + size]
        at = start + size


def only(content: bytes, tag: int) -> bytes:
    """The content of the only value in these bytes. Raises ValueError."""
    elements = list(values(content))
    if len(elements) != 1 or elements[0][0] != tag:
        raise ValueError("no DER of this kind")
    return elements[0][1]
