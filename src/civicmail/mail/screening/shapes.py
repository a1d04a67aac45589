"""The types that checks share: their cases, the extracted message, and their results.

A check has a NAME, a VERSION and a function find. There are three kinds:

- a content check needs the bytes: find(case: ContentCase) -> CheckResult, in the sandboxed process (content_checks.py);
- a network check needs another program or the network: async find(case: NetworkCase) -> CheckResult, in the gateway
  (network_checks.py);
- a combined check needs other results and what the city knows: find(case: CombinedCase) -> CheckResult, pure, in the gateway
  (combined_checks.py).

What crosses a process has a type that reader_request.py names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from civicmail.city.policy.dispositions import UNAVAILABLE, FactValue, Finding
from civicmail.core.message.model import Envelope, ParsedMessage

if TYPE_CHECKING:
    from civicmail.mail.screening.check_context import CheckContext
    from civicmail.mail.screening.reader_request import ReadMessage


@dataclass(frozen=True, slots=True)
class CheckResult:
    """findings: evidence; facts: for rules (names of city/policy/facts.py); more: plain values for later combined checks."""

    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


NOTHING = CheckResult()


def unavailable(check: str, why: str, version: int = 0) -> CheckResult:
    """The result of a check that could not run. why: one or two words (timeout, refused, stale)."""
    return CheckResult((Finding(check, UNAVAILABLE, mask=why, version=version),), {"unavailable": (check,)})


@dataclass(frozen=True, slots=True)
class ContentCase:
    """raw: the message; letter: its parse, shared by all checks; memo: what one check has
    read and another needs, by module."""

    raw: bytes
    letter: ParsedMessage
    request: ReadMessage
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ExtractedLink:
    """url: as written; text: shown for it; part: path."""

    url: str
    text: str
    part: str


@dataclass(frozen=True, slots=True)
class ExtractedFile:
    """name, declared: as the message says; true: the true type (files.py); sha256: of its bytes, hexadecimal."""

    part: str
    name: str
    declared: str
    true: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ExtractedMessage:
    """What the sandboxed process read. people: of from, sender, reply-to, to, cc: (display name, address); subject and texts are
    cut (message_reader.py). more: values of content checks for combined ones, such as spam tokens."""

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
    """raw: the message, or a memory map of it. source: kind of listener. inbound: from outside, without sign-in. context:
    resolver, settings, snapshot, models."""

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
