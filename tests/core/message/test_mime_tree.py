"""The MIME tree: parts with their byte ranges, attachments, attached messages, and boundaries in every broken form."""

from __future__ import annotations

import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import defect_codes, message_parser, transfer_encoding
from civicmail.core.message.model import AROUND, ParsedMessage

_MIXED = (
    b"Subject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=outer\n\n........\n--outer\n"
    b"Content-Type: multipart/alternative; boundary=outer-inner\n\n--outer-inner\n\nplain words\n--outer-inner\n"
    b"Content-Type: text/html; charset=utf-8\n\n<p>html words</p>\n--outer-inner--\n--outer\n"
    b'Content-Type: application/pdf\nContent-Disposition: attachment; filename="a.pdf"\nContent-Transfer-Encoding: base64\n'
    b"Content-ID: <cid@x>\n\nJVBERi0=\n--outer--\n........\n"
)
_AROUND = _MIXED.replace(b"........\n--outer", b"preamble\n--outer").replace(b"........", b"epilogue")


def _codes(message: ParsedMessage) -> list[str]:
    return [defect.code for defect in message.defects]


def _message(content_type: str, body: bytes, *more: str) -> ParsedMessage:
    head = "\n".join(["MIME-Version: 1.0", f"Content-Type: {content_type}", *more])
    return message_parser.parse(head.encode() + b"\n\n" + body)


def test_parts_are_numbered_and_their_ranges_are_the_encoded_bytes() -> None:
    message = message_parser.parse(_MIXED)
    assert [(part.path, part.content_type) for part in message.parts] == [
        ("1", "multipart/mixed"), ("1.1", "multipart/alternative"), ("1.1.1", "text/plain"), ("1.1.2", "text/html"),
        ("1.2", "application/pdf"),
    ]  # fmt: skip
    encoded = {part.path: _MIXED[part.offset : part.offset + part.length] for part in message.parts}
    assert encoded["1.1.1"] == b"plain words"
    assert encoded["1.1.2"] == b"<p>html words</p>"
    assert encoded["1.2"] == b"JVBERi0="
    assert (message.text, message.html_text, _codes(message)) == ("plain words", "html words", [])


def test_an_attachment_has_name_type_size_and_content() -> None:
    (part,) = message_parser.parse(_MIXED).attachments
    assert (part.filename, part.content_type, part.size, part.content) == ("a.pdf", "application/pdf", 5, b"%PDF-")
    assert (part.content_id, part.disposition, part.encoding) == ("cid@x", "attachment", "base64")
    assert message_parser.fields(_MIXED).attachments == (("a.pdf", "application/pdf", 5, b"%PDF-"),)


def test_crlf_and_lf_give_the_same_tree() -> None:
    one, other = message_parser.parse(_MIXED), message_parser.parse(_MIXED.replace(b"\n", b"\r\n"))
    assert [(part.path, part.content) for part in one.parts] == [(part.path, part.content) for part in other.parts]


def test_preamble_and_epilogue_are_no_text_of_the_message() -> None:
    assert "preamble" not in message_parser.parse(_AROUND).text and "epilogue" not in message_parser.parse(_AROUND).text
    assert message_parser.parse(_AROUND).parts[:-1] == message_parser.parse(_MIXED).parts


def test_a_boundary_in_the_preamble_begins_the_first_part() -> None:
    one = _message("multipart/mixed; boundary=b", b"see --b here\n--bad\n--b\n\nwords\n--b--\n")
    assert (one.text, [part.path for part in one.parts]) == ("words", ["1", "1.1", AROUND])


def test_an_unclosed_multipart_keeps_its_last_part() -> None:
    one = _message("multipart/mixed; boundary=b", b"--b\n\nfirst\n--b\n\nlast")
    assert one.text == "first\nlast"
    assert _codes(one) == [defect_codes.BOUNDARY_UNCLOSED]


def test_an_unclosed_inner_multipart_ends_with_the_outer_delimiter() -> None:
    message = message_parser.parse(_MIXED.replace(b"--outer-inner--\n", b""))
    assert [part.path for part in message.parts] == ["1", "1.1", "1.1.1", "1.1.2", "1.2"]
    assert defect_codes.BOUNDARY_UNCLOSED in _codes(message)


