"""What each door's client hears of a decision, in one answer or in several, and what is kept of it (docs/operate/screening.md)."""

from __future__ import annotations

import smtplib
from dataclasses import replace
from pathlib import Path

import pytest

from civicmail.city.policy.active_rules import active_path, publish
from civicmail.core.config.settings import Listener, Screening, Settings, Web
from civicmail.core.disk.tail import Tail
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.records import Type
from mail.gateway.running import Client, kept, running, settings_for, spool_files
from mail.gateway.town import town

MAIL = b"From: ann@out.example\r\nSubject: x\r\n\r\nx"
LETTER = b"From: =?utf-8?q?Ann_M=C3=BCller?= <ann@city.example>\r\nSubject: x\r\n\r\nx\r\n"
BOOK = """
title = "Test"

[matrix]
clamav = { inbound = "later", internal = "deliver-again", outbound = "hold" }

[[rule]]
id = "not-eve"
clause = "P-25"
owner = "o"
why = "w"
expires = 2030-01-01
severity = "low"
mode = "enforce"
when = 'recipient.address == "eve@city.example" || recipient.domain == "shop.example"'
do = "refuse"
sender = "Not to this address."
ask = "the help desk"
[[rule.example]]
facts = { recipient.address = "eve@city.example" }
fits = true
[[rule.example]]
facts = { recipient.address = "bob@city.example" }
fits = false

[[rule]]
id = "virus"
clause = "P-25"
owner = "o"
why = "w"
expires = 2030-01-01
severity = "high"
mode = "enforce"
when = 'size(malware.found) > 0'
do = "quarantine"
reader = "Harmful."
ask = "the help desk"
[[rule.example]]
facts = { malware.found = ["X"] }
fits = true
[[rule.example]]
facts = { inbound = true }
fits = false
"""


@pytest.fixture
def ruled(data: Path) -> Path:
    publish(data, BOOK)
    return data


def answers(client: Client, count: int = 1) -> list[str]:
    client.send(MAIL + b"\r\n.\r\n")
    return [client.reply() for _ in range(count)]


def lmtp() -> Settings:
    return settings_for(Listener(kind="lmtp", port=0))


def test_lmtp_answers_each_recipient_in_the_order_of_rcpt(ruled: Path) -> None:
    """(RFC 2033 4.2): also a recipient who is named twice gets two answers."""
    with running(ruled, lmtp()) as run, Client(run.port) as client:
        client.to_data(b"bob@city.example", b"eve@city.example", b"bob@city.example", b"Eve@city.example", hello=b"LHLO x")
        said = answers(client, 4)
        assert [one[:3] for one in said] == ["250", "550", "250", "550"]
        assert "Not to this address. (P-25)" in said[1]
        client.say(b"RSET")
        assert client.say(b"MAIL FROM:<ann@out.example>", b"RCPT TO:<eve@city.example>", b"DATA").startswith("354")
        assert [one[:3] for one in answers(client)] == ["550"], "the session is in step"
    (mixed, _), (refused, _) = kept(ruled)
    assert [d.do for d in mixed.dispositions] == ["deliver", "refuse", "refuse"] and mixed.class_ == "mail"
    assert mixed.uuid in said[1] and refused.class_ == "refused"


def test_a_stranger_hears_no_with_a_number_and_one_answer_for_all_where_one_is_taken(ruled: Path) -> None:
    """P-26, P-30, promise 7, P-06."""
    settings = replace(settings_for(), web=Web(url="https://mail.city.example"))
    with running(ruled, settings) as run, Client(run.port) as client:
        client.to_data(b"eve@city.example")
        (no,) = answers(client)
        assert client.say(b"MAIL FROM:<ann@out.example>", b"RCPT TO:<bob@city.example>", b"RCPT TO:<eve@city.example>", b"DATA")
        (yes,) = answers(client)
        assert run.counters.refused == 1
    (refused, _), (mixed, _) = kept(ruled)
    assert no == (
        f"550 5.7.1 Not to this address. (P-25) Ask: the help desk decision={refused.uuid} "
        f"https://mail.city.example/decision/{refused.uuid}/"
    )
    assert yes == f"250 2.0.0 Ok archived={mixed.uuid}"
    assert [d.do for d in mixed.dispositions] == ["deliver", "quarantine"]
    assert [e.id for e in outstanding_file.current(ruled).held()] == [mixed.id]


def test_an_employee_hears_no_or_gets_a_report_and_both_stay_evidence(ruled: Path, tmp_path: Path) -> None:
    """What is refused of an employee is kept as long as all mail."""
    with town(ruled, tmp_path / "tls") as here, here.signed_in() as client:
        with pytest.raises(smtplib.SMTPDataError) as no:
            client.sendmail("ann@city.example", ["x@shop.example"], LETTER)
        assert no.value.smtp_code == 550
        assert client.sendmail("ann@city.example", ["x@shop.example", "bob@other.example"], LETTER) == {}
    (refused, _), (mixed, _) = kept(ruled)
    assert refused.class_ == mixed.class_ == "mail" and refused.dispositions[0].do == "refuse"
    (owed,) = outstanding_file.current(ruled).owed()
    assert owed.id == mixed.id and owed.owed == [0] and owed.waiting == [1]
    assert owed.copies[0].reply.startswith("550 5.7.1 Not to this address.")


@pytest.mark.parametrize("size", [10, 2 << 20])
def test_later_keeps_nothing_and_the_same_session_goes_on(ruled: Path, size: int) -> None:
    """451 where the fail matrix says so; a large message leaves no file behind."""
    settings = replace(settings_for(), screening=Screening(checks=[], clamd="127.0.0.1:1"))
    with running(ruled, settings) as run, Client(run.port) as client:
        client.to_data(b"bob@city.example")
        client.send(MAIL + (b"\r\n" + b"x" * 62) * (size // 64) + b"\r\n.\r\n")
        said = client.reply()
        assert said.startswith("451 4.7.1") and "decision=" not in said and run.counters.deferred == 1
        assert client.say(b"NOOP").startswith("250")
        run.wait_for(lambda: not spool_files(ruled))
    assert kept(ruled) == []


def test_rules_that_cannot_be_read_let_nothing_pass_unasked(data: Path) -> None:
    """Mail waits; it is neither refused nor lost, and nothing goes by an older book in silence."""
    active_path(data).parent.mkdir(parents=True)
    active_path(data).write_text("[[rule]]\nid = 3\n")
    with running(data) as run, smtplib.SMTP("127.0.0.1", run.port) as client:
        assert client.sendmail("ann@out.example", ["bob@city.example"], MAIL + b"\r\n") == {}
    ((capture, _),) = kept(data)
    assert [(d.do, d.rules) for d in capture.dispositions] == [("pending", ("unavailable:policy",))]
    assert [r.type for r in Tail(data).poll()] == [Type.RECEIPT]
