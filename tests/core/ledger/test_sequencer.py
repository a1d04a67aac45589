"""The sequencer: every durable record once, and nothing from a ledger that was set back (P-15, promise 2)."""

from __future__ import annotations

import time
from hashlib import sha256
from pathlib import Path

import pytest

from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.files import File, Files
from civicmail.core.ledger import checkpoints, entries, keys, leaves, merkle, notes
from civicmail.core.ledger.entries import BatchEntry
from civicmail.core.ledger.errors import KeyMissing, LedgerDamaged, LedgerEnded, LedgerRolledBack
from civicmail.core.ledger.sequencer import Sequencer, positions
from core.ledger.town import NOON, Town, flip, leaf_of


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def batches(town: Town) -> list[BatchEntry]:
    return [BatchEntry.decode(e) for e, _, _ in entries.walk(entries.log_path(town.ledger))]


def test_every_durable_record_becomes_a_leaf_of_a_batch_of_its_journal(town: Town) -> None:
    town.write(5)
    town.write(3, "0002")
    town.integrate()
    assert [(b.journal, b.first, b.count, b.at) for b in batches(town)] == [("0001", 1, 5, town.now), ("0002", 1, 3, town.now)]
    for r in town.records():
        assert leaf_of(town.ledger, r.journal, r.number) == sha256(b"\0" + r.head).digest()
    heads = [merkle.leaf_hash(r.head) for r in town.records() if r.journal == "0001"]
    assert batches(town)[0].root == merkle.root_of(heads)
    assert positions(town.data) == {"0001": 5, "0002": 3}


def test_what_is_integrated_is_not_integrated_again(town: Town) -> None:
    town.write(5)
    with Sequencer(town.data) as s:
        assert s.integrate(NOON) == 5
        assert s.integrate(NOON) == 0
    town.write(2)
    with Sequencer(town.data) as s:
        assert s.positions == {"0001": 5}
        assert s.integrate(NOON) == 2
    assert [(b.first, b.count) for b in batches(town)] == [(1, 5), (6, 2)]


def test_receipts_that_this_process_made_durable_are_integrated_without_reading_them_back(town: Town) -> None:
    town.write(2)
    with Sequencer(town.data) as s:
        assert s.integrate(NOON) == 2
        town.write(4100)
        heads = [r.head for r in town.records()][2:]
        (town.data / "journal").rename(town.data / "elsewhere")  # it is not looked at
        assert s.feed("0001", 3, heads, NOON) == 4100
        (town.data / "elsewhere").rename(town.data / "journal")
        assert s.positions == {"0001": 4102}
        assert s.integrate(NOON) == 0
        town.write(1)
        assert s.integrate(NOON, but="0001") == 0
        assert s.integrate(NOON) == 1
    assert [(b.first, b.count) for b in batches(town)] == [(1, 2), (3, 4096), (4099, 4), (4103, 1)]
    for r in town.records():
        assert leaf_of(town.ledger, r.journal, r.number) == sha256(b"\0" + r.head).digest()


@pytest.mark.parametrize("first", [1, 2, 4])
def test_what_does_not_follow_is_read_from_the_journal(town: Town, first: int) -> None:
    town.write(2)
    with Sequencer(town.data) as s:
        assert s.integrate(NOON) == 2
        town.write(3)
        assert s.feed("0001", first, [r.head for r in town.records()][first - 1 :], NOON) == 3
    assert [(b.first, b.count) for b in batches(town)] == [(1, 2), (3, 3)]


def test_a_batch_has_at_most_4096_records(town: Town) -> None:
    town.write(4100)
    town.integrate()
    assert [(b.first, b.count) for b in batches(town)] == [(1, 4096), (4097, 4)]
    assert leaves.find_batch(town.ledger, "0001", 4096) == 0
    assert leaves.find_batch(town.ledger, "0001", 4097) == 1
    assert leaves.find_batch(town.ledger, "0001", 4101) is None


def test_20000_records_are_integrated_in_half_a_second(town: Town) -> None:
    town.write(20_000, body=b"Subject: a list message\r\n\r\n" + b"x" * 2000)
    with Sequencer(town.data) as s:
        began = time.process_time()
        assert s.integrate(NOON) == 20_000
        assert time.process_time() - began < 5


