"""Any bytes in, a letter out; both doors are views on one parse; the work is bounded by structure (P-24)."""

from __future__ import annotations

import hashlib
import mmap
import sys
import tempfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from civicmail.core.message import defect_codes, header_scan, limits, message_parser
from civicmail.core.message.model import Fields, ParsedMessage

_SNIPPETS = [
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b" ", b"\t", b"\0", b"From ", b">From x\n", b"Subject: ", b"From: ", b"To: ",
    b"Date: ", b"Message-ID: <a@b>", b"Content-Type: ", b"text/plain", b"text/html", b"multipart/mixed", b"; boundary=b",
    b'; boundary="b c"', b"; charset=", b"utf-8", b"utf-7", b"utf-16", b"iso-2022-jp", b"koi8-r", b"; name*0*=utf-8''%e2", b"--b",
    b"--b--", b"--b\r\n", b"message/rfc822", b"Content-Transfer-Encoding: ", b"base64", b"quoted-printable", b"x-uuencode", b"QQ=",
    b"begin 644 x\n", b"#86)C\n", b"end\n", b"=E9", b"=?utf-8?q?=C3?=", b"=?utf-8?b?qQ==?=", b"=?", b"?=", b"<a@b.c>", b'"x y" ',
    b"(c)", b"(", b",", b";", b":", b"@", b"<p hidden>h</p>", b"<a href=http://x>l</a>", b"<div style='display:none'>", b"&eacute;",
    b"\xe9", b"\xc3\xa9", b"\xff\xfe", b"+AGE-", b"\x1b$B", b"Tue, 1 Jul 2003 10:52:37 +0200", b"99", b"a", b"Received: x; ",
    b"<a href='data:text/html;base64,", b"data:,", b"BEGIN:VCARD\n", b"PHOTO;ENCODING=b:", b"text/vcard", b"&#100;ata:",
]  # fmt: skip
_FRAGMENTS = st.lists(st.one_of(st.sampled_from(_SNIPPETS), st.binary(max_size=6)), max_size=40).map(b"".join)


def _texts(message: ParsedMessage) -> list[str]:
    found = [
        message.subject,
        message.text,
        message.html_text,
        message.hidden_text,
        message.message_id,
        message.list_id,
        *message.references,
        *message.in_reply_to,
    ]
    found += [part.filename for part in message.parts] + [header.value for header in message.headers]
    for address in message.from_ + message.to + message.cc + message.bcc + message.sender + message.reply_to:
        found += [address.display, address.addr]
    found += [text for link in message.links for text in (link.url, link.text)]
    return found + [text for child in message.children for text in _texts(child)]


def _sound(raw: bytes, message: ParsedMessage) -> None:
    assert message.size == len(raw)
    assert 0 <= header_scan.header_length(raw) <= message.size
    assert len({part.path for part in message.parts}) == len(message.parts) >= 1
    for part in message.parts:
        assert 0 <= part.offset <= part.offset + part.length <= message.size
    for header in message.headers:
        assert raw[header.offset : header.offset + len(header.name)].decode("ascii") == header.name
    assert set(message.attachments) <= set(message.parts)
    assert all(-1 <= defect.where <= message.size for defect in message.defects)
    for text in _texts(message):
        assert "\0" not in text
        text.encode("utf-8")


def _agree(message: ParsedMessage, view: Fields) -> None:
    for name in ("subject", "from_", "to", "cc", "bcc", "date", "message_id", "in_reply_to", "references", "list_id"):
        assert getattr(message, name) == getattr(view, name), name
    attachments, codes, words = _of_all(message)
    assert [(message.filename, message.content_type, message.size) for message in view.attachments] == attachments
    assert set(view.defects) == codes - {defect_codes.LINKS_LIMIT}
    assert len(set(view.defects)) == len(view.defects)
    for text in words:
        assert text in view.text


def _of_all(message: ParsedMessage) -> tuple[list[tuple[str, str, int]], set[str], list[str]]:
    attachments = [(part.filename, part.content_type, part.size) for part in message.attachments]
    codes = {defect.code for defect in message.defects}
    words = [message.text, message.html_text]
    for child in message.children:
        more, other, others = _of_all(child)
        attachments += more
        codes |= other
        words += [child.subject, *others]
    return attachments, codes, words


