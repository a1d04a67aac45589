"""A fresh installation with some mail in it."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from civicmail.core.ledger.sequencer import Sequencer
from civicmail.core.message.model import Envelope, Recipient
from civicmail.front.cli.main import run
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.pipeline.accept import capture_of, scan


def now() -> int:
    return time.time_ns() // 1_000_000


class Office:
    """A data folder that `civicmail init` made."""

    def __init__(self, data: Path) -> None:
        self.data = data
        assert run(["init", "--data", str(data)]) == 0

    def receive(self, *bodies: bytes, at: int | None = None) -> list[str]:
        """Keep messages; returns their capture ids."""
        writer, ids = Writer(self.data, now), []
        for body in bodies:
            capture, _ = self.letter(body, at)
            writer.receipt(capture, body)
            ids.append(str(uuid.UUID(bytes=capture.id)))
        writer.flush()
        writer.close()
        return ids

    def letter(self, body: bytes, at: int | None = None) -> tuple[Capture, bytes]:
        """A message as a Writer takes it."""
        received = at or now()
        envelope = Envelope("ana@city.example", (Recipient("ben@city.example"),), received)
        return capture_of(capture_id(received), scan(body), envelope, Source("mx")), body

    def integrate(self, *, signed: bool = False) -> None:
        with Sequencer(self.data) as s:
            s.integrate(now())
            if signed:
                s.checkpoint(now())

    def run(self, *words: str | Path) -> int:
        """The exit code of a command."""
        return run([str(w) for w in (*words, "--data", self.data)])
