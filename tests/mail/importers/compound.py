"""A small OLE compound file (MS-CFB), and an Outlook MSG in it, as tests need them."""

from __future__ import annotations

import itertools
import struct

type Storage = dict[str, "bytes | Storage"]

SECTOR, MINI, CUTOFF = 512, 64, 4096
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def compound(root: Storage) -> bytes:
    """The file. Siblings form a list to the right, which readers take for a tree."""
    entries: list[tuple[str, int, int, int, int, int]] = []  # name, type, right, child, start, size
    mini, sectors = bytearray(), bytearray()
    minifat: list[int] = []
    chains: list[int] = []

    def keep(data: bytes) -> int:
        first = len(chains)
        count = -(-len(data) // SECTOR)
        chains.extend([*range(first + 1, first + count), END] if count else [])
        sectors.extend(data.ljust(count * SECTOR, b"\0"))
        return first if count else END

    def stream(data: bytes) -> int:
        if len(data) >= CUTOFF:
            return keep(data)
        first = len(minifat)
        count = -(-len(data) // MINI)
        minifat.extend([*range(first + 1, first + count), END] if count else [])
        mini.extend(data.ljust(count * MINI, b"\0"))
        return first if count else END

    def add(inside: Storage) -> int:
        numbers = []
        for name, value in sorted(inside.items(), key=lambda item: (len(item[0]), item[0].upper())):
            number = len(entries)
            numbers.append(number)
            if isinstance(value, bytes):
                entries.append((name, 2, FREE, FREE, stream(value), len(value)))
            else:
                entries.append((name, 1, FREE, FREE, 0, 0))
                child = add(value)
                entries[number] = (name, 1, FREE, child, 0, 0)
        for left, right in itertools.pairwise(numbers):
            name, kind, _, child, start, size = entries[left]
            entries[left] = (name, kind, right, child, start, size)
        return numbers[0] if numbers else FREE

    entries.append(("Root Entry", 5, FREE, FREE, 0, 0))
    child = add(root)
    entries[0] = ("Root Entry", 5, FREE, child, keep(bytes(mini)), len(mini))
    table = keep(struct.pack(f"<{len(minifat)}I", *minifat).ljust(-(-len(minifat) * 4 // SECTOR) * SECTOR, b"\xff"))
    directory = keep(b"".join(map(_entry, entries)))
    fats = -(-(len(chains) + 2) // (SECTOR // 4 - 1))
    first_fat = len(chains)
    fat = [*chains, *[FAT] * fats]
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6, 0, fats, directory, 0,
        CUTOFF, table, -(-len(minifat) * 4 // SECTOR), END, 0,
    )  # fmt: skip
    difat = [first_fat + n for n in range(fats)]
    header += struct.pack("<109I", *difat, *[FREE] * (109 - fats))
    packed = struct.pack(f"<{len(fat)}I", *fat).ljust(fats * SECTOR, b"\xff")
    return header + bytes(sectors) + packed


def _entry(entry: tuple[str, int, int, int, int, int]) -> bytes:
    name, kind, right, child, start, size = entry
    wide = name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16sIQQIQ", wide, len(wide), kind, 1, FREE, right, child, bytes(16), 0, 0, 0, start, size
    )  # fmt: skip


def properties(found: dict[int, bytes | int | str], header: int) -> Storage:
    """The streams of a set of properties: id to text (Unicode), bytes (binary) or a 32-bit number."""
    table = bytes(header)
    streams: Storage = {}
    for number, value in found.items():
        if isinstance(value, int):
            table += struct.pack("<HHIII", 0x03, number, 6, value, 0)
            continue
        kind, data = (0x1F, value.encode("utf-16-le")) if isinstance(value, str) else (0x102, value)
        table += struct.pack("<HHIII", kind, number, 6, len(data), 0)
        streams[f"__substg1.0_{number:04X}{kind:04X}"] = data
    return {"__properties_version1.0": table, **streams}


def msg(subject: str, body: str, files: dict[str, bytes], inner: Storage | None = None, header: int = 32) -> Storage:
    """An item with a sender, a recipient in Bcc, attachments, and perhaps an item embedded in it. header: 24 for that one."""
    found: dict[int, bytes | int | str] = {0x0037: subject, 0x1000: body, 0x0C1A: "Ann", 0x5D01: "ann@city.example"}
    top = properties({**found, 0x001A: "IPM.Note"}, header)
    top["__recip_version1.0_#00000000"] = properties({0x3001: "Bob", 0x39FE: "bob@city.example", 0x0C15: 3}, 8)
    attachments = [properties({0x3707: name, 0x3701: data, 0x3705: 1}, 8) for name, data in files.items()]
    if inner is not None:
        attachments.append({**properties({0x3001: "inner", 0x3705: 5}, 8), "__substg1.0_3701000D": inner})
    for number, attachment in enumerate(attachments):
        top[f"__attach_version1.0_#{number:08X}"] = attachment
    return top
