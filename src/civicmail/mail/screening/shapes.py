"""What the checks share: what is asked about a message, what a limited process has seen in it, what a check answers.

A check has a NAME, a VERSION and one function. There are three kinds, by what they need:

- an *inner* check needs the bytes: find(case: Inner) -> CheckResult, in the limited process (inner.py has the list);
- an *outer* check needs another program or the network: async find(case: Outer) -> CheckResult, in the gateway (outer.py);
- a *joint* check needs what was seen and what the city knows: find(case: Joint) -> CheckResult, pure, in the gateway (joint.py).

Everything that crosses a process is plain JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from civicmail.city.policy.dispositions import UNAVAILABLE, FactValue, Finding
from civicmail.core.message.model import Envelope, ParsedMessage

if TYPE_CHECKING:
    from civicmail.mail.screening.check_context import CheckContext


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check says: findings as evidence, facts for rules (names of city/policy/facts.py), and for joint checks whatever plain
    values a later one needs (`more`)."""

    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


NOTHING = CheckResult()


def unavailable(check: str, why: str, version: int = 0) -> CheckResult:
    """The check could not be made. why: one or two words (timeout, refused, stale)."""
    return CheckResult((Finding(check, UNAVAILABLE, mask=why, version=version),), {"unavailable": (check,)})


@dataclass(frozen=True, slots=True)
class ContentCase:
    """raw: the message; letter: its one parse, shared by all checks; asked: plain values that the gateway has sent along
    (asked.ASK names them); memo: what one check has read at length and another wants, too, by its module."""

    raw: bytes
    letter: ParsedMessage
    request: Mapping[str, Any]
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ExtractedLink:
    """url: as written; text: shown for it; part: path."""

    url: str
    text: str
    part: str


@dataclass(frozen=True, slots=True)
class ExtractedFile:
    """name, declared: as the message says; true: short word for what it is (files.py); sha256: hexadecimal, of its bytes."""

    part: str
    name: str
    declared: str
    true: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ExtractedMessage:
    """What the limited process made of the bytes. people: of from, sender, reply-to, to, cc: (display name, address); subject and
    texts are cut (read.py). more: what inner checks have for joint ones, by check: spam features, candidates of exact match …"""

    people: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    subject: str = ""
    message_id: str = ""
    list_id: str = ""
    references: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    links: tuple[ExtractedLink, ...] = ()
    files: tuple[ExtractedFile, ...] = ()
    defects: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    more: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def addresses(self, field_: str) -> tuple[str, ...]:
        """The addresses of a field, lower case."""
        return tuple(address.lower() for _, address in self.people.get(field_, ()))


@dataclass(frozen=True, slots=True)
class NetworkCase:
    """raw: the message, or a memory map of it. source: kind of door. inbound: from outside, nobody signed in. world: what the
    gateway holds: resolver, settings, snapshot, models."""

    raw: bytes
    message: ExtractedMessage
    envelope: Envelope
    source: str
    inbound: bool
    context: CheckContext


@dataclass(frozen=True, slots=True)
class CombinedCase:
    """facts, more: of the checks before this one, by fact and by check."""

    message: ExtractedMessage
    envelope: Envelope
    source: str
    inbound: bool
    context: CheckContext
    facts: Mapping[str, FactValue]
    more: Mapping[str, Mapping[str, Any]]
