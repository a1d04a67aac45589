"""No word of a message is hidden by where it stands: around the parts of a multipart, in a piece of a message, behind a limit."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import defect_codes, limits, message_parser
from civicmail.core.message.model import AROUND, Fields, is_stray
from core.message.test_embedded import uuencoded

HEAD = b"From: a@out.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n%s--b\r\n\r\nshown\r\n--b--\r\n%s"
MULTI = "This is a multi-part message in MIME format."


def found(raw: bytes) -> str:
    read = message_parser.fields(raw)
    return "\n".join([read.subject, read.text, read.attached_text])


def codes(read: Fields) -> set[str]:
    return set(read.defects)


@pytest.mark.rule("P-24, promise 8", "Text around the parts of a message is a part of its own: searched, shown and checked.")
@pytest.mark.parametrize(("before", "behind"), [(b"gravel\r\n", b""), (b"", b"gravel\r\n"), (b"\r\n\r\ngravel\r\n", b"pebble")])
def test_words_around_the_parts_are_a_part_of_their_own(before: bytes, behind: bytes) -> None:
    """They are found and looked into, and are no text of the sender's."""
    raw = MIXED % (before, behind)
    message = message_parser.parse(raw)
    strays = [part for part in message.parts if is_stray(part.path)]
    assert [part.path for part in strays] == [AROUND]
    around = strays[0]
    assert b"gravel" in around.content and around not in message.attachments
    assert message.text == "shown" and defect_codes.OUTSIDE_PARTS in {defect.code for defect in message.defects}
    assert "gravel" in found(raw) and "shown" in found(raw)
    if not behind:
        assert raw[around.offset : around.offset + around.length] == around.content


