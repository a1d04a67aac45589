"""The neighbours themselves: each starts, does its one thing, and leaves nothing behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from civicmail.front.sample.smart_host import World
from neighbours import postfix
from neighbours.dovecot import Dovecot
from neighbours.tools import Sink, smtp_source, swaks


@pytest.mark.neighbour("postfix", "smtp-source", "root")
def test_a_keeper_holds_what_it_took() -> None:
    with postfix.keeper() as keeper:
        folder, pid = keeper.folder, keeper.process.process.pid
        assert smtp_source(keeper.port, 20, sessions=4).returncode == 0
        assert len(keeper.held) == 20
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)


@pytest.mark.neighbour("postfix", "swaks", "root")
def test_a_smart_host_hands_on_and_tries_again() -> None:
    answers = iter(["451 4.3.0 not yet", "250 2.1.5 Ok"])
    with World(answer=lambda _: next(answers)) as world, postfix.smart_host(world.port) as host:
        assert swaks(host.port, to="bob@far.example").returncode == 0
        end = time.monotonic() + 60
        while not world.taken and time.monotonic() < end:
            time.sleep(0.05)
        assert world.taken[0].recipients == ["bob@far.example"]
        assert any("status=deferred" in line for line in host.log())


@pytest.mark.neighbour("dovecot", "swaks", "root")
def test_dovecot_takes_by_lmtp_and_shows_by_imap() -> None:
    with Dovecot(only=["ann@city.example"]) as dovecot:
        assert swaks(dovecot.lmtp, "--protocol", "LMTP", "--body", "by imap").returncode == 0, dovecot.log()
        assert swaks(dovecot.lmtp, "--protocol", "LMTP", to="nobody@city.example").returncode == 24
        assert b"by imap" in dovecot.fetch("ann@city.example")[0]


@pytest.mark.neighbour("smtp-sink", "smtp-source", "root")
def test_a_sink_keeps_messages_or_refuses_as_told() -> None:
    with Sink(keep=True) as sink:
        assert smtp_source(sink.port, 5, sessions=1).returncode == 0
        assert len(sink.wait_for(5)) == 5
    with Sink("-r", "DATA") as sink:
        assert smtp_source(sink.port, 1, sessions=1).returncode == 1
    assert not Path(sink.folder).exists()
