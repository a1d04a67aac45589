"""Shared by `prove` and `export --proof`: a checkpoint that covers the messages, and an export with manifest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from civicmail.core.config.clock import now_ms
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.tail import adopt
from civicmail.core.ledger import checkpoints, sequencer
from civicmail.core.ledger.errors import NotIntegrated
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.desk.workbench import batch_read
from civicmail.desk.workbench.errors import NotProvedYet
from civicmail.desk.workbench.export import About, Export, Message
from civicmail.desk.workbench.export_run import remove
from civicmail.desk.workbench.export_target import Folder, Parcel, Zip
from civicmail.desk.workbench.growing_zip import parts_path
from civicmail.front.cli import output
from civicmail.front.cli.content_access import ContentAccess
from civicmail.front.worker.city import record_checkpoint
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Capture
from civicmail.mail.search.search import Hit

WAIT_SECONDS = 15.0
LOOK_SECONDS = 0.05


def publish(data: Path, is_covered: Callable[[], bool]) -> None:
    """Get a signed checkpoint that covers the messages: from the holder of the lease, or made here. Raises NotIntegrated."""
    until = time.monotonic() + WAIT_SECONDS
    adopt(data)
    while not is_covered():
        try:
            with Sequencer(data) as ledger:
                ledger.integrate(now_ms())
                signed = ledger.checkpoint(now_ms())
            record_checkpoint(data, signed, now_ms())
            return
        except LeaseHeld:
            checkpoints.request(sequencer.folder(data))
        if time.monotonic() > until:
            raise NotIntegrated("The ledger's job has not signed a checkpoint yet; try again in a minute.")
        time.sleep(LOOK_SECONDS)


def about(opened: ContentAccess, city: str, query: str) -> About:
    """Origin of the export, for the manifest."""
    permit, mandate = opened.permit, opened.mandate
    ground, scope = ("", {}) if mandate is None else (mandate.ground, asdict(mandate.scope))
    facts = (permit.person, permit.role, permit.reason, query, permit.entry, permit.mandate)
    return About(city, opened.now, *facts, ground, scope)


def export(
    archive: Archive,
    opened: ContentAccess,
    results: Iterator[Hit],
    out: Path,
    about_: About,
    coverage: Callable[[], dict[str, int]],
    *,
    fits: Callable[[Hit, Message], bool] = lambda _hit, _message: True,
) -> Iterator[bool]:
    """Write it, a zip where the name ends so, else into a folder; whether each message could be read. fits: whether a message that
    was read belongs in it."""
    work = out.with_name(f".{out.name}.work")
    parcel: Parcel = Zip(out, _new(work), about_.at) if out.suffix == ".zip" else Folder(out)
    made = Export(opened.data, parcel, about_)
    try:
        for group in batch_read.in_groups(results):
            for hit, message in batch_read.read(archive, _reading(archive, opened), group):
                if isinstance(message, str):
                    output.words(f"failed: {hit.id}: {message}")
                    made.fail(hit.id, message)
                elif fits(hit, message):
                    made.add(message)
                else:
                    continue
                yield not isinstance(message, str)
        try:
            made.finish(made.done + len(made.failed), coverage())
        except NotProvedYet:
            publish(opened.data, made.is_signed)
            made.finish(made.done + len(made.failed), coverage())
    finally:
        made.close()
        remove(work)
        if not made.manifest and out.suffix == ".zip":  # half a zip file is none
            out.unlink()
            parts_path(out).unlink(missing_ok=True)
    output.words(f"The manifest has the SHA-256 {made.manifest}.")


def _new(work: Path) -> Path:
    """Empty, whatever a run that died has left there."""
    remove(work)
    work.mkdir(mode=0o700)
    return work


def _reading(archive: Archive, opened: ContentAccess) -> Callable[[Place], Message]:
    if opened.mandate is not None:
        return opened.under(archive, opened.mandate)

    def read(place: Place) -> Message:
        head = archive.head(opened.permit, place)
        return Message(Capture.from_head(head), head, archive.body(opened.permit, place))

    return read
