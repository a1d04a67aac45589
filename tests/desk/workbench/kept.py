"""A small archive with its index and its ledger, and a mandate over some of its mail."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from civicmail.city.guard import permits
from civicmail.city.guard.mandates import Mandate, Scope
from civicmail.city.guard.permits import Permit
from civicmail.core.ledger import keys
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.desk.workbench.export import About, Message
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Capture
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.tasks import IndexJob
from mail.archive import making
from mail.archive.making import UNSYNCED
from mail.search.generated import NOW as NOON

NOW = int(NOON.timestamp() * 1000)
ABOUT = About("Sample City", NOW, "p-records", "records-officer", "Request 41.", "", entry="7")


def permit(number: str = "") -> Permit:
    return Permit("p-records", "records-officer", "Request 41.", NOW, "7", number, _seal=permits._MADE_BY_GUARD)


def mandate(*boxes: str, words: str = "", since: int | None = None, until: int | None = None) -> Mandate:
    scope = Scope(("p-ann",), boxes, since, until, words)
    return Mandate("25-001", "request", "p-records", "records-officer", "R.", scope, NOW - 1, NOW + 86_400_000, False, "approved")


class Kept:
    """made: captures with their bytes, the later ones sealed or not as the test likes."""

    def __init__(self, data: Path, made: list[tuple[Capture, bytes]], *, sealed: bool = False, signed: bool = True) -> None:
        self.data = data
        self.made = made
        keys.create(data / "keys", UNSYNCED)
        for folder in ("journal", "leases", "ledger", "segments", "catalogue", "exports"):
            (data / folder).mkdir(parents=True, exist_ok=True)
        self.receive(made, signed=signed)
        with closing(IndexJob.take(data, bulk=True)) as job:
            job.catch_up(NOW)
        if sealed:
            making.seal(data)
        self.archive = Archive(data)
        self.reader = Reader(data)

    def receive(self, made: list[tuple[Capture, bytes]], *, signed: bool = True) -> None:
        """Keep more of them."""
        with closing(Writer(self.data, lambda: NOW, UNSYNCED, 1 << 20)) as writer:
            for capture, body in made:
                writer.receipt(capture, body)
            writer.flush()
        self.integrate(signed=signed)

    def integrate(self, *, signed: bool = True) -> None:
        with Sequencer(self.data, UNSYNCED) as ledger:
            ledger.integrate(NOW)
            if signed:
                ledger.checkpoint(NOW)

    def read(self, under: Permit | None = None) -> Callable[[Place], Message]:
        """Reading whatever there is, for tests in which nothing is out of scope."""
        allowed = under or permit()

        def one(place: Place) -> Message:
            head = self.archive.head(allowed, place)
            return Message(Capture.from_head(head), head, self.archive.body(allowed, place))

        return one
