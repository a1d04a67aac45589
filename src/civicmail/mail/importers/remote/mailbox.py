"""One mailbox of a source, from its list to messages for the archive (docs/decisions/0099-migration-mail-of-servers.md).

A message is identified by its mailbox and its bytes, not by its folder. Copies in several folders are one archived message with
those folders as labels, and a message that was moved between two runs is known. Equal bytes several times in one folder are several
messages; their rank distinguishes them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from civicmail.mail.archive.identity import occurrence_bits
from civicmail.mail.archive.records import Occurrence
from civicmail.mail.importers.intake import NewMessage
from civicmail.mail.importers.remote.positions import Positions, Row
from civicmail.mail.importers.remote.source import Box, Fetched, Item, Unlisted
from civicmail.mail.importers.walk import SourceMessage, text_of

BATCH_BYTES, BATCH_SIZE = 8 << 20, 200
"""What is fetched by one command."""
UNKNOWN_SIZE = BATCH_BYTES // 16
"""Bytes of a message whose size the source does not say."""
MAX_COPIES = 32
"""Messages that are alike by their headers; of more than these the server's Message-ID says nothing."""
MAX_FAILURES = 1000


class Mailbox(NamedTuple):
    """name: what the source calls it; custodian: whose mail it is here."""

    name: str
    custodian: str


@dataclass(slots=True)
class Counts:
    """Outcomes of the messages of a mailbox; listed is the sum of the next five. copies: in another folder too; known: imported
    before; gone: deleted in the source meanwhile; archived: listed ones that the archive has at the end; refused: why the mailbox
    could not be read completely."""

    mailbox: Mailbox
    listed: int = 0
    stored: int = 0
    copies: int = 0
    known: int = 0
    gone: int = 0
    failed: int = 0
    archived: int = 0
    refused: str = ""
    folders: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, str]] = field(default_factory=list)

    @property
    def missing(self) -> int:
        return self.listed - self.gone - self.archived

    @property
    def is_whole(self) -> bool:
        """Whether the archive has every message of the source."""
        return not self.refused and not self.failures and not self.missing

    def fail(self, item: Item | Unlisted, why: str) -> None:
        if len(self.failures) < MAX_FAILURES:
            self.failures.append({"folder": item.folder, "id": item.id if isinstance(item, Item) else "", "reason": why})

    def plain(self) -> dict[str, Any]:
        names = ("listed", "stored", "copies", "known", "gone", "failed", "archived", "missing")
        counts: dict[str, Any] = {name: getattr(self, name) for name in names}
        whose = {"mailbox": self.mailbox.name, "custodian": self.mailbox.custodian}
        more = {"refused": self.refused} if self.refused else {}
        return whose | counts | {"whole": self.is_whole} | more | {"folders": dict(self.folders), "failures": self.failures}


class Ready(NamedTuple):
    """A fetched message, and the position rows to write once it is archived."""

    new: NewMessage
    rows: list[Row]


def listed(box: Box, counts: Counts) -> list[Item]:
    """Every message of the mailbox; folders that cannot be listed are counted as failures."""
    items: list[Item] = []
    for item in box.items():
        if isinstance(item, Unlisted):
            counts.fail(item, item.why)
        else:
            items.append(item)
            counts.folders[item.folder] += 1
    counts.listed = len(items)
    return items


def batches(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Messages to fetch together: first those in one folder only, then copies, never split over two batches."""
    alike = defaultdict[str, list[Item]](list)
    for item in items:
        if item.same:
            alike[item.same].append(item)
    groups = {s: g for s, g in alike.items() if len(g) <= MAX_COPIES and len({i.folder for i in g}) > 1}
    single = [[item] for item in items if item.same not in groups]
    for units in (single, list(groups.values())):
        batch: list[Item] = []
        for unit in units:
            size = sum(item.size or UNKNOWN_SIZE for item in (*batch, *unit))
            if batch and (size > BATCH_BYTES or len(batch) + len(unit) > BATCH_SIZE):
                yield batch
                batch = []
            batch += unit
        if batch:
            yield batch


def ready(fetched: Sequence[Fetched], mailbox: Mailbox, positions: Positions) -> Iterator[Ready]:
    """The messages of a batch, copies in several folders as one."""
    by_bytes: dict[bytes, list[tuple[Item, bytes]]] = {}
    for message in fetched:
        if message.content is not None:
            by_bytes.setdefault(sha256(message.content).digest(), []).append((message.item, message.content))
    for digest, copies in by_bytes.items():
        for together in _one_of_each_folder([item for item, _ in copies]):
            yield _ready(together, copies[0][1], digest, mailbox, positions)


def _one_of_each_folder(items: list[Item]) -> Iterator[list[Item]]:
    """The first of every folder, then the second of every folder that has two, and so on."""
    by_folder: dict[str, list[Item]] = {}
    for item in items:
        by_folder.setdefault(item.folder, []).append(item)
    while by_folder:
        yield [folder.pop(0) for folder in by_folder.values()]
        by_folder = {name: left for name, left in by_folder.items() if left}


def _ready(items: list[Item], content: bytes, digest: bytes, mailbox: Mailbox, positions: Positions) -> Ready:
    rank = positions.rank([(item.folder, item.validity) for item in items], digest)
    labels = dict.fromkeys(text_of(name) for item in items for name in (item.folder, *item.labels) if name)
    flags = dict.fromkeys(text_of(flag) for item in items for flag in item.flags)
    times = [item.at for item in items if item.at is not None]
    first = items[0]
    message = SourceMessage(
        folder="",
        name=f"{mailbox.name} {first.folder} {first.id}",
        content=content,
        at=min(times, default=None),
        basis="mailbox",
        labels=tuple(labels),
        flags=tuple(flags),
    )
    occurrence = occurrence_of(mailbox, rank)
    new = NewMessage(message, digest, occurrence_bits(occurrence, digest), occurrence, custodian=mailbox.custodian)
    return Ready(new, [Row(i.folder, i.validity, i.id, digest, rank) for i in items])


def occurrence_of(mailbox: Mailbox, rank: int) -> Occurrence:
    return Occurrence(mailbox.custodian, "", rank)
