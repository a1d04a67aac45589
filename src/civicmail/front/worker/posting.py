"""Mail of our own goes through the pipeline like any other: archived before it is delivered, and once (P-15).

The bytes of such a message and its key fix its id but for the time. Whoever died between the archive and their own note finds the
message there, and only notes that it was sent.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from civicmail.city.access.published import Watch
from civicmail.city.directory.modes import Modes
from civicmail.core.config.settings import Settings
from civicmail.core.message.shapes import Envelope, Recipient
from civicmail.mail.archive.commit import SHORT_FILE, GroupCommit, Writer
from civicmail.mail.archive.identity import once_bits
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Source, uuid_text
from civicmail.mail.courier import bell
from civicmail.mail.pipeline.accept import Pipeline
from civicmail.mail.pipeline.judging import Judging


@dataclass(frozen=True, slots=True)
class Own:
    """A message for one recipient. key: of `once`; sender: "" where nothing comes back."""

    key: str
    to: str
    content: bytes
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """clock: ms. people: who may what; judging: screening and rules, for mail that is treated as a stranger's."""

    settings: Settings
    data: Path
    clock: Callable[[], int]
    people: Watch
    judging: Judging | None = None

    def send(self, mail: Sequence[Own], source: Source) -> list[str]:
        """Send in this order; the capture id of each, "" for what an earlier process had archived. Raises LaterError where the
        archive cannot commit: what came before it is kept."""
        with ThreadPoolExecutor(1) as apart:  # whoever calls may have a loop of its own running
            ids = apart.submit(asyncio.run, self._send(mail, source)).result()
        bell.ring(self.data)
        return ids

    async def _send(self, mail: Sequence[Own], source: Source) -> list[str]:
        archive = Archive(self.data)
        commit = GroupCommit(Writer(self.data, self.clock, file_size=SHORT_FILE))
        pipeline = Pipeline(commit, Modes(self.settings, self.data).of, lambda: self.people.now, self.judging)
        try:
            return [await self._one(pipeline, archive, one, source) for one in mail]
        finally:
            await commit.close()

    async def _one(self, pipeline: Pipeline, archive: Archive, one: Own, source: Source) -> str:
        if archive.known(once_bits(one.key), hashlib.sha256(one.content).digest()):
            return ""
        envelope = Envelope(one.sender, (Recipient(one.to),), self.clock(), protocol="local")
        receipt = await pipeline.accept(one.content, envelope, source, one.key)
        return uuid_text(receipt.id)
