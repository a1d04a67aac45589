"""The index of unsealed records finds what is kept, and no more than that."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from civicmail.core.disk import frames, journal
from civicmail.core.disk.errors import DamagedFile
from civicmail.mail.archive import tail_index
from civicmail.mail.archive.places import InJournal
from civicmail.mail.archive.tail_index import TailIndex
from mail.archive.making import NOW, capture, delivered, entry, fill, writer


def index(data: Path) -> TailIndex:
    made = TailIndex(data)
    made.refresh()
    return made


def ids(tail: TailIndex) -> set[bytes]:
    return {place.id for place in tail.captures()}


def test_lookups_by_id_hash_and_prefix(tmp_path: Path) -> None:
    made = fill(tmp_path, [b"message %d" % n for n in range(20)], file_size=4096)
    tail = index(tmp_path)
    for c in made:
        place = tail.place(c.id)
        assert place is not None
        assert place.sha256 == c.sha256
        assert tail.by_sha256(c.sha256) == [place]
        assert tail.by_prefix(c.id.hex()[:14]) == [place]
        assert tail.by_prefix(c.sha256.hex()[:12]) == [place]
        assert isinstance(place.where, InJournal)
        assert b'"type":"receipt"' in tail_index.read_head(place.where)
        [event] = tail.events(c.id)
        assert b'"type":"delivered"' in tail_index.read_head(event)
    assert tail.place(bytes(16)) is None
    assert tail.by_sha256(bytes(32)) == []
    assert tail.by_prefix("f" * 12) == []
    assert ids(tail) == {c.id for c in made}
    assert tail.count() == len(made)


def test_equal_bytes_are_several_captures(tmp_path: Path) -> None:
    fill(tmp_path, [b"same", b"same", b"other"])
    tail = index(tmp_path)
    assert len({p.id for p in tail.by_sha256(capture(b"same").sha256)}) == 2


def test_refresh_reads_only_what_is_new_and_forgets_what_is_gone(tmp_path: Path) -> None:
    w = writer(tmp_path)
    first = capture(b"first")
    w.receipt(first, b"first")
    w.flush()
    tail = index(tmp_path)
    second = capture(b"second")
    w.receipt(second, b"second")
    assert tail.place(second.id) is None
    w.flush()
    tail.refresh()
    assert tail.place(second.id) is not None
    [(_, path)] = journal.log_files(w.journal.place)
    w.close()
    tail.refresh(skip={path})
    assert ids(tail) == set()
    tail.refresh()
    assert ids(tail) == {first.id, second.id}
    journal.retire(w.journal.place, [path], 2)
    tail.refresh()
    assert ids(tail) == set()


def test_what_a_living_owner_has_not_synced_does_not_count(tmp_path: Path) -> None:
    w = writer(tmp_path)
    c = capture(b"x")
    w.receipt(c, b"x")
    w.flush()
    (w.journal.place / "durable").write_bytes(bytes(8))
    assert ids(index(tmp_path)) == set()
    w.close()
    assert ids(index(tmp_path)) == {c.id}, "nobody holds it: the next owner will keep it"


def test_a_damaged_record_hides_no_other(tmp_path: Path) -> None:
    made = fill(tmp_path, [b"message %d" % n for n in range(3)], events=False)
    place = index(tmp_path).place(made[1].id)
    assert place is not None and isinstance(place.where, InJournal)
    content = bytearray(place.where.path.read_bytes())
    content[place.where.offset + 8] ^= 0x40  # the length of its head: the walk cannot go on by it
    place.where.path.write_bytes(content)
    assert ids(index(tmp_path)) == {c.id for c in made}
    with pytest.raises(DamagedFile, match="damaged"):
        tail_index.read_head(place.where)
    content[place.where.offset + 8] ^= 0x40
    content[place.where.offset + frames.FIXED.size] ^= 1
    place.where.path.write_bytes(content)
    assert ids(index(tmp_path)) == {c.id for c in made}, "its fixed part is whole: it is found, and reading says what is wrong"
    with pytest.raises(DamagedFile, match="damaged"):
        tail_index.read_body(place.where)
    content[place.where.offset] ^= 1
    place.where.path.write_bytes(content)
    assert ids(index(tmp_path)) == {made[0].id, made[2].id}


def test_entries_are_listed_with_the_events(tmp_path: Path) -> None:
    w = writer(tmp_path)
    c = capture(b"x")
    for event in (entry(), delivered(c), entry()):
        w.event(event)
    w.flush()
    w.close()
    assert sorted(id_ for id_, _ in index(tmp_path).records()) == sorted([bytes(16), bytes(16), c.id])


def test_thirty_thousand_records_are_walked_fast_enough_for_a_command(tmp_path: Path) -> None:
    w = writer(tmp_path, 64 << 20)
    c = capture(b"x" * 500)
    for _ in range(30_000):
        w.journal.append(1, c.id, lambda name, number: b"h" * 700, b"x" * 500, sha256=c.sha256)
    w.flush()
    w.close()
    took = []
    for _ in range(5):
        start = time.process_time()
        index(tmp_path)
        took.append(time.process_time() - start)
    assert min(took) < 0.060 * 20, "60 ms are meant; far more for a busy machine"


@pytest.mark.rule("P-01", "A journal file that was read to its end is not opened again for finding what is in it.")
def test_a_file_that_was_read_to_its_end_is_not_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lets messages go one by one leaves hundreds of files of one record until they are sealed."""
    opened, mapped = list[str](), tail_index.mapped

    @contextmanager
    def counted(path: Path) -> Iterator[Any]:
        opened.append(path.name)
        with mapped(path) as m:
            yield m

    monkeypatch.setattr(tail_index, "mapped", counted)
    tail, kept = TailIndex(tmp_path), set[bytes]()
    for n in range(5):
        one = capture(b"%d" % n, received=NOW + n)
        w = writer(tmp_path)
        w.receipt(one, b"%d" % n)
        w.flush()
        w.close()
        kept.add(one.id)
        opened.clear()
        tail.refresh()
        assert ids(tail) == kept
        assert len(set(opened)) <= 2, "the new file, and the one that was the last before"
