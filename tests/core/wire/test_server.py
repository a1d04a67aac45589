"""Properties of a whole session: no bytes make it raise, the network's cuts do not matter, limits hold."""

from __future__ import annotations

import dataclasses
import re
import timeit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.wire.events import Close, Content, EndOfData, MailFrom, RcptTo
from civicmail.core.wire.profile import ServerProfile
from civicmail.core.wire.server import Session
from core.wire.talk import PROFILE, Talk

OPEN = dataclasses.replace(
    PROFILE, newlines="normalise", starttls=True, dsn=True, xclient=True, xforward=True, chunking=True, max_recipients=3
)
WORDS = st.sampled_from(
    [
        b"EHLO a\r\n",
        b"LHLO a\r\n",
        b"HELO a\r\n",
        b"MAIL FROM:<a@b>\r\n",
        b"MAIL FROM:<> SMTPUTF8\r\n",
        b"MAIL ",
        b"RCPT TO:<c@d>\r\n",
        b'RCPT TO:<"\xc3\xa9"@d>\r\n',
        b"DATA\r\n",
        b"BDAT 5\r\n",
        b"BDAT 3 LAST\r\n",
        b"BDAT 0 LAST\r\n",
        b"ab\r\nc",
        b".\r\n",
        b"\r\n.\r\n",
        b"\n.\n",
        b"RSET\r\n",
        b"NOOP\r\n",
        b"STARTTLS\r\n",
        b"XCLIENT ADDR=192.0.2.1\r\n",
        b"XFORWARD NAME=+C3+A9\r\n",
        b"QUIT\r\n",
        b"\0",
        b"\xff\r\n",
        b"x" * 700,
    ]
)
VERDICTS = st.lists(st.sampled_from(["250 2.0.0 Ok", "550 5.7.1 no", "451 4.3.0 later", "421 4.3.2 gone"]), max_size=8)
REPLIES = re.compile(rb"(?:(?:[2345]\d\d-[ -~]*\r\n)*[2345]\d\d [ -~]*\r\n)*")


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS | st.binary(max_size=12), max_size=25), VERDICTS, st.sampled_from(["smtp", "lmtp"]))
def test_no_bytes_make_a_session_raise_and_every_reply_is_one(chunks: list[bytes], verdicts: list[str], protocol: str) -> None:
    talk = Talk(dataclasses.replace(OPEN, protocol=protocol), verdicts)
    talk.send(*chunks)
    assert REPLIES.fullmatch(talk.output)
    assert talk.session.closed == next((s[6:] for s in talk.seen if s.startswith("close ")), "")
    talk.session.end("421 4.4.2 Timeout", "timeout")
    assert talk.session.feed(b"NOOP\r\n") == [] and talk.session.closed


