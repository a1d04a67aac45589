"""Security events: audit entries and quarantined mail, in one shape for all formats. Pure.

Never a subject, a text or an outside address: a word with an @ whose domain is not the city's becomes a dash.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from civicmail.core.disk.tail import Record
from civicmail.mail.archive.commit import ENTERED
from civicmail.mail.archive.records import Type

PUT_ASIDE = frozenset({"quarantine", "refuse"})
DETECTED = "mail.detected"
"""The act of a message of which no copy was delivered, or not each."""
_APART = r"\s<>()\[\]{}\"',;:|"
_ADDRESS = re.compile(rf"(?<![^{_APART}])[^{_APART}]+@([^{_APART}]+)")  # from the begin of a word: else long ones cost their square
_COLUMNS = frozenset({"v", "uuid", "at", "act", "person", "duty", "behalf", "object", "reason", "client", "version", "facts"})


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """uuid: the same each time it is sent; at: ms; ledger: journal and number of its record; person: a number of the directory, or
    who acts without one; object: what it is about, like mailbox:ann@city.example; client: an address."""

    uuid: str
    at: int
    act: str
    ledger: str
    person: str = ""
    duty: str = ""
    behalf: str = ""
    object: str = ""
    reason: str = ""
    client: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def of_record(record: Record, domains: Iterable[str], *, detections: bool) -> SecurityEvent | None:
    """The event that a record of a journal says; None for all others. domains: the city's."""
    if record.type == Type.ENTRY:
        plain = orjson.loads(record.head)
        return of_entry({"at": plain["at"], **plain["facts"]}, record.journal, record.number, domains)
    if record.type == Type.RECEIPT:
        return _detection(orjson.loads(record.head), record) if detections else None
    if ENTERED.matches(record.head):
        return of_entry(orjson.loads(record.head)["facts"]["entry"], record.journal, record.number, domains)
    return None


def of_entry(entry: dict[str, Any], journal: str, number: int, domains: Iterable[str]) -> SecurityEvent:
    """An entry of the table or of a journal. One without a uuid (of a mail door, or of the owner of the machine) gets one that
    follows from its place."""
    own = tuple(domains)
    text = {name: _inside(str(entry.get(name) or ""), own) for name in ("person", "duty", "behalf", "object", "reason", "client")}
    other_values = {name: value for name, value in entry.items() if name not in _COLUMNS}
    facts = entry.get("facts")
    facts = other_values | facts if isinstance(facts, dict) else other_values
    id_ = str(entry.get("uuid") or uuid.uuid5(uuid.NAMESPACE_URL, f"civicmail:{own[0]}:{journal}:{number}"))
    return SecurityEvent(id_, int(entry["at"]), str(entry["act"]), f"{journal}:{number}", facts=_inside(facts, own), **text)


def _detection(head: dict[str, Any], record: Record) -> SecurityEvent | None:
    """Mail that was put aside: its id, the rules and what checks found, without evidence."""
    held_back = [disposition for disposition in head["dispositions"] if disposition["do"] in PUT_ASIDE]
    if not held_back:
        return None
    facts = {
        "copies": len(held_back),
        "done": sorted({disposition["do"] for disposition in held_back}),
        "rules": sorted({rule for disposition in held_back for rule in disposition["rules"]}),
        "findings": sorted({f"{disposition['check']}/{disposition['code']}" for disposition in head["findings"]}),
        "listener": head["source"]["kind"],
        "size": head["size"],
    }
    id_ = str(uuid.uuid5(uuid.UUID(head["id"]), "detection"))
    where = f"{record.journal}:{record.number}"
    object_ = f"capture:{head['id']}"
    return SecurityEvent(
        id_, head["received"], DETECTED, where, object=object_, client=head["envelope"]["client"] or "", facts=facts
    )


def _inside(value: Any, domains: tuple[str, ...]) -> Any:
    """The same without addresses of others."""
    if isinstance(value, str):
        return _ADDRESS.sub(lambda m: m[0] if m[1].lower().rstrip(".") in domains else "-", value)
    if isinstance(value, list):
        return [_inside(item, domains) for item in value]
    if isinstance(value, dict):
        return {_inside(name, domains): _inside(item, domains) for name, item in value.items()}
    return value
