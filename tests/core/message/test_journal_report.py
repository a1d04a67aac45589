"""Journal reports say the envelope and where the message lies; whatever else they are, they are bounded (P-23, MS-OXJRNL)."""

from __future__ import annotations

import hashlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.message import journal_report
from civicmail.core.message.journal_report import Reported

MAIL = b"From: ann@city.example\r\nTo: works@city.example\r\nMessage-ID: <1@city.example>\r\nSubject: x\r\n\r\nBuried lines.\r\n"
LINES = (
    "Sender: ann@city.example\r\nSubject: pipes\r\nMessage-Id: <1@city.example>\r\n"
    "To: bob@city.example, Expanded: works@city.example\r\nCc: cy@out.example, Forwarded: dee@city.example\r\n"
    "Bcc: eve@city.example\r\nRecipient: \"Fay, F.\" <fay@city.example>\r\n"
)  # fmt: skip


def report_of(inner: bytes, lines: str = LINES, *, mark: bool = True, coding: bytes = b"", around: bytes = b"") -> bytes:
    delimiter = b"--" + hashlib.sha256(inner).hexdigest().encode()
    return (
        b"From: <MicrosoftExchange329e@city.example>\r\nTo: journal@archive.example\r\nSubject: pipes\r\n"
        + (b"X-MS-Journal-Report:\r\n" if mark else b"")
        + b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="' + delimiter[2:] + b'"\r\n\r\n' + delimiter
        + b'\r\nContent-Type: text/plain; charset="utf-8"\r\n\r\n' + lines.encode() + around + b"\r\n" + delimiter
        + b"\r\nContent-Type: message/rfc822\r\n" + coding + b"\r\n" + inner + b"\r\n" + delimiter + b"--\r\n"
    )  # fmt: skip


def test_the_envelope_and_the_message_are_taken_from_a_report() -> None:
    raw = report_of(MAIL)
    report = journal_report.read(raw)
    assert report is not None and report.style == "exchange" and report.why == ""
    assert raw[report.start : report.end] == MAIL
    assert report.sender == "ann@city.example"
    assert report.recipients == (
        Reported("bob@city.example", "to", ("works@city.example",)),
        Reported("cy@out.example", "cc", (), ("dee@city.example",)),
        Reported("eve@city.example", "bcc"),
        Reported("fay@city.example", "recipient"),
    )


@pytest.mark.parametrize(
    "listed", ["Recipients: a@x.example, b@x.example\r\n", 'Recipients:\r\n"A" <a@x.example>\r\n<b@x.example>\r\n']
)
def test_recipients_may_stand_in_a_list(listed: str) -> None:
    raw = report_of(MAIL, f"Sender: <s@x.example>\r\nMessage-ID: <1@x>\r\n{listed}", mark=False)
    report = journal_report.read(raw)
    assert report is not None and report.style == "google" and raw[report.start : report.end] == MAIL
    assert [r.address for r in report.recipients] == ["a@x.example", "b@x.example"]


def test_ordinary_mail_is_no_report() -> None:
    forwarded = report_of(MAIL, "See below. Message-ID: none\r\n", mark=False)
    for raw in (MAIL, forwarded, b"", b"X-MS-Journal-Report:\r\n\r\nSender: a@x.example\r\n"):
        assert journal_report.read(raw) is None


def test_a_report_about_a_report_is_opened_to_the_message_three_deep() -> None:
    raw = report_of(report_of(report_of(MAIL), "Sender: second@x.example\r\nTo: t@x.example\r\n"), "Sender: third@x.example\r\n")
    report = journal_report.read(raw)
    assert report is not None and raw[report.start : report.end] == MAIL and report.sender == "ann@city.example"
    deep = raw
    for _ in range(40):
        deep = report_of(deep, "Sender: x@x.example\r\n")
    start = time.process_time()
    report = journal_report.read(deep)
    assert report is not None and report.why == "report-nested" and report.end == 0
    assert time.process_time() - start < 20


def test_what_cannot_be_cut_out_is_said() -> None:
    coded = journal_report.read(report_of(b"RnJvbTogYQ0K", coding=b"Content-Transfer-Encoding: base64\r\n"))
    assert coded is not None and coded.why == "report-coded" and coded.sender == "ann@city.example"
    large = journal_report.read(report_of(MAIL, around=b"\r\n" + b"x" * (5 << 20)))
    assert large is not None and large.why == "report-large" and len(large.recipients) == 4


@pytest.mark.rule("P-23", "For whom a copy was is read only above the first hop, where no sender writes.")
def test_a_copy_says_for_whom_it_was_only_above_the_first_hop() -> None:
    raw = b"Return-Path: <ann@city.example>\r\nX-Original-To: bob@city.example\r\nDelivered-To: archive@city.example\r\n"
    hop = b"Received: from x by y; Mon, 1 Jan 2024 00:00:00 +0000\r\n"
    report = journal_report.delivered_for(raw + hop + MAIL)
    assert report is not None and [r.address for r in report.recipients] == ["bob@city.example", "archive@city.example"]
    assert journal_report.delivered_for(hop + raw + MAIL) is None
    google = journal_report.delivered_for(b"X-Gm-Original-To: b@x.example\r\n" + MAIL)
    assert google is not None and google.style == "google"


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=200), st.binary(max_size=200))
def test_any_report_is_read(lines: str, inner: bytes) -> None:
    raw = report_of(inner, lines)
    report = journal_report.read(raw)
    if report is not None and report.end:
        assert 0 < report.start <= report.end <= len(raw)
