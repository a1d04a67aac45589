"""Outstanding recipients: a projection of receipts and events that any replay of the journals reproduces.

    outstanding = Outstanding()
    for record in tail.poll(): outstanding.apply(record)

Pure: records in, state out. A recipient is outstanding from the receipt that says deliver or mark until a later record of any
journal ends it. It has the places of bodies, never bodies. The courier acts on it, the sealer saves it (`outstanding_file`) before
it removes journal files, and `queue list` shows it.
"""

from __future__ import annotations

import hashlib
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import orjson

from civicmail.core.disk.tail import Positions, Record
from civicmail.core.ledger.heads import HeadMatcher, text
from civicmail.mail.archive.copies import HELD, REPORT_OWED, REPORT_SENT, WAITING, Copy, wants_encryption
from civicmail.mail.archive.identity import received_of
from civicmail.mail.archive.records import Type

DAY_MS = 86_400_000
_EVENTS = frozenset(
    {Type.ATTEMPT, Type.DELIVERED, Type.DEFERRED, Type.FAILED, Type.HELD, Type.RELEASED, Type.CANCELLED, Type.DECIDED, Type.PULLED}
)
_GATEWAY = frozenset({"mx", "submission", "relay", "lmtp"})
_RESTORED = HeadMatcher(text("restore"))
_CELL = 17  # capture id and one byte: 1 when delivery was attempted


class Entry:
    """A capture with unfinished copies. seen: its receipt was read; until then only `copies` and `touched` have a meaning.

    journal, file, offset, number: place of its record (file: number of the first record of the file), until it is sealed. key:
    identifies a second receipt of the same message; touched: time of the last event; about: for a delivery report, its capture.
    """

    __slots__ = (
        "about", "copies", "file", "id", "journal", "key", "kind", "number", "offset", "received", "seen", "sender", "size",
        "taken", "touched",
    )  # fmt: skip

    def __init__(self, id_: bytes) -> None:
        self.id = id_
        self.journal = ""
        self.file = self.offset = self.number = 0
        self.received = 0
        self.size = 0
        self.sender = ""
        self.kind = ""
        self.key = self.about = b""
        self.seen = False
        self.touched = 0
        self.taken = False
        self.copies: dict[int, Copy] = {}

    @property
    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self.id))

    @property
    def waiting(self) -> list[int]:
        """Indices of recipients that must be delivered now or later."""
        return [i for i, c in self.copies.items() if c.is_waiting] if self.seen else []

    @property
    def owed(self) -> list[int]:
        """Indices of recipients of whose failure the sender has not been notified."""
        return [i for i, c in self.copies.items() if c.report == REPORT_OWED and c.end] if self.seen else []

    @property
    def begun(self) -> bool:
        return self.taken or any(c.begun for c in self.copies.values())

    @property
    def is_finished(self) -> bool:
        return self.is_over and not self.was_pulled

    @property
    def is_over(self) -> bool:
        return self.seen and all(c.end and c.report != REPORT_OWED for c in self.copies.values())

    @property
    def was_pulled(self) -> bool:
        """Whether some copies were removed or restored: the last of these records counts, and another may be read later."""
        return any(c.pulled[0] for c in self.copies.values())

    @property
    def is_pulled(self) -> bool:
        """Some copies were delivered and taken back since; its receipt may be forgotten by now."""
        return any(c.is_pulled for c in self.copies.values())


