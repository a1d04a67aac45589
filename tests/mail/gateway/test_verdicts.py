"""Verdict headers are findings when the configured edge hands them over, and nothing when anybody else does (P-20, P-23)."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.core.config.settings import Listener
from mail.gateway.running import Client, kept, running, settings_for

MAIL = b"X-Spam-Status: No, score=0.40\r\nFrom: ann@out.example\r\nX-Virus-Status: Clean\r\n\r\nX-Spam: in the text\r\n"


@pytest.mark.rule("P-23", "Verdict headers are findings only when the configured edge hands them over.")
@pytest.mark.parametrize(
    ("networks", "wanted"),
    [
        (["127.0.0.0/8"], [("edge", "x-spam-status", "No, score=0.40"), ("edge", "x-virus-status", "Clean")]),
        (["192.0.2.0/24"], []),
        ([], []),
    ],
    ids=["the edge", "somebody else", "no edge"],
)
def test_only_the_edge_is_believed(data: Path, networks: list[str], wanted: list[tuple[str, str, str]]) -> None:
    with running(data, settings_for(Listener(kind="mx", port=0, verdicts=networks))) as run, Client(run.port) as client:
        client.to_data()
        client.send(MAIL + b".\r\n")
        assert client.reply().startswith("250 ")
        ((capture, body),) = kept(data)
        assert [(f.check, f.code, f.mask) for f in capture.findings] == wanted
        for finding in capture.findings:
            assert body[finding.offset : finding.offset + finding.length].lower().startswith(finding.code.encode() + b":")


def test_a_client_that_an_edge_speaks_for_is_not_the_edge(data: Path) -> None:
    """XCLIENT says who the client is, not who vouches for the header."""
    listener = Listener(kind="mx", port=0, verdicts=["192.0.2.1/32"], xclient=["127.0.0.0/8"])
    with running(data, settings_for(listener)) as run, Client(run.port) as client:
        client.reply()
        assert client.say(b"EHLO edge", b"XCLIENT ADDR=192.0.2.1").startswith("220")
        assert client.say(b"EHLO far", b"MAIL FROM:<a@out.example>", b"RCPT TO:<b@city.example>", b"DATA").startswith("354")
        client.send(MAIL + b".\r\n")
        assert client.reply().startswith("250 ")
        ((capture, _),) = kept(data)
        assert capture.envelope.client == "192.0.2.1"
        assert capture.findings == ()


def test_verdicts_in_a_large_message_are_kept_too(data: Path) -> None:
    with running(data, settings_for(Listener(kind="mx", port=0, verdicts=["127.0.0.0/8"]))) as run, Client(run.port) as client:
        client.to_data()
        client.send(MAIL + b"x" * 70 + b"\r\n" + (b"y" * 98 + b"\r\n") * 12_000 + b".\r\n")
        assert client.reply().startswith("250 ")
        ((capture, _),) = kept(data)
        assert [f.code for f in capture.findings] == ["x-spam-status", "x-virus-status"]
