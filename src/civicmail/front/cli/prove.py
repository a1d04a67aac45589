"""`civicmail prove`: a proof that a message was kept, for people who do not trust us."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import orjson
import typer

from civicmail.core.config.errors import UsageError
from civicmail.core.config.load import load
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.tail import adopt
from civicmail.core.ledger import checkpoints, proof, sequencer
from civicmail.core.ledger.errors import NotIntegrated
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.front.cli import door, options, output
from civicmail.front.worker.jobs import record_checkpoint
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.reading import Archive

WAIT_SECONDS = 15.0
LOOK_SECONDS = 0.05


def prove(
    id_: Annotated[str, typer.Argument(metavar="ID", help="A capture id, a SHA-256, or at least 12 digits of either.")],
    data: options.Data = None,
    config: options.Config = None,
) -> None:
    """Write a proof to stdout that tools/verify_proof.py checks without us. It shows the envelope, not the content."""
    folder = options.data_folder(data)
    load(folder, config)
    archive = Archive(folder)
    place = _only(archive.find(id_), id_)
    head = archive.head(door.permit(folder, "prove", {"id": place.uuid}), place)
    plain = orjson.loads(head)
    journal, number = str(plain["journal"]), int(plain["number"])
    if not proof.is_published(folder, journal, number):
        _publish(folder, journal, number)
    output.emit(proof.prove(folder, journal, number, head))


def _only(places: list[Place], words: str) -> Place:
    if not places:
        raise NotInArchive(f"Nothing is kept under {words}.")
    if len(places) > 1:
        some = ", ".join(p.uuid for p in places[:5])
        raise UsageError(f"{len(places)} captures are meant by {words}; say which one: {some}{'…' if len(places) > 5 else ''}.")
    return places[0]


def _publish(data: Path, journal: str, number: int) -> None:
    """Have a checkpoint signed that covers the record: by the holder of the lease, or here when there is none."""
    until = time.monotonic() + WAIT_SECONDS
    adopt(data)
    while not proof.is_published(data, journal, number):
        try:
            with Sequencer(data) as ledger:
                ledger.integrate(door.now_ms())
                signed = ledger.checkpoint(door.now_ms())
            record_checkpoint(data, signed, door.now_ms())
            return
        except LeaseHeld:
            checkpoints.want(sequencer.folder(data))
        if time.monotonic() > until:
            raise NotIntegrated("The ledger's job has not signed a checkpoint yet; try again in a minute.")
        time.sleep(LOOK_SECONDS)