def test_words_around_inner_parts_and_those_of_a_letter_in_it_are_found() -> None:
    """P-24, promise 8."""
    inner = b"Content-Type: multipart/alternative; boundary=c\r\n\r\ngravel\r\n--c\r\n\r\nx\r\n--c--\r\npebble\r\n"
    parts = b"--b\r\n" + inner + b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + inner
    words = found(HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--\r\nsand\r\n").split()
    assert [words.count(word) for word in ("gravel", "pebble", "sand")] == [2, 2, 1]


@pytest.mark.rule(
    "promise 8",
    "A program's standard text around parts for readers without MIME is ignored, and hides no adjacent text.",
)
@pytest.mark.parametrize("said", [MULTI, MULTI[:-1], f"\n  {MULTI}  \n\n", MULTI.replace(" ", "\n"), "", "-- \n", "=====\n\n"])
def test_what_a_program_writes_for_readers_without_mime_is_nobodys_words(said: str) -> None:
    read = message_parser.fields(MIXED % (f"{said}\n".replace("\n", "\r\n").encode(), b""))
    assert (read.text, read.defects) == ("shown", ())


def test_what_is_written_beside_them_is() -> None:
    """promise 8."""
    assert "gravel" in found(MIXED % (f"{MULTI} gravel\n".encode(), b""))
    assert "gravel" in found(MIXED % (f"{MULTI}\n".encode() * 40 + b"gravel\n", b""))


def test_a_file_around_the_parts_is_a_file() -> None:
    raw = MIXED % (uuencoded("a.pdf", b"%PDF-"), b"")
    assert [(a.filename, a.content) for a in message_parser.fields(raw).attachments] == [("a.pdf", b"%PDF-")]


_WORDS = st.lists(st.text("abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=9), min_size=1, max_size=5)


@given(_WORDS, _WORDS, st.booleans(), st.sampled_from([b"\n", b"\r\n"]))
def test_no_word_is_lost_wherever_it_stands_among_the_parts(before: list[str], behind: list[str], closed: bool, end: bytes) -> None:
    parts = [b"--b", b"", b"shown", *([b"--b--"] if closed else [])]
    head = [b"Content-Type: multipart/mixed; boundary=b", b""]
    raw = end.join([*head, *map(str.encode, before), *parts, *map(str.encode, behind), b""])
    words = found(raw).split()
    assert all(word in words for word in (*before, "shown", *behind))


# -- pieces and messages of kinds that are not opened ----------------------------------------------------------------------


def piece(number: str, body: bytes) -> bytes:
    return HEAD + f'Content-Type: message/partial; id="x"; {number}total=2\r\n\r\n'.encode() + body


@pytest.mark.rule(
    "P-24, promise 8",
    "The first piece of a message that was sent in pieces is opened, the others are words, and each counts as unreadable.",
)
@pytest.mark.parametrize("number", ["", "number=1; ", "number=01; "])
def test_the_first_piece_of_a_message_begins_like_one(number: str) -> None:
    """It is opened, and counts as unreadable, for the rest of it lies elsewhere."""
    body = b"Subject: =?utf-8?q?gr=C3=A4vel?=\r\nContent-Type: text/html\r\n\r\n<p>pebble"
    one, read = message_parser.parse(piece(number, body)), message_parser.fields(piece(number, body))
    assert [(child.subject, child.html_text.strip(), child.part) for child in one.children] == [("gr\u00e4vel", "pebble", "1")]
    assert "gr\u00e4vel" in read.text and "pebble" in read.text
    assert read.unreadable == 1 and defect_codes.PARTIAL in codes(read)


@pytest.mark.parametrize("kind", ["partial; id=x; number=2; total=2", "x-anything", "http", "external-body"])
def test_a_message_of_a_kind_that_is_not_opened_is_words(kind: str) -> None:
    """P-24, promise 8."""
    raw = HEAD + f"Content-Type: message/{kind}\r\n\r\ngravel and more\r\n".encode()
    message = message_parser.parse(raw)
    assert "gravel and more" in found(raw) and message.text == "" and [part.path for part in message.attachments] == ["1"]


def test_where_a_body_lies_elsewhere_the_place_is_found_and_a_link() -> None:
    raw = HEAD + b'Content-Type: message/external-body; access-type=URL; URL="http://gravel.example/a"\r\n\r\nContent-ID: <x>\r\n'
    assert "gravel.example" in found(raw)
    assert [link.url for link in message_parser.parse(raw).links] == ["http://gravel.example/a"]


@pytest.mark.parametrize("kind", ["text/x-html", "text/xhtml", "TEXT/anything", "text/x-plain; charset=nowhere", "text/"])
def test_a_text_under_any_name_is_words_and_its_links_are_seen(kind: str) -> None:
    raw = HEAD + f"Content-Type: {kind}\r\n\r\n<p>gravel at http://pebble.example/a</p>\r\n".encode()
    assert "gravel" in found(raw) and [link.url for link in message_parser.parse(raw).links] == ["http://pebble.example/a"]


# -- limits ----------------------------------------------------------------------------------------------------------------


def nested(levels: int, content: bytes) -> bytes:
    return HEAD + b"Content-Type: message/rfc822\r\n\r\n" * levels + content


def test_forty_letters_in_one_another_are_opened_with_what_lies_in_the_last() -> None:
    file = b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    read = message_parser.fields(nested(40, file + base64.encodebytes(b"%PDF-" + bytes(100_000))))
    assert [a.filename for a in read.attachments if a.filename] == ["a.pdf"]
    assert read.attachments[-1].content.startswith(b"%PDF-") and read.unreadable == 0


@pytest.mark.rule("promise 8", "Plain text of a part that a limit left unopened is searched, and the part counts as unreadable.")
@pytest.mark.parametrize("shape", ["letters", "multiparts", "parts"])
def test_what_a_limit_kept_closed_is_found_in_plain_and_counts_as_unreadable(shape: str) -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(limits.DEPTH + 5))
    many = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * (limits.PARTS + 5) + b"--b\n\ngravel\n--b--\n"
    raw = {
        "letters": nested(limits.DEPTH + 5, b"Subject: x\r\n\r\ngravel\r\n"),
        "multiparts": b"Subject: s\n" + deep + b"\ngravel\n",
        "parts": many,
    }[shape]
    read = message_parser.fields(raw)
    assert read.unreadable >= 1 and "gravel" in read.text and codes(read) & defect_codes.CLOSED


@pytest.mark.rule(
    "P-24, promise 8",
    "Words in repeated subjects, comments, keywords, descriptions of parts, and other names of a file are searched.",
)
def test_words_in_fields_that_no_letter_has_are_found() -> None:
    """Repeated subjects, comments, keywords, what describes a part (RFC 5322 3.6.5, RFC 2045 8), other names of a file."""
    raw = (
        b"Subject: first\r\nFrom: a@out.example\r\nSubject: =?utf-8?q?gr=C3=A4vel?=\r\n"
        b"Comments: pebble\r\nKeywords: sand,\r\n loam\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png; name=clay.png\r\n"
        b"Content-Description: chalk\r\nContent-Disposition: inline; filename=a.png\r\n\r\nx\r\n--b--\r\n"
    )
    assert all(word in found(raw) for word in ("first", "gr\u00e4vel", "pebble", "loam", "chalk", "clay.png"))


# -- what a transfer encoding hides ----------------------------------------------------------------------------------------


@pytest.mark.rule(
    "P-24, P-25",
    "Parts that lie in a transfer encoding are opened, and what a Mac wraps is read like the file itself.",
)
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_parts_that_lie_in_a_transfer_encoding_are_opened(encoding: str) -> None:
    """RFC 2045 6.4 forbids it, and some programs undo it all the same."""
    page, file = b"Content-Type: text/html\r\n\r\n<p>gra<b></b>vel</p>", b"Content-Type: application/pdf; name=a.pdf\r\n\r\n%PDF-"
    body = b"--b\r\n" + page + b"\r\n--b\r\n" + file + b"\r\n--b--\r\n"
    coded = base64.encodebytes(body) if encoding == "base64" else quopri.encodestring(body).replace(b"--b", b"=2D-b")
    raw = HEAD + f"Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + coded
    assert "gravel" in found(raw)
    assert ("a.pdf", b"%PDF-") in [(a.filename, a.content) for a in message_parser.fields(raw).attachments]


@pytest.mark.parametrize(
    "field",
    [
        b"=?utf-8?b?Z3LD?= =?utf-8?b?pHZlbA==?=",
        b"=?UTF-8?Q?gr=C3?=\r\n =?utf-8?B?pHZlbA==?=",
        b"=?utf-8*en?q?gr=C3?= =?utf-8?q?=A4vel?=",
    ],
)
def test_a_letter_that_is_cut_between_two_encoded_words_is_whole(field: bytes) -> None:
    raw = b"Subject: " + field + b"\r\nFrom: " + field + b" <a@out.example>\r\n\r\nx\r\n"
    read = message_parser.fields(raw)
    assert (read.subject, read.from_[0].display) == ("gr\u00e4vel", "gr\u00e4vel")


@pytest.mark.parametrize(
    ("shown", "name", "also"),
    [
        ("attachment; filename*0=bill; filename*1=.pdf", "bill.pdf", ()),
        ("attachment; filename*0=run.js; filename*2=.txt", "run.js.txt", ("run.js",)),
        ("attachment; filename=run.js; filename*=utf-8''bill.txt", "bill.txt", ("run.js",)),
        ("attachment; filename*0*=utf-8''bi; filename*1=ll; filename*9=.exe", "bill.exe", ("bill",)),
        ("attachment; filename=bill.pdf", "bill.pdf", ("of-type.exe",)),
    ],
)
def test_every_name_that_a_program_may_read_is_known(shown: str, name: str, also: tuple[str, ...]) -> None:
    """P-25."""
    named = "; name=of-type.exe" if "of-type.exe" in also else ""
    raw = f"Content-Type: application/octet-stream{named}\r\nContent-Disposition: {shown}\r\n\r\nx\r\n".encode()
    (part,) = message_parser.parse(raw).attachments
    assert (part.filename, part.also) == (name, also)
