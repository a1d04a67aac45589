"""Whose files are asked about before they leave, and which may leave without a question (P-22). Pure.

The rooms where people decide publish it, every gateway reads it (city/access/approved.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

RULE = "file-waits"
"""The rule that holds for an approval: what it holds is let go by one, and by nothing else."""
RETURNED = "returned"
"""In place of an approval: the file came from there."""

Part = tuple[str, str]
"""A file of a message: its path there, and the SHA-256 of its bytes, hexadecimal."""


@dataclass(frozen=True, slots=True, order=True)
class Apart:
    """Of the files of a message these leave with a copy, and those do not. False where none is left out: it leaves as kept."""

    leave: tuple[Part, ...] = ()
    out: tuple[Part, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.out)

    def plain(self) -> dict[str, Any]:
        """Nothing of what leaves whole."""
        return {"leave": [list(part) for part in self.leave], "out": [list(part) for part in self.out]} if self else {}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Apart:
        """As it stands in an event."""
        leave, out = (tuple((str(path), str(sha256)) for path, sha256 in plain.get(name, ())) for name in ("leave", "out"))
        return cls(leave, out)


WHOLE = Apart()


@dataclass(frozen=True, slots=True)
class Leaving:
    """One file that would leave. part: its path in the message; kind: file, or link for one of the city's that is only pointed at;
    sha256: of its bytes, of a link of its address; hexadecimal."""

    part: str
    kind: str
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Sending:
    """Who sends. department: its code; person: uid; mailbox: the address it comes from, lower case."""

    department: str
    person: str
    mailbox: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Files that may leave without a question. Every field that says something must fit; until: ms from which it no longer does.
    series: a pattern of names ("agenda-*.pdf"); domain, address: of the recipient; mailbox: of a function, so of a role."""

    id: str
    until: int
    department: str = ""
    person: str = ""
    mailbox: str = ""
    sha256: str = ""
    series: str = ""
    domain: str = ""
    address: str = ""

    def fits(self, file: Leaving, sending: Sending, recipient: str, now: int) -> bool:
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
            and all(wanted in ("", said) for wanted, said in pairs)
            and (not self.series or fnmatchcase(file.name.casefold(), self.series.casefold()))
        )


@dataclass(frozen=True, slots=True)
class Approvals:
    """departments: codes of those whose files are asked about."""

    departments: frozenset[str] = frozenset()
    standing: tuple[Standing, ...] = ()
    _of: dict[str, list[Standing]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for one in self.standing:  # each answer of a month is one of them: they are found by the file
            self._of.setdefault(one.sha256, []).append(one)

    def covering(
        self, files: Iterable[Leaving], sending: Sending, recipient: str, now: int, came: Iterable[str] = ()
    ) -> tuple[str, ...]:
        """The standing approvals by which all of these files may go to this recipient, each once; () where one is not covered.
        came: sha256 of files that came from there."""
        found: dict[str, None] = {}
        known = frozenset(came)
        for file in files:
            wanted = (*self._of.get(file.sha256, ()), *self._of.get("", ()))
            by = next((one.id for one in wanted if one.fits(file, sending, recipient, now)), "")
            if not by and file.sha256 not in known:
                return ()
            found[by or RETURNED] = None
        return tuple(found)
