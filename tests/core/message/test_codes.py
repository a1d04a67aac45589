"""Files in texts are attachments however they are coded, and so is what a Mac wraps (P-24, P-25)."""

from __future__ import annotations

import base64
import hashlib
import struct
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.message import applesingle, binhex, defect_codes, limits, message_parser, pasted_files, uuencode, yenc
from core.message.test_embedded import HEAD, attached, uuencoded


def yencoded(name: str, data: bytes) -> bytes:
    """As yEnc 1.3 has it, in lines of 128."""
    code = b"".join(b"=" + bytes([(b + 106) & 255]) if (b + 42) & 255 in b"\0\n\r=" else bytes([(b + 42) & 255]) for b in data)
    lines = b"\r\n".join(code[at : at + 128] for at in range(0, len(code), 128)).replace(b"=\r\n", b"=")
    return f"=ybegin line=128 size={len(data)} name={name}\r\n".encode() + lines + f"\r\n=yend size={len(data)}\r\n".encode()


def binhexed(name: str, data: bytes) -> bytes:
    """RFC 1741 without a resource fork; 0x90 is written as 0x90 0x00."""
    head = bytes([len(name)]) + name.encode() + b"\0TEXTttxt\0\0" + len(data).to_bytes(4) + bytes(4) + b"cc"
    packed = (head + data + b"cc").replace(b"\x90", b"\x90\0")
    sixes = base64.b64encode(packed).rstrip(b"=")
    letters = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
    usual = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    code = sixes.translate(bytes.maketrans(usual, letters))
    lines = b"\r\n".join(code[at : at + 64] for at in range(0, len(code), 64))
    return b"(This file must be converted with BinHex 4.0)\r\n\r\n:" + lines + b":\r\n"


def in_base64(name: str, data: bytes) -> bytes:
    return f"begin-base64 644 {name}\r\n".encode() + base64.encodebytes(data).replace(b"\n", b"\r\n") + b"====\r\n"


@pytest.mark.rule(
    "P-24, P-25",
    "A file in a text is a file, however it is coded and whether its end is there: uuencode in both forms, yEnc, BinHex.",
)
@settings(deadline=None, max_examples=40)
@given(st.binary(min_size=1, max_size=400), st.sampled_from([yencoded, binhexed, in_base64]))
def test_files_in_a_text_are_attachments_however_they_are_coded(data: bytes, coded: Callable[[str, bytes], bytes]) -> None:
    """YEnc, BinHex, and uuencode's other form; they are no words."""
    raw = HEAD + b"\r\nbefore\r\n" + coded("plan.pdf", data) + b"after\r\n"
    message = message_parser.parse(raw)
    assert [(a.filename, a.content, a.path) for a in message.attachments] == [("plan.pdf", data, "1.1")]
    assert message.text.split() == ["before", "after"]


