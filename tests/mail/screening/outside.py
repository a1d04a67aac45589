"""A message from outside, as `authentication` is asked about it, over a dictionary as DNS."""

from __future__ import annotations

import asyncio
from typing import Any

from civicmail.core.config.settings import City, Gateway, Listener, Screening, Settings
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.sandbox.service import decode_reply, encode
from civicmail.mail.screening import authentication, message_reader
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.reader_request import request_of
from civicmail.mail.screening.shapes import CheckResult, ExtractedMessage, NetworkCase

NOW = 4_000_000_000_000


def found(
    raw: bytes,
    dns: Any,
    *,
    sender: str = "ann@sender.example",
    client: str = "192.0.2.1",
    helo: str = "mx.sender.example",
    source: str = "mx",
    params: dict[str, str] | None = None,
    verdicts: tuple[str, ...] = (),
    verdicts_id: str = "edge",
    inbound: bool = True,
    unread: bool = False,
    whole: int | None = None,
    **screening: Any,
) -> CheckResult:
    """What the check says. verdicts, verdicts_id: networks of edge servers, and their name; unread: the limited process gave
    nothing; whole: bytes it got."""
    settings = Settings(
        city=City(domains=["city.example", "bürger.example"]),
        gateway=Gateway(listener=[Listener(verdicts=list(verdicts), verdicts_id=verdicts_id)]),
        screening=Screening(checks=["authentication"], **screening),
    )
    envelope = Envelope(sender, (Recipient("bob@city.example"),), NOW, client=client, helo=helo, params=params or {})
    ask = request_of(settings, envelope, source, inbound=inbound, size=len(raw))
    seen = ExtractedMessage() if unread else decode_reply(ask, encode(message_reader.read(raw[:whole], ask)), len(raw))
    world = CheckContext(settings, NOW, None, {authentication.NAME: dns})
    return asyncio.run(authentication.find(NetworkCase(raw, seen, envelope, source, inbound, world)))
