"""The client side of SMTP and LMTP: what it says, what it hears, what a hostile server cannot do (RFC 5321, 2033, 3207)."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.wire.client import Client, Closing, Finished, GoAhead, Greeted, Hello, Mail, MailTo, Refused, TlsAnswer

EHLO = (
    b"250-sink.example greets you\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 STARTTLS\r\n"
)


def ready(ehlo: bytes = EHLO, protocol: str = "smtp") -> Client:
    client = Client("mail.city.example", protocol)  # type: ignore[arg-type]
    client.feed(b"220 sink.example\r\n")
    client.hello()
    client.feed(ehlo)
    client.take_output()
    return client


def mail(*addresses: str, **params: str) -> Mail:
    return Mail("ann@city.example", tuple(MailTo(a) for a in addresses), 12, params)


def test_greeting_and_hello_give_what_the_server_offers():
    client = Client("mail.city.example")
    assert isinstance(client.feed(b"220-a\r\n220 b\r\n")[0], Greeted)
    client.hello()
    assert client.take_output() == b"EHLO mail.city.example\r\n"
    (hello,) = client.feed(EHLO)
    assert isinstance(hello, Hello)
    assert hello.offers == {"PIPELINING": "", "SIZE": "1000", "8BITMIME": "", "SMTPUTF8": "", "DSN": "", "STARTTLS": ""}
    assert client.is_idle


def test_a_server_without_ehlo_is_greeted_with_helo_and_offers_nothing():
    client = Client("mail.city.example")
    client.feed(b"220 old\r\n")
    client.hello()
    assert client.feed(b"502 what?\r\n") == []
    assert client.take_output().endswith(b"HELO mail.city.example\r\n")
    (hello,) = client.feed(b"250 old\r\n")
    assert hello.reply.ok and hello.offers == {}


def test_mail_and_recipients_go_together_with_pipelining_and_data_follows():
    client = ready()
    client.send(mail("a@x.example", "b@x.example"))
    assert client.take_output() == (b"MAIL FROM:<ann@city.example> SIZE=12\r\nRCPT TO:<a@x.example>\r\nRCPT TO:<b@x.example>\r\n")
    assert client.feed(b"250 ok\r\n250 ok\r\n550 5.1.1 no such user\r\n") == []
    assert client.take_output() == b"DATA\r\n"
    (go,) = client.feed(b"354 go\r\n")
    assert isinstance(go, GoAhead)
    assert go.accepted == (0,) and go.refused[1].text == "550 5.1.1 no such user"
    client.content(b"Subject: x\r\n\r\n.dot\r\n")
    client.finish()
    assert client.take_output() == b"Subject: x\r\n\r\n..dot\r\n.\r\n"
    (done,) = client.feed(b"250 2.0.0 queued as 1\r\n")
    assert isinstance(done, Finished) and done.replies[0].text == "250 2.0.0 queued as 1"
    assert client.is_idle


def test_without_pipelining_one_command_waits_for_the_other():
    client = ready(b"250 plain\r\n")
    client.send(mail("a@x.example", "b@x.example"))
    assert client.take_output() == b"MAIL FROM:<ann@city.example>\r\n"
    client.feed(b"250 ok\r\n")
    assert client.take_output() == b"RCPT TO:<a@x.example>\r\n"
    client.feed(b"450 4.2.1 later\r\n")
    assert client.take_output() == b"RCPT TO:<b@x.example>\r\n"
    client.feed(b"250 ok\r\n")
    assert client.take_output() == b"DATA\r\n"
    (go,) = client.feed(b"354 go\r\n")
    assert go.accepted == (1,) and go.refused[0].code == 450


def test_a_refused_sender_counts_for_every_recipient_and_the_connection_stays_usable():
    client = ready()
    client.send(mail("a@x.example", "b@x.example"))
    client.feed(b"550 5.7.1 not you\r\n503 no\r\n503 no\r\n")
    assert client.take_output().endswith(b"RSET\r\n")
    (refused,) = client.feed(b"250 ok\r\n")
    assert isinstance(refused, Refused)
    assert [r.text for r in refused.replies] == ["550 5.7.1 not you"] * 2
    assert client.is_idle


def test_no_data_is_sent_when_every_recipient_was_refused():
    client = ready()
    client.send(mail("a@x.example"))
    client.feed(b"250 ok\r\n550 5.1.1 no\r\n")
    assert b"DATA" not in client.take_output()
    (refused,) = client.feed(b"250 ok\r\n")
    assert refused.replies[0].is_permanent


def test_a_refusal_of_data_leaves_earlier_refusals_as_they_were():
    client = ready()
    client.send(mail("a@x.example", "b@x.example"))
    client.feed(b"250 ok\r\n250 ok\r\n550 5.1.1 no\r\n")
    client.feed(b"451 4.3.0 disk\r\n")
    (refused,) = client.feed(b"250 ok\r\n")
    assert [r.code for r in refused.replies] == [451, 550]


def test_lmtp_gives_one_answer_for_each_accepted_recipient_in_order():
    client = Client("mail.city.example", "lmtp")
    client.feed(b"220 lmtp\r\n")
    client.hello()
    assert client.take_output() == b"LHLO mail.city.example\r\n"
    client.feed(b"250-lmtp\r\n250 PIPELINING\r\n")
    client.send(mail("a@x.example", "b@x.example", "c@x.example"))
    client.feed(b"250 ok\r\n250 ok\r\n550 5.1.1 no\r\n250 ok\r\n")
    client.feed(b"354 go\r\n")
    client.content(b"x\r\n")
    client.finish()
    assert client.feed(b"250 2.0.0 saved\r\n") == []
    (done,) = client.feed(b"552 5.2.2 full\r\n")
    assert {i: r.code for i, r in done.replies.items()} == {0: 250, 2: 552}


def test_parameters_are_passed_on_only_where_they_are_offered():
    wanted = Mail(
        "ann@city.example",
        (MailTo("a@x.example", "FAILURE,DELAY", "rfc822;a@x.example"),),
        7,
        {"BODY": "8BITMIME", "SMTPUTF8": "", "RET": "HDRS", "ENVID": "q+3D1", "AUTH": "<>"},
    )
    rich, poor = ready(), ready(b"250-x\r\n250 PIPELINING\r\n")
    rich.send(wanted)
    poor.send(wanted)
    assert rich.take_output() == (
        b"MAIL FROM:<ann@city.example> SIZE=7 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=q+3D1\r\n"
        b"RCPT TO:<a@x.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a@x.example\r\n"
    )
    assert poor.take_output() == b"MAIL FROM:<ann@city.example>\r\nRCPT TO:<a@x.example>\r\n"


def test_an_envelope_can_never_add_a_command():
    client = ready()
    with pytest.raises(ValueError, match="control"):
        client.send(mail("a@x.example>\r\nDATA\r\n"))


def test_starttls_forgets_what_the_server_offered_before():
    client = ready()
    client.start_tls()
    assert client.take_output() == b"STARTTLS\r\n"
    (answer,) = client.feed(b"220 go\r\n")
    assert isinstance(answer, TlsAnswer) and answer.reply.ok
    assert client.feed(b"250-injected\r\n250 AUTH PLAIN\r\n") == []  # arrives in plain text after the answer: dropped
    client.secured()
    assert client.offers == {}
    client.hello()
    (hello,) = client.feed(b"250 secure.example\r\n")
    assert hello.offers == {}


def test_a_reply_injected_behind_the_answer_to_starttls_ends_the_connection():
    client = ready()
    client.start_tls()
    events = client.feed(b"220 go\r\n250 injected\r\n")
    assert isinstance(events[-1], TlsAnswer) is False
    assert isinstance(events[-1], Closing) and client.closed


@pytest.mark.parametrize(
    "rubbish",
    [b"HTTP/1.1 400 Bad\r\n", b"250-a\r\n550 b\r\n", b"2" * 5000, b"250-a\r\n" * 300, b"999 x\r\n", b"\r\n", b"25\xff x\r\n"],
    ids=["http", "two codes", "endless line", "endless reply", "no such code", "empty", "not ascii"],
)
def test_what_is_no_reply_closes_the_connection(rubbish: bytes):
    client = Client("mail.city.example")
    events = client.feed(rubbish)
    assert isinstance(events[-1], Closing) and client.closed
    assert client.feed(b"220 too late\r\n") == []


def test_421_at_any_time_and_unasked_answers_close():
    assert ready().feed(b"421 4.3.2 bye\r\n")[0].reply.code == 421
    assert isinstance(ready().feed(b"250 surprise\r\n")[0], Closing)
    client = ready()
    client.send(mail("a@x.example"))
    (closing,) = client.feed(b"250 ok\r\n421 4.7.0 enough\r\n")
    assert closing.reply.text == "421 4.7.0 enough"


def test_what_a_server_writes_is_cut_and_made_printable():
    client = Client("mail.city.example")
    (greeted,) = client.feed(b"554 5.7.1 \x1b[31mred\x00\xff " + b"x" * 2000 + b"\r\n")
    assert greeted.reply.text.startswith("554 5.7.1 ?[31mred?? xxx")
    assert len(greeted.reply.text) <= 512


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(EHLO)), max_size=12))
def test_how_the_stream_is_cut_changes_nothing(cuts: list[int]):
    client = Client("mail.city.example")
    client.feed(b"220 a\r\n")
    client.hello()
    events = []
    for a, b in itertools.pairwise(sorted({*cuts, 0, len(EHLO)})):
        events += client.feed(EHLO[a:b])
    assert len(events) == 1 and client.offers["SIZE"] == "1000" and client.is_idle


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_from_a_server_never_raise(data: bytes):
    client = ready()
    client.send(mail("a@x.example"))
    client.feed(data)
    client.feed(data)
