"""Somebody removes messages from a city, one from each place, and one with its number: the comparison of the day names each
(promises 1, 2 and 8). The real program receives, indexes and copies the mail, and compares it."""

from __future__ import annotations

import json
import smtplib
import uuid
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from civicmail.core.config.clock import now_ms
from civicmail.core.disk.tail import Tail
from civicmail.front.checkup import completeness
from civicmail.front.checkup.completeness import DayFigure
from civicmail.mail.archive.records import Capture, Type
from civicmail.mail.replica import status
from civicmail.mail.search import coverage
from civicmail.mail.search.index import Indexes
from core.ledger.town import without
from neighbours.civic import Civicmail, civicmail
from stories.faults import doctor, until

COUNT = 6


def _wait_out_midnight() -> None:
    """So that all mail of the story is of one day (UTC)."""
    until(lambda: datetime.now(UTC).time() < time(23, 58), 150)


def _missing(city: Civicmail, day: date) -> tuple[int, set[tuple[str, str, tuple[str, ...]]]]:
    """The exit code of the command for the day, and what it names."""
    done = civicmail("archive", "reconcile", f"{day}", "--json", data=city.data, check=False)
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["published"] is (day < datetime.now(UTC).date())
    assert "second place" in result["places"] and result["receipts"] >= COUNT - 2
    return done.returncode, {(f"{gap['journal']}:{gap['number']}", gap["id"], tuple(gap["lacks"])) for gap in result["gaps"]}


@pytest.mark.rule("P-15, promise 2, promise 8", "A message that any place lacks, or whose receipt number was skipped, is named.")
def test_what_is_missing_anywhere_is_named_to_the_message(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    city = Civicmail(tmp_path / "data", archive__standby=str(copy))
    settings = city.data / "civicmail.toml"
    settings.write_text(f'{settings.read_text()}\n[archive]\nstandby = "{copy}"\n')
    with city:
        _wait_out_midnight()
        day = datetime.now(UTC).date()
        for n in range(COUNT):
            with smtplib.SMTP("127.0.0.1", city.mx) as wire:
                wire.sendmail("anna@outside.example", ["rosa.hale@city.example"], f"Subject: {n}\r\n\r\nHello {n}.\r\n")
        city.wait(captures=COUNT, seconds=180)
        until(lambda: status.lag_ms(city.data, status.read(city.data), now_ms()) == 0, 180)
        until(lambda: _missing(city, day) == (0, set()), 60)
    until(lambda: _missing(city, day) == (0, set()), 10)
    captures = [Capture.from_head(r.head) for r in Tail(city.data).poll(1 << 20) if r.type == Type.RECEIPT]
    unindexed, uncopied, lost, skipped = captures[:4]
    generation = coverage.current(city.data)
    assert generation is not None
    with closing(Indexes(generation, heap=15 << 20)) as indexes:
        indexes.delete(unindexed.class_, unindexed.received, unindexed.id)
        indexes.commit()
    assert len({one.journal for one in captures}) == 1
    without(copy, uncopied.journal, uncopied.number, skipped.number)
    without(city.data, lost.journal, lost.number, skipped.number)
    code, named = _missing(city, day)
    assert code == 1
    assert named == {
        (f"{unindexed.journal}:{unindexed.number}", str(uuid.UUID(bytes=unindexed.id)), ("index",)),
        (f"{uncopied.journal}:{uncopied.number}", str(uuid.UUID(bytes=uncopied.id)), ("second place",)),
        (f"{lost.journal}:{lost.number}", str(uuid.UUID(bytes=lost.id)), ("archive",)),
        (f"{skipped.journal}:{skipped.number}", "", ("archive", "second place")),
        (":0", str(uuid.UUID(bytes=skipped.id)), ("archive",)),
    }
    _is_an_alarm_when_the_day_is_over(city, day)


def _is_an_alarm_when_the_day_is_over(city: Civicmail, day: date) -> None:
    """As if the worker had compared it: the story does not wait for midnight."""
    from civicmail.core.config.load import load
    from civicmail.front.worker.completeness import compare_day

    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    result = compare_day(load(city.data), city.data, day)
    completeness.file_of(yesterday).write(city.data, DayFigure(str(yesterday), now_ms(), "", result))
    (line,) = [finding for finding in doctor(city) if finding.check == "completeness"]
    assert line.level == "problem" and "is missing in: " in line.text
