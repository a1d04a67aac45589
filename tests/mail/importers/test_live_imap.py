"""What lies in another server's mailbox: its own lines above what we delivered (RFC 5321 4.4)."""

from __future__ import annotations

import hashlib
import uuid

import pytest

from civicmail.mail.importers.live_imap import delivered

ID = uuid.UUID("0199c0de-0000-7000-8000-000000000001")
OURS = (
    f"Received: by mail.city.example\r\n\twith ESMTPS id {ID}\r\n\tfor <ann@city.example>;\r\n\tSat, 1 Feb 2025 10:00:00 +0000\r\n"
)
REST = "Received: from a.example by b.example id 7\r\nSubject: x\r\n\r\nBody\r\n"
THEIRS = (
    "Return-Path: <bob@home.example>\r\nDelivered-To: ann@city.example\r\n"
    "Received: from mail.city.example\r\n\tby imap.city.example with LMTP\r\n\tid AbCd+Q\r\n"
)


@pytest.mark.rule("P-15", "On another server the bytes below its added lines count as delivered, to the last byte.")
def test_the_lines_of_a_mailbox_server_are_not_what_was_delivered() -> None:
    """What counts is what lies below them, to the last byte."""
    sent = (OURS + REST).encode()
    found = delivered(THEIRS.encode() + sent)
    assert found[0] == (ID.bytes, hashlib.sha256(sent).digest()), "below the server's lines"
    assert {id_ for id_, _ in found} == {ID.bytes} and len(found) == 4
    altered = delivered((THEIRS + OURS + REST).replace("Body", "Bodo").encode())
    assert not {sha for _, sha in altered} & {sha for _, sha in found}


def test_what_is_above_our_line_and_no_line_of_a_server_was_not_delivered_by_us() -> None:
    """A message of its owner's, and one with ours quoted in it."""
    assert delivered(REST.encode()) == () and delivered(b"") == ()
    assert delivered(f"Subject: see\r\n{OURS}{REST}".encode()) == ()
    assert delivered(f"Subject: see\r\n\r\n{OURS}{REST}".encode()) == ()
    assert delivered(THEIRS.encode() * 3 + (OURS + REST).encode()) == (), "nobody adds nine lines"
