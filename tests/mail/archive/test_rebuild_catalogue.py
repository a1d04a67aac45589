"""The catalogue is derived: from the segments alone it comes back as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from civicmail.core.disk.errors import LeaseHeld
from civicmail.mail.archive import rebuild_catalogue, segments
from civicmail.mail.archive.catalogue import Catalogue
from civicmail.mail.archive.runs import Entry
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.archive.verify import Check
from mail.archive.crashing import Crash, CrashingFiles
from mail.archive.making import NOW, UNSYNCED, capture, contents, delivered, fill, seal, writer


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two seals; the second has events about captures of the first."""
    made = fill(tmp_path, [b"body %d" % (n % 4) for n in range(9)])
    seal(tmp_path)
    w = writer(tmp_path)
    for c in made[:4]:
        w.event(delivered(c, NOW + 99))
    w.receipt(capture(b"one more"), b"one more")
    w.flush()
    w.close()
    seal(tmp_path)
    return tmp_path


def entries(data: Path) -> set[Entry]:
    seen = Catalogue(data)
    seen.refresh()
    found = list(seen.each())
    assert len(found) == len(set(found))
    return set(found)


@pytest.mark.parametrize("part", [rebuild_catalogue.PART_ROWS, 1], ids=["at once", "in parts"])
@pytest.mark.parametrize("before", ["whole", "lost", "damaged"])
def test_it_comes_back_from_the_segments_alone(data: Path, before: str, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild_catalogue, "PART_ROWS", part)
    expected, kept = entries(data), contents(data)
    if before == "lost":
        shutil.rmtree(data / "catalogue")
    elif before == "damaged":
        for path in (data / "catalogue").rglob("*.run"):
            path.write_bytes(path.read_bytes()[:-1] + b"\xff" * 3)
    told: list[int] = []
    assert rebuild_catalogue.rebuild(data, now=NOW, files=UNSYNCED, progress=told.append) == []
    assert entries(data) == expected
    assert contents(data) == kept
    assert [len(list(p.iterdir())) for p in (data / "catalogue").iterdir()] == [1, 1, 1]
    assert told[-1] == len(list(segments.listed(data)))
    check = Check(data, deep=True)
    list(check.heads())
    assert check.problems == []


def test_what_is_known_about_a_segment_that_cannot_be_read_is_kept(data: Path) -> None:
    expected = entries(data)
    path = segments.path_of(data, *next(segments.listed(data)))
    path.write_bytes(path.read_bytes()[:-1])
    [problem] = rebuild_catalogue.rebuild(data, now=NOW, files=UNSYNCED)
    assert path.name in problem
    assert entries(data) == expected


def test_months_without_segments_disappear(data: Path) -> None:
    shutil.rmtree(data / "segments")
    assert rebuild_catalogue.rebuild(data, now=NOW, files=UNSYNCED) == []
    assert entries(data) == set()


def test_nobody_rebuilds_while_somebody_seals(data: Path) -> None:
    with Sealer(data), pytest.raises(LeaseHeld):
        rebuild_catalogue.rebuild(data, now=NOW)


def test_one_that_is_cut_short_anywhere_loses_no_row_and_is_done_again(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild_catalogue, "PART_ROWS", 1)
    expected = entries(data)
    at, is_done = 0, False
    while not is_done:
        try:
            rebuild_catalogue.rebuild(data, now=NOW + at, files=CrashingFiles(at))
            is_done = True
        except Crash:
            assert entries(data) >= expected
        at += 1
    assert at > 10
    assert entries(data) == expected
    assert [len(list(p.iterdir())) for p in (data / "catalogue").iterdir()] == [1, 1, 1]
