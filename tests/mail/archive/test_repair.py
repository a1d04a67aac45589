"""A damaged journal is made whole again, and nothing is lost but what is damaged (promise 1, P-15)."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.disk import frames, journal, lost_records
from civicmail.core.disk.errors import DamagedFile, LeaseHeld
from civicmail.core.disk.files import Files
from civicmail.core.disk.journal import Journal
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.core.ledger.verify import verify
from civicmail.mail.archive import gather, keyring, outstanding_file
from civicmail.mail.archive.losses import Losses
from civicmail.mail.archive.repair import Repaired, repair
from civicmail.mail.archive.store import Store
from civicmail.mail.archive.verify import Check
from mail.archive.crashing import Crash, CrashingFiles
from mail.archive.making import NOW, UNSYNCED, capture, contents, delivered, entry, seal, spooled, writer

BODIES = [b"body %d " % n * (1 + n * 7) for n in range(8)]
BIG = b"large " * 2000  # a spool file for the asking


def fixed(data: Path, files: Files = UNSYNCED) -> list[Repaired]:
    return repair(data, person="p", reason="the disk broke", now=NOW + 9, files=files)


def mixed(data: Path, file_size: int) -> None:
    """Receipts, events, an entry and a spooled body in one journal."""
    w = writer(data, file_size)
    for n, body in enumerate(BODIES):
        c = capture(body, received=NOW + n)
        w.receipt(c, body)
        if n % 2:
            w.event(delivered(c))
        if n % 3 == 0:
            w.flush()
    spooled(w, capture(BIG, received=NOW + 50), BIG)
    w.event(entry())
    w.flush()
    w.close()


@pytest.fixture(scope="module", params=[2048, 1 << 20], ids=["many files", "one file"])
def sound(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("sound")
    keyring.create(data, files=UNSYNCED)
    mixed(data, request.param)
    return data


def log(data: Path, at: int = 0) -> Path:
    return journal.log_files(data / "journal" / "0001")[at][1]


def flip(path: Path, byte: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[byte] ^= 1 << bit
    path.write_bytes(content)


def damage_record(data: Path, number: int) -> None:
    """Flip a bit in the head of a record."""
    for _, path in journal.log_files(data / "journal" / "0001"):
        for frame in frames.walk(path.read_bytes(), check=False):
            if frame.number == number:
                flip(path, frame.offset + frames.FIXED.size + 5)
                return
    raise AssertionError(number)


def number_of(data: Path, id_: str) -> int:
    store = Store(data)
    place = store.place(uuid.UUID(id_).bytes)
    assert place is not None
    return int(orjson.loads(store.head(place))["number"])


def taken_again(data: Path) -> None:
    j = Journal.take_named(data, "0001", files=UNSYNCED)
    assert j.number >= journal.read_durable(j.place)
    j.close()


@settings(max_examples=60)
@given(st.data())
def test_a_bit_flipped_anywhere_costs_one_record_at_most(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject
) -> None:
    data = tmp_path_factory.mktemp("flipped") / "data"
    shutil.copytree(sound, data)
    before = contents(data)
    waiting = {e.uuid for e in outstanding_file.current(data).waiting()}
    files = [p for _, p in journal.log_files(data / "journal" / "0001")] + sorted((data / "journal" / "0001" / "spool").iterdir())
    path = draw.draw(st.sampled_from(files))
    size = path.stat().st_size
    flip(path, draw.draw(st.one_of(st.integers(0, size - 1), st.integers(0, min(size, 200) - 1))), draw.draw(st.integers(0, 7)))

    done = fixed(data)
    gone = [n for one in done for first, last in one.lost for n in range(first, last + 1)]
    assert len(gone) <= 1
    numbers = {id_: orjson.loads(head)["number"] for id_, (head, _, _) in before.items()}
    taken_again(data)
    outstanding_file.advance(data, NOW + 99, UNSYNCED)
    still = {e.uuid for e in outstanding_file.current(data).waiting()}
    seal(data)
    assert [p for name in journal.names(data) for p in journal.log_files(data / "journal" / name)] == []
    after = contents(data)
    for id_, (head, body, events) in before.items():
        if numbers[id_] in gone:
            assert id_ not in after
            continue
        assert after[id_][:2] == (head, body)
        assert set(after[id_][2]) <= set(events)
        assert id_ in still or id_ not in waiting, "it would not be delivered"
    assert fixed(data) == [], "nothing is left to repair"
    found = {where.split(":")[1] for where in (p.where for p in Check(data, deep=True).problems)}
    assert found == set()


def test_what_is_damaged_is_moved_byte_for_byte_and_an_entry_accounts_for_it(sound: Path, tmp_path: Path) -> None:
    shutil.copytree(sound, tmp_path / "d")
    data = tmp_path / "d"
    with pytest.raises(AssertionError):
        damage_record(data, 99)
    damage_record(data, 4)
    bad = {p: p.read_bytes() for _, p in journal.log_files(data / "journal" / "0001")}
    [one] = fixed(data)
    assert (one.journal, one.lost) == ("0001", [(4, 4)])
    [moved] = one.moved
    piece = (data / "damaged" / "0001" / moved.name).read_bytes()
    file, _, offset = moved.name.rpartition(".")
    assert bad[data / "journal" / "0001" / file][int(offset) : int(offset) + moved.size] == piece
    assert hashlib.sha256(piece).hexdigest() == moved.sha256
    name, number = one.entry.split(":")
    assert name == "0002", "an entry in the journal that is damaged would not be safe"
    [record] = [f for f in frames.walk(journal.log_files(data / "journal" / name)[0][1].read_bytes()) if f.number == int(number)]
    facts = orjson.loads(bytes(record.head))["facts"]
    assert facts == {
        "act": "repair journal", "person": "p", "duty": "operator", "reason": "the disk broke",
        "journal": "0001", "lost": [[4, 4]], "moved": [moved.plain],
    }  # fmt: skip


def test_a_seed_that_was_damaged_is_found_again(sound: Path, tmp_path: Path) -> None:
    """Without the seed no record passes its check; the records themselves give it away."""
    for byte in range(40, 44):
        data = tmp_path / str(byte)
        shutil.copytree(sound, data)
        for at in range(len(journal.log_files(data / "journal" / "0001"))):
            flip(log(data, at), byte, 3)
        [one] = fixed(data)
        assert one.lost == []
        assert contents(data) == contents(sound)


def _forged(number: int) -> bytes:
    """A record as somebody may write it into a message: whole under a seed of their own."""
    return b"".join(frames.encode(1, 0, number, number, id_=os.urandom(16), sha256=frames.NO_SHA, head=b"{}", body=b"x", seed=77))


def test_forged_frames_in_a_message_do_not_speak_for_the_seed(tmp_path: Path) -> None:
    keyring.create(tmp_path, files=UNSYNCED)
    forged = b"".join(map(_forged, range(2, 9)))
    w = writer(tmp_path)
    for n in range(2):
        body = forged + b"%d" % n
        w.receipt(capture(body, received=NOW + n), body)
    w.flush()
    w.close()
    before = contents(tmp_path)
    flip(log(tmp_path), 41)
    flip(log(tmp_path), 10)
    assert [one.lost for one in fixed(tmp_path)] == [[]]
    assert contents(tmp_path) == before


def test_numbers_at_the_end_that_are_lost_are_never_given_again(sound: Path, tmp_path: Path) -> None:
    data = tmp_path / "d"
    shutil.copytree(sound, data)
    last = journal.read_durable(data / "journal" / "0001")
    damage_record(data, last)
    with pytest.raises(DamagedFile):
        Journal.take_named(data, "0001", files=UNSYNCED)
    [one] = fixed(data)
    assert one.lost == [(last, last)]
    taken_again(data)
    taken_again(data)
    w = writer(data)
    assert w.journal.name == "0001"
    c = capture(b"after", received=NOW + 99)
    w.receipt(c, b"after")
    w.flush()
    assert w.journal.number == last + 1
    w.close()
    seal(data)
    assert c.uuid in contents(data)
    assert lost_records.read(data / "journal" / "0001") == [(last, last)]


def test_the_spool_file_of_a_record_that_is_lost_is_moved_too(sound: Path, tmp_path: Path) -> None:
    data = tmp_path / "d"
    shutil.copytree(sound, data)
    [spool] = (data / "journal" / "0001" / "spool").iterdir()
    damage_record(data, number_of(data, str(uuid.UUID(spool.name))))
    [one] = fixed(data)
    assert spool.name in {m.name for m in one.moved}
    assert (data / "damaged" / "0001" / spool.name).read_bytes() == BIG
    taken_again(data)
    assert not spool.exists()


def test_a_file_that_is_gone_is_accounted_for(tmp_path: Path) -> None:
    keyring.create(tmp_path, files=UNSYNCED)
    mixed(tmp_path, 2048)
    known = journal.log_files(tmp_path / "journal" / "0001")
    known[1][1].unlink()
    [one] = fixed(tmp_path)
    assert one.lost == [(known[1][0], known[2][0] - 1)]
    seal(tmp_path)
    assert list(gather.closed(tmp_path, {"0001": 1 << 60})) == []


def test_a_repair_that_is_cut_short_anywhere_is_done_again(sound: Path, tmp_path: Path) -> None:
    for at in range(200):
        data = tmp_path / str(at)
        shutil.copytree(sound, data)
        for number in (3, 7, 11):
            damage_record(data, number)
        try:
            fixed(data, CrashingFiles(at))
        except Crash:
            fixed(data)
        else:
            break
        assert lost_records.read(data / "journal" / "0001") == [(3, 3), (7, 7), (11, 11)]
        taken_again(data)
        seal(data)
        assert len(Check(data, deep=True).problems) == 0
        kept = {orjson.loads(head)["number"] for head, _, _ in contents(sound).values()} - {3, 7, 11}
        assert {orjson.loads(head)["number"] for head, _, _ in contents(data).values()} == kept
        shutil.rmtree(data)
    assert at > 10


def test_nothing_is_repaired_while_something_runs(sound: Path, tmp_path: Path) -> None:
    data = tmp_path / "d"
    shutil.copytree(sound, data)
    damage_record(data, 4)
    for job in ("seal", "courier", "index", "ledger"):
        with Lease.take(lease_path(data, job)), pytest.raises(LeaseHeld, match=job):
            fixed(data)
    with Lease.take(data / "journal" / "0001" / "lock"):
        if len(journal.log_files(data / "journal" / "0001")) > 1:
            with pytest.raises(LeaseHeld, match="damaged and in use"):
                fixed(data)
    assert len(fixed(data)) == 1


def test_what_is_sound_is_left_alone(sound: Path, tmp_path: Path) -> None:
    data = tmp_path / "d"
    shutil.copytree(sound, data)
    live = writer(data)
    live.receipt(capture(b"live"), b"live")
    live.flush()
    torn = log(data, -1)
    torn.write_bytes(torn.read_bytes() + b"CVR1 torn")
    before = {p: p.read_bytes() for p in data.rglob("*") if p.is_file() and "leases" not in p.parts}
    assert fixed(data) == []
    assert {p: p.read_bytes() for p in data.rglob("*") if p.is_file() and "leases" not in p.parts} == before
    live.close()


@pytest.mark.parametrize("is_sealed", [False, True])
@pytest.mark.parametrize("is_integrated", [False, True])
def test_verify_names_the_loss_once_and_its_entry(sound: Path, tmp_path: Path, is_sealed: bool, is_integrated: bool) -> None:
    data = tmp_path / "d"
    shutil.copytree(sound, data)
    if is_integrated:
        with Sequencer(data) as ledger:
            ledger.integrate(NOW)
    damage_record(data, 4)
    damage_record(data, journal.read_durable(data / "journal" / "0001"))
    [one] = fixed(data)
    with Sequencer(data) as ledger:
        ledger.integrate(NOW + 10)
    if is_sealed:
        seal(data)
    check, losses = Check(data, deep=True), Losses()
    verdict = verify(data, check.heads(), on_record=losses.add)
    problems = [p.plain for p in verdict.problems] + [
        {"code": p.code, "text": p.sentence, "where": p.where} for p in check.problems
    ]
    assert problems
    explained = losses.explain([*problems, {"code": "altered", "text": "another"}])
    assert [p["code"] for p in explained] == ["altered", "lost", "lost"]
    assert explained[1]["entry"] == one.entry
    assert "entry 0002:1 says why: the disk broke" in explained[1]["text"]
