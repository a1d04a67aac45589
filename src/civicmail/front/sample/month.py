"""A month of past mail for the demo, archived through the pipeline with its own times.

The courier delivers, the index and the ledger process it like other mail. Only the envelope times lie in the past.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import batched
from pathlib import Path
from typing import NamedTuple

from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.message import header_scan
from civicmail.core.message.model import Envelope, Recipient
from civicmail.front.sample import people
from civicmail.front.sample.mail import Posting, messages
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.records import Source
from civicmail.mail.pipeline.accept import Pipeline

DAYS = 30
BATCH_SIZE = 500
"""Messages that share a sync."""


class Letter(NamedTuple):
    """An incoming message: bytes, envelope, source."""

    content: bytes
    envelope: Envelope
    source: Source


def known(posting: Posting, snapshot: Snapshot, now: int) -> Posting | None:
    """The posting for recipients who receive mail now; None if none is left, or the sender may not send."""
    if posting.inside and not _login(snapshot, posting.sender, now):
        return None
    to = [a for a in posting.recipients if not a.endswith(f"@{people.DOMAIN}") or _is_open(snapshot, a)]
    return posting._replace(recipients=to) if to else None


def letters(snapshot: Snapshot, *, count: int, until: datetime, seed: int, town: people.Town) -> Iterator[Letter]:
    """About `count` messages of the days before `until`, in order of their time."""
    start, now = until - timedelta(days=DAYS), round(until.timestamp() * 1000)
    at = start
    for posting in messages(seed, start=start, every=DAYS * 86_400 / count, town=town):
        at = max(at, _dated(posting.content) or at)
        if at >= until:
            return
        if (reached := known(posting, snapshot, now)) is not None:
            yield _letter(reached, _login(snapshot, posting.sender, now) if posting.inside else "", round(at.timestamp() * 1000))


def keep(data: Path, letters_: Iterator[Letter], snapshot: Snapshot, now: int) -> int:
    """Archive them; how many. now: ms."""
    return asyncio.run(_keep(data, letters_, snapshot, now))


async def _keep(data: Path, letters_: Iterator[Letter], snapshot: Snapshot, now: int) -> int:
    commit = GroupCommit(Writer(data, lambda: now))
    pipeline = Pipeline(commit, people=lambda: snapshot)
    done = 0
    try:
        for batch in batched(letters_, BATCH_SIZE):
            done += len(await asyncio.gather(*(pipeline.accept(*letter) for letter in batch)))
    finally:
        await commit.close()
    return done


def _letter(posting: Posting, login: str, at: int) -> Letter:
    to = tuple(Recipient(address) for address in posting.recipients)
    if login:
        envelope = Envelope(posting.sender, to, at, client="192.0.2.20", helo="desk.city.example", protocol="esmtp", login=login)
        return Letter(posting.content, envelope, Source("submission", "sample"))
    envelope = Envelope(posting.sender, to, at, client="198.51.100.7", helo="mx.world.example", protocol="esmtp")
    return Letter(posting.content, envelope, Source("mx", "sample"))


def _login(snapshot: Snapshot, address: str, now: int) -> str:
    """The login of a person who may send from this address, or ""."""
    box = snapshot.mailbox_of(address)
    if box is None or box.state != "open":
        return ""
    holder = snapshot.people.get(box.holder) if box.holder else None
    candidates = [holder] if holder else (p for p in snapshot.people.values() if not p.machine)
    return next((p.login for p in candidates if not p.why and snapshot.grant(p, address, now)), "")


def _is_open(snapshot: Snapshot, address: str) -> bool:
    box = snapshot.mailbox_of(address)
    return box is not None and box.state == "open"


def _dated(content: bytes) -> datetime | None:
    try:
        return parsedate_to_datetime((header_scan.first(content, "date") or b"").decode("ascii")).astimezone(UTC)
    except (ValueError, TypeError, UnicodeDecodeError):
        return None  # of the malformed ones
