"""Files that act, made on the spot: macros, shortcuts, disk images, lists of rar and cab. None of them does harm."""

from __future__ import annotations

import hashlib
import struct
import zlib

from core.sandbox import samples

PROGRAM = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<HHIIIHH", 0x14C, 1, 0, 0, 0, 0, 0x0002) + bytes(64)
LIBRARY = PROGRAM[:86] + struct.pack("<H", 0x2000) + PROGRAM[88:]
ELF = b"\x7fELF\2\1\1" + bytes(57)
MACHO = b"\xcf\xfa\xed\xfe" + bytes(60)
SHORTCUT = b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F" + bytes(60)
NOTES = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(64)
_EMPTY_MODULE = 'Attribute VB_Name = "Sheet1"\r\nAttribute VB_Base = "0{00020820-0000-0000-C000-000000000046}"\r\n'


def module(code: str = "", *, compiled: int = 900) -> bytes:
    """A stream of a VBA project: the compiled form, then the text as a container of chunks without copies (MS-OVBA 2.4.1)."""
    source = (_EMPTY_MODULE + code).encode()
    packed = b"\x01"
    for at in range(0, len(source), 2048):
        piece = source[at : at + 2048]
        body = b"".join(b"\0" + piece[n : n + 8] for n in range(0, len(piece), 8))
        packed += struct.pack("<H", 0xB000 | len(body) - 1) + body
    return b"\x7f" * compiled + packed


def project(code: str = "", *, storage: str = "VBA", compiled: int = 900) -> dict[str, bytes]:
    """Streams of a project with one module."""
    streams = {f"{storage}/dir": b"\x01", f"{storage}/_VBA_PROJECT": b"\xcc", f"{storage}/Module1": module(code, compiled=compiled)}
    above = storage.rpartition("/")[0]
    return {**streams, f"{above}/PROJECT": b"x"} if above else streams


def docm(code: str) -> bytes:
    return samples.docx(word__vbaProject_dot_bin=samples.ole(project(code)))


def book(*sheets: tuple[str, int, int], opens: bool = False, link: str = "") -> bytes:
    """A workbook of Excel 97. sheets: name, state (1: hidden), kind (1: macros of Excel 4); link: path of a link to elsewhere."""

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    whole = record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0))
    for name, state, kind in sheets:
        whole += record(0x0085, struct.pack("<IBBBB", 0, state, kind, len(name), 0) + name.encode())
    if opens:
        whole += record(0x0018, struct.pack("<HBBHHHBBBB", 0x0020, 0, 1, 0, 0, 0, 0, 0, 0, 0) + b"\0\x01")
    if link:
        whole += record(0x01AE, struct.pack("<HHB", 1, len(link), 0) + link.encode("latin-1"))
    return samples.ole({"Workbook": whole + record(0x000A, b"")})


def presentation(inside: bytes) -> bytes:
    """PowerPoint 97 with a compound file packed into a record."""
    body = struct.pack("<I", len(inside)) + zlib.compress(inside)
    record = struct.pack("<HHI", 0x0010, 0x1011, len(body)) + body
    return samples.ole({"PowerPoint Document": struct.pack("<HHI", 0x0F, 0x03E8, len(record)) + record})


def relations(kind: str, target: str) -> str:
    return (
        '<Relationships xmlns="x"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        f'{kind}" Target="{target}" TargetMode="External"/></Relationships>'
    )


def disc(name: str, content: bytes) -> bytes:
    """ISO 9660 with one file and its Joliet name."""
    sector = 2048

    def record(label: bytes, place: int, size: int, flags: int) -> bytes:
        body = struct.pack("<BIIII7sBBBHHB", 0, place, 0, size, 0, b"", flags, 0, 0, 1, 0, len(label)) + label
        body += b"" if len(body) % 2 else b"\0"
        return struct.pack("B", len(body) + 1) + body

    def volume(kind: int, root: int, escapes: bytes) -> bytes:
        head = struct.pack("B5sBB", kind, b"CD001", 1, 0).ljust(88, b"\0") + escapes.ljust(68, b"\0")
        return (head + record(b"\0", root, sector, 2)).ljust(sector, b"\0")

    def folder(label: bytes, root: int) -> bytes:
        both = record(b"\0", root, sector, 2) + record(b"\1", root, sector, 2)
        return (both + record(label, 21, len(content), 0)).ljust(sector, b"\0")

    image = bytes(16 * sector) + volume(1, 19, b"") + volume(2, 20, b"%/E") + volume(255, 0, b"")
    image += folder(b"SHORT.TXT;1", 19) + folder(name.encode("utf-16-be"), 20)
    return image + content


def rar(name: str, *, locked: bool = False, names_locked: bool = False) -> bytes:
    """Version 4, with one file of no content."""
    main = struct.pack("<HBHH", 0, 0x73, 0x80 if names_locked else 0, 13) + bytes(6)
    label = name.encode()
    head = struct.pack(
        "<HBHHIIBIIBBHI", 0, 0x74, 0x8000 | (4 if locked else 0), 32 + len(label), 0, 0, 2, 0, 0, 29, 48, len(label), 0
    )
    return b"Rar!\x1a\x07\x00" + main + head + label


def rar5(name: str, *, locked: bool = False) -> bytes:
    label = name.encode()
    extra = b"\x02\x01\x00" if locked else b""
    fields = (
        bytes([2, 1 if extra else 0])
        + (bytes([len(extra)]) if extra else b"")
        + b"\0\0\0\0\0"
        + bytes([len(label)])
        + label
        + extra
    )
    return b"Rar!\x1a\x07\x01\x00" + bytes(4) + bytes([len(fields)]) + fields


def cabinet(*names: str) -> bytes:
    head = struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, 0, 0, 36, 0, 3, 1, 0, len(names), 0, 0, 0)
    return head + b"".join(bytes(16) + name.encode() + b"\0" for name in names)


def locked_zip(name: str, content: bytes) -> bytes:
    """With the bit that says that a member has a password."""
    whole = bytearray(samples.zipped({name: content}))
    whole[6] |= 1
    central = whole.rfind(b"PK\x01\x02")
    whole[central + 8] |= 1
    return bytes(whole)


def pdf(catalog: bytes, *more: bytes) -> bytes:
    return samples.pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>",
            *more,
        ]
    )


_PAD = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def pdf_locked(catalog: bytes, password: bytes) -> bytes:
    """With the oldest encryption (ISO 32000-1, 7.6.3); without a password to open it where that is empty."""
    owner, permissions, name = bytes(range(32)), -44, b"0123456789abcdef"
    key = hashlib.md5((password + _PAD)[:32] + owner + struct.pack("<i", permissions) + name).digest()[:5]
    user = _rc4(key, _PAD)
    lock = b"<< /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P %d >>" % (owner.hex().encode(), user.hex().encode(), permissions)
    said = b"/Root 1 0 R /Encrypt 4 0 R /ID [<%s> <%s>]" % (name.hex().encode(), name.hex().encode())
    return pdf(catalog, lock).replace(b"/Root 1 0 R", said)


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    out = bytearray()
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def object_stream(content: bytes, filters: bytes = b"/FlateDecode") -> bytes:
    packed = zlib.compress(content)  # which begins with "9 0 ", the list of its one object
    return b"<< /Type /Obj#53tm /N 1 /First 4 /Filter %s /Length %d >>\nstream\n%s\nendstream" % (filters, len(packed), packed)
