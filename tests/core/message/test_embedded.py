"""What lies inside parts is found like any other attachment, and what is sealed is counted (P-23, P-24)."""

from __future__ import annotations

import base64
import binascii
import struct
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.message import (
    cms,
    defect_codes,
    header_scan,
    limits,
    mapi,
    message_parser,
    outlook_message,
    rtf,
    structure,
    tnef,
    uuencode,
)

HEAD = b"From: a@city.example\r\nTo: b@city.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n"


def uuencoded(name: str, data: bytes) -> bytes:
    lines = [binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)]
    return b"begin 644 " + name.encode() + b"\r\n" + b"".join(lines).replace(b"\n", b"\r\n") + b"`\r\nend\r\n"


def attribute(level: int, kind: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def properties(*found: tuple[int, bytes]) -> bytes:
    """A property list: (id << 16 | type, value); variable types only."""
    out = struct.pack("<I", len(found))
    for tag, value in found:
        out += struct.pack("<HHII", tag & 0xFFFF, tag >> 16, 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return out


def winmail(*attributes: bytes) -> bytes:
    return tnef.SIGNATURE + b"\x01\x00" + b"".join(attributes)


def wide(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"


def attached(kind: bytes, name: bytes, data: bytes) -> bytes:
    return (
        HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: ' + kind
        + b'\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="' + name + b'"\r\n\r\n'
        + base64.encodebytes(data).replace(b"\n", b"\r\n") + b"\r\n--b--\r\n"
    )  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.binary(min_size=1, max_size=400), st.text("abc ", max_size=30), st.text("xyz ", max_size=30))
def test_a_uuencoded_file_in_a_text_is_an_attachment_and_not_words(data: bytes, before: str, after: str) -> None:
    raw = HEAD + b"\r\n" + before.encode() + b"\r\n" + uuencoded("plan.pdf", data) + after.encode() + b"\r\n"
    message = message_parser.parse(raw)
    (file,) = message.attachments
    assert (file.filename, file.content_type, file.content, file.path) == ("plan.pdf", "application/pdf", data, "1.1")
    assert "begin" not in message.text and before.strip() in message.text and after.strip() in message.text
    assert message.parts[0].content == raw[header_scan.header_length(raw) :]  # the part itself stays as it is
    assert [a.filename for a in message_parser.fields(raw).attachments] == ["plan.pdf"]


def test_a_text_about_beginnings_and_ends_is_only_text() -> None:
    raw = HEAD + b"\r\nbegin 644 reading\r\nthis is no code\r\nend\r\n"
    assert message_parser.parse(raw).attachments == ()
    assert uuencode.blocks(b"begin 644 x\n`\nend\n") == []


def test_the_files_of_a_winmail_dat_stand_for_it() -> None:
    data = winmail(
        attribute(1, 0x69007, struct.pack("<II", 1251, 0)),
        attribute(1, 0x69003, properties((0x0037001F, wide("Zoning")), (0x10130102, b"<p>marzipan</p>"))),
        attribute(2, 0x69002, b"\0" * 14),
        attribute(2, 0x18010, b"\xcf\xeb\xe0\xed.doc\0"),
        attribute(2, 0x6800F, b"the plan"),
        attribute(2, 0x69002, b"\0" * 14),
        attribute(2, 0x69005, properties((0x3707001F, wide("budget.csv")), (0x37010102, b"\0" * 16 + b"a;b"))),
    )
    for kind, name in ((b"application/ms-tnef", b"x.bin"), (b"application/octet-stream", b"winmail.dat")):
        message = message_parser.parse(attached(kind, name, data))
        assert [(a.filename, a.content) for a in message.attachments] == [("План.doc", b"the plan"), ("budget.csv", b"a;b")]
        assert message.html_text.strip() == "marzipan"
        assert message.defects == ()
        assert message.parts[2].content == data


def test_an_item_inside_a_winmail_dat_is_a_message_of_its_own() -> None:
    inner = winmail(attribute(1, 0x69003, properties((0x0037001F, wide("Inner")), (0x1000001F, wide("quicksilver")))))
    iid = uuid.UUID("00020307-0000-0000-c000-000000000046").bytes_le
    data = winmail(attribute(2, 0x69002, b"\0" * 14), attribute(2, 0x69005, struct.pack("<I", 1) + struct.pack(
        "<HHII", 0x0D, 0x3701, 1, 16 + len(inner)) + iid + inner + b"\0" * (-len(inner) % 4)))  # fmt: skip
    raw = attached(b"application/ms-tnef", b"winmail.dat", data)
    message = message_parser.parse(raw)
    assert [child.subject for child in message.children] == ["Inner"]
    assert "quicksilver" in message_parser.fields(raw).text


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300), st.integers(0, 200))
def test_any_bytes_behind_the_signature_of_tnef_are_read(data: bytes, cut: int) -> None:
    whole = winmail(attribute(1, 0x69003, properties((0x0037001F, wide("x")))), attribute(2, 0x69005, data))
    for some in (tnef.SIGNATURE + data, whole[:cut]):
        message_parser.parse(attached(b"application/ms-tnef", b"winmail.dat", some))
        outlook_message.message(tnef.read(some))


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300))
def test_any_bytes_are_some_rtf_and_some_cms(data: bytes) -> None:
    rtf.text(b"{\\rtf1" + data)
    rtf.html(b"{\\rtf1\\fromhtml1" + data)
    assert len(rtf.decompress(b"\0" * 4 + b"\xff\xff\0\0LZFu\0\0\0\0" + data)) <= limits.RTF_BYTES
    cms.signed_content(data)


