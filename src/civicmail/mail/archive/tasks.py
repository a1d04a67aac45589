"""The seal job: the holder of the lease `seal` seals closed journal files when they are large or old enough."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Archive as ArchiveSettings
from civicmail.core.disk import journal
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.ledger import checkpoints, sequencer
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.seal import Passed, Report, Sealer

log = get_logger()
RETRY_MS = 1000  # doubled while nothing can be sealed


class SealJob:
    """Holds the lease from its making until close(). Raises LeaseHeld, KeyMissing. Times are ms since 1970."""

    def __init__(self, data: Path, settings: ArchiveSettings, files: Files = OS_FILES) -> None:
        self._data = data
        self._settings = settings
        self._files = files
        self._sealer = Sealer(data, files)
        self._last = 0
        self._pause = RETRY_MS
        self._reported: set[str] = set()

    def __enter__(self) -> SealJob:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._sealer.close()

    def due(self, now: int) -> bool:
        """Whether to seal now: every `seal_every` seconds, or earlier when more bytes than `unsealed_most` could be sealed."""
        since = now - self._last
        if since < 0 or since >= self._settings.seal_every * 1000:
            return True
        return since >= self._pause and self.is_much()

    def is_much(self) -> bool:
        """Whether more bytes than `unsealed_most` could be sealed."""
        return closed_bytes(self._data) > self._settings.unsealed_most

    def step(self, searched: Passed, now: int) -> Report | None:
        """Seal when it is due. searched: the journal positions that the index covers (mail/search is above this room)."""
        return self.seal(searched, now) if self.due(now) else None

    def seal(self, searched: Passed, now: int) -> Report:
        """Seal what can be sealed, due or not."""
        self._last = now
        newest = checkpoints.latest(sequencer.folder(self._data))
        report = self._sealer.seal(lambda: self._passed(searched, now), now=now, checkpoint=newest.note if newest else "")
        self._pause = RETRY_MS if report.segments else 2 * self._pause
        if report.segments:
            log.info("archive.sealed", files=report.files, records=report.records, segments=report.segments, bytes=report.size)
        for sentence in set(report.blocked) - self._reported:
            log.error("archive.cannot_seal", problem=sentence)
        self._reported |= set(report.blocked)
        return report

    def _passed(self, searched: Passed, now: int) -> Mapping[str, int]:
        """The record number up to which ledger, index and the snapshot of outstanding recipients have all read each journal."""
        positions = (sequencer.positions(self._data), searched(), outstanding_file.advance(self._data, now, self._files))
        return {name: min(p.get(name, 0) for p in positions) for name in positions[0]}


def closed_bytes(data: Path) -> int:
    """Bytes of closed journal files and of all spool files; no file is opened.

    Spool files of records in a journal's last file are counted too: there are never many, because they fill a file.
    """
    total = 0
    for name in journal.names(data):
        place = journal.folder(data) / name
        spool = place / "spool"
        for path in [path for _, path in journal.log_files(place)[:-1]] + (list(spool.iterdir()) if spool.is_dir() else []):
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                continue
    return total
