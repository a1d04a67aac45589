"""Moving mailboxes of a pretended source into a data folder, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from civicmail.mail.archive import layout
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from civicmail.mail.importers.importing import ImportProgress, ImportTarget
from civicmail.mail.importers.remote.mailbox import Counts, Mailbox
from civicmail.mail.importers.remote.migration import Migration
from civicmail.mail.importers.remote.source import Source

NOW = 1_772_452_800_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    layout.make(folder)
    return folder


@pytest.fixture
def waits() -> list[float]:
    """The seconds that a source is waited for, for a Patience whose sleep is waits.append."""
    return []


def moved(data: Path, source: Source, *mailboxes: Mailbox) -> list[Counts]:
    run = Migration(ImportTarget(data, lambda: NOW, source="test", processes=0), source, lambda mailbox, done, listed: None)
    return run.run(mailboxes, ImportProgress(lambda left: None, lambda read: None, lambda done, wanted: None))


def captures(data: Path) -> Iterator[tuple[Capture, bytes]]:
    def damaged(error: Exception) -> None:
        raise error

    for stored in Machine(data).all_captures(damaged):
        yield Capture.from_head(stored.head), stored.body


def totals(counts: Counts) -> dict[str, Any]:
    """What is not nought of the counts."""
    plain = counts.plain()
    return {name: plain[name] for name in ("listed", "stored", "copies", "known", "gone", "failed", "missing") if plain[name]}
