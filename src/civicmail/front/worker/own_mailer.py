"""Send the system's own mail through the pipeline: archived before delivery, and once (P-15).

Bytes and key of such a message fix its id except for the time. After a crash between the archive and the sender's note, the
message is found there and only the note is written.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from civicmail.city.directory.modes import Modes
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.core.config.settings import Settings
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import SHORT_FILE, GroupCommit, Writer
from civicmail.mail.archive.identity import once_bits
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Source, uuid_text
from civicmail.mail.pipeline.accept import Pipeline
from civicmail.mail.pipeline.evaluator import Evaluator


@dataclass(frozen=True, slots=True)
class OwnMessage:
    """A message to one recipient. key: for `once`; sender: "" if bounces are not wanted."""

    key: str
    to: str
    content: bytes
    sender: str = ""


class SentMail:
    """Messages sent before, by key and bytes, kept current. Thread-safe."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._archive: Archive | None = None

    def knows(self, message: OwnMessage) -> bool:
        bits, sha256 = once_bits(message.key), hashlib.sha256(message.content).digest()
        with self._lock:
            if self._archive is None:
                self._archive = Archive(self._data)
            else:
                self._archive.refresh()
            return self._archive.known(bits, sha256)


class OwnMailer:
    """clock: epoch ms. people: the snapshot; judging: screening and rules, for mail that is treated like a stranger's."""

    def __init__(
        self, settings: Settings, data: Path, clock: Callable[[], int], people: SnapshotWatcher, judging: Evaluator | None = None
    ) -> None:
        self.data = data
        self._settings = settings
        self._clock = clock
        self._people = people
        self._judging = judging
        self._sent = SentMail(data)

    def send(self, mail: Sequence[OwnMessage], source: Source) -> list[str]:
        """Send in this order. Returns capture ids, "" for a message that an earlier process archived. Raises LaterError if the
        archive cannot commit; earlier messages are archived."""
        with ThreadPoolExecutor(1) as apart:  # whoever calls may have a loop of its own running
            return apart.submit(asyncio.run, self._send(mail, source)).result()

    async def _send(self, mail: Sequence[OwnMessage], source: Source) -> list[str]:
        commit = GroupCommit(Writer(self.data, self._clock, file_size=SHORT_FILE))
        pipeline = Pipeline(commit, Modes(self._settings, self.data).of, lambda: self._people.current, self._judging)
        try:
            return [await self._one(pipeline, message, source) for message in mail]
        finally:
            await commit.close()

    async def _one(self, pipeline: Pipeline, message: OwnMessage, source: Source) -> str:
        if self._sent.knows(message):
            return ""
        envelope = Envelope(message.sender, (Recipient(message.to),), self._clock(), protocol="local")
        receipt = await pipeline.accept(message.content, envelope, source, message.key)
        return uuid_text(receipt.id)
