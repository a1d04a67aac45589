"""Real servers behind the gateway: Dovecot by LMTP, Postfix as smart host, smtp-sink with bad manners (acceptance 5)."""

from __future__ import annotations

import re
import time
from itertools import islice
from pathlib import Path

import pytest

from civicmail.front.sample.mail import messages
from civicmail.front.sample.mail_tracker import MailTracker
from civicmail.front.sample.smart_host import World
from civicmail.front.sample.smtp_client import SmtpClient
from neighbours import postfix
from neighbours.civic import Civicmail
from neighbours.dovecot import Dovecot
from neighbours.tools import Sink, smtp_source, swaks

SOON = {"courier__retry_first": "1", "courier__retry_most": "1"}


@pytest.mark.neighbour("dovecot", "swaks", "root")
def test_dovecot_gets_each_persons_copy_with_our_received_line_before_the_kept_bytes(tmp_path: Path) -> None:
    with (
        Dovecot() as dovecot,
        Civicmail(tmp_path / "data", courier__local=f"lmtp://127.0.0.1:{dovecot.lmtp}") as running,
    ):
        assert swaks(running.mx, "--body", "for two", to="ann@city.example,bob@city.example").returncode == 0
        running.wait(captures=1)
        for person in ("ann@city.example", "bob@city.example"):
            (got,) = dovecot.fetch(person)
            assert b"for two" in got
            assert len(re.findall(rb"(?m)^Received: .*", got)) >= 2, "ours and Dovecot's"
            assert got.index(b"Received:") < got.index(b"Subject:")


@pytest.mark.neighbour("dovecot", "swaks", "root")
def test_one_unknown_recipient_of_three_fails_alone_and_our_own_sender_is_told(tmp_path: Path) -> None:
    people = ["ann@city.example", "bob@city.example", "clerk@city.example"]
    with (
        Dovecot(only=people) as dovecot,
        Civicmail(tmp_path / "data", courier__local=f"lmtp://127.0.0.1:{dovecot.lmtp}") as running,
    ):
        to = "ann@city.example,gone@city.example,bob@city.example"
        assert swaks(running.relay, "--body", "for three", to=to, sender="clerk@city.example").returncode == 0
        running.wait(lambda _: bool(dovecot.fetch("clerk@city.example")))
        assert len(dovecot.fetch("ann@city.example")) == len(dovecot.fetch("bob@city.example")) == 1
        (report,) = dovecot.fetch("clerk@city.example")
        assert b"multipart/report" in report
        assert b"gone@city.example" in report


@pytest.mark.neighbour("dovecot", "root")
def test_dovecot_that_was_down_gets_everything_once_it_is_back(tmp_path: Path) -> None:
    with Dovecot() as dovecot, Civicmail(tmp_path / "data", courier__local=f"lmtp://127.0.0.1:{dovecot.lmtp}", **SOON) as running:
        dovecot.stop()
        postman = SmtpClient(running.relay)
        for posting in islice(messages(9, kinds=("newsletter",)), 5):
            assert postman.send(posting._replace(recipients=["ann@city.example"])).accepted
        postman.close()
        running.wait(lambda stage: len(stage.acts) == 5)
        dovecot.start()
        running.wait(captures=5)
        assert len(dovecot.fetch("ann@city.example")) == 5


@pytest.mark.neighbour("postfix", "swaks", "root")
def test_postfix_as_smart_host_takes_what_leaves_the_city(tmp_path: Path) -> None:
    with World() as world, postfix.smart_host(world.port) as host, Civicmail(tmp_path / "data", next_hop=host.port) as running:
        done = swaks(running.relay, "--body", "outward", to="bob@far.example,ann@city.example", sender="clerk@city.example")
        assert done.returncode == 0
        running.wait(captures=1)
        _until(lambda: bool(world.taken))
        assert (world.taken[0].sender, world.taken[0].recipients) == ("clerk@city.example", ["bob@far.example"])
        assert len(running.mailbox("ann@city.example")) == 1


@pytest.mark.neighbour("postfix", "smtp-source", "root")
def test_postfix_before_the_gateway_hands_on_and_keeps_what_the_gateway_cannot_take_yet(tmp_path: Path) -> None:
    with Civicmail(tmp_path / "data") as running, postfix.edge(running.mx) as edge:
        assert smtp_source(edge.port, 30, sessions=5).returncode == 0
        running.wait(captures=30)
        assert edge.waiting() == 0
        assert len(running.mailbox("ann@city.example")) == 30


@pytest.mark.neighbour("smtp-sink", "swaks", "root")
@pytest.mark.parametrize(
    ("flags", "wanted"),
    [(("-q", "."), "waits"), (("-r", "DATA"), "waits"), (("-f", "RCPT"), "fails"), (("-W", "data:2"), "arrives")],
    ids=["hangs up after the dot", "451 at DATA", "500 at RCPT", "slow DATA"],
)
def test_a_next_hop_with_bad_manners(tmp_path: Path, flags: tuple[str, ...], wanted: str) -> None:
    """Nothing is lost, nothing comes twice, and where it fails for good our own sender hears of it."""
    with Sink(*flags, keep=True) as sink, Civicmail(tmp_path / "data", next_hop=sink.port, **SOON) as running:
        assert swaks(running.relay, "--body", "outward", to="bob@far.example", sender="clerk@city.example").returncode == 0
        if wanted == "arrives":
            running.wait(captures=1)
            assert len(sink.messages()) == 1
        elif wanted == "fails":
            running.wait(lambda _: bool(running.mailbox("clerk@city.example")))
            assert b"multipart/report" in running.mailbox("clerk@city.example")[0]
        else:
            running.wait(lambda stage: _deferred(stage, running) >= 2)
            assert running.mailbox("clerk@city.example") == []
            port = sink.port
            sink.process.close()
            with Sink(keep=True, port=port) as better:
                running.wait(captures=1)
                assert len(better.messages()) == 1


def _deferred(_stage: MailTracker, running: Civicmail) -> int:
    from civicmail.core.disk.tail import Tail
    from civicmail.mail.archive.records import Type

    return sum(record.type == Type.DEFERRED for record in Tail(running.data, bodies=False).poll())


def _until(condition, seconds: float = 60) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
