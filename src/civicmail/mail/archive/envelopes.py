"""The view of a message for operators: envelope, disposition of each recipient, later events (P-17, I1). Pure.

Made field by field from the receipt and the events. It has no field for a subject, a header line, a Message-ID, the name of a file
or a folder, a journal report or the evidence of a finding (docs/decisions/0029); only a reviewer may see the topic of mail.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from civicmail.city.policy import rule_keys
from civicmail.city.policy.dispositions import USE_CHECK, Disposition, disclosable_rules
from civicmail.mail.archive import encryption_proof
from civicmail.mail.archive.copies import Copy
from civicmail.mail.archive.records import Capture, Event, Type

State = Literal["delivered", "waiting", "trying", "deferred", "held", "failed", "cancelled", "kept", "refused"]
Status = Literal["accepted", "delivered", "waiting", "held", "failed", "refused", "kept"]

WIRE = frozenset({"mx", "submission", "relay", "lmtp", "journal", "local"})
"""Kinds of sources whose name is one of our listeners or jobs; that of an import may be the name of a file."""
REPLY_MOST = 300
_BRACKETS = re.compile("<([^<> ]*@[^<> ]*)>")


@dataclass(frozen=True, slots=True)
class Passage:
    """One recipient's copy. box: its destination, if that is another address; do, rules: as decided; since: ms of the last change;
    reply: of the last next hop; next: ms of the next attempt, 0 for immediately or never; proof: how it left encrypted, if it had
    to."""

    index: int
    address: str
    box: str
    do: str
    rules: tuple[str, ...]
    state: State
    since: int
    reply: str
    next: int
    tries: int
    proof: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One event. to: indices of recipients; facts: hop, reply, tls, try, next, reason, actor, as far as the event has them."""

    type: str
    at: int
    to: tuple[int, ...]
    facts: tuple[tuple[str, str], ...]
    journal: str
    number: int


@dataclass(frozen=True, slots=True)
class MessageTrace:
    """One capture for an operator. received: ms; basis: which clock that time is from; source, listener: where it was received;
    checks: each (check, code); journal, number: its record, which is its leaf in the ledger."""

    uuid: str
    sha256: str
    received: int
    basis: str
    size: int
    source: str
    listener: str
    sender: str
    client: str
    helo: str
    protocol: str
    tls: str
    login: str
    class_: str
    journal: str
    number: int
    checks: tuple[tuple[str, str], ...]
    passages: tuple[Passage, ...]
    steps: tuple[Step, ...]

    @property
    def status(self) -> Status:
        """One word for all recipients: the state that most needs attention."""
        states = {p.state for p in self.passages}
        for status, of in _JOINED:
            if states & of:
                return status
        return "accepted" if self.passages else "kept"

    @property
    def delivered(self) -> int:
        """The number of recipients with a delivered copy."""
        return sum(p.state == "delivered" for p in self.passages)

    def has_recipient(self, pattern: str) -> bool:
        """Whether a copy was for this address (is_named). Case does not matter."""
        return any(is_named(pattern, address) for p in self.passages for address in (p.address, p.box) if address)


_JOINED: tuple[tuple[Status, frozenset[State]], ...] = (
    ("failed", frozenset({"failed"})),
    ("held", frozenset({"held"})),
    ("waiting", frozenset({"waiting", "trying", "deferred"})),
    ("refused", frozenset({"refused"})),
    ("delivered", frozenset({"delivered"})),
    ("kept", frozenset({"kept"})),
)
STATUSES: tuple[Status, ...] = tuple(status for status, _ in _JOINED)


def trace_of(capture: Capture, events: Sequence[Event]) -> MessageTrace:
    """The envelope of a capture with the events about it, in any order."""
    e, named = capture.envelope, _named(capture)
    known = sorted(events, key=lambda event: (event.at, event.journal, event.number))
    return MessageTrace(
        uuid=capture.uuid,
        sha256=capture.sha256.hex(),
        received=capture.received,
        basis=capture.basis,
        size=capture.size,
        source=capture.source.kind,
        listener=capture.source.name if capture.source.kind in WIRE else "",
        sender=e.sender,
        client=e.client,
        helo=e.helo,
        protocol=e.protocol,
        tls=e.tls,
        login=e.login,
        class_=capture.class_,
        journal=capture.journal,
        number=capture.number,
        checks=tuple(dict.fromkeys((f.check, f.code) for f in capture.findings if f.check != USE_CHECK)),
        passages=tuple(_passages(capture, known, named)),
        steps=tuple(_step(event, named) for event in known),
    )


