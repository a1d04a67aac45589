"""The native path: a message that is made anew from what survives."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.redaction.native_path import native_eml
from civicmail.core.redaction.read import document_of
from civicmail.core.redaction.shapes import Document, Redaction, ReleasedFile
from core.redaction import sources
from core.redaction.reading import document, letters

NUMBER = "MKE-2026-00041-000017"
MESSAGE = b"""Received: from mx.secret.example (10.1.2.3) by city.example; Mon, 30 Nov 2026 09:00:01 +0000\r
DKIM-Signature: v=1; a=rsa-sha256; d=city.example; bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=abc\r
ARC-Seal: i=1; a=rsa-sha256; cv=none; d=city.example; b=def\r
X-Mailer: Secret 1.0\r
Message-ID: <original@city.example>\r
From: "Lee, Ann" <ann@city.example>\r
To: Ben Roe <ben@city.example>, clerk@city.example\r
Cc: =?utf-8?q?Zo=C3=AB?= <zoe@city.example>\r
Date: Mon, 30 Nov 2026 09:00:00 +0000\r
Subject: The lease of 12 Main Street\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=m\r
\r
--m\r
Content-Type: multipart/alternative; boundary=a\r
\r
--a\r
\r
Hello, call Abendroth at 414-555-0101 tomorrow.\r
--a\r
Content-Type: text/html; charset=utf-8\r
\r
<p>Hello, call <b>Abendroth</b> at 414-555-0101.</p><!-- only here --><p style="display:none">unseen</p>\r
--a--\r
--m\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename="Abendroth lease.pdf"\r
Content-Transfer-Encoding: base64\r
\r
JVBERi0xLjcK\r
--m--\r
"""


def _released(read: Document, *redactions: Redaction, **more: object) -> tuple[ReleasedFile, EmailMessage]:
    released = native_eml(read, redactions, number=NUMBER, **more)  # type: ignore[arg-type]
    return released, BytesParser(EmailMessage, policy=email.policy.default).parsebytes(released.content)


def _texts(message: EmailMessage) -> list[str]:
    return [part.get_content() for part in message.walk() if part.get_content_type() == "text/plain"]


def test_the_head_and_the_text_of_a_message_are_one_document() -> None:
    read = document_of(MESSAGE, "mail.eml")
    text = "".join(w.text + g for w, g in zip(read.words, read.gaps, strict=True))
    assert text.startswith(
        'From: "Lee, Ann" <ann@city.example>\nTo: Ben Roe <ben@city.example>, clerk@city.example\nCc: Zoë <zoe@city.example>\n'
        "Date: Mon, 30 Nov 2026 09:00:00 +0000\nSubject: The lease of 12 Main Street\nAttachments: Abendroth lease.pdf\n\nHello"
    )
    assert "unseen" not in text
    assert "only here" not in text
    assert "text that the message hides, or that only some programs show" in read.hidden
    assert "an alternative text, which differs" in read.hidden


@pytest.mark.rule("promise 9", "A released message has no header field, alternative text, signature or hash of the original.")
def test_r26_nothing_of_the_original_message_is_in_the_new_one() -> None:
    read = document_of(MESSAGE, "mail.eml")
    released, message = _released(read, *sources.redacted(read, "Abendroth", "414-555"))
    assert set(message.keys()) == {
        "Message-ID", "From", "To", "Cc", "Date", "Subject", "MIME-Version", "Content-Type",
    }  # fmt: skip
    for secret in (b"Abendroth", b"414-555", b"mx.secret", b"2jUSOH9N", b"X-Mailer", b"original@", b"html", b"unseen", b"JVBERi"):
        assert secret not in released.content
    assert message["From"] == '"Lee, Ann" <ann@city.example>'
    assert message["To"] == "Ben Roe <ben@city.example>, clerk@city.example"
    assert message["Cc"] == "Zoë <zoe@city.example>"
    assert message["Subject"] == "The lease of 12 Main Street"
    body, about = _texts(message)
    assert body.strip() == "Hello, call [2 · REDACTED §19.36(10)(a)] at [3 · REDACTED §19.36(10)(a)] tomorrow."
    assert "Attachments: [1 · REDACTED §19.36(10)(a)] lease.pdf" in about
    assert not any(part.defects for part in message.walk())


@pytest.mark.rule("promise 9", "Files are attached to a released message only as they were released, under their new names.")
def test_files_are_replaced_by_released_ones() -> None:
    file = ReleasedFile("MKE-2026-00041-000018.pdf", "application/pdf", b"%PDF-new", ())
    inner = ReleasedFile("MKE-2026-00041-000019.eml", "message/rfc822", b"From: a@b\r\n\r\n", ())
    _, message = _released(document_of(MESSAGE, "mail.eml"), attachments=(file, inner), note="1 file was withheld.")
    parts = [
        (p.get_filename(), p.get_content_type(), p.get_payload(decode=True)) for p in message.iter_attachments() if p.get_filename()
    ]
    assert parts == [
        (file.name, "application/pdf", file.content),
        (inner.name, "application/octet-stream", inner.content),
    ]
    assert "1 file was withheld." in _texts(message)[1]


def test_a_redacted_address_is_no_address() -> None:
    read = document_of(MESSAGE, "mail.eml")
    _, message = _released(read, *sources.redacted(read, "ben@"))
    assert message["To"] == '"Ben Roe [1 · REDACTED §19.36(10)(a)]" <redacted@redaction.invalid>, clerk@city.example'


def test_a_redacted_date_is_told_in_the_note() -> None:
    read = document_of(MESSAGE, "mail.eml")
    _, message = _released(read, *sources.redacted(read, "09:00:00"))
    assert message["Date"] is None
    assert "Date: Mon, 30 Nov 2026 [1 · REDACTED §19.36(10)(a)] +0000" in _texts(message)[1]


def test_a_line_that_is_redacted_whole_leaves_its_label() -> None:
    read = document("Subject: secret plan\n\nHello")
    _, message = _released(read, Redaction(1, "c", 0, 2))
    assert message["Subject"] == "[1 · REDACTED c]"


def test_what_is_no_header_is_body() -> None:
    for text in ("Hello there", "From: a\nFrom: b\n\nHello", ""):
        _, message = _released(document(text))
        assert message["From"] is None and _texts(message)[0].split() == text.split()


def test_bytes_are_reproducible() -> None:
    read = document_of(MESSAGE, "mail.eml")
    assert _released(read)[0].content == _released(read)[0].content


@pytest.mark.rule("promise 9", "No redacted word is in a released message, and no other word is lost.")
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_r22_no_redacted_word_survives_and_no_other_word_disappears(data: st.DataObject) -> None:
    words = [f"w{n}{data.draw(st.text('abcäßλ文=?_.-', max_size=9))}z" for n in range(data.draw(st.integers(1, 30)))]
    subject, body = " ".join(words[:5]), " ".join(words[5:])
    read = document(f"From: Ann Lee <ann@city.example>\nSubject: {subject}\n\n{body}")
    marked = data.draw(st.sets(st.sampled_from(words), max_size=6))
    redactions = [Redaction(n, "c", n, n) for n, word in enumerate(read.words) if word.text in marked]
    released, message = _released(read, *redactions)
    shown = "\n".join([str(message["From"]), str(message["Subject"] or ""), *_texts(message)])
    assert [word for word in marked if letters(word) in letters(shown)] == []
    assert [word for word in words if word not in marked and letters(word) not in letters(shown)] == []
    assert sorted(letters(shown)) == sorted(letters("".join(released.words)))


@pytest.mark.parametrize(
    "content", [b"\r\nAbendroth follows our call.\r\n", b"X-Only: this\r\n\r\nAbendroth follows our call.\r\n", b""]
)
def test_a_message_without_a_header_that_may_be_released_is_all_body(content: bytes) -> None:
    """Malformed mail is released like any other: one crashed the worker at each start."""
    read = document_of(content, "message.eml")
    marks = [Redaction(1, "c", n, n) for n, word in enumerate(read.words) if word.text == "Abendroth"]
    released, message = _released(read, *marks)
    assert b"Abendroth" not in released.content and message["From"] is None
    assert not content or "follows our call." in _texts(message)[0]
