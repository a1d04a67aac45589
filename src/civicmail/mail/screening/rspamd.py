"""A network check that asks Rspamd (POST /checkv2): its score, threshold and strongest symbols.

Larger messages are not sent, because no spam is so large. https://docs.rspamd.com/developers/protocol/
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from civicmail.core.config.settings import Settings
from civicmail.mail.screening.filter_client import Program, program_at
from civicmail.mail.screening.second_opinions import opinion, second_opinion
from civicmail.mail.screening.shapes import CheckResult, NetworkCase

NAME = "rspamd"
VERSION = 1
SECONDS = 9.0
"""Rspamd's own limit for a message is 8 (task_timeout)."""
PORT = 11333
MAX_BYTES = 2 << 20
_MARGIN = 0.5
_DROPPED = str.maketrans(dict.fromkeys("\r\n\0", " "))


def open_(settings: Settings, data: Path) -> Program:
    return program_at(settings.screening.rspamd, PORT)


async def find(case: NetworkCase) -> CheckResult:
    """Only for mail from outside."""

    async def ask(program: Program) -> CheckResult:
        return judged(body_of(await program.exchange(request(case, program), case.raw, SECONDS - _MARGIN)))

    return await second_opinion(case, NAME, VERSION, MAX_BYTES, ask)


def request(case: NetworkCase, program: Program) -> bytes:
    """The head of the request, from the envelope."""
    envelope = case.envelope
    fields = [
        ("Host", f"{program.host}:{program.port}"),
        ("Content-Length", str(len(case.raw))),
        ("Connection", "close"),
        ("From", envelope.sender),
        *(("Rcpt", r.address) for r in envelope.recipients[:100]),
        ("IP", envelope.client),
        ("Helo", envelope.helo),
    ]
    lines = [f"{name}: {value.translate(_DROPPED)}" for name, value in fields if value]
    return "\r\n".join(["POST /checkv2 HTTP/1.1", *lines, "", ""]).encode("utf-8", "replace")


def body_of(reply: bytes) -> bytes:
    """The body of a 200 response (RFC 9112), chunked or not. Raises ValueError."""
    head, _, body = reply.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    if not status.startswith(b"HTTP/1.") or status.split(b" ")[1:2] != [b"200"]:
        raise ValueError("Rspamd did not answer with 200")
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
        return b"".join(_chunks(body))
    length = int(fields.get(b"content-length", len(body)))
    if length > len(body):
        raise ValueError("Rspamd's answer was cut")
    return body[:length]


def _chunks(body: bytes) -> Iterator[bytes]:
    while True:
        line, _, body = body.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if size == 0:
            return
        if len(body) < size + 2:
            raise ValueError("Rspamd's answer was cut")
        yield body[:size]
        body = body[size + 2 :]


def judged(body: bytes) -> CheckResult:
    """The result of a response. Raises ValueError, KeyError, TypeError or AttributeError for an invalid one."""
    reply: dict[str, Any] = orjson.loads(body)
    score, required = float(reply["score"]), float(reply["required_score"])
    symbols = reply["symbols"].values()
    strongest = sorted(((float(s["score"]), str(s["name"])) for s in symbols if s["score"]), key=lambda s: -abs(s[0]))
    return opinion(NAME, VERSION, score, required, [name for _, name in strongest])
