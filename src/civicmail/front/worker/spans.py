"""A message's life as trace spans, from journal records: accepted, screened, held, delivered, indexed. Pure.

The trace id is the capture id, and a span's id follows from its record: nothing is passed between processes, and a record read
twice gives the same span. Spans have numbers, names of rules and checks, and our next hops; no subjects or addresses.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from civicmail.core.disk.tail import Record
from civicmail.mail.archive.records import Type

Value = str | int | list[str]
MAX_REMEMBERED = 100_000
"""Messages and attempts that are remembered, so that what ends has its begin."""
MIN_CHECK = 1_000
"""µs: a check that took less has no span."""
_OUTCOMES = {Type.DELIVERED: "delivered", Type.DEFERRED: "deferred", Type.FAILED: "failed"}
_ENDS = (Type.RELEASED, Type.CANCELLED)


@dataclass(frozen=True, slots=True)
class Span:
    """trace: 16 bytes; id, parent: 8 bytes, the parent of the first is empty; start, end: µs since 1970."""

    trace: bytes
    id: bytes
    parent: bytes
    name: str
    start: int
    end: int
    attributes: dict[str, Value] = field(default_factory=dict)
    failed: bool = False


class TraceBuilder:
    """Makes spans from records. one_in: sample one in so many messages, the same ones everywhere."""

    def __init__(self, one_in: int = 1) -> None:
        self._one_in = one_in
        self._begun: OrderedDict[tuple[bytes, str, int], int] = OrderedDict()
        self._unindexed: OrderedDict[tuple[str, int], tuple[bytes, int]] = OrderedDict()

    def hear(self, record: Record, covered: Mapping[str, int]) -> Iterator[Span]:
        """The spans that this record ends. covered: journal to the last record that the index had at the look before this one."""
        if record.type not in (Type.RECEIPT, Type.ATTEMPT, Type.HELD, *_OUTCOMES, *_ENDS) or not self._is_traced(record.id):
            return
        plain = orjson.loads(record.head)
        if record.type == Type.RECEIPT:
            yield from self._accepted(record, plain, covered)
            return
        at, copies = plain["at"] * 1_000, plain["to"]
        if record.type in (Type.ATTEMPT, Type.HELD):
            for copy in copies:
                self._remember(record, "hold" if record.type == Type.HELD else "deliver", copy, at)
        elif record.type in _OUTCOMES:
            start = min((self._begun.pop((record.id, "deliver", copy), at) for copy in copies), default=at)
            yield _child(record, "deliver", start, at, _delivery(plain), failed=record.type == Type.FAILED)
        else:
            starts = [begun for copy in copies if (begun := self._begun.pop((record.id, "hold", copy), 0))]
            if starts:
                facts: dict[str, Value] = {"civicmail.copies": len(starts), "civicmail.outcome": plain["type"]}
                yield _child(record, "hold", min(starts), at, facts)

    def indexed(self, covered: Mapping[str, int], now: int) -> Iterator[Span]:
        """Spans of what can be found since the last look. now: ms."""
        for (journal, number), (id_, received) in list(self._unindexed.items()):
            if covered.get(journal, 0) >= number:
                del self._unindexed[journal, number]
                yield Span(id_, _id(id_, "index", journal, number), root(id_), "index", received, max(received, now * 1_000))

    def _is_traced(self, id_: bytes) -> bool:
        return int.from_bytes(id_[-4:]) % self._one_in == 0

    def _remember(self, record: Record, name: str, copy: int, at: int) -> None:
        self._begun[record.id, name, copy] = at
        if len(self._begun) > MAX_REMEMBERED:
            self._begun.popitem(last=False)

    def _accepted(self, record: Record, plain: dict[str, Any], covered: Mapping[str, int]) -> Iterator[Span]:
        """The root span, and one for each check that took time; none for imported mail."""
        if plain["basis"] != "clock":
            return
        start, costs = plain["received"] * 1_000, _costs(plain)
        facts: dict[str, Value] = {
            "civicmail.listener": plain["source"]["kind"],
            "civicmail.size": plain["size"],
            "civicmail.copies": len(plain["dispositions"]),
            "civicmail.dispositions": sorted({disposition["do"] for disposition in plain["dispositions"]}),
            "civicmail.rules": sorted({rule for disposition in plain["dispositions"] for rule in disposition["rules"]}),
        }
        yield Span(record.id, root(record.id), b"", "accept", start, start + max(costs.values(), default=0), facts)
        for check, cost in costs.items():
            if cost >= MIN_CHECK:
                id_ = _id(record.id, f"screen {check}", record.journal, record.number)
                yield Span(record.id, id_, root(record.id), f"screen {check}", start, start + cost)
        if covered.get(record.journal, 0) < record.number:  # else nobody knows when that was
            self._unindexed[record.journal, record.number] = (record.id, start)
            if len(self._unindexed) > MAX_REMEMBERED:
                self._unindexed.popitem(last=False)


def root(id_: bytes) -> bytes:
    """The id of a message's first span."""
    return _id(id_, "accept", "", 0)


def _id(trace: bytes, name: str, journal: str, number: int) -> bytes:
    return hashlib.sha256(trace + f"{name}\0{journal}\0{number}".encode()).digest()[:8]


def _child(record: Record, name: str, start: int, end: int, facts: dict[str, Value], *, failed: bool = False) -> Span:
    id_ = _id(record.id, name, record.journal, record.number)
    return Span(record.id, id_, root(record.id), name, min(start, end), end, facts, failed)


def _delivery(plain: dict[str, Any]) -> dict[str, Value]:
    """Attributes of a delivery attempt. Of the reply only the code, because its text may name people."""
    facts: dict[str, Value] = {"civicmail.outcome": plain["type"], "civicmail.copies": len(plain["to"])}
    details = plain["facts"]
    if details.get("hop"):
        facts["civicmail.hop"] = str(details["hop"])
    code = str(details.get("reply") or "")[:3]
    if code.isdigit():
        facts["civicmail.reply_code"] = int(code)
    return facts


def _costs(plain: dict[str, Any]) -> dict[str, int]:
    """µs that each check took."""
    costs: dict[str, int] = {}
    for finding in plain["findings"]:
        costs[finding["check"]] = costs.get(finding["check"], 0) + finding.get("cost", 0)
    return costs