def test_no_part_lies_between_a_delimiter_and_its_repetition() -> None:
    one = _message("multipart/mixed; boundary=b", b"--b\n--b\n\nfirst\n--b\n--b\n\nlast\n--b--\n")
    assert [part.content for part in one.parts[1:]] == [b"first", b"last"]


def test_a_multipart_that_is_only_closed_is_shown_as_text() -> None:
    one = _message("multipart/mixed; boundary=b", b"words\n--b--\n")
    assert (one.text, _codes(one)) == ("words\n--b--\n", [defect_codes.BOUNDARY_MISSING])


def test_a_multipart_without_its_delimiter_is_shown_as_text() -> None:
    one = _message("multipart/mixed; boundary=nowhere", b"just words\n")
    assert (one.text, one.attachments, _codes(one)) == ("just words\n", (), [defect_codes.BOUNDARY_MISSING])


@pytest.mark.parametrize("content_type", ["multipart/mixed", "multipart/mixed; boundary=wrong", 'multipart/mixed; boundary=""'])
def test_a_boundary_that_is_missing_or_wrong_is_found_in_the_body(content_type: str) -> None:
    one = _message(content_type, b"--real\nContent-Type: text/plain\n\nwords\n--real\nContent-Type: a/b\n\nx\n--real--\n")
    assert (one.text, [part.content_type for part in one.attachments]) == ("words", ["a/b"])
    assert defect_codes.BOUNDARY_MISSING in _codes(one)


def test_a_delimiter_may_have_white_space_behind_it_but_nothing_else() -> None:
    one = _message('multipart/mixed; boundary="a b"', b"--a b \t\n\none\n--a bc\n--a b--  \n")
    assert one.text == "one\n--a bc"


def test_a_part_without_a_header_is_plain_text() -> None:
    one = _message("multipart/mixed; boundary=b", b"--b\n\nfirst\n--b\nno header, no blank line\n--b--\n")
    assert one.text == "first\nno header, no blank line"


def test_a_text_part_with_a_name_is_text_and_attachment() -> None:
    one = _message("text/plain; name=notes.txt", b"words", "Content-Disposition: inline")
    assert (one.text, [part.filename for part in one.attachments]) == ("words", ["notes.txt"])


def test_an_attached_text_is_found_by_search_and_not_part_of_the_body() -> None:
    raw = b"Content-Type: text/x-diff\nContent-Disposition: attachment; filename=a.patch\n\n+ added line\n"
    assert message_parser.parse(raw).text == ""
    assert (message_parser.fields(raw).text, message_parser.fields(raw).attached_text) == ("", "+ added line\n")
    assert message_parser.fields(raw).attachments == (("a.patch", "text/x-diff", 13, b"+ added line\n"),)


def test_an_attached_message_is_a_child_and_found_by_search() -> None:
    inner = b"Subject: =?utf-8?q?inn=C3=A9r?=\nFrom: a@b.c\n\ninner words\n"
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nouter words\n--b\nContent-Type: message/rfc822\n\n"
    raw += inner + b"\n--b--\n"
    message = message_parser.parse(raw)
    assert [part.content_type for part in message.attachments] == ["message/rfc822"]
    (child,) = message.children
    assert (child.subject, child.from_[0].addr, child.text) == ("innér", "a@b.c", "inner words\n")
    assert message.text == "outer words"
    assert message_parser.fields(raw).text == "outer words\ninnér\ninner words\n"


def test_a_message_attached_in_base64_is_opened_though_the_standard_forbids_it() -> None:
    inner = base64.encodebytes(b"Subject: inner\n\nwords")
    one = _message("message/rfc822", inner, "Content-Transfer-Encoding: base64")
    assert [child.subject for child in one.children] == ["inner"]


def test_the_attachments_of_an_attached_message_are_found_by_search() -> None:
    raw = b"Content-Type: message/rfc822\n\n" + _MIXED
    assert [a.filename for a in message_parser.fields(raw).attachments] == ["", "a.pdf"]


def test_the_parts_of_a_digest_are_messages() -> None:
    one = _message("multipart/digest; boundary=b", b"--b\n\nSubject: one\n\n1\n--b\n\nSubject: two\n\n2\n--b--\n")
    assert [child.subject for child in one.children] == ["one", "two"]


