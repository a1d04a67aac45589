"""The world behind the city and the postman before it: exact bytes, honest answers, no thread left."""

from __future__ import annotations

import smtplib
import threading
from itertools import islice

import pytest

from civicmail.front.sample.mail import Posting, messages
from civicmail.front.sample.smart_host import World
from civicmail.front.sample.smtp_client import SmtpClient

LETTER = Posting("a@city.example", ["b@far.example", "c@far.example"], b"Subject: x\r\n\r\n.dots\r\n..\r\n")


def test_what_is_sent_is_what_the_world_takes() -> None:
    sent = list(islice(messages(11), 150))
    with World() as world:
        postman = SmtpClient(world.port)
        assert all(postman.send(posting).accepted for posting in [LETTER, *sent])
        postman.close()
        assert world.taken == [LETTER, *sent]


def test_a_refused_recipient_is_left_out_and_none_at_all_is_said() -> None:
    with World(answer=lambda path: "550 5.1.1 No" if path.startswith("b@") else "250 2.1.5 Ok") as world:
        postman = SmtpClient(world.port)
        assert postman.send(LETTER).accepted
        assert world.taken[0].recipients == ["c@far.example"]
        said = postman.send(LETTER._replace(recipients=["b@far.example"]))
        assert (said.code, said.accepted) == (550, False)
        assert postman.send(LETTER).accepted, "the connection is still good"
        postman.close()


def test_the_reply_to_the_last_dot_is_the_takers() -> None:
    with World(lambda _: "451 4.3.0 Later") as world:
        postman = SmtpClient(world.port)
        assert postman.send(LETTER).code == 451
        postman.close()


def test_lmtp_answers_once_for_each_recipient() -> None:
    with World(protocol="lmtp") as world, smtplib.LMTP("127.0.0.1", world.port) as wire:
        wire.ehlo("x.example")
        wire.mail("a@city.example")
        wire.rcpt("b@far.example")
        wire.rcpt("c@far.example")
        assert wire.data(LETTER.content)[0] == 250
        assert wire.getreply()[0] == 250


def test_closing_hangs_up_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    world = World()
    postman = SmtpClient(world.port)
    postman.send(LETTER)
    world.close()
    assert set(threading.enumerate()) <= before
    with pytest.raises((OSError, smtplib.SMTPException)):
        postman.send(LETTER)
    postman.close()
