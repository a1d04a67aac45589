"""Slow large messages of one client, in real gateways with their readers: nobody else waits for them (P-01; 0048). What is asserted
is the order in which messages are acknowledged, never how long it takes."""

from __future__ import annotations

import smtplib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from neighbours.civic import Civicmail

pytestmark = pytest.mark.timeout(300)
MEGABYTE = 1 << 20
SLOW = ["large 1", "large 2", "large 3"]
OTHERS = ["one megabyte", "small 1", "small 2"]
ONE, ANOTHER = "127.1.0.1", "127.2.0.1"
"""Two clients, on networks of their own."""


def message(subject: str, size: int) -> bytes:
    """HTML, all of which is read."""
    line = b'<p>The crew of <a href="http://works.example/%07d">Elm Street</a> will be there on Monday.</p>\r\n'
    lines = b"".join(line % n for n in range(size // len(line)))
    return b"From: <x@out.example>\r\nSubject: %b\r\nContent-Type: text/html\r\n\r\n%b.\r\n" % (subject.encode(), lines)


class Clients:
    """acknowledged: subjects in the order in which their clients heard 250."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.acknowledged: list[str] = []

    def send(self, client: str, subject: str, content: bytes, sent: threading.Event) -> None:
        """sent: set when all of it is on its way, and nothing is heard yet."""
        with smtplib.SMTP("127.0.0.1", self._port, timeout=240, source_address=(client, 0)) as wire:
            wire.ehlo()
            assert wire.mail("x@out.example")[0] == wire.rcpt("ann@city.example")[0] == 250
            assert wire.docmd("DATA")[0] == 354
            assert wire.sock is not None
            wire.sock.sendall(content)
            sent.set()
            code, said = wire.getreply()
            assert code == 250, said
            self.acknowledged.append(subject)


def test_slow_large_messages_of_one_client_make_no_other_client_wait(tmp_path: Path) -> None:
    """Three of 20 MB are there first; a megabyte and small mail of another client are acknowledged before the
    second of them. All are kept."""
    checks = '["links", "names"]'
    with Civicmail(tmp_path / "data", screening__checks=checks) as city, ThreadPoolExecutor(6) as threads:
        clients = Clients(city.mx)
        sizes = (*[20 * MEGABYTE] * 3, MEGABYTE + 100_000, 2000, 2000)  # above a megabyte it goes the way of large messages
        mail = {s: message(s, n) for s, n in zip(SLOW + OTHERS, sizes, strict=True)}  # made first: the gateway does not wait for it
        there = [threading.Event() for _ in SLOW]
        going = [threads.submit(clients.send, ONE, s, mail[s], e) for s, e in zip(SLOW, there, strict=True)]
        for event in there:
            assert event.wait(120)
        going += [threads.submit(clients.send, ANOTHER, s, mail[s], threading.Event()) for s in OTHERS]
        for one in going:
            one.result(240)
        assert {*clients.acknowledged[-2:]} < {*SLOW}, clients.acknowledged
        city.wait(lambda stage: len(stage.acts) == 6)