def test_there_is_only_one_sequencer(town: Town) -> None:
    with Sequencer(town.data), pytest.raises(LeaseHeld):
        Sequencer(town.data)
    Sequencer(town.data).close()


def test_without_a_key_there_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing):
        Sequencer(tmp_path)
    keys.create(tmp_path / "keys")
    Sequencer(tmp_path).close()  # and the lease was let go


# -- what a crash leaves -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("lost", ["entries.idx", "leaves/0001.idx", "tree/0.bin", "tree/1.bin"])
def test_what_is_derived_is_written_again(town: Town, lost: str, signed: bool) -> None:
    for _ in range(5):
        town.write(2)
        town.integrate(signed=signed)
    root = tree_root(town)
    (town.ledger / lost).unlink()
    with Sequencer(town.data) as s:
        assert (s.size, s.positions) == (5, {"0001": 10})
    assert tree_root(town) == root
    assert positions(town.data) == {"0001": 10}
    assert BatchEntry.decode(entries.read_entry(town.ledger, 3)).first == 7


def tree_root(town: Town) -> bytes:
    return merkle.root_of([merkle.leaf_hash(e) for e, _, _ in entries.walk(entries.log_path(town.ledger))])


def test_leaves_without_an_entry_are_overwritten(town: Town) -> None:
    town.write(3)
    town.integrate()
    with (town.ledger / "leaves/0001.bin").open("ab") as f:
        f.write(b"x" * 33)
    town.write(2)
    town.integrate()
    assert leaf_of(town.ledger, "0001", 4) == sha256(b"\0" + town.records()[3].head).digest()


def test_a_torn_entry_is_cut_because_nobody_was_told(town: Town) -> None:
    town.write(3)
    town.integrate()
    log = entries.log_path(town.ledger)
    whole = log.read_bytes()
    log.write_bytes(whole + entries.encode_frame(1, b"{}" * 50)[:-30])
    town.integrate()
    assert log.read_bytes() == whole


def test_a_damaged_entry_stops_the_sequencer_and_nothing_is_cut(town: Town) -> None:
    for _ in range(3):
        town.write(2)
        town.integrate()
    log = entries.log_path(town.ledger)
    flip(log, log.stat().st_size - 40)
    size = log.stat().st_size
    for _ in range(2):  # the second time too: the first has not taken away what tells damage from a torn tail
        with pytest.raises(LedgerDamaged, match=r"Entry 2 .* nothing was cut"):
            Sequencer(town.data)
        assert log.stat().st_size == size


class Failing(Files):
    """A disk on which the nth write or sync from now fails."""

    left = 1 << 30

    def open(self, path: Path, *, create: bool = False) -> File:
        outer = self

        class Watched(File):
            def write_at(self, offset, chunks):  # type: ignore[no-untyped-def]
                outer.count()
                return super().write_at(offset, chunks)

            def sync(self) -> None:
                outer.count()
                super().sync()

        file = super().open(path, create=create)
        return Watched(file.path, file.fd)

    def count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError(5, "Input/output error")


@pytest.mark.parametrize("nth", range(1, 12))
def test_after_a_failed_write_or_sync_the_next_sequencer_integrates_everything(town: Town, nth: int) -> None:
    town.write(3)
    town.integrate(signed=True)
    town.write(3)
    town.write(3, "0002")
    disk = Failing()
    s = Sequencer(town.data, disk)
    disk.left = nth
    failed = False
    try:
        s.integrate(NOON)
    except LedgerEnded:
        failed = True
        with pytest.raises(LedgerEnded):
            s.integrate(NOON)
        with pytest.raises(LedgerEnded):
            s.checkpoint(NOON)
    s.close()
    assert failed or nth > 9
    town.integrate()
    assert positions(town.data) == {"0001": 6, "0002": 3}
    assert sum(b.count for b in batches(town)) == 9
    for r in town.records():
        assert leaf_of(town.ledger, r.journal, r.number) == sha256(b"\0" + r.head).digest()


def test_a_sequencer_that_could_not_write_what_it_was_fed_has_ended(town: Town) -> None:
    town.write(2)
    files = Failing()
    with Sequencer(town.data, files) as s:
        files.left = 1
        with pytest.raises(LedgerEnded):
            s.feed("0001", 1, [r.head for r in town.records()], NOON)
        with pytest.raises(LedgerEnded):
            s.feed("0001", 1, [r.head for r in town.records()], NOON)


