"""One import from paths to totals: walk, take in, make searchable, bring into the ledger."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.mail.archive.commit import Clock, Writer
from civicmail.mail.archive.machine import Machine
from civicmail.mail.importers.errors import ImportRunning, NoSuchPath
from civicmail.mail.importers.intake import Intake, Totals, digest_of
from civicmail.mail.importers.occurrence import Ordinals
from civicmail.mail.importers.searchable import Report, Searchable, integrate
from civicmail.mail.importers.walk import Found, Left, text_of, walk

TELL_EVERY = 256  # messages between two reports


@dataclass(frozen=True, slots=True)
class Request:
    """What to import. custodian: whose mail it is; source: a name for where it comes from, that outlives paths."""

    paths: tuple[Path, ...]
    custodian: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """Who hears how it goes. left: each file that gave no message; read: messages so far; searchable: records done and wanted."""

    left: Callable[[Left], None]
    read: Callable[[int], None]
    searchable: Report


def run_import(data: Path, request: Request, told: Told, clock: Clock) -> Totals:
    """Returns when everything that was stored is searchable. Raises NoSuchPath, ImportRunning, or a LaterError of the disk."""
    paths = _absolute(request.paths)
    with ExitStack() as stack:
        stack.enter_context(_lease(data))
        writer = Writer(data, clock)
        searchable = stack.enter_context(closing(Searchable(data, clock)))
        intake = Intake(writer, request.source, request.custodian, Machine(data).known, searchable.durable, clock)
        with closing(intake):
            for path in paths:
                _take_path(path, request, intake, told)
            intake.finish()
            reached = {writer.journal.name: writer.journal.durable}
        with ThreadPoolExecutor(1, thread_name_prefix="ledger") as other:
            integrated = other.submit(integrate, data, clock)
            searchable.wait(reached, told.searchable)
            integrated.result()
    return intake.totals


def _take_path(path: Path, request: Request, intake: Intake, told: Told) -> None:
    """Every message below one path."""
    ordinals = Ordinals(request.custodian or request.source or text_of(str(path)))
    for item in walk(path):
        if isinstance(item, Found):
            digest = digest_of(item)
            intake.take(item, digest, ordinals.next(item.folder, digest))
        else:
            intake.totals.failed += item.failed
            told.left(item)
        if intake.totals.read % TELL_EVERY == 0:
            told.read(intake.totals.read)


def _lease(data: Path) -> Lease:
    try:
        return Lease.take(lease_path(data, "import"))
    except LeaseHeld as held:
        raise ImportRunning(f"Another import is running here. {held}") from None


def _absolute(paths: tuple[Path, ...]) -> list[Path]:
    """Each path once, absolute, in the order given; links stay as they are named."""
    found = dict.fromkeys(Path(os.path.abspath(p)) for p in paths)  # noqa: PTH100 - without resolving links
    for path in found:
        if not path.exists():
            raise NoSuchPath(f"There is no file or folder {path}.")
    return list(found)