@given(st.binary(max_size=400))
@example(b"")
@example(b"\n")
@example(b"\r")
@example(b"From ")
@example(b"\xef\xbb\xbf")
@example(b"\xef\xbb\xbfSubject: x")
def test_any_bytes_give_a_letter(raw: bytes) -> None:
    _sound(raw, message_parser.parse(raw))
    _agree(message_parser.parse(raw), message_parser.fields(raw))


@given(_FRAGMENTS)
def test_any_arrangement_of_pieces_of_mail_gives_a_letter(raw: bytes) -> None:
    message = message_parser.parse(raw)
    _sound(raw, message)
    _agree(message, message_parser.fields(raw))


@given(_FRAGMENTS)
def test_the_scans_take_any_bytes_and_agree_with_the_letter(raw: bytes) -> None:
    message = message_parser.parse(raw)
    assert header_scan.received_count(raw) == sum(header.name.lower() == "received" for header in message.headers)
    assert header_scan.topmost_received_date(raw) == message_parser.fields(raw).received
    first = next((header for header in message.headers if header.name.lower() == "subject"), None)
    assert (header_scan.first(raw, "Subject") is None) == (first is None)
    for same in (raw, raw.replace(b"\r", b"").replace(b"\n", b"\r\n")):
        assert header_scan.content_hash(same, hashlib.sha256(same).digest()) == header_scan.content_hash(same)


@given(_FRAGMENTS)
def test_views_and_mapped_files_read_like_bytes(raw: bytes) -> None:
    assert message_parser.parse(memoryview(raw)) == message_parser.parse(raw)
    if not raw:
        return  # nothing of length zero can be mapped
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert message_parser.parse(mapped) == message_parser.parse(raw)
            assert message_parser.fields(mapped) == message_parser.fields(raw)
            assert header_scan.content_hash(mapped) == header_scan.content_hash(raw)


def _nested(levels: int) -> bytes:
    head = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(levels))
    return b"Subject: deep\n" + head + b"\nbottom"


def test_nesting_of_two_thousand_levels_ends_in_a_defect() -> None:
    message = message_parser.parse(_nested(2_000))
    assert defect_codes.NESTING_LIMIT in {defect.code for defect in message.defects}
    assert len(message.parts) == limits.DEPTH
    assert "bottom" in message.text  # what is not opened is still there to be read


def test_attached_messages_open_only_so_far() -> None:
    raw = b"Content-Type: message/rfc822\n\n" * 2_000 + b"Subject: inner\n\nx"
    one, depth, codes = message_parser.parse(raw), 0, set()
    while one.children:
        codes |= {defect.code for defect in one.defects}
        one, depth = one.children[0], depth + 1
    codes |= {defect.code for defect in one.defects}
    assert depth < limits.DEPTH
    assert codes & {defect_codes.NESTING_LIMIT, defect_codes.CHILD_LIMIT}


def test_attached_messages_do_not_multiply_memory() -> None:
    raw = b"Content-Type: message/rfc822\n\n" * 60 + b"Subject: inner\n\n" + b"y" * limits.CHILD_BYTES_FLOOR
    one, copied = message_parser.parse(raw), 0
    while one.children:
        one = one.children[0]
        copied += one.size
    assert copied <= limits.CHILD_BYTES_FACTOR * len(raw)


def test_the_last_part_that_is_opened_takes_what_lies_behind_the_limit() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * (limits.PARTS + 50) + b"--b\n\nlast\n--b--\n"
    message = message_parser.parse(raw)
    assert len(message.parts) == limits.PARTS
    assert defect_codes.PARTS_LIMIT in {defect.code for defect in message.defects}
    assert "last" in message.text


def test_lines_that_look_like_delimiters_are_looked_at_only_so_often() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bx\n" * (limits.DELIMITERS + 10)
    assert defect_codes.DELIMITER_LIMIT in message_parser.fields(raw).defects


def test_a_header_block_beyond_its_limit_is_read_up_to_it() -> None:
    raw = b"Subject: here\n" + b"X-Long: " + b"x" * limits.HEADER_BYTES + b"\nCc: late@example.org\n\nbody"
    message = message_parser.parse(raw)
    assert (message.subject, message.cc, message.text) == ("here", (), "body")
    assert defect_codes.HEADER_TOO_LARGE in {defect.code for defect in message.defects}


