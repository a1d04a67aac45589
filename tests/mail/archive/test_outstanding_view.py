"""Following who waits: always what a fresh reading of everything says, whatever is sealed away meanwhile (promise 1)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.tail import Record, Tail
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive import outstanding_view as room
from civicmail.mail.archive.outstanding_view import OutstandingView
from civicmail.mail.archive.records import Capture
from mail.archive.making import NOW, capture, delivered, seal, writer


def keep(data: Path, *of: Capture, done: tuple[Capture, ...] = ()) -> None:
    w = writer(data)
    for one in of:
        w.receipt(one, b"%d" % one.received)
    for one in done:
        w.event(delivered(one))
    w.flush()
    w.close()


def some(count: int) -> list[Capture]:
    return [capture(b"%d" % (NOW + n), received=NOW + n) for n in range(count)]


def seal_away(data: Path) -> None:
    outstanding_file.advance(data, NOW)
    seal(data)


def waiting(of: OutstandingView) -> set[bytes]:
    return {e.id for e in of.now(NOW).waiting()}


@pytest.mark.rule(
    "P-17, promise 1",
    "A page that follows outstanding recipients agrees with a fresh reading, including records sealed meanwhile.",
)
def test_what_was_sealed_away_before_it_was_read_is_read_from_the_snapshot(tmp_path: Path) -> None:
    """A page that follows says what a fresh reading says."""
    first, second, third = some(3)
    of = OutstandingView(tmp_path)
    keep(tmp_path, first)
    assert waiting(of) == {first.id}
    keep(tmp_path, second, done=(first,))
    seal_away(tmp_path)
    keep(tmp_path, third)
    assert waiting(of) == {second.id, third.id}


def test_files_that_go_between_looking_and_reading_take_nothing_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader goes on with the first file that is still there, and must notice that records are missing before it."""
    first, second, third, fourth = some(4)
    of = OutstandingView(tmp_path)
    keep(tmp_path, first)
    assert waiting(of) == {first.id}
    keep(tmp_path, second, done=(first,))
    plain, done = Tail.poll, []

    def poll(tail: Tail, limit: int = 4096, but: str = "") -> list[Record]:
        if not done:
            done.append(True)
            seal_away(tmp_path)
            keep(tmp_path, third, fourth, done=(second,))
        return plain(tail, limit, but)

    monkeypatch.setattr(room.Tail, "poll", poll)
    assert waiting(of) == {third.id, fourth.id}
    assert done


def test_after_damage_it_begins_anew(tmp_path: Path) -> None:
    [first] = some(1)
    keep(tmp_path, first)
    of = OutstandingView(tmp_path)
    (tmp_path / "outstanding").mkdir(exist_ok=True)
    (tmp_path / "outstanding" / "snapshot").write_bytes(b"rubbish")
    with pytest.raises(DamagedFile):
        of.now(NOW)
    (tmp_path / "outstanding" / "snapshot").unlink()
    assert waiting(of) == {first.id}


def test_what_is_over_is_forgotten_now_and_then_and_nobody_who_waits(tmp_path: Path) -> None:
    first, second = some(2)
    keep(tmp_path, first, second, done=(first,))
    of = OutstandingView(tmp_path)
    assert {e.id for e in of.now(NOW).waiting()} == {second.id}
    assert {e.id for e in of.now(NOW + 3 * 86_400_000).waiting()} == {second.id}
    assert {e.id for e in of.now(NOW).waiting()} == {second.id}  # also with a clock that was set back


@pytest.mark.rule("P-01", "A process that only shows outstanding recipients keeps nothing of completed ones.")
def test_what_has_ended_leaves_nothing_with_whoever_follows(tmp_path: Path) -> None:
    """A city has a quarter of a million receipts in a day, and several who follow."""
    ended, waits = some(2)
    of = OutstandingView(tmp_path)
    keep(tmp_path, *(replace(c, message_id="<1@city.example>") for c in (ended, waits)), done=(ended,))
    before = of.now(NOW)
    assert set(before.entries) == {waits.id} and not before.receipts
    seal_away(tmp_path)
    assert outstanding_file.load(tmp_path).receipts, "the courier asks for it"
    after = OutstandingView(tmp_path).now(NOW)
    assert set(after.entries) == {waits.id} and not after.receipts