def is_named(pattern: str, address: str) -> bool:
    """Whether an address matches a pattern: an address, a local part (no "@"), or a domain ("@domain"). "<>" is the null sender."""
    pattern, address = pattern.lower(), address.lower()
    if pattern == "<>":
        return not address
    local, _, domain = address.rpartition("@") if "@" in address else (address, "", "")
    if "@" not in pattern:
        return local == pattern
    return f"@{domain}" == pattern if pattern.startswith("@") else address == pattern


def _passages(capture: Capture, events: Sequence[Event], named: Collection[str]) -> Iterable[Passage]:
    copies = {d.to: Copy("", d.do) for d in capture.dispositions}
    for event in events:
        if event.type in _ABOUT_COPIES:
            for index in event.to:
                if (copy := copies.get(index)) is not None:
                    copy.apply(event.type, event.at, event.facts, (event.journal, event.number))
    decided = {d.to: d for d in capture.dispositions}
    proven = {i: e.facts["proof"] for e in events if e.type == Type.DELIVERED and "proof" in e.facts for i in e.to}
    for index, r in enumerate(capture.envelope.recipients):
        copy, d = copies.get(index) or Copy("", "kept"), decided.get(index)
        state = _state(copy)
        yield Passage(
            index,
            r.address,
            copy.target or (r.box if r.box != r.address else ""),
            copy.now if d else "kept",
            _rules(copy, d),
            state,
            max(copy.at, copy.control[0], copy.decided[0], copy.pulled[0]) or capture.received,
            shown_reply(copy.reply or (d.reply if d else ""), named),
            copy.due if state == "deferred" else 0,
            copy.tries,
            proven.get(index, {}),
        )


_ABOUT_COPIES = frozenset(
    {Type.ATTEMPT, Type.DELIVERED, Type.DEFERRED, Type.FAILED, Type.HELD, Type.RELEASED, Type.CANCELLED, Type.DECIDED, Type.PULLED}
)


def _rules(copy: Copy, disposition: Disposition | None) -> tuple[str, ...]:
    if copy.is_pulled:
        return (rule_keys.PULLED_BACK,)
    return disclosable_rules(copy.decided[4] if copy.decided[3] else disposition.rules) if disposition else ()


def _state(copy: Copy) -> State:
    if copy.end == "delivered":
        return "held" if copy.is_pulled else "delivered"
    if copy.end:
        return "refused" if copy.now == "refuse" else "failed" if copy.end == "failed" else "cancelled"
    if copy.is_held:
        return "held"
    if copy.is_waiting:
        return "deferred" if copy.due else "trying" if copy.is_open else "waiting"
    return "refused" if copy.do == "refuse" else "kept"


_FACTS = ("do", "hop", "relay", "reply", "tls", "try", "next", "redelivered", "mailbox", "reason", "actor", "pull", "back")


def _step(event: Event, named: Collection[str]) -> Step:
    facts = tuple((key, _fact(event.facts[key], named)) for key in _FACTS if event.facts.get(key) not in (None, ""))
    if proof := encryption_proof.line(event.facts.get("proof", {})):
        facts = (*facts, ("proof", proof))
    if event.type == Type.DECIDED and (rules := disclosable_rules(tuple(event.facts["rules"]))):
        facts = (*facts, ("rules", " ".join(rules)))
    return Step(event.type.name.lower(), event.at, event.to, facts, event.journal, event.number)


def _fact(value: Any, named: Collection[str]) -> str:
    return shown_reply(value, named) if isinstance(value, str) else str(value)


def _named(capture: Capture) -> frozenset[str]:
    """Every address of the envelope, in lower case."""
    e = capture.envelope
    return frozenset(a.lower() for a in (e.sender, *(a for r in e.recipients for a in (r.address, r.box))) if a)


def shown_reply(text: str, named: Collection[str]) -> str:
    """The reply of another server on one line, without control characters, and without text in angle brackets that is not an
    address of the envelope (named, lower case): some servers reply with the Message-ID."""
    line = "".join(c if c.isprintable() else " " for c in text)
    line = _BRACKETS.sub(lambda match: match[0] if match[1].lower() in named else "<…>", line)
    return line if len(line) <= REPLY_MOST else f"{line[:REPLY_MOST]}…"
