"""Following journals: every durable record once and in order, whatever is rotated, sealed, damaged or torn meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.disk import frames, journal, tail
from civicmail.core.disk.journal import Journal
from civicmail.core.disk.tail import Tail, adopt

SMALL = 2048


def add(j: Journal, *bodies: bytes, flush: bool = True) -> None:
    for body in bodies:
        j.append(1, bytes(16), lambda name, number: f"{name}:{number}".encode(), body)
    if flush:
        j.flush(0)


@given(st.lists(st.sampled_from(["append", "flush", "poll", "rotate", "poll little", "again"]), max_size=40))
def test_every_durable_record_comes_once_and_in_order(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    place = tmp_path_factory.mktemp("tail")
    j = Journal.take(place, now=0, file_size=SMALL)
    follower = Tail(place)
    seen: list[int] = []
    for step in steps:
        if step == "append":
            add(j, b"x" * 300, flush=False)
        elif step == "flush":
            j.flush(0)
        elif step == "rotate":
            j.rotate()
        elif step == "again":
            follower = Tail(place, follower.positions)
        else:
            seen += [r.number for r in follower.poll(2 if step == "poll little" else 4096)]
        assert len(seen) <= j.durable
    while records := follower.poll(3):
        seen += [r.number for r in records]
    assert seen == list(range(1, j.durable + 1))
    assert follower.positions.get("0001", 0) == j.durable
    assert follower.behind() == 0
    j.close()


@pytest.mark.rule("P-23, promise 1", "No consumer acts on a record that is not synced yet.")
def test_a_record_that_is_not_synced_is_not_seen(tmp_path: Path) -> None:
    """Promise 1: nobody acts on what a power cut could take back."""
    j = Journal.take(tmp_path, now=0)
    add(j, b"one")
    written = frames.encode(1, 0, 2, 1, id_=bytes(16), sha256=frames.NO_SHA, head=b"h", body=b"b", seed=j._seed)
    j._file.write_at(j._offset, written)  # type: ignore[union-attr]  # it was taken, so there is a file
    assert [r.number for r in Tail(tmp_path).poll()] == [1]
    j.close()


def test_records_that_were_sealed_and_removed_are_left_out(tmp_path: Path) -> None:
    j = Journal.take(tmp_path, now=0)
    for n in range(3):
        add(j, b"%d" % n)
        j.rotate()
    follower = Tail(tmp_path)
    assert [r.number for r in follower.poll(1)] == [1]
    journal.retire(j.place, [path for _, path in journal.log_files(j.place)[:2]], 2)
    assert [r.number for r in follower.poll()] == [3]
    assert follower.positions == {"0001": 3}
    j.close()


@pytest.mark.rule(
    "promise 1, P-05",
    "A consumer that is far behind when files of a journal are sealed continues with the very next file.",
)
def test_who_is_far_behind_what_was_removed_goes_on_with_the_very_next_file(tmp_path: Path) -> None:
    """More was sealed than is read at a time; the file behind it is not passed over."""
    j = Journal.take(tmp_path, now=0)
    for _ in range(3):
        add(j, *[b"x"] * 5)
        j.rotate()
    follower = Tail(tmp_path)
    assert [r.number for r in follower.poll(1)] == [1]
    journal.retire(j.place, [journal.log_files(j.place)[0][1]], 5)
    seen: list[int] = []
    while records := follower.poll(2):
        seen += [r.number for r in records]
    assert seen == [*range(6, 16)]
    j.close()


def test_a_follower_outlives_the_removal_of_everything(tmp_path: Path) -> None:
    j = Journal.take(tmp_path, now=0)
    add(j, b"1", b"2")
    j.rotate()
    follower = Tail(tmp_path)
    follower.poll(1)
    journal.retire(j.place, [path for _, path in journal.log_files(j.place)], 2)
    assert follower.poll() == []
    add(j, b"3")
    assert [r.number for r in follower.poll()] == [3]
    j.close()


@pytest.mark.rule("P-01", "A consumer gets the records after a sealed file at the first poll.")
def test_what_follows_a_file_that_is_gone_comes_at_once(tmp_path: Path) -> None:
    """Whoever asks after a seal gets all there is, not at the second time."""
    j = Journal.take(tmp_path, now=0)
    add(j, b"one")
    follower = Tail(tmp_path)
    assert [r.number for r in follower.poll()] == [1]
    j.rotate()
    add(j, b"two")
    (first, path), _ = journal.log_files(tmp_path / "journal" / "0001")
    assert first == 1
    path.unlink()
    assert [r.number for r in follower.poll()] == [2]
    j.close()


def test_bodies_can_be_left_out_and_spool_files_are_named(tmp_path: Path) -> None:
    j = Journal.take(tmp_path, now=0)
    j.append(1, b"i" * 16, lambda *_: b"{}", sha256=b"s" * 32, spooled=0)
    add(j, b"body")
    [first, second] = Tail(tmp_path, bodies=False).poll()
    assert first.spool == j.place / "spool" / (b"i" * 16).hex()
    assert first.sha256 == b"s" * 32
    assert second.spool is None
    assert second.body == b""
    assert second.head == b"0001:2"
    j.close()


def test_all_journals_are_followed(tmp_path: Path) -> None:
    a, b = Journal.take(tmp_path, now=0), Journal.take(tmp_path, now=0)
    add(a, b"1")
    add(b, b"1", b"2")
    follower = Tail(tmp_path, {"0002": 1})
    assert follower.behind() == 2
    assert [(r.journal, r.number) for r in follower.poll()] == [("0001", 1), ("0002", 2)]
    a.close()
    b.close()


def test_adopting_recovers_what_a_dead_owner_wrote_and_never_called_durable(tmp_path: Path) -> None:
    j = Journal.take(tmp_path, now=0)
    add(j, b"1", b"2")
    said = (j.place / "durable").read_bytes()
    add(j, b"3")
    j._lease.close()  # the owner died: nothing was cut, and a power cut took back what `durable` said
    (j.place / "durable").write_bytes(said)
    assert [r.number for r in Tail(tmp_path).poll()] == [1, 2]
    assert adopt(tmp_path) == ["0001"]
    assert [r.number for r in Tail(tmp_path).poll()] == [1, 2, 3]
    assert adopt(tmp_path) == []


def test_nobody_adopts_a_journal_that_is_held_or_damaged_or_closed(tmp_path: Path) -> None:
    held, damaged, closed = (Journal.take(tmp_path, now=0) for _ in range(3))
    for j in (held, damaged, closed):
        add(j, b"1", b"2")
    damaged.close()
    closed.close()
    [(_, path)] = journal.log_files(damaged.place)
    content = bytearray(path.read_bytes())
    content[frames.FILE_HEADER_SIZE + 100] ^= 1
    path.write_bytes(content + b"more")
    assert adopt(tmp_path) == []
    held.close()


def test_the_last_whole_frame_of_a_file(tmp_path: Path) -> None:
    j = Journal.take(tmp_path, now=0)
    add(j, b"1", b"2")
    [(_, path)] = journal.log_files(j.place)
    assert tail.last_frame(path) == (2, j._offset)
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    assert tail.last_frame(empty) is None
    j.close()