# -- checkpoints -------------------------------------------------------------------------------------------------------


def test_a_checkpoint_signs_the_root_over_all_entries(town: Town) -> None:
    for _ in range(3):
        town.write(2)
        town.integrate()
    with Sequencer(town.data) as s:
        signed = s.checkpoint(NOON)
        assert s.checkpoint(NOON + 5) == signed  # nothing is new
    assert (signed.size, signed.root, signed.at) == (3, tree_root(town), NOON)
    assert notes.is_signed(signed.note, town.public)
    assert checkpoints.latest(town.ledger) == signed == notes.read(signed.note)
    assert signed.facts == {"size": 3, "root": signed.root.hex(), "note": signed.note}


def test_a_checkpoint_is_due_every_hour_and_when_somebody_asks(town: Town) -> None:
    hour = 3_600_000
    with Sequencer(town.data) as s:
        assert not s.due(NOON, hour)
        town.write(1)
        s.integrate(NOON)
        assert s.due(NOON, hour)  # the first entries wait for nothing
        s.checkpoint(NOON)
        assert not s.due(NOON + hour, hour)  # nothing is new
        town.write(1)
        s.integrate(NOON)
        assert not s.due(NOON + hour - 1, hour)
        assert s.due(NOON + hour, hour)
        checkpoints.request(town.ledger)
        checkpoints.request(town.ledger)
        assert s.due(NOON + 1, hour)
        s.checkpoint(NOON + 1)
        assert not s.due(NOON + 1, hour)


@pytest.mark.rule("P-15, promise 2", "The sequencer does not continue from an older state of the ledger.")
def test_a_ledger_that_was_set_back_is_found_out_by_the_journals(town: Town) -> None:
    town.write(2)
    town.integrate(signed=True)
    kept = {p.relative_to(town.ledger): p.read_bytes() for p in town.ledger.rglob("*") if p.is_file()}
    town.write(2)
    town.integrate(signed=True)
    latest = checkpoints.latest(town.ledger)
    assert latest is not None
    town.write_checkpoint(latest.facts)
    for path in [p for p in town.ledger.rglob("*") if p.is_file()]:
        path.unlink()
    for name, content in kept.items():
        (town.ledger / name).write_bytes(content)
    with Sequencer(town.data) as s, pytest.raises(LedgerRolledBack, match="Record 1 of journal 0002"):
        s.integrate(NOON)


def test_a_ledger_that_is_shorter_than_its_own_checkpoint_does_not_open(town: Town) -> None:
    for _ in range(2):
        town.write(2)
        town.integrate(signed=True)
    second = next(o for _, o, _ in entries.walk(entries.log_path(town.ledger)) if o > 16)
    with entries.log_path(town.ledger).open("r+b") as f:
        f.truncate(second)
    with pytest.raises(LedgerDamaged):
        Sequencer(town.data)


def test_a_rewritten_entry_does_not_open(town: Town) -> None:
    town.write(2)
    town.integrate(signed=True)
    log = entries.log_path(town.ledger)
    [(entry, _, _)] = entries.walk(log)
    log.write_bytes(entries.FILE_MAGIC + entries.encode_frame(0, entry.replace(b'"count":2', b'"count":1')))
    (town.ledger / "tree/0.bin").unlink()
    with pytest.raises(LedgerRolledBack):
        Sequencer(town.data)


@pytest.mark.parametrize("at", [0, 30, 35, 60, 100, 110, 150])
def test_a_note_with_a_changed_byte_is_not_signed(town: Town, at: int) -> None:
    town.write(2)
    town.integrate(signed=True)
    latest = checkpoints.latest(town.ledger)
    assert latest is not None
    changed = latest.note[:at] + ("a" if latest.note[at] != "a" else "b") + latest.note[at + 1 :]
    assert not notes.is_signed(changed, town.public)
    assert not notes.is_signed(latest.note, bytes(32))


def test_the_key_is_for_its_owner_only_and_is_made_once(tmp_path: Path) -> None:
    public = keys.create(tmp_path / "keys")
    assert keys.create(tmp_path / "keys") == public == keys.public(tmp_path / "keys")
    assert (tmp_path / "keys/ledger.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "keys/ledger.pub").write_text("nonsense")
    with pytest.raises(KeyMissing):
        keys.public(tmp_path / "keys")
