"""One import from paths to totals: walk, store, index, enter into the ledger."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from civicmail.core.config.settings import Archive as ArchiveSettings
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.free_space import Room
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.message import header_scan
from civicmail.core.message.model import Envelope
from civicmail.mail.archive.commit import Clock, Writer
from civicmail.mail.archive.identity import occurrence_bits
from civicmail.mail.archive.machine import Machine
from civicmail.mail.importers.errors import ImportRunning, NoRoomToImport, NoSuchPath, NotBalanced
from civicmail.mail.importers.indexing import Integrated, Report, Sealing, Searchable
from civicmail.mail.importers.intake import Intake, NewMessage, StoredCapture, Totals
from civicmail.mail.importers.manifest import Manifest
from civicmail.mail.importers.occurrence import Ordinals
from civicmail.mail.importers.parse_requests import FallbackParser, ParseRequest, is_plausible
from civicmail.mail.importers.parser_pool import ParserPool
from civicmail.mail.importers.vault.exports import UNNAMED, Exports
from civicmail.mail.importers.walk import Item, Skipped, SourceMessage, text_of
from civicmail.mail.pipeline import journal_reports
from civicmail.mail.pipeline.journal_reports import OpenedReport
from civicmail.mail.search.extract import FileReader

_DEFAULT = ArchiveSettings()
REPORT_EVERY = 256  # messages between two reports
COMMAND = (sys.executable, "-I", "-m", "civicmail.mail.importers.parser_worker")
Known = Callable[[bytes, bytes], bool]
"""(occurrence bits, SHA-256) -> whether the archive has it."""


@dataclass(frozen=True, slots=True)
class Request:
    """An import request. custodian: whose mail it is, "" if export metadata name the custodian; source: a name of the origin that
    outlives paths; journal: the messages are journal reports to unwrap; manifest: file for the outcome of each item."""

    paths: tuple[Path, ...]
    custodian: str = ""
    source: str = ""
    journal: bool = False
    manifest: Path | None = None


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """Callbacks for progress. left: each file without a message; read: messages so far; searchable: records done and expected."""

    left: Callable[[Skipped], None]
    read: Callable[[int], None]
    searchable: Report


def run_import(
    data: Path,
    request: Request,
    progress: ImportProgress,
    clock: Clock,
    processes: int | None = None,
    settings: ArchiveSettings = _DEFAULT,
    *,
    least: int = 0,
) -> Totals:
    """Returns when everything that was stored is searchable. Raises NoSuchPath, ImportRunning, or a LaterError of the disk.
    settings: how much may be unsealed. processes: that parse, by default one for each core. least: bytes that must stay free."""
    paths = _absolute(request.paths)
    with ExitStack() as stack:
        stack.enter_context(import_lease(data))
        exports = stack.enter_context(closing(Exports(paths)))
        manifest = stack.enter_context(closing(Manifest(request.manifest))) if request.manifest else None
        into = ImportTarget(data, clock, settings, least, request.source, request.custodian, processes)
        totals = ingest(into, lambda known, totals: _new(exports, request, known, totals, progress, clock, manifest), progress)
        totals.exports = exports.plain()
        _require_balance(manifest, data, totals)
    return totals


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """The destination of an import, with the source and custodian of all messages. Other fields as in run_import."""

    data: Path
    clock: Clock
    settings: ArchiveSettings = _DEFAULT
    least: int = 0
    source: str = ""
    custodian: str = ""
    processes: int | None = None


def ingest(
    target: ImportTarget,
    items: Callable[[Known, Totals], Iterator[tuple[NewMessage, bytes, ParseRequest]]],
    progress: ImportProgress,
    durable: Callable[[list[StoredCapture]], None] = lambda batch: None,
) -> Totals:
    """Store everything new that items yield; they count the rest.
    The import lease is held. durable: called with captures once they are durable.
    Returns when all of it is searchable."""
    data, clock = target.data, target.clock
    totals, room = Totals(), _Room(data, target.least)
    with ExitStack() as stack:
        stack.enter_context(_rare_collections())
        apart = FallbackParser(stack.enter_context(closing(FileReader(data))))
        parsers = stack.enter_context(
            closing(ParserPool(COMMAND, apart, target.processes, complete=apart.complete, is_plausible=is_plausible))
        )
        writer = stack.enter_context(closing(Writer(data, clock)))
        searchable = stack.enter_context(closing(Searchable(data, clock, target.least)))
        integrated = stack.enter_context(closing(Integrated(data, clock)))
        sealing = Sealing(data, target.settings, clock, searchable, integrated)

        def are_durable(batch: list[StoredCapture]) -> None:
            integrated.durable(batch)
            searchable.durable(batch)
            sealing.durable()
            durable(batch)

        intake = stack.enter_context(closing(Intake(writer, target.source, target.custodian, are_durable)))
        for new, _, answer in parsers.map(room.while_there(items(_known(data), totals))):
            intake.keep(new, answer)
            totals.stored += 1
        parsers.stop()
        intake.finish()
        integrated.rest()
        room.require(totals)
        searchable.wait({writer.journal.name: writer.journal.durable}, progress.searchable)
        integrated.wait()
    return totals


class _Room:
    """Whether the archive's volume has room for new messages. Known messages need none."""

    def __init__(self, data: Path, least: int) -> None:
        self._room = Room(data, least)
        self._ended = False

    def while_there(
        self, items: Iterator[tuple[NewMessage, bytes, ParseRequest]]
    ) -> Iterator[tuple[NewMessage, bytes, ParseRequest]]:
        """Yield these messages, up to the first that would leave too little free."""
        for new, content, ask in items:
            if not self._room.has(len(content)):
                self._ended = True
                return
            yield new, content, ask

    def require(self, totals: Totals) -> None:
        """Raise NoRoomToImport where that ended before the last message."""
        if self._ended:
            raise NoRoomToImport(
                f"The import stopped: less than {self._room.least} bytes (gateway.min_free) would stay free on the volume of the "
                f"archive. {totals.stored} messages were stored now, and {totals.known} before. Make room there, and run the "
                "same command again: it goes on from here."
            )