@pytest.mark.rule("P-24", "Any bytes are a letter: a limit that is reached becomes a defect.")
def test_header_fields_beyond_their_limit_are_not_listed() -> None:
    message = message_parser.parse(b"X-Y: z\n" * (limits.HEADER_FIELDS + 1) + b"\nbody")
    assert len(message.headers) == limits.HEADER_FIELDS
    assert defect_codes.HEADER_TOO_MANY in {defect.code for defect in message.defects}


def test_addresses_and_links_beyond_their_limits_are_not_listed() -> None:
    message = message_parser.parse(b"To: " + b"a@b," * (limits.ADDRESSES + 5) + b"\n\n" + b"http://x.y/ " * (limits.LINKS + 5))
    assert len(message.to) == limits.ADDRESSES
    assert len(message.links) == limits.LINKS
    assert {defect_codes.ADDRESS_LIMIT, defect_codes.LINKS_LIMIT} <= {defect.code for defect in message.defects}


_HOSTILE = {
    "delimiters": (b"Content-Type: multipart/mixed; boundary=b\n\n", b"--b\n\nx\n"),
    "false delimiters": (b"Content-Type: multipart/mixed; boundary=b\n\n", b"--bx\n"),
    "comments": (b"To: ", b"()"),
    "open comments": (b"To: ", b"("),
    "quotes": (b"To: ", b'"x'),
    "angles": (b"To: ", b"<a@b,"),
    "words": (b"To: ", b"a "),
    "open encoded words": (b"Subject: ", b"=?a?q?"),
    "encoded words": (b"Subject: ", b"=?utf-8?q?a?= "),
    "parameters": (b"Content-Type: text/plain", b"; a=b"),
    "escapes": (b'Content-Type: text/plain; a="', b'\\"'),
    "broken header lines": (b"Subject: x\n", b"bad line\nX-a: b\n"),
    "empty lines": (b"Subject: x\n", b"\n"),
    "padded base64": (b"Content-Transfer-Encoding: base64\n\n", b"QQ==\n"),
    "uuencoded lines": (b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n", b"#86)C\n"),
    "links": (b"\n", b"http://x.y/)))) "),
    "open elements": (b"Content-Type: text/html\n\n", b"<div>"),
    "formatting": (b"Content-Type: text/html\n\n<p>", b"<font a=1><p>x"),
    "hidden": (b"Content-Type: text/html\n\n", b"<p hidden>x</p>"),
    "attributes": (b"Content-Type: text/html\n\n<p ", b"a=1 "),
    "open tags": (b"Content-Type: text/html\n\n", b"<a x='"),
    "open comments in HTML": (b"Content-Type: text/html\n\n", b"<!--"),
    "open conditions in HTML": (b"Content-Type: text/html\n\n", b"<!--[if mso]>"),
    "conditions in HTML": (b"Content-Type: text/html\n\n", b"<!--[if mso]>x<![endif]-->"),
    "words in attributes": (b"Content-Type: text/html\n\n", b"<img alt=x>"),
    "beginnings of uuencode": (b"\n", b"begin 644 x\n#86)C\n"),
    "beginnings of yEnc": (b"\n", b"=ybegin size=1 name=x\n=*\n"),
    "pasted base64": (b"\n", b"A" * 76 + b"\n"),
    "gaps": (b"Content-Type: multipart/mixed; boundary=b\n\n", b"--b\nContent-Type: multipart/x; boundary=c\n\nx\n--c--\nx\n"),
}


def _calls(raw: bytes) -> int:
    """How many functions, native ones too, one reading calls: a clock that does not depend on the machine."""
    count = 0

    def tick(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(tick)
    try:
        message_parser.parse(raw)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("kind", _HOSTILE)
def test_work_grows_with_hostile_input_and_not_with_its_square(kind: str) -> None:
    head, piece = _HOSTILE[kind]
    once, four_times = _calls(head + piece * 5_000), _calls(head + piece * 20_000)
    assert four_times <= 8 * once + 500  # the square would be sixteen times; checks that start at a size may double it
