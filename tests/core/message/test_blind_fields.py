"""How many bytes of a header tell one recipient of another."""

from __future__ import annotations

import pytest

from civicmail.core.message import message_parser

REST = b"Subject: x\r\n\r\nBcc: not@header.example\r\n"


@pytest.mark.parametrize(
    "field",
    [
        b"Bcc: ann@city.example\r\n",
        b"bcc:\r\n",
        b"Resent-Bcc: ann@city.example\r\n",
        b"BCC : ann@city.example,\r\n  bob@city.example\r\n",
        b"X-Original-Bcc: a@b\r\n",
        b"x-BCC: a@b\r\n",
        b"X-Resent-Bcc: a@b\r\n",
        b"Blind-Carbon-Copy: a@b\r\n",
    ],
)
def test_a_field_that_names_whom_the_others_must_not_know_of_counts_whole(field: bytes) -> None:
    for raw in (field + REST, b"From: a@b.example\r\n" + field + REST, b"Subject: x\r\n" + field):
        assert message_parser.fields(raw).blind == len(field)
    lf = (field + REST).replace(b"\r\n", b"\n")
    assert message_parser.fields(lf).blind == len(field.replace(b"\r\n", b"\n"))


def test_behind_a_line_that_is_no_field_and_in_lines_of_an_old_mac_too() -> None:
    bad = b"From: a@b.example\r\nthis is no field\r\nBcc: ann@city.example\r\n" + REST
    assert message_parser.fields(bad).blind == len(b"Bcc: ann@city.example\r\n")
    assert message_parser.fields(b"From: a@b\rBcc: x@y\r\rtext").blind == len(b"Bcc: x@y\r")


def test_what_only_looks_like_one_does_not_count() -> None:
    assert message_parser.fields(b"Subject: bcc: x\r\nX-Bccs: 1\r\nCc: a@b\r\n\r\n").blind == 0
    assert message_parser.fields(b"").blind == 0


def test_for_whom_a_copy_was_is_said_above_the_first_hop() -> None:
    top = b"X-Original-To: ann@city.example\r\nDelivered-To: all@archive.example\r\n"
    raw = top + b"Received: from a by b; Mon, 2 Mar 2026 12:00:00 +0000\r\nDelivered-To: list@x.example\r\n" + REST
    assert message_parser.fields(raw).for_whom == len(top)
