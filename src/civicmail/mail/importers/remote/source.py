"""The interface of a system whose mailboxes are imported; imap.py, graph.py and gmail.py implement it.

A source lists the messages of a mailbox and returns their raw RFC 5322 bytes in batches.
It waits out temporary failures (throttling, a dropped connection) through `Patience`, and raises permanent ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from civicmail.mail.importers.errors import SourceAway

MIN_WAIT, MAX_WAIT = 2.0, 300.0
"""Seconds before the second try, and at most between two, where the source does not say how long."""


class Item(NamedTuple):
    """One message in one folder of the source. folder: its path with "/"; validity: of the ids of that folder (IMAP's
    UIDVALIDITY), "" for permanent ids; size: bytes as the source states them, 0 if unknown; at: when the mailbox received it,
    ms; labels: besides its folder; same: equal for copies of one message in several folders, "" if unknown."""

    folder: str
    validity: str
    id: str
    size: int = 0
    at: int | None = None
    flags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    same: str = ""


class Fetched(NamedTuple):
    """item: with what came with the bytes; content: None where there are none, and why."""

    item: Item
    content: bytes | None
    why: str = ""
    gone: bool = False
    """It was deleted in the source since it was listed."""


class Unlisted(NamedTuple):
    """A folder of the mailbox that could not be listed, and why."""

    folder: str
    why: str


class Box(Protocol):
    """An open mailbox of a source."""

    def items(self) -> Iterator[Item | Unlisted]:
        """Every message of every folder, folder by folder in a fixed order, oldest first if the source states dates."""

    def fetch(self, items: Sequence[Item]) -> Iterator[Fetched]:
        """The bytes of these, each once, in any order."""


class Source(Protocol):
    """kind: imap, graph or gmail; place: which installation of it, for positions and reports."""

    kind: str
    place: str

    def open(self, mailbox: str) -> AbstractContextManager[Box]:
        """Raises MailboxRefused, SourceAway, ConfigError."""


class Throttled(Exception):
    """The source cannot answer now. after: seconds until the next try, 0 if unknown."""

    def __init__(self, why: str, after: float = 0.0) -> None:
        super().__init__(why)
        self.after = after


class Dropped(Throttled):
    """The connection ended without a reason. If that repeats, the request itself may be the reason."""


class Renumbered(Exception):
    """The ids of a folder are no longer valid: the mailbox must be listed again."""


@dataclass(slots=True)
class Patience:
    """How long to wait for a source. seconds: without any answer; on_wait: called with the reason and the seconds."""

    seconds: float = 6 * 3600.0
    on_wait: Callable[[str, float], None] = lambda why, wait: None
    sleep: Callable[[float], None] = time.sleep
    _tries: int = field(default=0, init=False)
    _waited: float = field(default=0.0, init=False)

    def answered(self) -> None:
        self._tries, self._waited = 0, 0.0

    def wait(self, why: str, after: float = 0.0) -> None:
        """Wait once, longer each time. Raises SourceAway when the patience is at its end."""
        wait = max(after, min(MIN_WAIT * 2**self._tries, MAX_WAIT))
        if self._waited + wait > self.seconds:
            raise SourceAway(
                f"The source did not answer for {round(self._waited)} seconds: {why}. Messages imported so far are archived;"
                "run the same command again, and it continues from there."
            )
        self.on_wait(why, wait)
        self.sleep(wait)
        self._tries, self._waited = self._tries + 1, self._waited + wait
