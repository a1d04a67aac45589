"""One message over one connection: the order of record and final dot is kept here.

The attempt is recorded while the content is on its way, and the final dot is sent only when that record is durable. So whatever
the next hop may have taken, the journal knows that we tried.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from civicmail.core.message.model import Recipient
from civicmail.core.wire.client import Closing, Finished, GoAhead, Mail, MailTo, Refused, needs_utf8
from civicmail.core.wire.reply_reader import Reply
from civicmail.mail.courier.archived_message import ArchivedMessage
from civicmail.mail.courier.delivery_outcome import Result, from_reply
from civicmail.mail.courier.errors import LinkLost
from civicmail.mail.courier.link import Link
from civicmail.mail.courier.rendering import render

_TOO_LARGE = Reply(552, "5.3.4", ("The message is larger than the next hop takes",))
_NO_UTF8 = Reply(553, "5.6.7", ("The next hop takes no such address (SMTPUTF8)",))
Attempt = Callable[[list[int]], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Load:
    """A transfer: the archived message, indices of the recipients, and the `sent` object of added lines. targets: destinations of
    recipients whose own address differs; params: of MAIL besides the received ones."""

    kept: ArchivedMessage
    indices: tuple[int, ...]
    sent: dict[str, Any]
    targets: Mapping[int, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)

    def mail(self) -> Mail:
        e = self.kept.capture.envelope
        to = tuple(MailTo(self.targets.get(i, r.address), r.notify, r.orcpt) for i, r in self._recipients())
        added = sum(len(line.encode("utf-8", "surrogateescape")) + 2 for line in self.sent["prepend"])
        removed = sum(r["length"] for r in self.sent.get("removed", ()))
        more = sum(len(text) - length for _, length, text in self.sent.get("replaced", ()))
        return Mail(e.sender, to, self.kept.capture.size + added - removed + more, {**e.params, **self.params})

    def _recipients(self) -> Iterator[tuple[int, Recipient]]:
        return ((i, self.kept.capture.envelope.recipients[i]) for i in self.indices)


async def transfer(link: Link, load: Load, attempt: Attempt, seconds: float) -> dict[int, Result]:
    """Transfer one message; return the result of each recipient by index.

    attempt(indices) returns when the record of the attempt is durable. Raises LinkLost if the connection ended before the next hop
    had the whole message, DamagedFile if the archived bytes are not the received ones; then the connection is unusable.
    """
    mail = load.mail()
    if (refusal := _impossible(link, mail)) is not None:
        return dict.fromkeys(load.indices, from_reply(refusal))
    link.client.send(mail)
    link.flush()
    event = await link.event(seconds)
    if isinstance(event, Refused):
        link.served += 1
        return {index: from_reply(reply) for index, reply in zip(load.indices, event.replies, strict=True)}
    if not isinstance(event, GoAhead):
        raise LinkLost(_why(event))
    link.served += 1
    results = {load.indices[at]: from_reply(reply) for at, reply in event.refused.items()}
    sha256 = await _content(link, load, attempt([load.indices[at] for at in event.accepted]), seconds)
    link.client.finish()
    link.flush()
    left = {"sha256": sha256, "sent": load.sent}
    return results | await _final(link, load, event.accepted, left, seconds)


async def _content(link: Link, load: Load, recording: Awaitable[object], seconds: float) -> str:
    """Send the content without its end; return its SHA-256 once the attempt is durable too."""
    task = asyncio.ensure_future(recording)
    hash_ = hashlib.sha256()
    try:
        for piece in render(load.kept.pieces(), load.sent):
            hash_.update(piece)
            link.client.content(piece)
            link.flush()
            await link.drain(seconds)
        await task
    except BaseException:
        link.abort()
        if not task.done():
            await asyncio.wait([task])
        raise
    return hash_.hexdigest()


async def _final(link: Link, load: Load, accepted: tuple[int, ...], left: dict[str, Any], seconds: float) -> dict[int, Result]:
    """Wait for the reply to the final dot. Without one the outcome is unknown: the message may have been accepted."""
    try:
        event = await link.event(seconds)
    except LinkLost as lost:
        event = Closing(str(lost))
    passed = link.client.protocol == "smtp" and "DSN" in link.client.offers
    replies = event.replies if isinstance(event, Finished) else link.client.finals
    results = {load.indices[at]: from_reply(r, left if r.ok else None, passed=passed) for at, r in replies.items()}
    if isinstance(event, Closing) and event.reply is not None:
        missing = from_reply(event.reply)  # 421 is an answer too: it did not take the message
    else:
        missing = Result(False, f"4.4.2 outcome unknown: {_why(event)} after the end of data", unknown=True)
    return {load.indices[at]: missing for at in accepted} | results


def _impossible(link: Link, mail: Mail) -> Reply | None:
    """Reasons why the next hop's own extensions exclude the message before anything is sent (RFC 1870 6.1, RFC 6531 3.1)."""
    limit = link.client.offers.get("SIZE", "")
    if limit.isascii() and limit.isdigit() and 0 < int(limit[:20]) < mail.size:
        return _TOO_LARGE
    if needs_utf8(mail) and "SMTPUTF8" not in link.client.offers:
        return _NO_UTF8
    return None


def _why(event: object) -> str:
    if isinstance(event, Closing):
        return event.reply.text if event.reply is not None else event.reason
    return "the next hop answered something else"