@pytest.mark.parametrize("coded", [uuencoded, yencoded, binhexed, in_base64])
def test_a_file_without_its_end_is_one_all_the_same(coded: Callable[[str, bytes], bytes]) -> None:
    """Mail programs show it as soon as it has begun; no word of the text goes for it."""
    data = b"%PDF-1.7 " + b"gravel " * 40
    whole = coded("plan.pdf", data)
    message = message_parser.parse(HEAD + b"\r\n" + whole[: len(whole) // 2])
    (file,) = message.attachments
    assert file.filename == "plan.pdf" and file.content.startswith(b"%PDF-1.7 gravel") and len(file.content) < len(data)
    assert defect_codes.UUENCODE_BROKEN in {defect.code for defect in message.defects}
    assert message.text.startswith(("begin", "=ybegin", "(This"))


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64"])
def test_a_file_in_a_text_that_is_coded_itself_is_found(encoding: str) -> None:
    """P-24, P-25."""
    text = uuencoded("plan.pdf", b"%PDF-1.7")
    coded = base64.encodebytes(text) if encoding == "base64" else text.replace(b"=", b"=3D").replace(b"begin", b"=62egin")
    message = message_parser.parse(HEAD + f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode() + coded)
    assert [a.filename for a in message.attachments] == ["plan.pdf"]


@pytest.mark.rule("P-24, promise 8", "Base64 in plain text that contains a file or words is recognized as such.")
def test_base64_in_a_text_is_what_it_is() -> None:
    """A file that somebody pasted, a part that a bounce quotes; a key or a signature is only text."""
    for data, kind in (
        (b"%PDF-1.7" + bytes(300), "application/pdf"),
        ("gr\u00e4vel ".encode() * 60, "text/plain"),
        (b"<html><p>gra<b></b>vel" + b" and more" * 40, "text/html"),
    ):
        code = base64.encodebytes(data).replace(b"\n", b"\r\n")
        raw = HEAD + b"\r\n--- Below this line is a copy\r\n" + code + b"\r\nthe end\r\n"
        message = message_parser.parse(raw)
        assert [(a.content_type, a.content) for a in message.attachments] == [(kind, data)]
        assert "Below this line" in message.text and "the end" in message.text
        assert kind == "application/pdf" or "vel" in message_parser.fields(raw).attached_text
    key = bytes(hashlib.sha256(bytes([n % 7])).digest()[n % 32] for n in range(400))
    armour = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(key) + b"-----END CERTIFICATE-----\n"
    assert message_parser.parse(HEAD + b"\r\n" + armour).attachments == ()


def apple(*entries: tuple[int, bytes]) -> bytes:
    """An AppleSingle file (RFC 1740, appendix A)."""
    at = 26 + 12 * len(entries)
    table, data = b"", b""
    for kind, content in entries:
        table += struct.pack(">3I", kind, at + len(data), len(content))
        data += content
    return applesingle.SINGLE + struct.pack(">I16xH", 0x20000, len(entries)) + table + data


def test_what_a_mac_wraps_is_read_like_the_file_itself() -> None:
    """P-24, P-25."""
    single = apple((3, b"plan.pdf"), (4, b"gravel is in the comment"), (1, b"%PDF-1.7"))
    for kind, data in ((b"application/applefile", single), (b"application/mac-binhex40", binhexed("plan.pdf", b"%PDF-1.7"))):
        raw = attached(kind, b"wrapped", data)
        files = [(a.filename, a.content) for a in message_parser.parse(raw).attachments if a.filename]
        assert files == [("plan.pdf", b"%PDF-1.7")]
    assert "gravel is in the comment" in message_parser.fields(attached(b"application/applefile", b"x", single)).attached_text
    double = HEAD + (
        b"Content-Type: multipart/appledouble; boundary=d\r\n\r\n--d\r\nContent-Type: application/applefile\r\n\r\n\0\5\x16\7\r\n"
        b"--d\r\nContent-Type: application/pdf; name=plan.pdf\r\n\r\n%PDF-1.7\r\n--d--\r\n"
    )
    assert [(a.filename, a.content) for a in message_parser.parse(double).attachments][1:] == [("plan.pdf", b"%PDF-1.7")]


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300))
def test_any_bytes_are_some_file_of_a_mac(data: bytes) -> None:
    applesingle.read(applesingle.SINGLE + data)
    binhex.blocks(binhex.MARK + b")\n:" + data)
    yenc.blocks(b"=ybegin size=3 name=x\n" + data)
    uuencode.blocks(b"begin-base64 644 x\n" + data)
    pasted_files.blocks(data)


def test_ten_thousand_beginnings_cost_no_more_than_their_length() -> None:
    start = time.process_time()
    assert uuencode.blocks(b"begin 644 x\n" * 100_000) == []
    assert len(uuencode.blocks((b"begin 644 x\n" + b"M" + b"#" * 60 + b"\n") * 20_000)) == limits.DERIVED
    assert yenc.blocks(b"=ybegin line=128 size=1 name=x\n" * 100_000) == []
    assert len(yenc.blocks(b"=ybegin line=128 size=1 name=x\n=*\n" * 20_000)) == limits.DERIVED
    assert len(binhex.blocks(b"(This file must be converted with BinHex 4.0)\n\n:" * 20_000)) <= limits.DERIVED
    assert pasted_files.blocks((b"A" * 76 + b"\n") * 20_000) == []
    assert time.process_time() - start < 50