def _new(
    exports: Exports,
    request: Request,
    known: Known,
    totals: Totals,
    progress: ImportProgress,
    clock: Clock,
    manifest: Manifest | None,
) -> Iterator[tuple[NewMessage, bytes, ParseRequest]]:
    """Every message below the paths whose occurrence is new; known ones are counted."""
    for item, ordinals in _items(exports, request, progress):
        if isinstance(item, Skipped):
            totals.failed += item.failed
            progress.left(item)
            if manifest is not None:
                manifest.left(item)
            continue
        item, opened = _opened(item) if request.journal else (item, None)
        digest = sha256(item.content).digest()
        custodian = request.custodian or item.account
        occurrence = ordinals.next(item.folder, digest, custodian)
        bits = occurrence_bits(occurrence, digest)
        old = known(bits, digest)
        if item.unnamed:
            progress.left(Skipped(text_of(item.name), UNNAMED, failed=False, note=True))
        if manifest is not None:
            manifest.kept(item, digest, bits, old=old)
        if old:
            totals.known += 1
        else:
            new = NewMessage(item, digest, bits, occurrence, opened, custodian)
            ask: ParseRequest = (digest, bits, item.at, item.basis, clock(), new.recipients, item.folder, custodian, item.labels)
            yield new, item.content, ask


def _items(exports: Exports, request: Request, progress: ImportProgress) -> Iterator[tuple[Item, Ordinals]]:
    """All items below the paths, and notes about reading them."""
    read = 0
    ordinals = Ordinals("")
    for path in exports.paths:
        ordinals = Ordinals(request.custodian or request.source or text_of(str(path)))
        for item in exports.items(path):
            read += 1
            if read % REPORT_EVERY == 0:
                progress.read(read)
            yield item, ordinals
    for left in exports.rest():
        yield left, ordinals


def _opened(item: SourceMessage) -> tuple[SourceMessage, OpenedReport | None]:
    """The message in a journal report, and the report; any other message is returned unchanged."""
    opened = journal_reports.opened(item.content, Envelope(item.sender, (), 0, protocol="import"))
    if opened is None or not opened.report.sha256:
        return item, None
    at = header_scan.topmost_received_date(item.content) or header_scan.date(item.content)
    content = item.content[opened.start : opened.end]
    if at is None:
        return item._replace(content=content), opened
    return item._replace(content=content, at=int(at.timestamp() * 1000), basis="journal"), opened


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Messages make next to no cycles; looking for some after every 2,000 new objects is a twentieth of an import."""
    usual = gc.get_threshold()
    gc.set_threshold(200_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _known(data: Path) -> Known:
    machine = Machine(data)
    return machine.known if machine.count() else _nothing_known


def _require_balance(manifest: Manifest | None, data: Path, totals: Totals) -> None:
    """Raise NotBalanced where a manifest counts what the archive lacks."""
    if manifest is not None and not manifest.report(data, totals.exports)["balanced"]:
        raise NotBalanced("The archive lacks items that the manifest counts; the manifest says how many.")


def _nothing_known(_bits: bytes, _sha256: bytes) -> bool:
    return False


def import_lease(data: Path) -> Lease:
    """Raises ImportRunning."""
    try:
        return Lease.take(lease_path(data, "import"))
    except LeaseHeld as held:
        raise ImportRunning(f"Another import is running here. {held}") from None


def _absolute(paths: tuple[Path, ...]) -> list[Path]:
    """Each path once, absolute, in the given order; links are not resolved."""
    absolute = dict.fromkeys(Path(os.path.abspath(p)) for p in paths)  # noqa: PTH100 - without resolving links
    for path in absolute:
        if not path.exists():
            raise NoSuchPath(f"There is no file or folder {path}.")
    return list(absolute)
