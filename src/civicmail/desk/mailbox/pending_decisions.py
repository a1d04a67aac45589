"""Who decides on held copies that a person sent, and who would decide on files before they are sent. The rooms above know it and
register a source, as they do for the tasks of Home. Knows no Django."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from civicmail.city.guard.actors import Actor


@dataclass(frozen=True, slots=True)
class SentCopy:
    """A held copy of a message that the person sent. capture: UUID; index: of the recipient; rules: of its disposition."""

    capture: str
    index: int
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaitingFiles:
    """What the sender can do about files that wait for another person. who: that person, by name; remind: URL of the form that
    reminds them, "" if there was a reminder this working day; notified: when they last heard of it, reminded: by a reminder; text:
    page that sends the text without the files, "" if it cannot be; count: how many files, usual: how long an answer usually takes,
    "" if too few were given, both in words."""

    who: str
    remind: str
    notified: datetime
    reminded: bool = False
    text: str = ""
    count: str = ""
    usual: str = ""


@dataclass(frozen=True, slots=True)
class PendingDecision:
    """who: people by name, else a role, in the language of the page; is_requested: they were asked, else they decide on request;
    then: who is asked after them; until: when it ends without an answer; page: of the request; withdraw: address, field and value
    of the form that withdraws the copy, None where this person cannot; files: of the message."""

    who: str
    is_requested: bool = True
    then: str = ""
    until: datetime | None = None
    page: str = ""
    withdraw: tuple[str, str, str] | None = None
    files: WaitingFiles | None = None


Decisions = Mapping[SentCopy, PendingDecision]
Source = Callable[[Actor, Collection[SentCopy], int], Decisions]
"""(who, copies, ms) -> a decision for each copy that one is known of; a fixed number of queries."""

SOURCES: list[Source] = []

ApproverSource = Callable[[Actor, str, int], str]
"""(who, mailbox, ms) -> the approvers of files sent from the mailbox, in the language of the page; "" if they need no approval."""

APPROVER_SOURCES: list[ApproverSource] = []


def register(source: Source) -> None:
    """Add a source from a room above this one."""
    if source not in SOURCES:
        SOURCES.append(source)


def pending_decisions(actor: Actor, copies: Collection[SentCopy], now: int) -> Decisions:
    """The pending decisions on these copies. now: ms."""
    return {copy: one for source in SOURCES for copy, one in source(actor, copies, now).items()} if copies else {}


def register_approvers(source: ApproverSource) -> None:
    """Add a source from a room above this one."""
    if source not in APPROVER_SOURCES:
        APPROVER_SOURCES.append(source)


def file_approvers(actor: Actor, mailbox: str, now: int) -> str:
    """The approvers of files that this person sends outside from a mailbox; "" if they need no approval. now: ms."""
    return next((who for source in APPROVER_SOURCES if (who := source(actor, mailbox, now))), "")
