"""Header scans and the header block in every shape that mail has: line endings, missing blank line, mbox line, broken lines."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import defect_codes, header_block, header_scan, message_parser
from civicmail.core.message.model import Defect

_MESSAGE = b"Subject: hello\nFrom: a@example.org\nX-Long: one\n two\n\nfirst\nsecond\n"


def _codes(raw: bytes) -> set[str]:
    return {defect.code for defect in message_parser.parse(raw).defects}


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_every_line_ending_gives_the_same_letter(ending: bytes) -> None:
    raw = _MESSAGE.replace(b"\n", ending)
    message = message_parser.parse(raw)
    assert (message.subject, message.from_[0].addr, message.text) == ("hello", "a@example.org", "first\nsecond\n")
    assert raw[header_scan.header_length(raw) :].startswith(b"first")
    assert [header.name for header in message.headers] == ["Subject", "From", "X-Long"]
    assert message.headers[2].value == "one two"


def test_crlf_header_over_an_lf_body_is_read_and_named() -> None:
    head, _, body = _MESSAGE.partition(b"\n\n")
    raw = head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body
    assert message_parser.parse(raw).text == "first\nsecond\n"
    assert defect_codes.LINE_ENDINGS_MIXED in _codes(raw)


def test_a_bare_cr_in_a_header_is_no_line_ending_and_is_named_with_its_place() -> None:
    message = message_parser.parse(b"Subject: a\rBcc: x@y\nFrom: b@c\n\nbody")
    assert message.bcc == ()
    assert [(d.code, d.where) for d in message.defects if d.code == defect_codes.BARE_CR] == [(defect_codes.BARE_CR, 10)]


def test_lines_that_end_in_cr_cr_lf_keep_their_header() -> None:
    message = message_parser.parse(b"Subject: a\r\r\nFrom: b@c.d\r\r\n\r\r\nbody\r\r\n")
    assert (message.subject, message.from_[0].addr) == ("a", "b@c.d")
    assert "body" in message.text


def test_an_mbox_from_line_is_skipped_and_named() -> None:
    for first in (b"From a@b Mon Jan  1 00:00:00 2001\n", b">From a@b Mon Jan  1 00:00:00 2001\n"):
        message = message_parser.parse(first + _MESSAGE)
        assert (message.subject, message.text) == ("hello", "first\nsecond\n")
        assert [defect.code for defect in message.defects] == [defect_codes.MBOX_FROM_LINE]
        assert message.headers[0].offset == len(first)


def test_a_body_without_its_blank_line_is_found() -> None:
    raw = b"Subject: x\nFrom: a@b.c\nThis is text: of the body.\n\nmore\n"
    message = message_parser.parse(raw)
    assert message.subject == "x"
    assert message.text == "This is text: of the body.\n\nmore\n"
    assert raw[header_scan.header_length(raw) :].startswith(b"This is")
    assert defect_codes.SEPARATOR_MISSING in _codes(raw)


def test_a_broken_line_inside_the_header_does_not_end_it() -> None:
    message = message_parser.parse(b"Subject: x\nbroken folding of a subject\nFrom: a@b.c\nDate: Mon, 5 Jan 2004 12:00 Z\n\nbody\n")
    assert (message.subject, message.from_[0].addr, message.text) == ("x", "a@b.c", "body\n")
    assert [(d.code, d.where) for d in message.defects] == [(defect_codes.HEADER_LINE, 11)]


def test_a_blank_line_before_the_header_is_skipped() -> None:
    message = message_parser.parse(b"\r\n\r\nSubject: x\r\n\r\nbody")
    assert (message.subject, message.text) == ("x", "body")
    assert defect_codes.LEADING_BLANK in {defect.code for defect in message.defects}


@pytest.mark.parametrize(
    ("raw", "text", "code"),
    [
        (b"", "", defect_codes.HEADER_EMPTY),
        (b"only a body, no header\nat all\n", "only a body, no header\nat all\n", defect_codes.HEADER_MISSING),
        (b"\nbody behind an empty header", "body behind an empty header", defect_codes.HEADER_EMPTY),
        (b"\xef\xbb\xbfSubject: x\n\nbody", "body", defect_codes.BYTE_ORDER_MARK),
        (b"Subject: a\x00b\n\nbody", "body", defect_codes.HEADER_NUL),
        (b"Subject: x\n\nbo\x00dy", "body", defect_codes.NUL),
        (b"Subject: caf\xe9\n\nbody", "body", defect_codes.HEADER_8BIT),
        (b"Subject: x\nsubject: y\n\nbody", "body", defect_codes.DUPLICATE_HEADER),
        (b"Subject: x\n\n" + b"y" * 999 + b"\nz", "y" * 999 + "\nz", defect_codes.LINE_TOO_LONG),
    ],
)
def test_malformed_messages_are_read_and_say_what_is_wrong(raw: bytes, text: str, code: str) -> None:
    assert message_parser.parse(raw).text == text
    assert code in _codes(raw)


def test_a_line_of_998_bytes_is_no_defect() -> None:
    for ending in (b"\n", b"\r\n"):
        raw = b"Subject: x\n\n".replace(b"\n", ending) + b"y" * 998 + ending
        assert message_parser.parse(raw).defects == ()


@given(st.lists(st.integers(990, 1005), max_size=4), st.sampled_from([b"\n", b"\r\n"]), st.integers(0, 1_500))
def test_a_line_is_too_long_exactly_beyond_998_bytes(lengths: list[int], ending: bytes, short: int) -> None:
    head = b"Subject: x" + ending * 2 + (b"y" + ending) * short
    raw = head + b"".join(b"z" * length + ending for length in lengths)
    first = next((len(head) + sum(lengths[:at]) + at * len(ending) for at, n in enumerate(lengths) if n > 998), None)
    found = [defect.where for defect in message_parser.parse(raw).defects if defect.code == defect_codes.LINE_TOO_LONG]
    assert found == ([] if first is None else [first])


def test_a_header_alone_has_no_body() -> None:
    message = message_parser.parse(b"Subject: x\nFrom: a@b.c")
    assert (message.subject, message.text, message.defects) == ("x", "", ())


def test_spaces_before_the_colon_are_obsolete_but_read() -> None:
    assert message_parser.parse(b"Subject  : x\nTO:a@b.c\n\n").subject == "x"
    assert message_parser.parse(b"Subject  : x\nTO:a@b.c\n\n").to[0].addr == "a@b.c"


def test_the_first_of_repeated_fields_counts_and_addresses_are_put_together() -> None:
    message = message_parser.parse(b"Subject: first\nTo: a@b.c\nSubject: second\nTo: d@e.f\nFrom: x@y.z\nFrom: q@y.z\n\n")
    assert message.subject == "first"
    assert [address.addr for address in message.to] == ["a@b.c", "d@e.f"]
    assert [address.addr for address in message.from_] == ["x@y.z", "q@y.z"]
    assert sorted(d.detail for d in message.defects if d.code == defect_codes.DUPLICATE_HEADER) == ["from", "subject", "to"]


def test_scans_answer_without_a_parse() -> None:
    raw = (
        b"Received: from b by c;\r\n\tTue, 1 Jul 2003 10:52:37 +0200 (CEST)\r\nRECEIVED: from a by b; 1 Jul 2003 08:00 Z\r\n"
        b"X-Received: no; Mon, 1 Jan 1990 00:00:00 Z\r\nMessage-Id: <one@example.org>\r\n\r\nReceived: in the body\r\n"
    )
    assert header_scan.received_count(raw) == 2
    assert header_scan.first(raw, "message-id") == b"<one@example.org>"
    assert header_scan.first(raw, "subject") is None
    assert header_scan.topmost_received_date(raw) == datetime(2003, 7, 1, 8, 52, 37, tzinfo=UTC)
    assert raw[header_scan.header_length(raw) :].startswith(b"Received: in the body")


def test_a_message_without_a_usable_received_field_has_no_date_of_receipt() -> None:
    assert header_scan.topmost_received_date(b"Subject: x\n\n") is None
    assert header_scan.topmost_received_date(b"Received: from a by b; yesterday\n\n") is None


def test_identifiers_come_without_brackets() -> None:
    message = message_parser.parse(
        b"Message-ID: < id@x >\nIn-Reply-To: Your message of Monday <a@x>\nReferences: <a@x>\n <b@x>\t<c@x>\n"
        b"List-Id: City =?utf-8?q?Caf=C3=A9?= <News.City.Example>\n\n"
    )
    assert (message.message_id, message.in_reply_to, message.references) == ("id@x", ("a@x",), ("a@x", "b@x", "c@x"))
    assert message.list_id == "news.city.example"


def test_identifiers_without_brackets_are_read() -> None:
    message = message_parser.parse(b"Message-ID: id@x\nReferences: a@x b@x\n\n")
    assert (message.message_id, message.references) == ("id@x", ("a@x", "b@x"))


def test_the_content_hash_is_the_sha256_of_the_crlf_message_without_trace_fields() -> None:
    kept = b"DKIM-Signature: v=1; a=b\r\nSubject: x\r\n\r\nline\r\n\r\nReceived: in the body\r\n"
    expected = hashlib.sha256(kept).digest()
    assert header_scan.content_hash(kept) == expected
    assert header_scan.content_hash(kept.replace(b"\r\n", b"\n")) == expected
    assert header_scan.content_hash(kept.replace(b"\r\n", b"\r")) == expected
    trace = (
        b"Return-Path: <a@b>\r\nReceived: from a by b;\r\n\tMon, 1 Jan 2001 00:00:00 Z\r\nDelivered-To: c\r\nX-Original-To: d\r\n"
        b"ARC-Seal: i=1\r\nARC-Message-Signature: i=1;\r\n b=\r\nAuthentication-Results: x; dkim=pass\r\n"
    )
    assert header_scan.content_hash(trace + kept) == expected
    assert header_scan.content_hash(b"From a@b Mon Jan  1 00:00:00 2001\r\n" + trace + kept) == expected
    assert header_scan.content_hash(b"X-Received: y\r\n" + kept) != expected
    for whole in (kept, trace + kept, b"From a@b\r\n" + kept, kept.replace(b"\r\n", b"\n")):
        assert header_scan.content_hash(whole, hashlib.sha256(whole).digest()) == expected


def test_the_content_hash_of_a_large_message_does_not_depend_on_where_its_lines_end() -> None:
    body = b"0123456789abcde\r\n" * 130_000
    raw = b"Subject: x\r\n\r\n" + body
    assert header_scan.content_hash(raw) == hashlib.sha256(raw).digest() == header_scan.content_hash(raw.replace(b"\r\n", b"\n"))


def test_the_content_hash_of_mixed_line_ends_is_that_of_crlf() -> None:
    expected = hashlib.sha256(b"Subject: x\r\n\r\none\r\ntwo\r\nthree\r\n").digest()
    for body in (b"one\r\ntwo\nthree\r\n", b"one\r\ntwo\rthree\r\n", b"one\r\ntwo\r\nthree\r"):
        assert header_scan.content_hash(b"Subject: x\r\n\r\n" + body) == expected


_NAMES = frozenset(
    b"subject from sender reply-to to cc bcc date message-id in-reply-to references list-id received"
    b" content-type content-transfer-encoding content-disposition content-id".split()
)
_PIECES = [
    *[b"\n", b"\n", b"\r\n", b"\r", b" ", b"\t", b":", b": ", b"x", b"\0", b"\xe9", b"(", b"From a@b", b"X-To", b"Tot", b"SUBJECT"],
    *sorted(_NAMES),
    *[name.title() for name in sorted(_NAMES)],
]


@given(st.lists(st.sampled_from(_PIECES), max_size=30), st.booleans())
def test_the_fields_found_in_one_pass_are_those_found_one_by_one(pieces: list[bytes], top: bool) -> None:
    raw = b"".join(pieces)
    found: list[Defect] = []
    again: list[Defect] = []
    one = header_block.read(raw, 0, len(raw), found, top)
    assert (one.start, one.end, one.body, one.data) == header_block.scan(raw, 0, len(raw), again, top)
    assert found == again
    expected: dict[bytes, list[bytes]] = {}
    for _, name, value in one.every():
        if name.lower() in _NAMES:
            expected.setdefault(name.lower(), []).append(value)
    assert one.fields == expected
