"""A stranger writes the mayor's address in 175 ways over a real door, and five mail programs say whom they would show (P-26)."""

from __future__ import annotations

import re
import smtplib
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from mail.screening.spellings import KEPT, PASSING, REFUSED, is_ours, message
from neighbours.civic import Civicmail
from neighbours.dovecot import PASSWORD, Dovecot
from neighbours.mailreaders import GMime, by_dovecot, by_mu, by_notmuch, by_python
from stories.test_authenticated import Dns

pytestmark = pytest.mark.neighbour("dovecot", "notmuch", "mu", "root")

BOB = "bob@city.example"
AWAY = b"bob@hall.test"  # so that no program shows an address of the city but as the sender
DELIVERED = ("deliver", "mark")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Civicmail]:
    with Dns() as dns:
        running = Civicmail(
            tmp_path_factory.mktemp("name") / "data",
            listener='xclient = ["127.0.0.1"]\nchunking = true',
            screening__checks='["authentication", "names"]',
            screening__resolver=f'["{dns.address}"]',
        )
        with running:
            yield running


def send(city: Civicmail, raw: bytes, *, chunks: bool) -> str:
    """What a client outside hears at the end. chunks: sends by BDAT, where line ends are repaired."""
    with smtplib.SMTP("127.0.0.1", city.mx) as smtp:
        smtp.ehlo()
        assert smtp.docmd("XCLIENT", "ADDR=203.0.113.99 NAME=mx.evil.test HELO=mx.evil.test")[0] == 220
        smtp.ehlo("mx.evil.test")
        smtp.mail("x@evil.test")
        assert smtp.rcpt(BOB)[0] == 250
        if chunks:
            assert smtp.has_extn("chunking")
            smtp.send(b"BDAT %d LAST\r\n" % len(raw) + raw)
            code, words = smtp.getreply()
        else:
            code, words = smtp.data(raw)
        return f"{code} {words.decode()}"


def kept(city: Civicmail, reply: str) -> Capture | None:
    found = re.search(r"(?:archived|decision)=([0-9a-f-]{36})", reply)
    return Machine(city.data).capture(uuid.UUID(found[1]).bytes) if found else None


def is_delivered(city: Civicmail, reply: str) -> bool:
    """Whether somebody got it, or will: what the gateway refused has no capture, or one that says so."""
    capture = kept(city, reply)
    assert capture is not None or reply.startswith("5"), reply
    return capture is not None and any(one.do in DELIVERED for one in capture.dispositions)


def shown_as_ours(folder: Path, mail: list[bytes]) -> dict[str, set[int]]:
    """Of which messages each program shows an address of the city as the sender, by their places."""
    with Dovecot() as dovecot, GMime() as gmime:
        said = {
            "python": [by_python(raw) for raw in mail],
            "gmime": [gmime.addresses(raw) for raw in mail],
            "notmuch": by_notmuch(folder / "notmuch", mail),
            "mu": by_mu(folder / "mu", mail),
            "dovecot": by_dovecot(dovecot.imap, "reader@hall.test", PASSWORD, mail),
        }
    return {reader: {at for at, one in enumerate(found) if any(map(is_ours, one))} for reader, found in said.items()}


def test_no_program_shows_the_mayor_for_what_was_delivered(city: Civicmail, tmp_path: Path) -> None:
    """Neither for what was sent, nor for the copy that lies in the mailbox."""
    every = {**KEPT, **REFUSED, **PASSING}
    mail = {name: message(header, at, AWAY) for at, (name, header) in enumerate(every.items())}
    came = {name for name, raw in mail.items() if is_delivered(city, send(city, raw, chunks=False))}
    assert came == set(PASSING) - {"two authors"}, "nothing but what names a stranger alone"
    mended = [message(header, 1000 + at, AWAY) for at, header in enumerate(every.values())]
    copies = len(came) + sum(is_delivered(city, send(city, raw, chunks=True)) for raw in mended)
    city.wait(lambda _: len(city.mailbox(BOB)) >= copies)
    taken_in = shown_as_ours(tmp_path / "sent", list(mail.values()))
    names = list(mail)
    assert all(len(which) > 40 for which in taken_in.values()), {reader: len(which) for reader, which in taken_in.items()}
    assert not came & {names[at] for which in taken_in.values() for at in which}
    assert not any(shown_as_ours(tmp_path / "copies", city.mailbox(BOB)).values())