def test_a_delivery_report_is_found_by_search() -> None:
    raw = b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nStatus: 5.1.1\n"
    assert "Status: 5.1.1" in message_parser.fields(raw).text
    assert message_parser.parse(raw).text == ""


@pytest.mark.parametrize("value", ["text", "", "/", "plain;", "=?utf-8?q?x?="])
def test_a_content_type_that_is_none_means_plain_text(value: str) -> None:
    assert _message(value, b"words").text == "words"


@pytest.mark.parametrize(
    ("encoding", "data", "content", "codes"),
    [
        ("base64", b"d29yZHM=\n", b"words", []),
        ("BASE64 ", b"d29y\nZHM=", b"words", []),
        ("base64", b"d29yZHM", b"words", [defect_codes.BASE64_BROKEN]),
        ("base64", b"d29!yZHM=", b"words", []),
        ("base64", b"d29yZHM=\nZHM=\n", b"wordsds", [defect_codes.BASE64_BROKEN]),
        ("base64", b"d29yZHM=\n_____\na footer\n", b"words", [defect_codes.BASE64_BROKEN]),
        ("base64", b"d29yZ\x0bHM", b"words", [defect_codes.BASE64_BROKEN]),
        ("base64", b"d29yZ", b"wor", [defect_codes.BASE64_BROKEN]),
        ("base64", b"this is no base64 but words", b"this is no base64 but words", [defect_codes.BASE64_BROKEN]),
        ("base64", b"", b"", []),
        ("quoted-printable", b"w=6Frds=\n =zz", b"words =zz", []),
        ("x-uuencode", b"begin 644 a.txt\n%=V]R9',\n`\nend\n", b"words", []),
        ("x-uuencode", b"begin 644 a.txt\n%=V]R9',\n", b"words", [defect_codes.UUENCODE_BROKEN]),
        ("x-uuencode", b"nothing", b"nothing", [defect_codes.UUENCODE_BROKEN]),
        ("x-unknown", b"words", b"words", [defect_codes.ENCODING_UNKNOWN]),
        ("8bit (comment)", b"words", b"words", []),
    ],
)
def test_transfer_encodings_are_undone_and_repaired(encoding: str, data: bytes, content: bytes, codes: list[str]) -> None:
    one = _message("application/octet-stream", data, f"Content-Transfer-Encoding: {encoding}")
    assert one.parts[0].content == content
    assert _codes(one) == codes


@given(st.binary(max_size=60), st.sampled_from(["base64", "quoted-printable", "x-uuencode", "x-other", ""]))
def test_any_bytes_under_any_encoding_have_content(data: bytes, encoding: str) -> None:
    content, _ = transfer_encoding.decode(data, encoding)
    assert len(content) <= len(data)


@given(st.binary(max_size=300))
def test_sound_encodings_come_back(data: bytes) -> None:
    assert transfer_encoding.decode(base64.encodebytes(data), "base64") == (data, True)
    assert transfer_encoding.decode(binascii.b2a_qp(data, istext=False), "quoted-printable") == (data, True)


def test_text_that_cannot_be_read_is_counted() -> None:
    raw = b"Content-Type: text/plain; charset=utf-8\n\n" + "é".encode() * 50 + b"\xff"
    assert (message_parser.fields(raw).unreadable, message_parser.fields(raw).defects) == (1, (defect_codes.TEXT_UNREADABLE,))
    assert message_parser.fields(_MIXED).unreadable == 0


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ('attachment; filename="plain.pdf"', "plain.pdf"),
        ("attachment; filename*=utf-8''%e2%82%ac.pdf; filename=euro.pdf", "€.pdf"),
        ('attachment; filename="=?utf-8?q?=E2=82=AC?=.pdf"', "€.pdf"),
        ("attachment; filename=two words.pdf", "two words.pdf"),
        ('attachment; filename="line\tbreak\x01.pdf"', "linebreak.pdf"),
        ('attachment; filename="/etc/passwd"', "/etc/passwd"),
    ],
)
def test_a_file_name_is_the_declared_one_decoded(shown: str, name: str) -> None:
    assert _message("a/b", b"", f"Content-Disposition: {shown}").attachments[0].filename == name
