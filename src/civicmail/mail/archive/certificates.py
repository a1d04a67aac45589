"""Certificates of disposal: what was disposed of, by which rule and whose decision. Only a certificate may explain a leaf without a
record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from civicmail.city.law.schedules import Decision, Schedules
from civicmail.mail.archive import rules
from civicmail.mail.archive.records import Capture, Type
from civicmail.mail.archive.store import Store


class Item(NamedTuple):
    """One capture to dispose of. heads: of its receipt first, then of every event about it."""

    id: bytes
    capture: Capture
    decision: Decision
    heads: tuple[bytes, ...]


def facts_of(
    items: Iterable[Item],
    *,
    certificate: str,
    manifest: str,
    text: str,
    schedules: Schedules,
    holds: Iterable[str],
    people: tuple[str, str],
    reason: str,
    now: int,
) -> dict[str, Any]:
    """The facts of a `disposed` record. manifest: digest of the approved one; text: of the schedules in force; people:
    proposer and approver."""
    listed = list(items)
    used = {i.decision.class_ for i in listed}
    numbers: dict[str, list[int]] = {}
    for item in listed:
        for head in item.heads:
            plain = orjson.loads(head)
            numbers.setdefault(plain["journal"], []).append(plain["number"])
    return {
        "certificate": certificate,
        "manifest": manifest,
        "at": now,
        "proposer": people[0],
        "approver": people[1],
        "reason": reason,
        "schedules": sha256(text.encode()).hexdigest(),
        "series": [
            {"class": s.class_, "id": s.id, "approval": s.approval, "board": s.board, "expires": s.expires.isoformat()}
            for s in schedules.by_class.values()
            if s.class_ in used
        ],
        "holds": list(holds),
        "items": [_plain(item) for item in listed],
        "records": {name: spans(record_numbers) for name, record_numbers in sorted(numbers.items())},
    }


def _plain(item: Item) -> dict[str, Any]:
    c = item.capture
    return {
        "id": c.uuid,
        "class": c.class_,
        "kept": item.decision.class_,
        "due": item.decision.due,
        "size": c.size,
        "journal": c.journal,
        "number": c.number,
        "leaf": sha256(b"\x00" + item.heads[0]).hexdigest(),
    }


def spans(numbers: Iterable[int]) -> list[list[int]]:
    """Numbers as runs [first, last]."""
    result: list[list[int]] = []
    for n in sorted(set(numbers)):
        if result and n == result[-1][1] + 1:
            result[-1][1] = n
        else:
            result.append([n, n])
    return result


def named(facts: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    """(journal, first, last) of the records that a certificate names."""
    for name, runs in facts["records"].items():
        for first, last in runs:
            yield name, first, last


def every(store: Store) -> list[dict[str, Any]]:
    """The facts of every certificate, oldest first."""
    return [e.facts for e in rules.read(store, {Type.DISPOSED})]


def by_manifest(store: Store, digest: str) -> list[dict[str, Any]]:
    """The facts of the certificates about one manifest, oldest first."""
    return [facts for facts in every(store) if facts.get("manifest") == digest]
