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


class Answers:
    """What managers said yes to: one file, to one recipient, of one sender each. More come, and none is taken back: each ends by
    its time. It grows while it is read, so nobody has to copy those of a month for the next one."""

    def __init__(self, said: Iterable[Standing] = ()) -> None:
        self._of: dict[tuple[str, str], tuple[Standing, ...]] = {}
        for one in said:
            self.add(one)

    def add(self, one: Standing) -> None:
        if one not in self:
            self._of[one.sha256, one.address] = (*self.of(one.sha256, one.address), one)

    def of(self, sha256: str, address: str) -> tuple[Standing, ...]:
        """About this file and this recipient, in their order."""
        return self._of.get((sha256, address), ())

    def at(self, now: int) -> frozenset[Standing]:
        """Those that hold. now: ms."""
        return frozenset(one for some in self._of.values() for one in some if now < one.until)

    def __contains__(self, one: Standing) -> bool:
        return one in self.of(one.sha256, one.address)


@dataclass(frozen=True, slots=True)
class Approvals:
    """departments: codes of those whose files are asked about; standing: few, answers: many."""

    departments: frozenset[str] = frozenset()
    standing: tuple[Standing, ...] = ()
    answers: Answers = field(default_factory=Answers, compare=False)
    _of: dict[str, list[Standing]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for one in self.standing:
            self._of.setdefault(one.sha256, []).append(one)

    def covering(
        self, files: Iterable[Leaving], sending: Sending, recipient: str, now: int, came: Iterable[str] = ()
    ) -> tuple[str, ...]:
        """The standing approvals, and answers, by which all of these files may go to this recipient, each once; () where one is not
        covered. came: sha256 of files that came from there."""
        found: dict[str, None] = {}
        known = frozenset(came)
        for file in files:
            wanted = (*self._of.get(file.sha256, ()), *self.answers.of(file.sha256, recipient), *self._of.get("", ()))
            by = next((one.id for one in wanted if one.fits(file, sending, recipient, now)), "")
            if not by and file.sha256 not in known:
                return ()
            found[by or RETURNED] = None
        return tuple(found)

    def is_same(self, other: Approvals, now: int) -> bool:
        """Whether both say the same at this moment. now: ms."""
        return self == other and self.answers.at(now) == other.answers.at(now)
