"""The town may send: who may what is published, and a worker that sends when a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.snapshot.published_snapshot import publish
from civicmail.desk.mailbox.submission import Submission
from civicmail.front.worker.sending import Sending
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from pages.world import Town

DANA, LENA, PAT, ROSA = (f"{n}@city.example" for n in ("dana.ortiz", "lena.vogt", "pat.nguyen", "rosa.hale"))
STREETS, CREWS = "streets@city.example", "crews@city.example"


@dataclass
class Office:
    """now: ms, of all that is done here."""

    data: Path
    town: Town
    submission: Submission
    now: int

    def actor(self, key: str) -> Actor:
        return Actor(self.town.people[key].uid, str(self.town.people[key]))

    def publish(self) -> None:
        """Doors know how the database stands."""
        publish(self.data, build_snapshot(self.now, self.now, tuple(settings.CITY.city.domains)))

    def work(self, after: int = 0) -> int:
        """The worker's round, so many ms from now."""
        self.now += after
        return Sending(self.submission, lambda: self.now).step()

    def captures(self) -> list[tuple[Capture, bytes]]:
        """Everything that is kept."""
        machine = Machine(self.data)
        return [(machine.capture(id_), machine.body(id_)) for id_ in machine.ids()]


@contextmanager
def office(data: Path, town: Town, config: Any = None) -> Iterator[Office]:
    """config: settings of the installation; those of the pages where there are none."""
    made = Office(data, town, None, epoch_ms(town.now))  # type: ignore[arg-type]
    made.publish()
    made.submission = Submission(config or settings.CITY, data, lambda: made.now)
    try:
        yield made
    finally:
        made.submission.close()