class Outstanding:
    """The state after the records up to `positions`. Small: a few hundred bytes for each unfinished capture, and for each receipt
    of the last 24 hours. repeats=False omits the latter, for callers that never use `original_of`."""

    def __init__(self, *, repeats: bool = True) -> None:
        self.repeats = repeats
        self.positions: Positions = {}
        self.entries: dict[bytes, Entry] = {}
        self.reports: dict[tuple[bytes, int], int] = {}  # delivery reports whose failure was not read yet, with their time
        self.receipts: dict[bytes, bytes] = {}  # key -> cells of the captures of the last 24 hours, sorted
        self.lost: Positions = {}  # last record that came from an installation that was lost, of each journal that it had
        self.restored = 0  # when this one was made, ms

    def apply(self, record: Record) -> Entry | None:
        """Take in one record; the entry it changed, or None. A record that was applied before changes nothing."""
        if record.number <= self.positions.get(record.journal, 0):
            return None
        self.positions[record.journal] = record.number
        return self.replay(record)

    def replay(self, record: Record) -> Entry | None:
        """Apply one record wherever it is stored, for the first time; positions are unchanged."""
        if record.type == Type.RECEIPT:
            return self._receipt(record, orjson.loads(record.head))
        if record.type in _EVENTS:
            return self._event(record, orjson.loads(record.head))
        if record.type == Type.ENTRY and _RESTORED.matches(record.head):
            self._restored(orjson.loads(record.head))
        return None

    # -- queries

    def waiting(self) -> Iterator[Entry]:
        """Captures with recipients to deliver, oldest receipt first by the order of reading."""
        return (e for e in self.entries.values() if e.waiting)

    def held(self) -> Iterator[Entry]:
        """Captures with recipients that wait for a person."""
        return (e for e in self.entries.values() if e.seen and any(c.is_held for c in e.copies.values()))

    def pulled(self) -> Iterator[Entry]:
        """Captures with copies that were taken back out of their mailboxes."""
        return (e for e in self.entries.values() if e.is_pulled)

    def pending(self) -> Iterator[Entry]:
        """Captures with recipients that wait until the message could be screened."""
        return (e for e in self.entries.values() if e.seen and any(c.is_pending for c in e.copies.values()))

    def owed(self) -> Iterator[Entry]:
        """Captures whose sender is to get a delivery report."""
        return (e for e in self.entries.values() if e.owed)

    def original_of(self, entry: Entry) -> bytes | None:
        """The capture that this one repeats, or None: same bytes with a Message-ID, same envelope, within 24 hours.

        A capture whose delivery has started counts as the first; otherwise the one with the smallest id.
        """
        if not entry.key or entry.begun:
            return None
        candidates = [
            (not begun, id_)
            for id_, begun in _cells(self.receipts.get(entry.key, b""))
            if id_ != entry.id and abs(received_of(id_) - entry.received) <= DAY_MS
        ]
        if not candidates:
            return None
        fresh, first = min(candidates)
        return first if not fresh or first < entry.id else None

    def is_orphan(self, entry: Entry) -> bool:
        """Whether a lost installation accepted this capture: it may have delivered copies, and its last records about that never
        reached the copy from which this installation was made. A report about such a capture counts too: it may be a second one."""
        if entry.about and received_of(entry.about) <= self.restored:
            return True
        return entry.seen and entry.number <= self.lost.get(entry.journal, 0)

    def begin(self, entry: Entry) -> None:
        """Note that the caller is about to transfer a copy without a record yet: from now on this capture counts as the first
        one."""
        entry.taken = True
        if entry.key:
            self._remember(entry)

    def settle(self, now: int) -> None:
        """Forget captures older than a day. Call only when all durable records were applied: an entry without a receipt then
        belongs to a finished capture."""
        self.forget(now)
        old = now - DAY_MS
        for id_ in [e.id for e in self.entries.values() if (e.is_over or not e.seen) and e.touched < old and not e.is_pulled]:
            del self.entries[id_]
        self.reports = {k: t for k, t in self.reports.items() if t >= old}

    def forget(self, now: int) -> None:
        """Forget receipts that no second one can repeat any more; may be called at any time."""
        for key in list(self._aged(now)):
            del self.receipts[key]

    def _aged(self, now: int) -> Iterator[bytes]:
        for key, cells in self.receipts.items():  # in the order of reading, so nearly in the order of time
            if all(now - received_of(id_) > DAY_MS for id_, _ in _cells(cells)):
                yield key
            elif now - received_of(cells[:16]) <= DAY_MS:
                return

    # -- records

    def _receipt(self, record: Record, head: dict[str, Any]) -> Entry | None:
        if (once := head.get("once", "")).startswith("dsn:"):
            self._reported(once, head["received"])
        live = {d["to"]: d for d in head["dispositions"] if d["do"] in WAITING or d["do"] in HELD or "dsn" in d}
        entry = self.entries.get(record.id)
        if entry is None:
            if not live:
                return None
            entry = self.entries[record.id] = Entry(record.id)
        envelope = head["envelope"]
        entry.seen = True
        entry.journal, entry.file = sys.intern(record.journal), int(record.path.stem)
        entry.offset, entry.number = record.offset, record.number
        entry.received, entry.size = head["received"], head["size"]
        entry.sender, entry.kind = envelope["from"], sys.intern(head["source"]["kind"])
        entry.touched = max(entry.touched, entry.received)
        if once.startswith("dsn:"):
            entry.about = _parse_report_key(once)[0]
        for index in set(entry.copies) - set(live):
            del entry.copies[index]  # archived or rejected: nothing of it is outstanding
        for index, decided in live.items():
            copy = entry.copies.setdefault(index, Copy())
            recipient = envelope["to"][index]
            copy.address, copy.do = recipient.get("box") or recipient["a"], sys.intern(decided["do"])
            copy.marks = tuple((name, words) for name, words in decided.get("marks", ()))
            copy.secure |= wants_encryption(decided)
            if "dsn" in decided:
                copy.refuse(entry.received, decided.get("reply", ""))
            if self.reports.pop((record.id, index), None) is not None:
                copy.report = REPORT_SENT
        if head.get("message_id") and entry.kind in _GATEWAY and not once:
            entry.key = _key(record.sha256, entry.sender, [c.address for c in entry.copies.values()])
        return self._changed(entry)

    def _event(self, record: Record, head: dict[str, Any]) -> Entry | None:
        entry = self.entries.get(record.id)
        if entry is None:
            entry = self.entries[record.id] = Entry(record.id)
        entry.touched = max(entry.touched, head["at"])
        for index in head["to"]:
            copy = entry.copies.get(index)
            if copy is None:
                if entry.seen:
                    continue
                copy = entry.copies[index] = Copy()
            copy.apply(record.type, head["at"], head["facts"], (record.journal, record.number))
            if self.reports.pop((entry.id, index), None) is not None:
                copy.report = REPORT_SENT
        return self._changed(entry)

    def _restored(self, head: dict[str, Any]) -> None:
        """Note that this installation was made from a copy that ended with these records; of several such events the last one
        counts."""
        if (facts := head["facts"]).get("act") == "restore":
            self.restored = max(self.restored, head["at"])
            for name, last in facts.get("until", {}).items():
                self.lost[name] = max(last, self.lost.get(name, 0))

    def _reported(self, once: str, received: int) -> None:
        """Note that the pipeline accepted a delivery report, so the sender is notified."""
        id_, to = _parse_report_key(once)
        entry = self.entries.get(id_)
        if entry is None or to not in entry.copies:
            self.reports[id_, to] = received
            return
        entry.copies[to].report = REPORT_SENT
        self._changed(entry)

    def _changed(self, entry: Entry) -> Entry:
        if not entry.seen:
            return entry
        if entry.key:
            self._remember(entry)
        if entry.is_finished:
            del self.entries[entry.id]
        return entry

    def _remember(self, entry: Entry) -> None:
        """Remember the capture for second receipts, unless a copy of it failed or was canceled."""
        if not self.repeats:
            return
        known = self.receipts.get(entry.key, b"")
        cells = dict(_cells(known))
        void = any(c.end in ("failed", "cancelled") and c.now != "refuse" for c in entry.copies.values())
        if void:
            cells.pop(entry.id, None)
        else:
            cells[entry.id] = entry.begun
        new = b"".join(id_ + bytes([begun]) for id_, begun in sorted(cells.items()))
        if new:
            self.receipts[entry.key] = new
        elif known:
            del self.receipts[entry.key]


def report_key(id_: bytes, index: int) -> str:
    """The once-key of the delivery report about one recipient of a capture."""
    return f"dsn:{uuid.UUID(bytes=id_)}:{index}"


def _parse_report_key(once: str) -> tuple[bytes, int]:
    """The capture and the recipient that a report is about."""
    _, capture, index = once.split(":", 2)
    return uuid.UUID(capture).bytes, int(index)


def _cells(cells: bytes) -> Iterator[tuple[bytes, bool]]:
    return ((cells[i : i + 16], bool(cells[i + 16])) for i in range(0, len(cells), _CELL))


def _key(sha256: bytes, sender: str, addresses: list[str]) -> bytes:
    text = "\0".join([sender, *sorted(addresses)])
    return hashlib.sha256(sha256 + text.encode("utf-8", "surrogatepass")).digest()[:16]
