"""A journal report is one capture: its message is the body, its envelope the envelope, and the report can be shown (P-23)."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.pipeline.accept import Pipeline

NOW = 1_772_452_800_000
MAIL = b"From: ann@city.example\r\nTo: works@city.example\r\nMessage-ID: <1@city.example>\r\n\r\nBuried lines.\r\n"


def report_of(inner: bytes) -> bytes:
    return (
        b"From: x@city.example\r\nX-MS-Journal-Report:\r\nContent-Type: multipart/mixed; boundary=jr\r\n\r\n--jr\r\n\r\n"
        b"Sender: ann@city.example\r\nMessage-Id: <1@city.example>\r\nTo: bob@city.example, Expanded: works@city.example\r\n"
        b"Bcc: eve@city.example\r\n\r\n--jr\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--jr--\r\n"
    )


def accepted(data: Path, content: bytes, kind: str = "journal", *, spooled: bool = False) -> tuple[Capture, bytes]:
    """What is kept of it."""

    async def story() -> bytes:
        pipeline = Pipeline(GroupCommit(Writer(data, lambda: NOW)))
        heard: object = content
        if spooled:
            heard = pipeline.commit.writer.spool(capture_id(NOW))
            heard.write(content)
        envelope = Envelope("", (Recipient("journal@archive.example"),), NOW, client="192.0.2.1")
        receipt = await pipeline.accept(heard, envelope, Source(kind, "j"))  # type: ignore[arg-type]
        await pipeline.commit.close()
        return receipt.id

    id_ = asyncio.run(story())
    machine = Machine(data)
    return machine.capture(id_), machine.body(id_)


@pytest.mark.rule("P-23, promise 2", "The message in a journal report is the body, and the report is restored bit for bit.")
@pytest.mark.parametrize("size", [0, 3 << 20])
def test_the_message_is_the_body_and_the_report_comes_back_bit_for_bit(tmp_path: Path, size: int) -> None:
    inner = MAIL + b"x" * size + b"\r\n"
    whole = report_of(inner)
    capture, body = accepted(tmp_path, whole, spooled=bool(size))
    assert body == inner and capture.sha256 == hashlib.sha256(inner).digest() and capture.message_id == "<1@city.example>"
    assert capture.envelope.sender == "ann@city.example" and capture.envelope.client == "192.0.2.1"
    assert [r.address for r in capture.envelope.recipients] == ["bob@city.example", "eve@city.example"]
    assert [d.do for d in capture.dispositions] == ["kept", "kept"]
    assert capture.report is not None and capture.report.to == ("journal@archive.example",)
    assert capture.report.recipients[0] == {"a": "bob@city.example", "how": "to", "expanded": ["works@city.example"]}
    assert capture.report.whole(body) == whole and capture.report.sha256 == hashlib.sha256(whole).digest()
    assert Machine(tmp_path).count() == 1
    assert len(list((tmp_path / "journal").rglob("spool/*"))) == bool(size)


@pytest.mark.rule("P-23, promise 2", "Only a configured peer's journal reports are unwrapped; from others they are mail.")
def test_only_a_journal_listener_opens_reports(tmp_path: Path) -> None:
    """Anybody may write that header: from outside it is mail like any other."""
    whole = report_of(MAIL)
    for kind in ("mx", "relay", "lmtp"):
        capture, body = accepted(tmp_path, whole, kind)
        assert body == whole and capture.report is None and capture.envelope.sender == ""


def test_a_report_that_cannot_be_opened_is_kept_whole_under_its_envelope(tmp_path: Path) -> None:
    whole = report_of(b"RnJvbTogYQ0K").replace(b"message/rfc822\r\n", b"message/rfc822\r\nContent-Transfer-Encoding: base64\r\n")
    capture, body = accepted(tmp_path, whole)
    assert body == whole and [f.code for f in capture.findings] == ["report-coded"]
    assert [r.address for r in capture.envelope.recipients] == ["bob@city.example", "eve@city.example"]
    assert capture.report is not None and capture.report.whole(body) == whole


def test_a_copy_without_a_report_is_kept_for_whom_it_was(tmp_path: Path) -> None:
    raw = b"X-Original-To: bob@city.example\r\nReceived: from a by b\r\n" + MAIL
    capture, body = accepted(tmp_path, raw)
    assert body == raw and [r.address for r in capture.envelope.recipients] == ["bob@city.example"]
    assert capture.report is not None and capture.report.style == "fields" and capture.report.sha256 == b""
    plain, body = accepted(tmp_path, MAIL)
    assert plain.report is None and [r.address for r in plain.envelope.recipients] == ["journal@archive.example"]