def test_rtf_gives_its_words_and_the_html_it_was_made_from() -> None:
    source = (
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial;}}\f0 caf\'e9 \u8364? {\f1 \'ef\'eb\'e0\'ed}\par "
        rb"{\b bold}{\*\x hidden}}"
    )
    assert rtf.text(source) == "caf\u00e9 \u20ac план\nbold"
    page = rb"{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 words\htmlrtf\par}\htmlrtf0{\*\htmltag72 </p>}}"
    assert rtf.is_html(page) and rtf.html(page) == "<p>words</p>"


def test_compressed_rtf_is_the_example_of_the_standard() -> None:
    packed = bytes.fromhex("2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0")
    assert rtf.decompress(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"  # MS-OXRTFCP 4.1.1


def der(tag: int, *values: bytes) -> bytes:
    data = b"".join(values)
    size = bytes([len(data)]) if len(data) < 128 else b"\x82" + len(data).to_bytes(2, "big")
    return bytes([tag]) + size + data


def opaque(entity: bytes) -> bytes:
    oid, plain = der(6, bytes.fromhex("2a864886f70d010702")), der(6, bytes.fromhex("2a864886f70d010701"))
    signed = der(0x30, der(2, b"\1"), der(0x31), der(0x30, plain, der(0xA0, der(0x04, entity))))
    return der(0x30, oid, der(0xA0, signed))


def test_an_opaque_signed_message_is_read_and_an_encrypted_one_is_counted() -> None:
    entity = b"Content-Type: text/plain\r\n\r\nmolybdenum\r\n"
    oid, plain = der(6, bytes.fromhex("2a864886f70d010702")), der(6, bytes.fromhex("2a864886f70d010701"))
    for octets in (der(0x04, entity), b"\x24\x80" + der(4, entity[:9]) + der(4, entity[9:]) + b"\0\0"):
        signed = der(0x30, der(2, b"\1"), der(0x31), der(0x30, plain, der(0xA0, octets)))
        data = der(0x30, oid, der(0xA0, signed))
        raw = attached(b"application/pkcs7-mime; smime-type=signed-data", b"smime.p7m", data)
        assert "molybdenum" in message_parser.fields(raw).text and message_parser.fields(raw).unreadable == 0
    sealed = attached(b"application/pkcs7-mime; smime-type=enveloped-data", b"smime.p7m", der(0x30, plain))
    assert message_parser.fields(sealed).unreadable == 1
    assert defect_codes.SMIME_ENCRYPTED in message_parser.fields(sealed).defects


@pytest.mark.rule("P-24", "Encrypted content, and a single piece of a message, count as unreadable.")
def test_openpgp_rights_and_pieces_are_counted_as_unreadable() -> None:
    mime = HEAD + (
        b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\r\n\r\n--b\r\n'
        b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\n"
        b"Content-Type: application/octet-stream\r\n\r\nx\r\n--b--\r\n"
    )
    inline = HEAD + b"\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nxxxx\r\n-----END PGP MESSAGE-----\r\n"
    for raw in (mime, inline):
        assert message_parser.fields(raw).unreadable == 1
        assert message_parser.fields(raw).defects == (defect_codes.OPENPGP_ENCRYPTED,)
    message = message_parser.parse(HEAD + b'Content-Type: message/partial; id="x"; number=2; total=3\r\n\r\npiece\r\n')
    assert [d.code for d in message.defects] == [defect_codes.PARTIAL]
    assert [a.content_type for a in message.attachments] == ["message/partial"]


def test_a_calendar_and_a_card_are_text_whose_folds_are_undone() -> None:
    body = b"BEGIN:VEVENT\r\nSUMMARY:quarter\r\n ly budget\\, hearing\\nroom 4\r\nEND:VEVENT\r\n"
    for kind in (b"text/calendar", b"text/vcard", b"application/ics"):
        texts = structure.texts(structure.parse(HEAD + b"Content-Type: " + kind + b"\r\n\r\n" + body))
        assert "quarterly budget, hearing\nroom 4" in "".join([*texts.plain, *texts.attached])


@pytest.mark.rule("P-23", "The same Outlook item gives the same bytes, so that importing it twice stores nothing.")
@settings(deadline=None, max_examples=80)
@given(
    st.text(max_size=60), st.text(max_size=200), st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=200)), max_size=3),
    st.lists(st.tuples(st.text(max_size=20), st.sampled_from([1, 2, 3])), max_size=4), st.binary(max_size=60),
)  # fmt: skip
def test_what_is_built_from_properties_says_them_again(
    subject: str, body: str, files: list[tuple[str, bytes]], people: list[tuple[str, int]], html: bytes
) -> None:
    item = mapi.Item({mapi.SUBJECT: subject, mapi.BODY: body, mapi.HTML: html, mapi.SUBMITTED: 1_300_000_000_000})
    item.recipients = [{mapi.NAME: n, mapi.SMTP: f"p{i}@x.example", mapi.RECIPIENT_TYPE: k} for i, (n, k) in enumerate(people)]
    item.attachments = [mapi.Attachment({mapi.FILENAME: name}, data) for name, data in files]
    raw = outlook_message.message(item)
    assert raw == outlook_message.message(item)
    message = message_parser.parse(raw)
    assert [a.content for a in message.attachments] == [data for _, data in files]
    in_order = sorted((kind, i) for i, (_, kind) in enumerate(people))
    assert [x.addr for x in (*message.to, *message.cc, *message.bcc)] == [f"p{i}@x.example" for _, i in in_order]
    assert message.date is not None and message.date.timestamp() == 1_300_000_000
    assert not {"boundary-unclosed", "header-line", "separator-missing", "bare-cr"} & {d.code for d in message.defects}
    assert header_scan.header_length(raw) == raw.index(b"\r\n\r\n") + 4


