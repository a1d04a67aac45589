"""Sender authentication: cost of SPF, DKIM and DMARC for a message, compared with dkimpy; cost of signing.

Each message of the corpus is signed with a key of ours first; the DNS is a dictionary, so that the time is ours alone.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import dkim as dkimpy

from bench import corpus
from bench.report import Report, Row
from bench.scratch import scratch
from civicmail.core.config.settings import City, Screening, Settings
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.courier import dkimkeys, signing
from civicmail.mail.screening import authentication, signatures
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.shapes import ExtractedMessage, NetworkCase
from mail.screening import suites
from mail.screening.zone import Zone

NOW = time.time_ns() // 1_000_000
_SETTINGS = Settings(city=City(domains=["city.example"]), screening=Screening(checks=["authentication"]))


def run(report: Report, *, count: int, rounds: int) -> None:
    """Median of the rounds, of the mean of all messages."""
    name, messages = corpus.source()
    bodies = [body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for body in islice(messages, count)]
    with scratch() as data:
        key = dkimkeys.activate(data, dkimkeys.new(data, "sender.example", "rsa", now=0), now=0)
        pen = signing.Pen(key, dkimkeys.private(data, key))
    mean = sum(map(len, bodies)) / len(bodies)
    report.note(f"{len(bodies)} messages of {name}, mean {mean / 1000:.1f} kB, signed with 2,048 bits; the DNS is a dictionary")
    dns = Zone(
        {
            key.name: {"TXT": key.record},
            "sender.example": {"TXT": "v=spf1 include:spf.sender.example mx -all", "MX": ["10 mx.sender.example"]},
            "spf.sender.example": {"TXT": "v=spf1 ip4:198.51.100.0/24 ip4:192.0.2.0/24 -all"},
            "_dmarc.sender.example": {"TXT": "v=DMARC1; p=reject"},
        }
    )
    raws: list[bytes] = []
    passed: list[bool] = []

    def sign() -> None:
        raws.clear()
        raws.extend(_signed(body, pen) for body in bodies)

    def answer(name: bytes, timeout: int = 5) -> bytes:
        return key.record.encode() if name.decode().startswith(key.selector) else b""

    async def whole() -> None:
        world = CheckContext(_SETTINGS, NOW, None, {authentication.NAME: dns})
        for raw in raws:
            seen = ExtractedMessage(more={"authentication": signatures.read(raw).plain()})
            envelope = Envelope(
                "ann@sender.example", (Recipient("bob@city.example"),), NOW, client="192.0.2.1", helo="mx.sender.example"
            )
            result = await authentication.find(NetworkCase(raw, seen, envelope, "mx", True, world))
            passed.append(result.facts["auth.dkim"] == result.facts["auth.spf"] == result.facts["auth.dmarc"] == "pass")

    work: dict[str, Callable[[], Any]] = {
        "sign": sign,
        "read": lambda: [signatures.read(raw) for raw in raws],
        "whole": lambda: asyncio.run(whole()),
        "dkimpy": lambda: passed.extend(bool(dkimpy.verify(raw, dnsfunc=answer)) for raw in raws),
    }
    times: dict[str, list[float]] = {what: [] for what in work}
    for _ in range(rounds):
        for what, does in work.items():
            began = time.process_time()
            does()
            times[what].append(1000 * (time.process_time() - began) / len(bodies))
    assert all(passed), f"{passed.count(False)} of {len(passed)} did not pass"
    median = {what: statistics.median(each) for what, each in times.items()}
    report.add(
        Row("authenticated", "civicmail", "signatures read (limited process)", median["read"], "ms"),
        Row("authenticated", "civicmail", "SPF, DKIM, ARC, DMARC together", median["whole"], "ms"),
        Row("authenticated", "dkimpy", "one DKIM signature verified", median["dkimpy"], "ms", median["dkimpy"] / median["whole"]),
        Row("authenticated", "civicmail", "signed on its way out", median["sign"], "ms"),
    )


def conforming(report: Report) -> None:
    """The test suites of others, where the corpora are."""
    where = os.environ.get("CIVICMAIL_CORPORA", "")
    if not where:
        report.note("the suites of SPF and ARC are left out: CIVICMAIL_CORPORA is not set")
        return
    for what, decided, target in (("SPF", suites.of_spf, "203"), ("ARC", suites.of_arc, "168")):
        total, wrong = decided(Path(where))
        right = total - len({name for name, *_ in wrong})
        report.add(Row("authenticated", "civicmail", f"{what} suite, as it says, of {total}", right, "tests", None, target))


def _signed(body: bytes, pen: signing.Pen) -> bytes:
    """The message with an author of ours, signed."""
    raw = b"From: ann@sender.example\r\n" + body.replace(b"\nFrom:", b"\nX-From:").replace(b"\nfrom:", b"\nx-from:")
    sent = {"eol": "crlf", "prepend": []}
    lines = signing.signature(signing.read(_Kept(raw), sent), pen, NOW // 1000 - 10)  # type: ignore[arg-type]  # no more of a Kept than is read
    return "".join(f"{line}\r\n" for line in lines).encode() + raw


class _Kept:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def pieces(self) -> list[bytes]:
        return [self._raw]