GROUPS = st.lists(
    st.sampled_from(
        [
            [b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@d>\r\nDATA\r\n", b"x\r\n..y\r\n.\r\n"],
            [b"MAIL FROM:<a@b>\r\nRSET\r\nNOOP\r\n"],
            [b"RCPT TO:<c@d>\r\nBAD\r\n\xff\r\nlong" + b"x" * 3000 + b"\r\n"],
            [b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", b"\r\n.\r\nMAIL FROM:<a@b>\r\nRSET\r\n"],
            [b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", b"z" * 1200 + b"\r\n.\r\nNOOP\r\n"],
            [b"NOOP\nMAIL FROM:<a@b>\r\n"],
        ]
    ),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(GROUPS, VERDICTS, st.lists(st.integers(1, 50), min_size=1, max_size=10), st.sampled_from(["smtp", "lmtp"]))
def test_the_cuts_of_the_network_do_not_matter(
    groups: list[list[bytes]], verdicts: list[str], sizes: list[int], protocol: str
) -> None:
    profile = dataclasses.replace(PROFILE, protocol=protocol)
    hello = b"LHLO a\r\n" if protocol == "lmtp" else b"EHLO a\r\n"
    whole, cut = Talk(profile, verdicts), Talk(profile, verdicts)
    for sent in [hello, *(part for group in groups for part in group)]:
        whole.send(sent)
        at, turn = 0, 0
        while at < len(sent):
            cut.send(sent[at : at + sizes[turn % len(sizes)]])
            at, turn = at + sizes[turn % len(sizes)], turn + 1
    assert cut.output == whole.output
    assert (cut.seen, cut.messages) == (whole.seen, whole.messages)


def ready(talk: Talk, *recipients: bytes) -> None:
    talk.send(b"HELO a\r\n", b"MAIL FROM:<a@b>\r\n", *(b"RCPT TO:<%s>\r\n" % r for r in recipients or [b"c@d"]))
    talk.output = b""


def test_recipients_beyond_the_limit_are_for_the_next_message() -> None:
    talk = Talk(dataclasses.replace(PROFILE, max_recipients=2))
    ready(talk, b"a@d", b"b@d")
    talk.send(b"RCPT TO:<c@d>\r\n")
    assert talk.output == b"452 4.5.3 Too many recipients\r\n"


@pytest.mark.rule(
    "P-23",
    "A client with more recipients than one transaction allows is served until the message for the accepted ones.",
)
def test_recipients_beyond_the_limit_do_not_cost_those_that_were_taken_their_mail() -> None:
    """A client that sends them all in a row is not let go before its message, however many more it has; not for ever."""
    talk = Talk(dataclasses.replace(PROFILE, max_recipients=200))
    ready(talk, *(b"p%d@d" % n for n in range(200)))
    talk.send(b"".join(b"RCPT TO:<q%d@d>\r\n" % n for n in range(200)))
    assert talk.output == b"452 4.5.3 Too many recipients\r\n" * 200
    talk.send(b"DATA\r\n", b"x\r\n.\r\n")
    assert talk.output.endswith(b"250 2.0.0 Ok\r\n") and len(talk.messages) == 1
    ready(talk, *(b"p%d@d" % n for n in range(200)))
    talk.send(b"RCPT TO:<q@d>\r\n" * 1000)
    assert talk.output.endswith(b"421 4.7.0 Too many commands without a message\r\n")


def test_a_session_that_waits_takes_no_further_command() -> None:
    session = Session(PROFILE)
    session.feed(b"HELO a\r\n")
    events = session.feed(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n")
    assert [type(e) for e in events] == [MailFrom] and session.waiting is events[0]
    session.take_output()
    assert session.feed(b"NOOP\r\n") == [] and session.take_output() == b""
    (rcpt,) = session.answer("250 2.1.0 Ok")
    assert isinstance(rcpt, RcptTo)
    assert session.answer("250 2.1.5 Ok") == []
    assert session.take_output() == b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.0.0 Ok\r\n"


def test_an_answer_of_421_closes() -> None:
    talk = Talk(verdicts=["421 4.3.2 Too busy"])
    talk.send(b"HELO a\r\n", b"MAIL FROM:<a@b>\r\nNOOP\r\n")
    assert talk.output.endswith(b"\r\n421 4.3.2 Too busy\r\n") and talk.seen == ["close answer 421"]


def test_shut_down_lets_a_message_that_is_on_its_way_finish() -> None:
    talk = Talk()
    ready(talk)
    talk.send(b"DATA\r\n", b"x\r\n")
    assert talk.session.shut_down() == []
    talk.output = b""
    talk.send(b".\r\nMAIL FROM:<a@b>\r\n")
    assert talk.output == b"250 2.0.0 Ok\r\n421 4.3.2 Service shutting down, please try again later\r\n"
    assert talk.seen == ["message b'x\\r\\n'", "close shutdown"]


def test_shut_down_between_messages_is_at_once() -> None:
    session = Session(PROFILE)
    session.take_output()
    assert session.shut_down() == [Close("shutdown")]
    assert session.take_output().startswith(b"421 4.3.2 ")
    assert session.answer("250 2.0.0 Ok") == []


def test_a_flood_without_end_of_data_is_cut_off() -> None:
    for line, reply in [(b"x" * 74 + b"\r\n", b"552 5.3.4"), (b"bare\n", b"550 5.5.2")]:
        talk = Talk()
        ready(talk)
        talk.send(b"DATA\r\n", *[line * 1000] * 400)
        assert talk.seen[0] == "abandoned" and talk.seen[1].startswith("close ")
        assert talk.output.startswith(b"354 ") and talk.output.split(b"\r\n")[1].startswith(reply)


def test_commands_without_a_message_are_limited() -> None:
    talk = Talk(dataclasses.replace(PROFILE, max_idle=5))
    talk.send(b"NOOP\r\n" * 6 + b"QUIT\r\n")
    assert talk.output.endswith(b"250 2.0.0 Ok\r\n421 4.7.0 Too many commands without a message\r\n")
    assert talk.seen == ["close idle commands"]


def test_transaction_carries_what_the_wire_said() -> None:
    profile = dataclasses.replace(PROFILE, xforward=True, dsn=True, newlines="normalise")
    talk = Talk(profile)
    talk.send(b"EHLO edge\r\n", b"XFORWARD ADDR=192.0.2.7 HELO=far+2Eexample NAME=[UNAVAILABLE]\r\n")
    talk.send(b"MAIL FROM:<a@b> RET=HDRS ENVID=q+2B1 BODY=8BITMIME\r\nRCPT TO:<c@d> NOTIFY=delay,failure ORCPT=rfc822;x=y@d\r\n")
    talk.send(b"DATA\r\n", b"long " + b"x" * 200 + b"\n.\r\n.\r\n")
    (end,) = talk.ends
    assert end.transaction.params == {"RET": "HDRS", "ENVID": "q+2B1", "BODY": "8BITMIME"}
    assert end.transaction.forwarded == {"ADDR": "192.0.2.7", "HELO": "far.example", "NAME": ""}
    (rcpt,) = end.transaction.recipients
    assert (rcpt.path.raw, rcpt.notify, rcpt.orcpt) == ("c@d", "DELAY,FAILURE", "rfc822;x=y@d")
    assert end.lines.bare_lf == 1 and not end.lines.bare_cr and talk.session.peer.extended
    ready(talk)
    talk.send(b"DATA\r\n", b".\r\n")
    assert talk.ends[1].transaction.forwarded == {}


def test_a_session_costs_little_beside_the_network() -> None:
    body = (b"x" * 74 + b"\r\n") * 67 + b".\r\n"
    session = Session(ServerProfile("mx.city.example"))
    session.feed(b"EHLO a\r\n")

    def message() -> None:
        session.feed(b"MAIL FROM:<ann@out.example> SIZE=5000\r\n")
        session.answer("250 2.1.0 Ok")
        session.feed(b"RCPT TO:<bob@city.example>\r\n")
        session.answer("250 2.1.5 Ok")
        session.feed(b"DATA\r\n")
        content, end = session.feed(body)
        assert isinstance(content, Content) and isinstance(end, EndOfData)
        session.answer("250 2.0.0 Ok")
        session.take_output()

    assert min(timeit.repeat(message, number=100, repeat=10)) / 100 < 150e-6  # about 30 µs on an idle core


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00" + b"\x01" * 500, b"SSH-2.0-x\r\n" * 20, b"\r\n" * 50])
def test_other_protocols_end_by_mistakes_or_wait(data: bytes) -> None:
    talk = Talk()
    talk.send(data)
    assert talk.session.closed.startswith("errors") or b"354 " not in talk.output