def test_a_signed_item_is_the_message_that_was_signed() -> None:
    entity = b"MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nmolybdenum\r\n--s--\r\n"
    for content, kind, said in (
        (entity, "multipart/signed", "molybdenum"),
        (opaque(b"Content-Type: text/plain\r\n\r\ntungsten\r\n"), "", "tungsten"),
    ):
        file = mapi.Attachment({mapi.FILENAME: "smime.p7m", mapi.MIME_TYPE: kind}, content)
        found = message_parser.fields(outlook_message.message(mapi.Item({mapi.CLASS: "IPM.Note.SMIME"}, attachments=[file])))
        assert said in found.text and found.unreadable == 0


def test_formatting_is_kept_unless_it_says_no_more_than_the_text() -> None:
    for source, files in ((rb"{\rtf1\ansi\fromtext words}", 0), (rb"{\rtf1\ansi {\b words}}", 1)):
        stored = struct.pack("<IIII", 0, len(source), 0x414C454D, 0) + source
        message = message_parser.parse(outlook_message.message(mapi.Item({mapi.BODY: "words", mapi.RTF: stored})))
        assert [a.content_type for a in message.attachments] == ["application/rtf"] * files and message.text == "words"


def test_transport_headers_come_first_and_the_structure_is_new() -> None:
    kept = (
        "Microsoft Mail Internet Headers Version 2.0\r\nReceived: from x\r\n\tby y; Mon, 1 Jan 2001 00:00:00 +0000\r\n"
        "Subject: kept\r\n"
        'Content-Type: multipart/mixed;\r\n\tboundary="gone"\r\n\r\nBody'
    )
    found: mapi.Properties = {mapi.HEADERS: kept, mapi.SUBJECT: "other", mapi.BODY: "words", mapi.SENDER_SMTP: "a@x.example"}
    raw = outlook_message.message(mapi.Item(found))
    message = message_parser.parse(raw)
    assert (message.subject, message.text, [a.addr for a in message.from_]) == ("kept", "words", ["a@x.example"])
    assert b"gone" not in raw and raw.startswith(b"Received: from x\r\n\tby y")
