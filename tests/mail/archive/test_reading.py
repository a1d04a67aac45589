"""The guarded door: no permit, no bytes (promise 4); what is read is what was kept, and damage is told (promise 2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.permits import Permit
from civicmail.core.disk import journal
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.tail import Tail
from civicmail.mail.archive import segments
from civicmail.mail.archive.errors import InvalidId, KeyMissing, NotInArchive
from civicmail.mail.archive.identity import capture_id, occurrence_bits, once_bits
from civicmail.mail.archive.machine import Machine, Stored, body_of
from civicmail.mail.archive.places import InJournal, InSegment, Place, digits_of
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Capture, Occurrence, Type
from mail.archive.making import NOW, capture, delivered, fill, permit, seal, spooled, writer

BODIES = [b"first", b"second", b"second", b"third\r\n" * 1000]


@pytest.fixture(params=["in journals", "sealed", "both"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[Capture]]:
    """Four captures, two of them of the same bytes."""
    if request.param == "both":
        made = fill(tmp_path, BODIES[:2])
        seal(tmp_path)
        w = writer(tmp_path)
        for body in BODIES[2:]:
            c = capture(body, received=NOW + len(made))
            w.receipt(c, body)
            w.event(delivered(c))
            made.append(c)
        w.event(delivered(made[0], NOW + 99))
        w.flush()
        w.close()
        return tmp_path, made
    made = fill(tmp_path, BODIES)
    if request.param == "sealed":
        seal(tmp_path)
    return tmp_path, made


def test_a_capture_is_found_by_everything_that_names_it(archive: tuple[Path, list[Capture]]) -> None:
    data, made = archive
    reading = Archive(data)
    assert reading.count() == 4
    for c in made:
        same = sorted(o.id for o in made if o.sha256 == c.sha256)
        for text in (c.uuid, c.uuid.upper(), c.id.hex(), f" {c.uuid}\n", c.id.hex()[:16], c.uuid[:23]):
            assert [p.id for p in reading.find(text)] == [c.id]
        for text in (c.sha256.hex(), c.sha256.hex().upper(), c.sha256.hex()[:12], c.sha256.hex()[:33]):
            found = reading.find(text)
            assert [p.id for p in found] == same
            assert {p.sha256 for p in found} == {c.sha256}
        assert reading.place(c.id) is not None
    assert reading.find("0" * 12) == reading.find("0" * 32) == reading.find("0" * 64) == reading.find("ab" * 20) == []
    assert reading.place(bytes(16)) is None


def test_what_is_read_is_what_was_kept(archive: tuple[Path, list[Capture]]) -> None:
    data, made = archive
    reading, allowed = Archive(data), permit(data)
    for c, body in zip(made, BODIES, strict=True):
        [place] = [p for p in reading.find(c.uuid) if p.id == c.id]
        assert reading.body(allowed, place) == body
        read = reading.capture(allowed, place)
        assert (read.id, read.sha256, read.envelope, read.dispositions) == (c.id, c.sha256, c.envelope, c.dispositions)
        assert reading.head(allowed, place) == read.head(read.journal, read.number)
        events = reading.events(allowed, c.id)
        assert {e.type for e in events} == {Type.DELIVERED}
        assert [e.at for e in events] == sorted(e.at for e in events)
    assert len(reading.events(allowed, made[0].id)) in {1, 2}


def test_captures_come_in_order_of_receipt_both_ways(archive: tuple[Path, list[Capture]]) -> None:
    data, made = archive
    reading = Archive(data)
    oldest = [p.id for p in reading.captures()]
    assert oldest == sorted(c.id for c in made)
    assert [p.id for p in reading.captures(newest_first=True)] == oldest[::-1]


@pytest.mark.rule("P-03, promise 4", "Without a permit there are no bytes.")
@pytest.mark.parametrize("forged", [None, "permit", object(), Permit])
def test_no_permit_no_bytes(tmp_path: Path, forged: object) -> None:
    """P-16, promise 4."""
    [c] = fill(tmp_path, [b"secret"])
    reading = Archive(tmp_path)
    [place] = reading.find(c.uuid)
    for door in (reading.body, reading.head, reading.capture):
        with pytest.raises(NotPermitted):
            door(cast(Any, forged), place)
    with pytest.raises(NotPermitted):
        reading.events(cast(Any, forged), c.id)
    assert reading.body(permit(tmp_path), place) == b"secret"


def test_a_permit_is_made_by_the_guard_alone() -> None:
    with pytest.raises(TypeError, match="guard"):
        Permit("p", "owner", "r", 1, "0001:1")


@pytest.mark.parametrize("text", ["", "abc", "g" * 12, "0123456789a", "a" * 65, "12345678-", "--" * 10, "01 23456789ab"])
def test_words_that_can_name_no_capture_are_told_as_such(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidId) as told:
        Archive(tmp_path).find(text)
    assert told.value.exit_code == 2


@given(st.text(max_size=80))
def test_any_words_are_digits_or_no_id(text: str) -> None:
    try:
        digits = digits_of(text)
    except InvalidId:
        return
    assert 12 <= len(digits) <= 64
    assert set(digits) <= set("0123456789abcdef")


def test_an_empty_folder_is_an_empty_archive(tmp_path: Path) -> None:
    reading = Archive(tmp_path)
    assert reading.count() == 0
    assert list(reading.captures()) == []
    assert reading.find("0" * 12) == []


@pytest.mark.parametrize("sealed", [False, True])
def test_known_means_the_same_occurrence_whatever_its_time(tmp_path: Path, sealed: bool) -> None:
    body = b"imported"
    where = Occurrence("owner", "Inbox", 0)
    bits = occurrence_bits(where, capture(body).sha256)
    own = once_bits("dsn:1:2")
    w = writer(tmp_path)
    w.receipt(capture(body, id_=capture_id(NOW - 10**10, bits)), body)
    w.receipt(capture(b"own", id_=capture_id(NOW, own)), b"own")
    w.flush()
    w.close()
    if sealed:
        seal(tmp_path)
    for reading in (Archive(tmp_path), Machine(tmp_path)):
        assert reading.known(bits, capture(body).sha256)
        assert reading.known(own, capture(b"own").sha256)
        assert not reading.known(own, capture(body).sha256)
        other = occurrence_bits(Occurrence("owner", "Inbox", 1), capture(body).sha256)
        assert not reading.known(other, capture(body).sha256)


@pytest.mark.parametrize("sealed", [False, True])
def test_a_large_message_comes_back_from_spool_and_segment(tmp_path: Path, sealed: bool) -> None:
    body = bytes(range(256)) * 9000
    c = capture(body)
    w = writer(tmp_path)
    spooled(w, c, body)
    w.event(delivered(c))
    w.flush()
    [record, _] = Tail(tmp_path).poll()
    assert body_of(record) == body
    w.close()
    if sealed:
        seal(tmp_path)
        assert body_of(record) == body, "the spool file is gone, the segment has it"
    reading, allowed = Archive(tmp_path), permit(tmp_path)
    [place] = reading.find(c.uuid)
    assert isinstance(place.where, InSegment if sealed else InJournal)
    assert reading.body(allowed, place) == body
    assert len(reading.events(allowed, c.id)) == 1
    reading.refresh()
    assert Machine(tmp_path).body(c.id) == body


@pytest.mark.rule("P-15, promise 2", "Bytes are handed out only when they have the SHA-256 of their receipt.")
@pytest.mark.parametrize("spool", [False, True])
def test_changed_bytes_are_never_handed_out(tmp_path: Path, spool: bool) -> None:
    """Promise 2: DamagedFile names the message, and nobody gets wrong bytes."""
    body = b"the exact bytes"
    c = capture(body)
    w = writer(tmp_path)
    if spool:
        spooled(w, c, body)
    else:
        w.receipt(c, b"other bytes that have a checksum of their own")
    w.flush()
    w.close()
    if spool:
        (w.journal.place / "spool" / c.id.hex()).write_bytes(b"other bytes")
    reading = Archive(tmp_path)
    [place] = reading.find(c.uuid)
    with pytest.raises(DamagedFile, match=c.sha256.hex()):
        reading.body(permit(tmp_path), place)
    [record] = Tail(tmp_path).poll()
    with pytest.raises(DamagedFile):
        body_of(record)


def test_a_missing_spool_file_is_damage(tmp_path: Path) -> None:
    c = capture(b"x")
    w = writer(tmp_path)
    spooled(w, c, b"x")
    w.flush()
    w.close()
    (w.journal.place / "spool" / c.id.hex()).unlink()
    reading = Archive(tmp_path)
    with pytest.raises(DamagedFile, match="spool file"):
        reading.body(permit(tmp_path), reading.find(c.uuid)[0])


def test_what_is_gone_is_told_as_gone(tmp_path: Path) -> None:
    [c] = fill(tmp_path, [b"x"])
    reading = Archive(tmp_path)
    [place] = reading.find(c.uuid)
    place_of_journal = tmp_path / "journal" / "0001"
    journal.retire(place_of_journal, [p for _, p in journal.log_files(place_of_journal)], 2)
    with pytest.raises(NotInArchive) as told:
        reading.body(permit(tmp_path), place)
    assert told.value.exit_code == 1
    with pytest.raises(NotInArchive):
        Machine(tmp_path).capture(c.id)


def test_without_its_key_a_segment_is_shredded(tmp_path: Path) -> None:
    [c] = fill(tmp_path, [b"x"])
    seal(tmp_path)
    for path in (tmp_path / "keys" / "segments").iterdir():
        path.unlink()
    reading = Archive(tmp_path)
    place = reading.place(c.id)
    assert place is not None
    with pytest.raises(KeyMissing):
        reading.body(permit(tmp_path), place)


def test_a_catalogue_that_points_to_another_capture_shows_nothing_of_it(tmp_path: Path) -> None:
    made = fill(tmp_path, [b"mine", b"yours"], events=False)
    seal(tmp_path)
    reading, allowed = Archive(tmp_path), permit(tmp_path)
    mine, yours = (reading.place(c.id) for c in made)
    assert mine is not None and yours is not None
    for door in (reading.head, reading.body):
        with pytest.raises(DamagedFile, match=r"no record about|no record at"):
            door(allowed, Place(mine.id, b"", yours.where))


def test_a_place_that_moved_while_somebody_had_it_is_found_again(tmp_path: Path) -> None:
    made = fill(tmp_path, [b"one", b"two"])
    reading, allowed = Archive(tmp_path), permit(tmp_path)
    places = [reading.find(c.uuid)[0] for c in made]
    seal(tmp_path)
    assert [reading.body(allowed, p) for p in places] == [b"one", b"two"]


def test_the_machine_reads_everything_once_and_says_what_it_cannot(tmp_path: Path) -> None:
    fill(tmp_path, [b"%d" % n for n in range(6)])
    seal(tmp_path)
    more = fill(tmp_path, [b"6", b"7"])
    machine = Machine(tmp_path)
    damaged: list[DamagedFile] = []
    stored = list(machine.all_captures(damaged.append))
    assert sorted(s.body for s in stored) == [b"%d" % n for n in range(8)]
    assert all(isinstance(s, Stored) and Capture.from_head(s.head).id == s.id for s in stored)
    assert damaged == []
    assert machine.count() == 8
    assert machine.capture(more[0].id).sha256 == more[0].sha256
    assert [e.type for e in machine.events(more[0].id)] == [Type.DELIVERED]
    path = segments.path_of(tmp_path, *next(segments.listed(tmp_path)))
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)
    machine = Machine(tmp_path)
    left = list(machine.all_captures(damaged.append))
    assert len(left) == 6
    assert len(damaged) == 2


def test_the_machine_looks_again_for_what_came_after_it_was_made(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    [c] = fill(tmp_path, [b"later"])
    assert machine.body(c.id) == b"later"


def test_a_place_knows_its_uuid() -> None:
    assert Place(bytes(range(16)), b"", InJournal(Path("x"), 1)).uuid == "00010203-0405-0607-0809-0a0b0c0d0e0f"
