"""Ears hear each record once, and write only when there is something to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.core.disk import journal
from civicmail.core.disk.frames import NO_ID
from civicmail.core.disk.tail import Record
from civicmail.front.worker import journal_reader as module
from civicmail.front.worker.journal_reader import WRITE_EVERY, JournalReader
from civicmail.mail.archive.commit import write_events
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.archive.seal import Sealer
from neighbours.scratch import installation


class Ear:
    """Counts what it hears. answers: what its writes say, False for "try again"."""

    def __init__(self) -> None:
        self.positions: dict[str, int] = {}
        self.has_news = False
        self.heard = 0
        self.written: list[dict[str, int]] = []
        self.answer: object = None

    def hear(self, _record: Record) -> None:
        self.heard += 1

    def write(self, _now: int) -> object:
        self.written.append(dict(self.positions))
        return self.answer


@pytest.fixture
def ear() -> Ear:
    return Ear()


def _say(data: Path) -> None:
    write_events(data, [Event(Type.ENTRY, NO_ID, 1, facts={"act": "x"})], 1)


@pytest.mark.rule("P-01, P-07", "A journal consumer writes nothing without new records, and retries failed writes.")
def test_where_nothing_came_nothing_is_written(tmp_path: Path, ear: Ear) -> None:
    """Else the database changes all night, and is copied all night."""
    now = 1_000_000
    _say(tmp_path)
    listening = JournalReader(tmp_path, ear, lambda: now)
    assert listening.step() and not ear.written
    for _ in range(10):
        now += WRITE_EVERY
        listening.step()
    assert ear.heard == 1 and ear.written == [{"0001": 1}]
    _say(tmp_path)
    now += WRITE_EVERY
    assert listening.step() and ear.written[1:] == [{"0001": 2}]


@pytest.mark.rule("P-23", "A journal consumer that is far behind reads sealed records in pieces of a bounded size, each once.")
def test_what_was_sealed_in_long_absence_is_heard_in_pieces_and_once(
    tmp_path: Path, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was away for weeks held all of it in memory, and wrote all of it at once."""
    monkeypatch.setattr(module, "WINDOW", 5)
    data = installation(tmp_path / "data")
    listening = JournalReader(data, ear, lambda: 1_000_000)
    for _ in range(12):
        _say(data)
    with Sealer(data) as sealer:
        sealer.seal(lambda: dict.fromkeys(journal.names(data), 1 << 60), now=1)
    _say(data)
    heard = []
    while listening.step():
        heard.append(ear.heard)
    assert heard == [5, 10, 12, 13] and ear.positions == {"0001": 13}


def test_what_could_not_be_written_is_tried_again_and_news_do_not_wait(tmp_path: Path, ear: Ear) -> None:
    """The database was away."""
    now = 1_000_000
    _say(tmp_path)
    listening = JournalReader(tmp_path, ear, lambda: now)
    ear.answer = False
    for _ in range(3):
        now += WRITE_EVERY
        listening.step()
    assert len(ear.written) == 3
    ear.answer = True
    for _ in range(3):
        now += WRITE_EVERY
        listening.step()
    assert len(ear.written) == 4
    ear.has_news = True
    listening.step()
    assert len(ear.written) == 5
