"""Link two captures of one message, by smart host and by journal, when the second arrives (P-23).

A city beside another mail system gets much mail twice: through the gateway, and as the other system's journal copy. Both are
archived, each with its own envelope; a `linked` record of the later one names the other, so that `search --unique` counts the
message once (link_job.py runs this). Two captures are linked if exactly one of them came by a journal listener, their receipts are
less than a day apart, and either

- their content is equal except for trace headers (content_hash), or
- Message-ID and envelope sender are equal and they have a recipient in common; once for each pair, because a sender chooses its
  Message-ID freely.

Nothing is dropped: a search without --unique shows every capture. docs/formats.md, "Links".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.archive import segments, warc
from civicmail.mail.archive.records import Capture, Event, Type, uuid_text
from civicmail.mail.archive.store import Store

DAY_MS = 86_400_000
SEEN_MOST = 200_000  # keys that are remembered, about 50 MB
PAIR = 64
_WIRE = frozenset({"mx", "submission", "relay", "lmtp"})


@dataclass(frozen=True, slots=True)
class Seen:
    """The data of a capture that the window remembers."""

    id: bytes
    received: int
    sha256: bytes
    to: frozenset[str]


@dataclass(frozen=True, slots=True)
class Link:
    """second: the later of the two captures; by: content or message-id."""

    second: Seen
    first: Seen
    by: str

    def event(self, now: int) -> Event:
        facts = {"by": self.by, "first": uuid_text(self.first.id), "sha256": [self.second.sha256.hex(), self.first.sha256.hex()]}
        return Event(Type.LINKED, self.second.id, now, facts=facts)


class Window:
    """The captures of the last day, as far as there is room. Pure: captures in, links out."""

    def __init__(self) -> None:
        self._seen: dict[tuple[bytes, bool], Seen] = {}  # (key, by journal) -> the first capture with it

    def see(self, capture: Capture) -> Link | None:
        """Take in one capture; the link that it makes with one before."""
        journal = capture.source.kind == "journal"
        if not journal and capture.source.kind not in _WIRE:
            return None
        to = frozenset(r.address.lower() for r in capture.envelope.recipients)
        seen = Seen(capture.id, capture.received, capture.sha256, to)
        content, named = b"c" + capture.content_hash, _named(capture)
        link = self._link(content, seen, journal, "content")
        if named and link is None and (named, journal) not in self._seen:
            link = self._link(named, seen, journal, "message-id")
        for key in (content, named) if named else (content,):
            self._remember((key, journal), seen)
        return link

    def _link(self, key: bytes, seen: Seen, journal: bool, by: str) -> Link | None:
        twin = self._seen.get((key, not journal))
        if twin is None or abs(twin.received - seen.received) > DAY_MS or (by != "content" and not twin.to & seen.to):
            return None
        second, first = sorted((seen, twin), key=lambda s: (s.received, s.id), reverse=True)
        return Link(second, first, by)

    def _remember(self, key: tuple[bytes, bool], seen: Seen) -> None:
        before = self._seen.get(key)
        if before is None or seen.received - before.received > DAY_MS:
            self._seen.pop(key, None)
            self._seen[key] = seen
            if len(self._seen) > SEEN_MOST:
                del self._seen[next(iter(self._seen))]


def _named(capture: Capture) -> bytes:
    """Key of Message-ID and sender; empty without a Message-ID."""
    if not capture.message_id:
        return b""
    text = f"{capture.message_id}\0{capture.envelope.sender.lower()}"
    return b"m" + hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


class Pairs:
    """<data>/links: the pairs of SHA-256 (later, earlier) that `linked` records name, 64 bytes each. Made anew from the archive
    where it is missing."""

    def __init__(self, data: Path, files: Files = OS_FILES) -> None:
        self._path, self._files = data / "links", files
        if not self._path.exists():
            files.replace(self._path, b"".join(_row(event) for event in _sealed(data)))
        self._rows = set(read_pairs(data))

    def add(self, events: list[Event]) -> None:
        """Append new pairs, durable on return."""
        fresh = list(dict.fromkeys(_row(e) for e in events))
        fresh = [row for row in fresh if (row[:32], row[32:]) not in self._rows]
        if not fresh:
            return
        file = self._files.open(self._path)
        try:
            file.write_at(self._path.stat().st_size // PAIR * PAIR, fresh)  # over what a power cut left of a row
            file.sync()
        finally:
            file.close()
        self._rows.update((row[:32], row[32:]) for row in fresh)


def read_pairs(data: Path) -> Iterator[tuple[bytes, bytes]]:
    """(SHA-256 of the later, of the earlier) of every link; nothing where nothing was ever linked."""
    try:
        content = (data / "links").read_bytes()
    except FileNotFoundError:
        return
    for at in range(0, len(content) // PAIR * PAIR, PAIR):
        yield content[at : at + 32], content[at + 32 : at + PAIR]


def _row(event: Event) -> bytes:
    second, first = event.facts["sha256"]
    return bytes.fromhex(second) + bytes.fromhex(first)


def _sealed(data: Path) -> Iterator[Event]:
    """Every `linked` record in the segments."""
    store = Store(data)
    for name in segments.listed(data):
        segment = store.sealed.segment(*name)
        for row in segment.rows():
            if row.type == Type.LINKED:
                frame = segment.frame(row.frame)
                if (record := warc.parse(frame, row.offset)) is not None:
                    yield Event.from_head(frame[record.start : record.stop])
