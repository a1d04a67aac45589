"""Promises 1, 2 and 8: the comparison of a day, on an installation whose files somebody changes."""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from shutil import copytree

import pytest

from civicmail.city.guard.actors import machine
from civicmail.city.guard.models import Entry
from civicmail.core.config.settings import Archive, Settings
from civicmail.core.disk import journal
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.front.checkup import completeness as figures
from civicmail.front.checkup.findings import HOUR, Finding, Installation
from civicmail.front.worker.completeness import compare_day, next_day, publish, spans_of
from civicmail.mail.archive import keyring, segments
from civicmail.mail.archive.records import Capture
from civicmail.mail.search import coverage
from civicmail.mail.search.index import Indexes
from civicmail.mail.search.tasks import IndexJob
from core.ledger.town import without
from mail.archive import making
from mail.archive.making import NOW

DAY = date(2026, 3, 2)
LATER = NOW + 24 * HOUR
WORKER = machine("worker")


def _keep(data: Path, count: int) -> list[Capture]:
    with closing(making.writer(data)) as writer:
        captures = [making.capture(b"Subject: %d\r\n\r\nhello\r\n" % n, received=NOW + n) for n in range(count)]
        for n, one in enumerate(captures):
            writer.receipt(one, b"Subject: %d\r\n\r\nhello\r\n" % n)
            writer.event(making.delivered(one))
        writer.flush()
    with Sequencer(data) as ledger:
        ledger.integrate(NOW)
    with closing(IndexJob.take(data)) as job:
        job.catch_up(NOW)
    return captures


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, Settings, list[Capture]]:
    """Six messages of a day, three of them sealed, and a second place that has everything."""
    data = tmp_path / "data"
    keyring.create(data, files=making.UNSYNCED)
    captures = _keep(data, 3)
    making.seal(data)
    captures += _keep(data, 3)
    copytree(data, tmp_path / "copy")
    return data, Settings(archive=Archive(standby=str(tmp_path / "copy"))), captures


def _gaps(data: Path, settings: Settings) -> set[tuple[str, str, tuple[str, ...]]]:
    return {(gap.receipt, gap.id, gap.lacks) for gap in compare_day(settings, data, DAY).gaps}


@pytest.mark.rule("P-15, promise 2, promise 8", "A day of which nothing is missing is complete, whether sealed or not.")
def test_a_whole_day(kept: tuple[Path, Settings, list[Capture]]) -> None:
    data, settings, _ = kept
    result = compare_day(settings, data, DAY)
    assert (result.missing, result.receipts, result.records) == (0, 6, 12)
    assert result.places == ("archive", "catalogue", "index", "second place")
    assert spans_of(data, date(2026, 3, 1)) == {} == spans_of(data, date(2026, 3, 3))


@pytest.mark.rule("P-15, promise 2, promise 8", "A message that index, second place, catalogue or archive lost is named.")
def test_each_place_that_lost_a_message_is_named(kept: tuple[Path, Settings, list[Capture]]) -> None:
    data, settings, captures = kept
    copy = Path(settings.archive.standby)
    names = {c.id: str(uuid.UUID(bytes=c.id)) for c in captures}
    generation = coverage.current(data)
    assert generation is not None
    with closing(Indexes(generation, heap=15 << 20)) as indexes:
        indexes.delete(captures[0].class_, captures[0].received, captures[0].id)
        indexes.commit()
    assert _gaps(data, settings) == {("0001:1", names[captures[0].id], ("index",))}
    (segment,) = segments.listed(copy)
    segments.path_of(copy, *segment).unlink()
    lost = {gap for gap in _gaps(data, settings) if "second place" in gap[2]}
    assert {gap[1] for gap in lost} == {names[c.id] for c in captures[:3]} and len(lost) == 6
    last = captures[5]
    name, number = next((n, f) for n in journal.names(data) for f, _ in journal.log_files(journal.folder(data) / n))
    without(data, name, number + 4)
    assert (f"{name}:{number + 4}", names[last.id], ("archive",)) in _gaps(data, settings)
    for path in (data / "catalogue").rglob("*.run"):
        path.unlink()
    assert any("catalogue" in gap[2] for gap in _gaps(data, settings))


@pytest.mark.django_db
@pytest.mark.rule("P-15, promise 2", "The figure of a day is an entry; another result is another entry, which names the former.")
def test_the_figure_is_published_once(kept: tuple[Path, Settings, list[Capture]]) -> None:
    data, settings, captures = kept
    assert next_day(data, NOW) is None, "the day is not over"
    assert next_day(data, LATER) == DAY
    whole = compare_day(settings, data, DAY)
    first = publish(data, DAY, whole, actor=WORKER, now=LATER)
    again = publish(data, DAY, whole, actor=WORKER, now=LATER + HOUR)
    assert again == replace(first, at=LATER + HOUR) and Entry.objects.count() == 1
    assert next_day(data, LATER) is None
    assert _finding(data, settings, LATER).level == "ok"
    Path(settings.archive.standby, "journal").rename(Path(settings.archive.standby, "away"))
    damaged = publish(data, DAY, compare_day(settings, data, DAY), actor=WORKER, now=LATER + HOUR)
    assert damaged.result.missing == 6 and figures.file_of(DAY).read(data) == damaged
    last = Entry.objects.latest("at")
    assert (last.act, last.object, last.facts["former"], last.facts["missing"]) == (
        "completeness.publish", "day:2026-03-02", first.entry, 6,
    )  # fmt: skip
    finding = _finding(data, settings, LATER + HOUR)
    assert finding.level == "problem" and str(uuid.UUID(bytes=captures[3].id)) in finding.text
    assert next_day(data, LATER + 2 * HOUR) is None and next_day(data, LATER + 22 * HOUR) == DAY, "a day with gaps comes again"
    assert _finding(data, settings, LATER + 48 * HOUR).level == "problem", "and no day may be left out"


def _finding(data: Path, settings: Settings, now: int) -> Finding:
    return next(iter(figures.completeness(Installation(data, settings, now))))
