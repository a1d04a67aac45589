"""Read the smart host's log: what it did with our mail, and its TLS results (Postfix with smtp_tls_loglevel = 1; P-20, P-23).

Our `delivered` record has the smart host's reply with its queue id. Its log names the TLS result of a connection in a line before
the deliveries over it. Both together become an `onward` record.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from civicmail.core.config.log import get_logger
from civicmail.core.disk.tail import Record
from civicmail.mail.archive.outstanding import Entry
from civicmail.mail.archive.records import Event, Type

log = get_logger()

MAX_KNOWN = 100_000
_PIECE = 1 << 20
_QUEUED = re.compile(r"\bqueued as ([0-9A-Za-z]{6,20})\b")
_TLS = re.compile(
    rb"/(?:smtp|lmtp)\[(\d+)\]: (\w+) TLS connection established to (\S+?:\d+)(?::| to \S+:) (TLSv[\d.]+) with cipher (\S+)"
)
_END = re.compile(
    rb"/(?:smtp|lmtp)\[(\d+)\]: ([0-9A-Za-z]+): to=<([^>]*)>,(?: orig_to=<[^>]*>,)? relay=(\S+?),.* dsn=([\d.]+), "
    rb"status=(sent|bounced) \((.*)\)"
)


@dataclass(frozen=True, slots=True)
class RelayedCopy:
    """One recipient at the end of its way: queue id, address as the smart host wrote it, relay as HOST[IP]:PORT."""

    queue: str
    address: str
    relay: str
    status: str
    dsn: str
    reply: str
    tls: str

    def facts(self) -> dict[str, Any]:
        return {
            "queue": self.queue,
            "relay": self.relay,
            "status": self.status,
            "dsn": self.dsn,
            "reply": self.reply,
            "tls": self.tls,
        }


class LogParser:
    """Lines of the log in their order; pure. A TLS result belongs to the one message that its process handed over next."""

    def __init__(self) -> None:
        self._tls: dict[bytes, tuple[bytes, str, bytes]] = {}  # process -> (relay, result, queue id that it was used for)

    def parse_line(self, line: bytes) -> RelayedCopy | None:
        if match := _TLS.search(line):
            process, level, relay, version, cipher = match.groups()
            self._tls[process] = (relay, b" ".join((level, version, cipher)).decode("ascii", "replace"), b"")
            return None
        if (match := _END.search(line)) is None:
            return None
        process, where = match[1], match[4]
        queue, address, relay, dsn, status, reply = (text.decode("utf-8", "replace") for text in match.groups()[1:])
        return RelayedCopy(queue, address, relay, status, dsn, reply, self._of(process, where, match[2]))

    def _of(self, process: bytes, relay: bytes, queue: bytes) -> str:
        where, result, used = self._tls.get(process, (b"", "", b""))
        if where != relay or used not in (b"", queue):
            self._tls.pop(process, None)
            return "none"
        self._tls[process] = (where, result, queue)
        return result


class SmartHostLog:
    """Joins the log with our records. path: the log, empty for none."""

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        self._queued: dict[tuple[str, str], tuple[bytes, int]] = {}  # (queue id, address) -> capture, recipient
        self._early: dict[tuple[str, str], RelayedCopy] = {}  # the smart host was faster than our own record
        self._reading = LogParser()
        self._file: BinaryIO | None = None
        self._rest = b""
        self._has_warned = False

    def note(self, record: Record, entry: Entry | None) -> None:
        """Take in a record of the journals before its projection does. entry: of its capture, as it was."""
        if self._path is None or record.type not in (Type.DELIVERED, Type.ONWARD):
            return
        event = Event.from_head(record.head)
        if record.type == Type.ONWARD:  # of an earlier courier: the log is read from its beginning
            queue, done = event.facts["queue"], set(event.to)
            for key in [k for k, (id_, index) in self._queued.items() if k[0] == queue and id_ == event.id and index in done]:
                del self._queued[key]
        elif entry is not None and (queued := _QUEUED.search(event.facts.get("reply", ""))):
            for index in event.to:
                if (copy := entry.copies.get(index)) is not None:
                    self._queued[queued[1], copy.address.lower()] = (event.id, index)
        while len(self._queued) > MAX_KNOWN:
            del self._queued[next(iter(self._queued))]

    def step(self, now: int) -> list[Event]:
        """New results in the log, as records to write; each is returned once."""
        if self._path is None:
            return []
        for line in self._lines(self._path):
            if (passed := self._reading.parse_line(line)) is not None:
                self._early[passed.queue, passed.address.lower()] = passed
        events = []
        for key in self._early.keys() & self._queued.keys():
            id_, index = self._queued.pop(key)
            events.append(Event(Type.ONWARD, id_, now, (index,), self._early.pop(key).facts()))
        while len(self._early) > MAX_KNOWN:
            del self._early[next(iter(self._early))]
        return events

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _lines(self, path: Path) -> Iterator[bytes]:
        """At most 1 MiB of whole lines; a log that was rotated is read to its end before the new one is."""
        try:
            if self._file is None:
                self._file = path.open("rb")
            piece = self._file.read(_PIECE)
            if not piece and os.fstat(self._file.fileno()).st_ino != path.stat().st_ino:
                self.close()
                self._rest = b""
            self._has_warned = False
        except OSError as error:
            if not self._has_warned:
                log.warning("the smart host's log cannot be read", error=error.strerror)
            self._has_warned = True
            return
        *lines, self._rest = (self._rest + piece).split(b"\n")
        yield from lines
