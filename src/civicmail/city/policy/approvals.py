"""File approvals: whose outbound files need one, and which are approved already (P-22). Pure.

The rooms where people decide publish it, every gateway reads it (city/snapshot/published_approvals.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

RETURNED = "returned"
"""In place of an approval: the file came from there."""

Part = tuple[str, str]
"""A file of a message: its path there, and the SHA-256 of its bytes, hexadecimal."""


@dataclass(frozen=True, slots=True, order=True)
class PartialApproval:
    """Files of a message that leave with a copy, and those that are stripped. False where none is stripped."""

    approved: tuple[Part, ...] = ()
    stripped: tuple[Part, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.stripped)

    def plain(self) -> dict[str, Any]:
        """A partial approval as plain data; empty if all files leave."""
        return {"leave": [list(part) for part in self.approved], "out": [list(part) for part in self.stripped]} if self else {}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> PartialApproval:
        """A partial approval from its form in an event."""
        leave, out = (tuple((str(path), str(sha256)) for path, sha256 in plain.get(name, ())) for name in ("leave", "out"))
        return cls(leave, out)


NOTHING_STRIPPED = PartialApproval()


@dataclass(frozen=True, slots=True)
class OutboundFile:
    """One file that would leave. part: its path in the message; kind: file, or link for a linked file of the city; sha256: of its
    bytes, or of a link's address; hexadecimal."""

    part: str
    kind: str
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender. department: its code; person: uid; mailbox: the sending address, lower case."""

    department: str
    person: str
    mailbox: str


@dataclass(frozen=True, slots=True)
class FileApproval:
    """Files that may leave without a request. Every field that is set must match; until: ms of its end. series: a pattern of names
    ("agenda-*.pdf"); domain, address: of the recipient; mailbox: of a function, so of an office."""

    id: str
    until: int
    department: str = ""
    person: str = ""
    mailbox: str = ""
    sha256: str = ""
    series: str = ""
    domain: str = ""
    address: str = ""

    def fits(self, file: OutboundFile, sending: Sender, recipient: str, now: int) -> bool:
        """recipient: an address, lower case."""
        pairs = (
            (self.department, sending.department),
            (self.person, sending.person),
            (self.mailbox, sending.mailbox),
            (self.sha256, file.sha256),
            (self.domain, recipient.rpartition("@")[2]),
            (self.address, recipient),
        )
        return (
            now < self.until
            and all(expected in ("", actual) for expected, actual in pairs)
            and (not self.series or fnmatchcase(file.name.casefold(), self.series.casefold()))
        )


class ApprovedFiles:
    """Approvals of managers: each for one file, to one recipient, of one sender. They are added and never removed, because each
    ends by its time. The set grows while it is read, so that a month of approvals is not copied for each new one."""

    def __init__(self, approvals: Iterable[FileApproval] = ()) -> None:
        self._by_file: dict[tuple[str, str], tuple[FileApproval, ...]] = {}
        for approval in approvals:
            self.add(approval)

    def add(self, approval: FileApproval) -> None:
        if approval not in self:
            self._by_file[approval.sha256, approval.address] = (*self.for_file(approval.sha256, approval.address), approval)

    def for_file(self, sha256: str, address: str) -> tuple[FileApproval, ...]:
        """About this file and this recipient, in their order."""
        return self._by_file.get((sha256, address), ())

    def in_force(self, now: int) -> frozenset[FileApproval]:
        """The approvals in force. now: ms."""
        return frozenset(approval for approvals in self._by_file.values() for approval in approvals if now < approval.until)

    def __contains__(self, approval: FileApproval) -> bool:
        return approval in self.for_file(approval.sha256, approval.address)


@dataclass(frozen=True, slots=True)
class Approvals:
    """departments: codes of departments that require approval; standing: standing approvals, few; approved_files: many."""

    departments: frozenset[str] = frozenset()
    standing: tuple[FileApproval, ...] = ()
    approved_files: ApprovedFiles = field(default_factory=ApprovedFiles, compare=False)
    _by_hash: dict[str, list[FileApproval]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for approval in self.standing:
            self._by_hash.setdefault(approval.sha256, []).append(approval)

    def covering(
        self, files: Iterable[OutboundFile], sending: Sender, recipient: str, now: int, received: Iterable[str] = ()
    ) -> tuple[str, ...]:
        """The standing approvals, and answers, by which all of these files may go to this recipient, each once; () where one is not
        covered. received: sha256 of files that came from there."""
        covering_ids: dict[str, None] = {}
        returned = frozenset(received)
        for file in files:
            candidates = (
                *self._by_hash.get(file.sha256, ()),
                *self.approved_files.for_file(file.sha256, recipient),
                *self._by_hash.get("", ()),
            )
            approval_id = next((approval.id for approval in candidates if approval.fits(file, sending, recipient, now)), "")
            if not approval_id and file.sha256 not in returned:
                return ()
            covering_ids[approval_id or RETURNED] = None
        return tuple(covering_ids)

    def is_same(self, other: Approvals, now: int) -> bool:
        """Whether both have the same effect at this moment. now: ms."""
        return self == other and self.approved_files.in_force(now) == other.approved_files.in_force(now)
