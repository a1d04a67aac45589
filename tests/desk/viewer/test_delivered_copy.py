"""What a recipient was given (promise 4; RFC 5322 3.6.3): no Bcc in any spelling, and not another byte changed."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.city.policy.dispositions import Finding
from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.viewer.delivered_copy import delivered_bytes as given_to
from civicmail.mail.archive.records import Capture, Report, Source

DANA, LENA = "dana.ortiz@city.example", "lena.vogt@city.example"


def capture(body: bytes, kind: str = "mx", **more: object) -> Capture:
    envelope = Envelope(
        DANA, (Recipient(LENA), Recipient("secret@city.example")), 0, login="p-dana" if kind == "submission" else ""
    )
    digest = hashlib.sha256(body).digest()
    return replace(Capture(bytes(16), 0, digest, len(body), digest, Source(kind), envelope), **more)  # type: ignore[arg-type]


@pytest.mark.rule("P-06, promise 4", "A recipient gets a message without Bcc in any spelling: folded, repeated, resent.")
@pytest.mark.parametrize(
    "field",
    [
        b"Bcc: secret@city.example\r\n",
        b"BCC:secret@city.example\r\n",
        b"bcc :\r\n secret@city.example,\r\n\tother@city.example\r\n",
        b"Resent-Bcc: secret@city.example\r\n",
        b"X-Bcc: secret@city.example\r\n",
        b"Bcc: secret@city.example\r\nBcc: secret@city.example\r\n",
        b"Bcc: =?utf-8?q?secret?= <secret@city.example>\r\n \r\n more@secret\r\n",
        b"Bcc:\r\n",
    ],
)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_no_spelling_of_a_blind_copy_is_given(field: bytes, at: int) -> None:
    """Folded, repeated, with space before the colon, first, in the middle and last."""
    fields = [b"From: dana.ortiz@city.example\r\n", b"To: lena.vogt@city.example\r\n"]
    rest = b"\r\nBcc: this is text\r\n"
    body = b"".join([*fields[:at], field, *fields[at:], rest])
    assert given_to(body, capture(body)) == b"".join(fields) + rest


def test_other_line_ends_and_broken_headers_hide_nothing() -> None:
    for body in (
        b"From: a@b\nBcc: secret@city.example\nTo: c@d\n\nx\n",
        b"From: a@b\rBcc: secret@city.example\rTo: c@d\r\rx\r",
        b"\xef\xbb\xbfBcc: secret@city.example\r\nTo: c@d\r\n\r\nx",
        b"From someone Mon Mar  2\r\nFrom: a@b\r\nBcc: secret@city.example\r\n\r\nx",
        b"From: a@b\r\nno field at all\r\nBcc: secret@city.example\r\nSubject: y\r\n\r\nx",
        b"From: a@b\r\nno field at all\r\nBcc: secret@city.example\r\n\r\nx",
        b"\r\n\r\nFrom: a@b\r\nBcc: secret@city.example\r\n\r\nx",
        b"From: a@b\r\nBcc: secret@city.example",
        b"X: " + b"y" * (3 << 20) + b"\r\nBcc: secret@city.example\r\n\r\nx",
    ):
        assert b"secret" not in given_to(body, capture(body)), body[:80]


def test_a_message_inside_and_the_text_are_left_alone() -> None:
    inner = b"--b\r\nContent-Type: message/rfc822\r\n\r\nBcc: inner@city.example\r\n\r\nBcc: text\r\n--b--\r\n"
    body = b'Bcc: x@y\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n' + inner
    assert given_to(body, capture(body)) == body.partition(b"\r\n")[2]


def test_what_was_put_right_about_the_sender_stands_as_it_was_put_right() -> None:
    body = b"From: Mayor <dana.ortiz@city.example>\r\nTo: x@y\r\n\r\nx"
    finding = Finding("sender", "correct:from", offset=0, length=39, mask="From: Dana Ortiz <dana.ortiz@city.example>")
    kept = capture(body, "submission", findings=(finding,))
    shown = given_to(body, kept)
    assert shown == b"From: Dana Ortiz <dana.ortiz@city.example>\r\nTo: x@y\r\n\r\nx"
    assert given_to(shown, kept) == shown


def test_verdicts_of_strangers_are_left_out_as_the_courier_leaves_them_out() -> None:
    body = b"X-Spam-Status: No\r\nFrom: a@b\r\nAuthentication-Results: x\r\n\r\nx"
    assert given_to(body, capture(body)) == b"From: a@b\r\n\r\nx"
    assert given_to(body, capture(body, findings=(Finding("edge", "spam:low"),))) == body


def test_a_copy_for_the_archive_does_not_say_for_whom_it_was() -> None:
    rest = b"Received: x\r\nX-Original-To: old\r\nFrom: a@b\r\n\r\nx"
    body = b"X-Original-To: secret@city.example\r\nDelivered-To: archive@city.example\r\n" + rest
    assert given_to(body, capture(body, report=Report("fields", "", (), ()))) == rest
    assert given_to(body, capture(body)) == body


@pytest.mark.rule(
    "P-06, promise 2, promise 4",
    "A recipient's copy differs from the archived bytes only by fields about others, and is read like the original.",
)
def test_a_header_of_nothing_else_does_not_make_a_header_of_the_text() -> None:
    body = b"Bcc: secret@city.example\r\n\r\nFrom: this is text\r\n\r\ny"
    shown = given_to(body, capture(body))
    assert b"secret" not in shown
    assert message_parser.parse(shown).text == message_parser.parse(body).text


FIELD = st.sampled_from(
    [
        b"From: a@b.example", b"To: c@d.example,\r\n e@f.example", b"Subject: =?utf-8?q?x?=", b"Received: from x\r\n\tby y; date",
        b"X-Spam: no", b"Bcc: s@city.example", b"bCC : s@city.example,\r\n\tt@city.example", b"Resent-Bcc:\r\n s@city.example",
        b"no field", b" folded first", b"Subject: bcc: x", b"Not-Bcc: x", b"", b"From b@c Mon", b"X: \xff\xfe\x00", b"Bcc",
    ]
)  # fmt: skip
END = st.sampled_from([b"\r\n", b"\n", b"\r\n", b"\r"])


@settings(max_examples=300)
@given(st.lists(st.tuples(FIELD, END), max_size=9), st.binary(max_size=60))
def test_nothing_else_is_changed_and_a_second_time_nothing_at_all(lines: list[tuple[bytes, bytes]], text: bytes) -> None:
    """Whatever the header is like, what is left is what was there, in its order, and is left so."""
    body = b"".join(line + end for line, end in lines) + b"\r\n" + text
    kept = capture(body)
    shown = given_to(body, kept)
    assert given_to(shown, kept) == shown
    assert message_parser.parse(shown).bcc == ()
    pieces = iter(body)
    if not shown.lstrip(b"\xef\xbb\xbf\r\n").startswith(b"Bcc:"):  # all that a header of nothing else has left
        assert all(byte in pieces for byte in shown), "in the order they had"


@given(st.lists(st.tuples(FIELD, END), max_size=6), st.binary(max_size=200))
def test_without_such_a_field_the_bytes_are_the_same(lines: list[tuple[bytes, bytes]], text: bytes) -> None:
    body = (
        b"From: x@y\r\n"
        + b"".join(a + b"\r\n" for a, _ in lines if b"cc" not in a.lower() and b"spam" not in a.lower())
        + b"\r\n"
        + text
    )
    if not any(word in body.lower() for word in (b"bcc", b"x-spam", b"x-virus", b"x-rspamd", b"authentication")):
        assert given_to(body, capture(body)) == body
