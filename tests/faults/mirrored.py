"""A day with a second place switched on, and what must be true of both when one is gone (promise 1, P-23).

`acknowledge = "standby"`: a promise is made when both have the record. The folder of the copy lies beside that of the installation.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from civicmail.core.disk.files import Files
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.replica.links import FolderLink
from civicmail.mail.replica.restore import restore
from civicmail.mail.replica.ship import Shipper
from faults import judge
from faults.day import FILE_SIZE, START, Clock, Day, Hop, Published, Told
from faults.sparse import SparseFiles
from mail.replica.making import bring, kept

FIRST, COPY = "first", "copy"


def pair(base: Path) -> Path:
    """A folder with an installation and room for its copy."""
    top = base.with_name("pair")
    if not top.exists():
        top.mkdir()
        shutil.copytree(base, top / FIRST)
        (top / COPY).mkdir()
    return top


class Mirrored(Day):
    """top: of pair(); files: the port of the first place, there: of the second one."""

    def __init__(
        self, top: Path, files: Files, there: Files, hop: Hop, told: Callable[[Told | Published], None], seed: int = 0
    ) -> None:
        super().__init__(top / FIRST, files, hop, told, seed)
        self._copy = top / COPY
        self._there = there
        self._sending = random.Random(seed)
        self._shipper: Shipper | None = None

    def commit(self) -> GroupCommit:
        return GroupCommit(Writer(self.data, self.clock, self.files, FILE_SIZE), self._confirm)

    async def mail_in(self, **counts: Any) -> None:
        if self._shipper is None:
            self._bring()
        await super().mail_in(**counts)

    async def evidence(self, *, checkpoint: bool = False) -> None:
        await super().evidence(checkpoint=checkpoint)
        self._bring_perhaps()

    async def deliver(self) -> None:
        await super().deliver()
        self._bring_perhaps()

    async def seal(self) -> None:
        await super().seal()
        self._bring_perhaps()

    def there(self) -> Mapping[str, int] | None:
        return self._sender().positions()

    def bury(self) -> None:
        for fd in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                if fd.readlink() == self._copy / "standby" / "lock":
                    os.close(int(fd.name))
        self._shipper = None
        super().bury()

    def relied_on(self) -> None:
        self._bring()

    def _confirm(self, journal: str, number: int) -> asyncio.Future[None]:
        """What the gateway waits for: the record is durable in the second place."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._sender().round()
            if self._sender().positions().get(journal, 0) < number:  # something before it was sealed unsent: a turn brings it
                self._bring()
            assert self._sender().positions()[journal] >= number
            future.set_result(None)
        except BaseException as error:
            future.set_exception(error)
        return future

    def _sender(self) -> Shipper:
        self._shipper = self._shipper or Shipper(self.data, FolderLink(self._copy, self._there), self.clock)
        return self._shipper

    def _bring(self) -> None:
        bring(self._sender())

    def _bring_perhaps(self) -> None:
        """The sender is a process of its own, and not always as quick as the others."""
        if self._sending.random() < 0.7:
            self._bring()


async def first_goes_on(top: Path, told: Iterable[Told | Published], hop: Hop) -> list[str]:
    """The first machine starts again; then its copy must be as good as itself."""
    first, copy, new = (top / name for name in (FIRST, COPY, "new"))
    await judge.recover(first, hop)
    found = judge.faults(first, told, hop)
    clock = Clock(START + 8_000_000)
    with contextlib.closing(FolderLink(copy, SparseFiles())) as link:
        shipper = Shipper(first, link, clock)
        bring(shipper)
        bring(shipper)
    restored = restore(copy, new, now=clock(), fence=False, files=SparseFiles())
    return found + restored.problems + ([] if kept(new) == kept(first) else ["the copy does not keep what the first place keeps"])


async def first_burns(top: Path, told: Iterable[Told | Published], hop: Hop) -> list[str]:
    """Nothing is left of the first machine but its mailboxes, whose volume is mirrored. A checkpoint may be newer than the copy."""
    first, copy, new = (top / name for name in (FIRST, COPY, "new"))
    acknowledged = [t for t in told if isinstance(t, Told)]
    if not acknowledged:
        return []
    restored = restore(copy, new, now=START + 3_600_000, files=SparseFiles())
    if (first / "maildir").exists():
        shutil.copytree(first / "maildir", new / "maildir", dirs_exist_ok=True)
    shutil.rmtree(first)
    await judge.recover(new, hop)
    return restored.problems + judge.faults(new, acknowledged, hop)


ENDS = (first_goes_on, first_burns)
