"""Mail that is what it says it is, mail that is not, and our own mail for others to tell: over real SMTP and a real DNS (P-26)."""

from __future__ import annotations

import asyncio
import re
import smtplib
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from civicmail.front.cli.main import run
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from civicmail.mail.courier import dkimkeys
from mail.screening import signers
from mail.screening.dnsserver import Server, serving
from neighbours.civic import Civicmail

BOB = "bob@city.example"
MESSAGE = signers.MESSAGE.replace(b"sender.example", b"sender.test")
OUTSIDE = "203.0.113.5"


class Dns:
    """The server in a thread of its own."""

    def __init__(self) -> None:
        key = f'"{signers.record(signers.rsa())[:250]}" "{signers.record(signers.rsa())[250:]}"'
        self.server = Server(
            {
                ("sender.test", "TXT"): (300, [f'"v=spf1 ip4:{OUTSIDE} -all"']),
                ("_dmarc.sender.test", "TXT"): (300, ['"v=DMARC1; p=reject"']),
                ("s1._domainkey.sender.test", "TXT"): (300, [key]),
            }
        )
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self.address = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()), daemon=True)

    async def _run(self) -> None:
        async with serving(self.server) as self.address:
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> Dns:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        self._loop.close()


@pytest.fixture(scope="module")
def dns() -> Iterator[Dns]:
    with Dns() as found:
        yield found


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, dns: Dns) -> Iterator[Civicmail]:
    running = Civicmail(
        tmp_path_factory.mktemp("authenticated") / "data",
        listener='xclient = ["127.0.0.1"]',
        screening__checks='["authentication"]',
        screening__resolver=f'["{dns.address}"]',
    )
    with running:
        yield running


def said(city: Civicmail, raw: bytes, *, client: str = OUTSIDE, sender: str = "ann@sender.test") -> str:
    """What a client outside hears at the end."""
    with smtplib.SMTP("127.0.0.1", city.mx) as smtp:
        smtp.ehlo()
        assert smtp.docmd("XCLIENT", f"ADDR={client} NAME=mx.sender.test HELO=mx.sender.test")[0] == 220
        smtp.ehlo("mx.sender.test")
        smtp.mail(sender)
        assert smtp.rcpt(BOB)[0] == 250
        code, words = smtp.data(raw)
        return f"{code} {words.decode()}"


def kept(city: Civicmail, reply: str) -> Capture:
    found = re.search(r"(?:archived|decision)=([0-9a-f-]{36})", reply)
    assert found, reply
    return Machine(city.data).capture(uuid.UUID(found[1]).bytes)


def test_whoever_is_proven_arrives_with_our_word_for_it_and_no_other(city: Civicmail) -> None:
    forged = b"Authentication-Results: mail.city.example; dmarc=pass header.from=bank.test\r\n"
    capture = kept(city, said(city, forged + signers.signed(MESSAGE, domain="sender.test")))
    assert (capture.facts["auth.spf"], capture.facts["auth.dkim"], capture.facts["auth.dmarc"]) == ("pass", "pass", "pass")
    city.wait(lambda _: any(capture.uuid.encode() in m for m in city.mailbox(BOB)))
    (got,) = [m for m in city.mailbox(BOB) if capture.uuid.encode() in m]
    assert b"bank.test" not in got
    assert re.search(rb"^Authentication-Results: mail\.city\.example;\r?\n\tspf=pass smtp\.mailfrom=sender\.test;", got, re.M)
    assert re.search(rb"^\tdkim=pass header\.d=sender\.test .*\r?\n\tdmarc=pass header\.from=sender\.test", got, re.M)


def test_whoever_pretends_is_refused_where_the_domain_asks_for_it(city: Civicmail) -> None:
    changed = signers.signed(MESSAGE, domain="sender.test").replace(b"bye", b"pay here")
    reply = said(city, changed, client="203.0.113.99")
    assert reply.startswith("550 5.7.1") and "(P-26)" in reply
    capture = kept(city, reply)
    assert (capture.facts["auth.spf"], capture.facts["auth.dkim"], capture.facts["auth.dmarc"]) == ("fail", "fail", "fail")
    assert ("dkim", "fail") in [(one.check, one.code) for one in capture.findings]


def test_a_slip_of_the_pen_in_a_policy_takes_nothing_from_it(city: Civicmail, dns: Dns) -> None:
    """Where mail comes in: an empty piece and names that nobody knows (RFC 9989 4.8)."""
    for number, record in enumerate(
        ("v=DMARC1;; p=reject", "v=DMARC1; x-vendor=1; bogus; p=reject;;", "v=DMARC1; p=reject; p=none")
    ):
        domain = f"slip{number}.test"
        dns.server.rows[f"_dmarc.{domain}", "TXT"] = (300, [f'"{record}"'])
        reply = said(city, MESSAGE.replace(b"sender.test", domain.encode()), client="203.0.113.99", sender="x@elsewhere.test")
        assert reply.startswith("550 5.7.1") and "(P-26)" in reply, record
        assert kept(city, reply).facts["auth.dmarc"] == "fail"


def test_a_key_signs_when_the_zone_has_it(city: Civicmail, dns: Dns, capsys: Any) -> None:
    """The same resolver is asked as for mail that comes in."""
    with (city.data / "civicmail.toml").open("a") as h:
        h.write(f'\n[screening]\nresolver = ["{dns.address}"]\n')
    words = ["city.example", "one", "--data", str(city.data)]
    assert run(["dkim", "new", "city.example", "--algorithm", "ed25519", "--selector", "one", *words[2:]]) == 0
    assert run(["dkim", "activate", *words]) == 4
    assert "no such record" in capsys.readouterr().err
    (key,) = dkimkeys.listed(city.data)
    dns.server.rows[key.name, "TXT"] = (60, [f'"{key.record}"'])
    assert run(["dkim", "activate", *words]) == 0
    assert dkimkeys.listed(city.data)[0].state == "active"
