"""Real clients on real sockets: what is acknowledged is kept, byte for byte, and what is refused is not (promises 1, 2, 6)."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import uuid
from pathlib import Path

import pytest

from civicmail.core.config.settings import Listener
from mail.gateway.running import Client, kept, running, settings_for, spool_files

MAIL = b"From: ann@out.example\r\nTo: bob@city.example\r\nSubject: hello\r\nMessage-ID: <1@out.example>\r\n\r\nHi.\r\n..\r\n"


def test_a_250_names_the_capture_that_is_kept(data: Path) -> None:
    with running(data) as run, Client(run.port) as client:
        client.to_data(b"Bob@City.Example", b"carol@parks.example", b"Bob@City.Example")
        client.send(MAIL.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        code, _, archived = client.reply().partition("archived=")
        ((capture, body),) = kept(data)
        assert code == "250 2.0.0 Ok " and archived == capture.uuid and uuid.UUID(archived).version == 7
        assert body == MAIL and capture.source.kind == "mx" and capture.source.eol == "exact"
        envelope = capture.envelope
        assert (envelope.sender, envelope.client, envelope.helo) == ("ann@out.example", "127.0.0.1", "client.example")
        assert (envelope.protocol, envelope.tls, envelope.login) == ("esmtp", "", "")
        assert [r.address for r in envelope.recipients] == ["Bob@City.Example", "carol@parks.example"]
        assert [d.do for d in capture.dispositions] == ["deliver", "deliver"]
        assert capture.message_id == "<1@out.example>"
        assert run.counters.kept == 1 and run.counters.kept_bytes == len(MAIL)
        assert client.say(b"QUIT") == "221 2.0.0 Bye" and client.reply() == ""


def test_the_standard_librarys_client_is_content(data: Path) -> None:
    with running(data) as run:
        with smtplib.SMTP("127.0.0.1", run.port, timeout=60) as client:
            for n in range(3):
                assert client.sendmail("a@out.example", ["b@city.example"], f"Subject: {n}\n\n.dot\n") == {}
        assert [body for _, body in kept(data)] == [b"Subject: %d\r\n\r\n.dot\r\n" % n for n in range(3)]


OPEN_RELAY = [
    b"b@elsewhere.example",
    b"@city.example:b@elsewhere.example",
    b"b%elsewhere.example@city.example",
    b'"b@elsewhere.example"@city.example',
    b"elsewhere.example!b@city.example",
    b"b@elsewhere.example@city.example",
    b"b@[127.0.0.1]",
]


def test_open_relay_forms_are_refused_and_nothing_is_kept(data: Path) -> None:
    with running(data) as run, Client(run.port) as client:
        client.reply()
        client.say(b"EHLO x", b"MAIL FROM:<mayor@city.example>")
        for form in OPEN_RELAY:
            assert client.say(b"RCPT TO:<%s>" % form)[0] == "5", form
        assert client.say(b"DATA") == "554 5.5.1 No valid recipients"
        assert client.say(b"RCPT TO:<postmaster>") == "250 2.1.5 Ok"
        assert run.counters.refused_recipients == 5  # the others are no addresses at all
        assert kept(data) == []


def test_fishing_for_recipients_ends_the_session(data: Path) -> None:
    with running(data) as run, Client(run.port) as client:
        client.reply()
        client.say(b"EHLO x", b"MAIL FROM:<>")
        client.send(b"".join(b"RCPT TO:<u%d@elsewhere.example>\r\n" % n for n in range(60)))
        replies = [client.reply() for _ in range(51)]
        assert replies[49].startswith("550 5.7.1") and replies[50].startswith("421 4.7.0")
        assert client.reply() == ""


ENDS = [
    b"\n.\n",
    b"\r.\r",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r\n",
    b"\r\n.\r",
    b"\n.\r",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
    b"\r\r\n.\r\r\n",
]


@pytest.mark.parametrize("kind", ["mx", "relay"])
def test_ten_ends_of_data_never_let_a_second_message_in(kind: str, data: Path) -> None:
    second = b"MAIL FROM:<x@out.example>\r\nRCPT TO:<b@city.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n"
    with running(data, settings_for(Listener(kind=kind, port=0))) as run:
        for end in ENDS:
            with Client(run.port) as client:
                client.to_data()
                client.send(b"Subject: outer\r\n\r\nhello" + end + second)
                reply = client.reply()
                assert reply.startswith("550 5.5.2" if kind == "mx" else "250 2.0.0")
                if kind == "mx":
                    assert client.reply() == ""
        captures = kept(data)
        assert all(body.startswith(b"Subject: outer") for _, body in captures)
        assert len(captures) == (0 if kind == "mx" else len(ENDS))
        assert all(capture.source.eol.startswith("normalised ") for capture, _ in captures)
        assert run.counters.broken_lines == (len(ENDS) if kind == "mx" else 0)


def test_lmtp_answers_each_recipient_and_takes_mail_for_others_from_peers(data: Path) -> None:
    with running(data, settings_for(Listener(kind="lmtp", port=0, dsn=True))) as run, Client(run.port) as client:
        assert client.reply().startswith("220")
        assert "\n250 DSN" in client.say(b"LHLO edge.example").replace("250-", "250 ")
        client.say(b"MAIL FROM:<> RET=HDRS ENVID=q1")
        client.say(b"RCPT TO:<a@city.example> NOTIFY=NEVER ORCPT=rfc822;a@city.example")
        client.say(b"RCPT TO:<b@elsewhere.example>", b"RCPT TO:<a@city.example>", b"DATA")
        client.send(b"x\r\n.\r\n")
        answers = [client.reply() for _ in range(3)]
        ((capture, _),) = kept(data)
        assert answers == [f"250 2.0.0 Ok archived={capture.uuid}"] * 3
        assert capture.envelope.protocol == "lmtp" and capture.source.kind == "lmtp"
        assert capture.envelope.params == {"RET": "HDRS", "ENVID": "q1"}
        assert [r.address for r in capture.envelope.recipients] == ["a@city.example", "b@elsewhere.example"]


def test_journal_reports_are_kept_under_the_envelope_that_they_name(data: Path) -> None:
    report = (
        b"X-MS-Journal-Report:\r\nContent-Type: multipart/mixed; boundary=j\r\n\r\n--j\r\n\r\nSender: ann@city.example\r\n"
        b"Message-Id: <1@city.example>\r\nBcc: eve@city.example\r\n\r\n--j\r\n"
        b"Content-Type: message/rfc822\r\n\r\n" + MAIL + b"\r\n--j--\r\n"
    )
    with running(data, settings_for(Listener(kind="journal", port=0))) as run:
        with smtplib.SMTP("127.0.0.1", run.port, timeout=60) as client:
            client.sendmail("", ["journal@elsewhere.example"], report)
            client.sendmail("", ["journal@elsewhere.example"], b"Subject: a copy\r\n\r\nx\r\n")
        (capture, body), (copy, _) = kept(data)
        assert body == MAIL and capture.envelope.sender == "ann@city.example"
        assert [r.address for r in capture.envelope.recipients] == ["eve@city.example"]
        assert capture.report is not None and capture.report.whole(body) == report
        assert [d.do for d in copy.dispositions] == ["kept"] and copy.envelope.sender == "" and copy.report is None


def test_what_postfix_knows_of_its_client_is_kept_as_evidence(data: Path) -> None:
    with running(data, settings_for(Listener(kind="relay", port=0, xclient=["127.0.0.0/8"]))) as run, Client(run.port) as client:
        client.reply()
        assert "XFORWARD" in client.say(b"EHLO edge")
        client.say(b"XFORWARD NAME=far.example ADDR=192.0.2.7 HELO=a+20ADDR=127.0.0.1 IDENT=4F1")
        client.say(b"MAIL FROM:<a@out.example>", b"RCPT TO:<b@city.example>", b"DATA")
        client.send(b"x\r\n.\r\n")
        client.reply()
        ((capture, _),) = kept(data)
        assert capture.envelope.params["XFORWARD"] == "ADDR=192.0.2.7 HELO=a+20ADDR=127.0.0.1 IDENT=4F1 NAME=far.example"
        assert capture.envelope.client == "127.0.0.1"


def test_a_client_that_a_proxy_speaks_for_must_be_a_peer_itself(data: Path) -> None:
    listener = Listener(kind="relay", port=0, peers=["127.0.0.0/8", "198.51.100.0/24"], xclient=["127.0.0.1"])
    with running(data, settings_for(listener)) as run:
        for address, code in [(b"198.51.100.4", "250"), (b"203.0.113.9", "554")]:
            with Client(run.port) as client:
                client.reply()
                client.say(b"EHLO proxy", b"XCLIENT ADDR=%s LOGIN=ann" % address, b"EHLO real")
                assert client.say(b"MAIL FROM:<a@city.example>").startswith(code)


def test_a_balancer_says_whose_connection_it_passes_on(data: Path) -> None:
    listener = Listener(kind="relay", port=0, peers=["198.51.100.0/24"], proxy=["127.0.0.1"])
    with running(data, settings_for(listener)) as run:
        with Client(run.port) as client:
            client.send(b"PROXY TCP4 198.51.100.4 127.0.0.1 4321 25\r\n")
            client.to_data(hello=b"HELO printer")
            client.send(b"x\r\n.\r\n")
            assert client.reply().startswith("250 ")
        ((capture, _),) = kept(data)
        assert capture.envelope.client == "198.51.100.4" and capture.envelope.protocol == "smtp"
        with Client(run.port) as client:
            client.send(b"PROXY TCP4 203.0.113.9 127.0.0.1 4321 25\r\n")
            assert client.reply().startswith("554 5.7.1 ") and client.reply() == ""
        with Client(run.port) as client:
            client.send(b"EHLO x\r\n")
            assert client.reply() == ""
        run.wait_for(lambda: run.counters.open == 0)
        assert run.counters.refused_connections == 2


def test_chunks_are_kept_like_data(data: Path) -> None:
    with running(data, settings_for(Listener(port=0, chunking=True))) as run, Client(run.port) as client:
        client.reply()
        assert "CHUNKING" in client.say(b"EHLO exchange.example")
        client.say(b"MAIL FROM:<>", b"RCPT TO:<b@city.example>")
        large = b"Subject: x\r\n\r\n" + b"y" * 70 + b"\n" + b"z" * 2_000_000
        client.send(b"BDAT %d\r\n" % len(large) + large + b"BDAT 0 LAST\r\n")
        assert client.reply().startswith("250 2.0.0 ") and client.reply().startswith("250 2.0.0 Ok archived=")
        ((capture, body),) = kept(data)
        assert body == large.replace(b"y\n", b"y\r\n") + b"\r\n" and capture.source.eol == "normalised 2"
        assert run.counters.spooled == 1 and run.counters.long_lines == 1


def test_a_stranger_is_sent_away_from_a_relay(data: Path) -> None:
    with running(data, settings_for(Listener(kind="relay", port=0, peers=["198.51.100.0/24"]))) as run:
        with Client(run.port) as client:
            assert client.reply() == "554 5.7.1 This service is not for you" and client.reply() == ""
        assert run.counters.refused_connections == 1


@pytest.mark.rule("P-01, promise 2", "A large message is written to a spool file and never through the shared sync.")
def test_a_large_message_goes_to_the_spool_and_comes_back_exactly(data: Path) -> None:
    large = b"Subject: large\r\n\r\n" + b"".join(b"line %d %s\r\n" % (n, b"x" * 60) for n in range(40_000))
    with running(data) as run, Client(run.port) as client:
        client.to_data()
        client.send(large + b".\r\n")
        archived = client.reply().partition("archived=")[2]
        ((capture, body),) = kept(data)
        assert body == large and capture.uuid == archived and run.counters.spooled == 1
        assert [p.name for p in spool_files(data)] == [capture.id.hex()]
        assert run.gateway.gate.spooler.held == 0


@pytest.mark.parametrize("tail", [b"\nbare\r\n.\r\n", b""])
def test_of_a_large_message_that_is_refused_or_broken_off_nothing_stays(tail: bytes, data: Path) -> None:
    with running(data) as run:
        with Client(run.port) as client:
            client.to_data()
            client.send((b"x" * 998 + b"\r\n") * 3000 + tail)
            if tail:
                assert client.reply().startswith("550 5.5.2")
            else:
                run.wait_for(lambda: bool(spool_files(data)))
        run.wait_for(lambda: not run.gateway.gate.conversations and not spool_files(data))
        assert kept(data) == [] and run.gateway.gate.spooler.held == 0
        assert run.counters.lost_in_data == (0 if tail else 1)


def test_a_message_beyond_the_limit_is_refused_after_its_end_and_the_session_goes_on(data: Path) -> None:
    with running(data, settings_for(max_message=2_000_000)) as run, Client(run.port) as client:
        client.to_data()
        client.send((b"x" * 998 + b"\r\n") * 2100 + b".\r\n")
        assert client.reply() == "552 5.3.4 Message too large"
        assert client.say(b"MAIL FROM:<a@b.example> SIZE=2000001") == "552 5.3.4 Message too large"
        run.wait_for(lambda: not spool_files(data))
        assert kept(data) == [] and run.counters.abandoned == 1


def test_a_client_that_is_gone_after_the_dot_changes_nothing(data: Path) -> None:
    with running(data) as run:
        with Client(run.port) as client:
            client.to_data()
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close with a reset
            client.send(MAIL + b".\r\n")
        run.wait_for(lambda: run.counters.kept == 1)
        assert len(kept(data)) == 1


def test_a_client_that_closes_its_half_after_the_dot_still_hears_the_answer(data: Path) -> None:
    with running(data) as run, Client(run.port) as client:
        client.to_data()
        client.send(MAIL + b".\r\n")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.reply().startswith("250 2.0.0 Ok archived=")
        assert client.reply() == ""


def test_pipelined_messages_are_answered_in_order(data: Path) -> None:
    with running(data) as run, Client(run.port) as client:
        client.to_data()
        client.send(b"one\r\n.\r\nMAIL FROM:<a@out.example>\r\nRCPT TO:<b@city.example>\r\nDATA\r\n")
        assert client.reply().startswith("250 2.0.0 Ok archived=")
        assert [client.reply()[:3] for _ in range(3)] == ["250", "250", "354"]
        client.send(b"two\r\n.\r\nQUIT\r\n")
        assert [client.reply()[:3] for _ in range(2)] == ["250", "221"]
        assert [body for _, body in kept(data)] == [b"one\r\n", b"two\r\n"]


@pytest.mark.rule("P-06, promise 1", "A message with more Received lines than get anywhere is refused.")
def test_a_message_in_a_loop_is_refused(data: Path) -> None:
    with running(data, settings_for(max_received=10)) as run, Client(run.port) as client:
        client.to_data()
        client.send(b"RECEIVED: from x\r\n" * 10 + b"Subject: x\r\n\r\nReceived: no header\r\n.\r\n")
        assert client.reply().startswith("250")
        client.say(b"MAIL FROM:<>", b"RCPT TO:<b@city.example>", b"DATA")
        client.send(b"Received: from x\r\n" * 11 + b"\r\n.\r\n")
        assert client.reply() == "554 5.4.6 Routing loop detected: too many Received lines"
        client.say(b"MAIL FROM:<>", b"RCPT TO:<b@city.example>", b"DATA")
        client.send(b"Received: from x\r\n" * 11 + b"\r\n" + b"y\r\n" * 500_000 + b".\r\n")
        assert client.reply().startswith("554 5.4.6 ")
        run.wait_for(lambda: not spool_files(data))
        assert len(kept(data)) == 1


def test_two_gateways_share_port_and_folder(data: Path) -> None:
    with running(data) as one, running(data, settings_for(Listener(kind="mx", port=one.port))) as two:
        for n in range(20):
            with contextlib.closing(smtplib.SMTP("127.0.0.1", one.port, timeout=60)) as client:
                client.sendmail("a@out.example", ["b@city.example"], b"Subject: %d\r\n\r\n" % n)
        assert one.counters.kept + two.counters.kept == 20 == len(kept(data))
        assert len({capture.journal for capture, _ in kept(data)}) <= 2
