"""No word of broken mail is lost: what is no header is text, and a line among the header that is no field is a part of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import defect_codes, header_scan, message_parser
from civicmail.core.message.model import STRAY

_FIELDS = [b"Subject: kept", b"From: Ann <ann@a.example>", b"To: bob@b.example", b"Content-Type: text/plain; charset=utf-8"]
_WORDS = st.lists(st.text("abcdefghijklmnopqrstuvwxyzäß", min_size=4, max_size=9), min_size=1, max_size=4)


def _found(raw: bytes) -> str:
    read = message_parser.fields(raw)
    return "\n".join([read.subject, read.text, read.attached_text])


@pytest.mark.rule("P-24, promise 8", "Lines that are no header are text of the message, and every word of them can be searched.")
@pytest.mark.parametrize(
    "raw",
    [
        b"gravel, and no header\nthen text\n",
        b"gravel\n\nthen text\n",
        b"\n\ngravel\nthen text\n",
        b"  gravel begins after white space\nthen text\n\nand more\n",
        b" \r\n  gravel after a line of white space\r\n\r\nthen text\r\n",
        b"Gravel: then text is no field of mail\n\nthen text\n",
        b"Dear all: gravel\nthen text\n",
    ],
)
def test_what_is_no_header_is_text(raw: bytes) -> None:
    message = message_parser.parse(raw)
    assert "gravel" in message.text.lower() and "then text" in message.text
    assert not message.headers and {d.code for d in message.defects} & {defect_codes.HEADER_MISSING, defect_codes.HEADER_EMPTY}
    assert header_scan.header_length(raw) <= raw.lower().index(b"gravel")
    assert "gravel" in _found(raw).lower()


@pytest.mark.rule("P-24, promise 8", "A line of the header that is no field is a part of its own: searched, shown and checked.")
@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: kept\nFrom: a@a.example\ngravel in the middle\nTo: b@b.example\n\nthen text\n",
        b"  gravel that goes on with nothing\nSubject: kept\n\nthen text\n",
        b"To: Mary\ngravel\n <b@b.example>\nSubject: kept\n\nthen text\n",
        b"Subject: kept\nMIME-Version: 1.0\ngravel\nContent-Type: text/html\n\n<p>then text</p>\n",
    ],
)
def test_a_line_among_the_header_that_is_no_field_is_a_part_of_its_own(raw: bytes) -> None:
    message = message_parser.parse(raw)
    assert message.subject == "kept" and defect_codes.HEADER_LINE in {defect.code for defect in message.defects}
    lines = [part for part in message.parts if part.path == STRAY]
    assert len(lines) == 1 and b"gravel" in lines[0].content and lines[0] not in message.attachments
    assert "gravel" not in message.text + message.html_text  # it is no text of the sender's
    assert "gravel" in _found(raw) and "then text" in _found(raw)


def test_a_broken_line_in_the_header_of_a_part_is_found_too() -> None:
    raw = (
        b"Subject: kept\nContent-Type: multipart/mixed; boundary=b\n\n--b\ngravel\nContent-Type: text/plain\n\none\n"
        b"--b\n  pebble goes on with nothing\n\ntwo\n--b--\n"
    )
    assert all(word in _found(raw) for word in ("gravel", "pebble", "one", "two"))


@pytest.mark.parametrize("name", [b"Bcc", b"Resent-Bcc", b"X-Bcc", b"Resent-To", b"In-Reply-To"])
def test_one_field_of_mail_makes_a_header(name: bytes) -> None:
    """Also one that tells of other people: it must never be handed on as text."""
    message = message_parser.parse(name + b": <ann@a.example>\nUnheard-Of: x\n\ntext\n")
    assert [header.name.encode() for header in message.headers] == [name, b"Unheard-Of"] and message.text == "text\n"


_BEFORE = st.sampled_from([b"", b" ", b"\t", b"Gravel: ", b">From "])


@given(_WORDS, st.integers(0, len(_FIELDS)), _BEFORE, st.sampled_from([b"\n", b"\r\n"]))
def test_no_word_of_a_broken_line_is_lost_wherever_it_stands(words: list[str], at: int, before: bytes, ending: bytes) -> None:
    """Of a field that nobody knows, among others, the words are its value; white space before a line makes it part of the field."""
    line = before + " ".join(words).encode()
    raw = ending.join([*_FIELDS[:at], line, *_FIELDS[at:], b"", b"the text"])
    message = message_parser.parse(raw)
    seen = "\n".join([_found(raw), *(header.value for header in message.headers)])
    if before == b">From " and at == 0:
        assert defect_codes.MBOX_FROM_LINE in {defect.code for defect in message.defects}
    else:
        assert all(word in seen for word in words)
    assert "the text" in _found(raw)
