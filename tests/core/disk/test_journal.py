"""Journals: numbers without a gap, torn tails cut, damage named, nothing that was kept taken away (promise 1)."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.disk import frames, journal
from civicmail.core.disk.errors import DamagedFile, DiskFull, JournalEnded, LeaseHeld
from civicmail.core.disk.files import File, Files
from civicmail.core.disk.journal import IDLE_MS, Journal
from civicmail.core.disk.tail import Tail

SMALL = 4096


def add(j: Journal, *bodies: bytes) -> None:
    for body in bodies:
        j.append(1, bytes(16), lambda name, number: f"{name}:{number}".encode(), body)


def kept(data: Path) -> list[tuple[str, int, bytes]]:
    return [(r.journal, r.number, r.body) for r in Tail(data).poll()]


def only_log(data: Path) -> Path:
    [(_, path)] = journal.log_files(data / "journal" / "0001")
    return path


class Failing(Files):
    """Fails the operation that is named, as often as it comes."""

    def __init__(self, operation: str, number: int = errno.EIO) -> None:
        super().__init__()
        self.operation = operation
        self.number = number

    def open(self, path: Path, *, create: bool = False) -> File:
        file = super().open(path, create=create)
        if path.suffix == ".log":
            outer = self

            class Broken(File):
                def sync(self) -> None:
                    outer.ask("sync")
                    super().sync()

                def write_at(self, offset: int, chunks: object) -> int:
                    outer.ask("write")
                    return super().write_at(offset, chunks)  # type: ignore[arg-type]

                def preallocate(self, size: int) -> None:
                    outer.ask("preallocate")
                    super().preallocate(size)

            broken = Broken(path, file.fd)
            file.fd = -1
            return broken
        return file

    def ask(self, operation: str) -> None:
        if operation == self.operation:
            raise OSError(self.number, "made to fail")


def test_numbers_go_on_without_a_gap_across_files_and_owners(tmp_path: Path) -> None:
    for turn in range(3):
        with_owner = Journal.take(tmp_path, now=turn, file_size=SMALL)
        for n in range(20):
            add(with_owner, b"x" * 400)
            assert with_owner.flush(turn) == turn * 20 + n + 1
        with_owner.close()
    assert [number for _, number, _ in kept(tmp_path)] == list(range(1, 61))
    assert len(journal.log_files(tmp_path / "journal" / "0001")) > 5


def test_a_second_owner_gets_another_journal_while_the_first_lives(tmp_path: Path) -> None:
    a, b = Journal.take(tmp_path, now=0), Journal.take(tmp_path, now=0)
    assert (a.name, b.name) == ("0001", "0002")
    with pytest.raises(LeaseHeld):
        Journal.take_named(tmp_path, "0001")
    a.close()
    c = Journal.take(tmp_path, now=0)
    assert c.name == "0001"
    b.close()
    c.close()


def test_what_was_not_flushed_is_not_there(tmp_path: Path) -> None:
    j = Journal.take(tmp_path, now=0)
    add(j, b"kept")
    j.flush(0)
    add(j, b"not kept")
    j.close()
    assert [body for *_, body in kept(tmp_path)] == [b"kept"]


@given(st.lists(st.binary(max_size=200), min_size=2, max_size=6), st.data())
def test_a_tail_torn_at_any_byte_is_cut_behind_the_last_whole_record(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes], data: st.DataObject
) -> None:
    """Promise 1: what was acknowledged stays, what was not may go, and the numbers go on behind it."""
    place = tmp_path_factory.mktemp("torn")
    j = Journal.take(place, now=0, file_size=SMALL)
    add(j, *bodies[:-1])
    j.flush(0)
    acknowledged = only_log(place)
    add(j, bodies[-1] + b"!")
    j.flush(0)
    j.close()
    last = list(frames.walk(acknowledged.read_bytes()))[-1]
    size = frames.FIXED.size + len(last.head) + len(last.body)
    cut = last.offset + data.draw(st.integers(0, size - 1))
    content = acknowledged.read_bytes()
    acknowledged.write_bytes(content[:cut] + data.draw(st.sampled_from([b"", bytes(200), b"\xff" * 50])))
    (place / "journal" / "0001" / "durable").write_bytes((len(bodies) - 1).to_bytes(8, "little"))
    again = Journal.take(place, now=0, file_size=SMALL)
    add(again, b"next")
    assert again.flush(0) == len(bodies)
    again.close()
    assert [body for *_, body in kept(place)] == [*bodies[:-1], b"next"]


@pytest.mark.rule("P-15, promise 1", "Frames inside a message are never taken for records of the journal.")
def test_frames_in_a_torn_message_do_not_look_like_damage(tmp_path: Path) -> None:
    """A message that is a journal itself, cut by a power failure, is a torn tail like any other."""
    other = Journal.take(tmp_path / "other", now=0)
    add(other, *[b"body %d" % n for n in range(20)])
    other.flush(0)
    other.close()
    nasty = only_log(tmp_path / "other").read_bytes()
    forged = b"".join(frames.encode(1, 0, 9, 8, id_=bytes(16), sha256=frames.NO_SHA, head=b"{}", body=b"forged", seed=0))
    nasty += b"".join(forged + b"x" for _ in range(8))  # wherever the body begins, one of them stands where a frame may
    j = Journal.take(tmp_path, now=0)
    add(j, b"kept")
    j.flush(0)
    add(j, nasty)
    j.flush(0)
    j.close()
    path = only_log(tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    (tmp_path / "journal" / "0001" / "durable").write_bytes((1).to_bytes(8, "little"))
    again = Journal.take_named(tmp_path, "0001")
    assert again.number == 1
    again.close()


@pytest.mark.rule(
    "P-15, promise 1",
    "A record that was once durable and is damaged now is named, and nothing is cut; only a torn tail is.",
)
@pytest.mark.parametrize("told_by", ["the file durable", "a later frame"])
def test_a_damaged_record_is_named_and_nothing_is_cut(tmp_path: Path, told_by: str) -> None:
    j = Journal.take(tmp_path, now=0)
    for n in range(4):
        add(j, b"body %d" % n)
        j.flush(0)
    j.close()
    path = only_log(tmp_path)
    content = bytearray(path.read_bytes())
    second = list(frames.walk(bytes(content)))[1]
    content[second.offset + frames.FIXED.size] ^= 0x10
    path.write_bytes(content)
    if told_by == "a later frame":
        (tmp_path / "journal" / "0001" / "durable").write_bytes(bytes(8))
    with pytest.raises(DamagedFile, match=f"Record 2 of journal 0001 is damaged at byte {second.offset} of {path.name}"):
        Journal.take_named(tmp_path, "0001")
    assert path.read_bytes() == bytes(content)
    other = Journal.take(tmp_path, now=0)
    assert other.name == "0002"
    other.close()


def test_a_damaged_record_costs_the_followers_only_itself(tmp_path: Path) -> None:
    j = Journal.take(tmp_path, now=0)
    for n in range(4):
        add(j, b"body %d" % n)
    j.flush(0)
    j.close()
    path = only_log(tmp_path)
    content = bytearray(path.read_bytes())
    content[list(frames.walk(bytes(content)))[1].offset + 90] ^= 1
    path.write_bytes(content)
    assert [number for _, number, _ in kept(tmp_path)] == [1, 3, 4]


@pytest.mark.rule(
    "P-23, promise 1, promise 6",
    "A failed write or sync ends the journal, and nothing of its batch is acknowledged.",
)
@pytest.mark.parametrize("operation", ["write", "sync", "preallocate"])
def test_a_failed_operation_ends_the_journal_and_nothing_of_the_batch_is_seen(tmp_path: Path, operation: str) -> None:
    files = Failing("none")
    j = Journal.take(tmp_path, now=0, files=files)
    if operation != "preallocate":
        add(j, b"kept")
        j.flush(0)
    files.operation = operation
    add(j, b"lost")
    with pytest.raises(JournalEnded):
        j.flush(0)
    with pytest.raises(JournalEnded):
        add(j, b"refused")
    j.close()
    files.operation = "none"
    again = Journal.take_named(tmp_path, "0001")
    again.close()
    assert [body for *_, body in kept(tmp_path)] == ([b"kept"] if operation != "preallocate" else [])


def test_a_full_disk_is_told_as_one(tmp_path: Path) -> None:
    files = Failing("preallocate", errno.ENOSPC)
    j = Journal.take(tmp_path, now=0, files=files)
    add(j, b"no room")
    with pytest.raises(DiskFull) as told:
        j.flush(0)
    assert told.value.smtp.startswith("452 4.3.1")
    assert journal.log_files(j.place) == []
    j.close()


def test_a_file_is_closed_after_five_idle_minutes(tmp_path: Path) -> None:
    j = Journal.take(tmp_path, now=0)
    add(j, b"one")
    j.flush(1000)
    assert not j.rotate_if_idle(1000 + IDLE_MS - 1)
    assert only_log(tmp_path).stat().st_size == journal.FILE_SIZE
    assert j.rotate_if_idle(1000 + IDLE_MS)
    path = only_log(tmp_path)
    assert path.stat().st_size == list(frames.walk(path.read_bytes()))[-1].end
    add(j, b"two")
    j.flush(2000)
    j.close()
    assert [first for first, _ in journal.log_files(j.place)] == [1, 2]


def test_spool_files_that_no_record_names_go_with_the_next_owner(tmp_path: Path) -> None:
    j = Journal.take(tmp_path, now=0)
    named, orphan = b"n" * 16, b"o" * 16
    j.spool_path(named).write_bytes(b"large")
    j.spool_path(orphan).write_bytes(b"never committed")
    j.append(1, named, lambda *_: b"{}", spooled=0)
    j.flush(0)
    j.close()
    again = Journal.take(tmp_path, now=0)
    assert [p.name for p in (again.place / "spool").iterdir()] == [named.hex()]
    again.close()


def test_no_spool_file_goes_while_a_record_cannot_be_read(tmp_path: Path) -> None:
    """A record behind the damage may name it."""
    j = Journal.take(tmp_path, now=0)
    add(j, b"first")
    j.append(1, b"n" * 16, lambda *_: b"{}", spooled=0)
    j.spool_path(b"n" * 16).write_bytes(b"large")
    j.flush(0)
    j.rotate()
    add(j, b"in another file")
    j.flush(0)
    j.close()
    path = journal.log_files(j.place)[0][1]
    content = bytearray(path.read_bytes())
    content[frames.FILE_HEADER_SIZE] ^= 1
    path.write_bytes(content)
    Journal.take_named(tmp_path, "0001").close()
    assert j.spool_path(b"n" * 16).exists()


def test_numbers_go_on_when_every_file_was_sealed_and_removed(tmp_path: Path) -> None:
    j = Journal.take(tmp_path, now=0)
    add(j, b"1", b"2")
    j.flush(0)
    j.close()
    journal.retire(j.place, [path for _, path in journal.log_files(j.place)], 2)
    assert journal.log_files(j.place) == []
    (j.place / "durable").write_bytes(b"")
    again = Journal.take(tmp_path, now=0)
    add(again, b"3")
    assert again.flush(0) == 3
    again.close()


@pytest.mark.rule(
    "promise 1, promise 2",
    "A journal that has lost synced records, or the mark of what was sealed, takes no new ones: no number is given twice.",
)
@pytest.mark.parametrize("lost", ["retired", "the last file"])
def test_numbers_are_never_given_twice_whatever_file_of_a_journal_is_lost(tmp_path: Path, lost: str) -> None:
    """New mail goes to another journal, and what is gone stays visible until somebody accounts for it."""
    j = Journal.take(tmp_path, now=0)
    add(j, b"1", b"2")
    j.flush(0)
    j.close()
    if lost == "retired":
        journal.retire(j.place, [path for _, path in journal.log_files(j.place)], 2)
        (j.place / "retired").unlink()
    else:
        only_log(tmp_path).unlink()
    with pytest.raises(DamagedFile, match="Records 1 to 2 of journal 0001 are gone, though they were synced"):
        Journal.take_named(tmp_path, "0001")
    assert journal.read_durable(j.place) == 2
    other = Journal.take(tmp_path, now=0)
    assert other.name == "0002"
    other.close()


def test_what_the_file_retired_should_say_is_said_where_it_is_damaged(tmp_path: Path) -> None:
    j = Journal.take(tmp_path, now=0)
    add(j, b"1", b"2")
    j.flush(0)
    j.close()
    journal.retire(j.place, [path for _, path in journal.log_files(j.place)], 2)
    for content in (b"", b"g", b"\xd3\x01"):
        (j.place / "retired").write_bytes(content)
        with pytest.raises(DamagedFile, match=r"last record that was sealed, 2 by the other files: .*write that number into it"):
            journal.read_retired(j.place)
    (j.place / "retired").write_bytes(b"2\n")
    again = Journal.take_named(tmp_path, "0001")
    assert again.number == 2
    again.close()


def test_a_number_that_no_journal_reaches_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "durable").write_bytes(bytes.fromhex("a8c1f0d3b7e59cd5"))
    assert journal.read_durable(tmp_path) == 0


def test_only_folders_with_hexadecimal_names_are_journals(tmp_path: Path) -> None:
    for name in ("0001", "00ff", "10000", "lost+found", "readme", ".x"):
        (tmp_path / "journal" / name).mkdir(parents=True)
    (tmp_path / "journal" / "0abc").write_text("a file")
    assert journal.names(tmp_path) == ["0001", "00ff", "10000"]


@pytest.mark.parametrize("size", [0, 30, 64])
def test_a_file_that_was_made_and_never_written_is_no_obstacle(tmp_path: Path, size: int) -> None:
    j = Journal.take(tmp_path, now=0)
    add(j, b"1")
    j.flush(0)
    j.close()
    (j.place / f"{2:016d}.log").write_bytes(bytes(size))
    again = Journal.take_named(tmp_path, "0001")
    add(again, b"2")
    assert again.flush(0) == 2
    again.close()
    assert [number for _, number, _ in kept(tmp_path)] == [1, 2]
