"""An installation with mail in it, and a copy of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from civicmail.city.policy.dispositions import Disposition
from civicmail.core.disk.tail import Tail
from civicmail.core.ledger.sequencer import Sequencer, positions
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.replica.links import FolderLink, Link
from civicmail.mail.replica.ship import Shipper

NOW = 1_772_452_800_000  # 2026-03-02 12:00 UTC
FILE_SIZE = 8192


class Town:
    """A data folder whose clock goes on by a step at each look."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.now = NOW
        self.bodies: dict[bytes, bytes] = {}
        self._writer: Writer | None = None

    def clock(self) -> int:
        self.now += 7
        return self.now

    @property
    def writer(self) -> Writer:
        self._writer = self._writer or Writer(self.data, self.clock, file_size=FILE_SIZE)
        return self._writer

    def receive(self, count: int = 1, size: int = 400, *, spooled: bool = False) -> list[bytes]:
        """Keep so many messages durably; their ids."""
        ids = []
        for _ in range(count):
            body = f"Message-ID: <{len(self.bodies)}@out.example>\r\n\r\n{'x' * size}\r\n".encode()
            id_ = capture_id(self.clock())
            capture = Capture(
                id=id_,
                received=self.now,
                sha256=hashlib.sha256(body).digest(),
                size=len(body),
                content_hash=hashlib.sha256(body).digest(),
                source=Source("mx"),
                envelope=Envelope("a@out.example", (Recipient("b@city.example"),), self.now),
                dispositions=(Disposition(0, "deliver", ("r1",)),),
            )
            if spooled:
                spool = self.writer.spool(id_)
                spool.write(body)
                spool.finish()
                self.writer.receipt(capture, spool)
            else:
                self.writer.receipt(capture, body)
            self.bodies[id_] = body
            ids.append(id_)
        self.writer.flush()
        return ids

    def rest(self) -> None:
        """The process that took mail in ends."""
        self.writer.close()
        self._writer = None

    def evidence(self, *, checkpoint: bool = False) -> None:
        with Sequencer(self.data) as ledger:
            ledger.integrate(self.clock())
            if checkpoint:
                signed = ledger.checkpoint(self.clock())
                self.writer.event(Event(Type.CHECKPOINT, bytes(16), self.clock(), facts=dict(signed.facts)))
                self.writer.flush()

    def seal(self) -> int:
        """Seal what the ledger has; how many files."""
        outstanding_file.advance(self.data, self.clock())
        with Sealer(self.data) as sealer:
            return sealer.seal(lambda: positions(self.data), now=self.clock()).files


def ship(town: Town, link: Link, *, turns: int = 1) -> Shipper:
    """A connection that has sent everything, in so many turns."""
    shipper = Shipper(town.data, link, town.clock)
    for _ in range(turns):
        bring(shipper)
    return shipper


def bring(shipper: Shipper) -> None:
    """Rounds and one turn, as the job does them."""
    shipper.round()
    for _ in shipper.turn():
        shipper.round()
    shipper.round()


def kept(data: Path) -> dict[bytes, bytes]:
    """Every capture of an installation with its bytes."""
    problems: list[Exception] = []
    found = {s.id: s.body for s in Machine(data).all_captures(problems.append)}
    assert not problems
    return found


def waiting(data: Path) -> set[bytes]:
    return {e.id for e in outstanding_file.current(data).waiting()}


def numbers(data: Path) -> Iterator[tuple[str, int]]:
    for record in Tail(data).poll(1 << 20):
        yield record.journal, record.number


def folder_link(copy: Path) -> FolderLink:
    return FolderLink(copy)
