"""Segments: any heads and bodies come back, and no byte of the file can be changed, moved or left out unnoticed (promise 2)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES
from civicmail.mail.archive import segments, warc
from civicmail.mail.archive.keyring import new_key
from civicmail.mail.archive.records import Type
from civicmail.mail.archive.segments import Row, Segment, SegmentWriter

NAME = "0123456789abcdef" * 2
KEY = bytes(range(32))
Content = list[tuple[bytes, bytes, bytes]]  # id, head, body


def write(path: Path, captures: Content, events: int = 0, *, name: str = NAME, key: bytes = KEY) -> SegmentWriter:
    writer = SegmentWriter(OS_FILES, path, name, key, class_="mail", month="2026-03", created=5, checkpoint="")
    for number, (id_, head, body) in enumerate(captures, 1):
        writer.receipt(Row(Type.RECEIPT, "0001", number, id_, hashlib.sha256(body).digest(), 0, 0), 5, head, body)
        for n in range(events):
            writer.event(Row(Type.DELIVERED, "0002", number * 100 + n, id_, bytes(32), 0, 0), 6, b"event %d" % n)
    writer.finish()
    writer.file.close()
    return writer


def read(segment: Segment) -> list[tuple[bytes, bytes]]:
    """(head, body) of every capture, by walking the frames; revisits are followed."""
    found: list[tuple[bytes, bytes]] = []
    head = b""
    for number in range(segment.frames):
        frame = segment.frame(number)
        offset = 0
        while offset < len(frame):
            record = warc.parse(frame, offset)
            assert record is not None
            block = frame[record.start : record.stop]
            if record.type == b"metadata" and not block.startswith(b"event"):
                head = block
            elif record.type == b"resource":
                found.append((head, block))
            elif record.type == b"revisit":
                first, at = map(int, record.fields[b"civicmail-refers-to-place"].split())
                original = segment.frame(first)
                there = warc.parse(original, at)
                assert there is not None and there.type == b"resource"
                found.append((head, original[there.start : there.stop]))
            offset = record.end
    return found


bodies = st.one_of(st.binary(max_size=300), st.sampled_from([b"same body", b"", b"x" * 5000]))


@given(
    st.lists(st.tuples(st.binary(min_size=16, max_size=16).filter(any), st.binary(max_size=60), bodies), max_size=12),
    st.integers(0, 2),
)
def test_any_heads_and_bodies_come_back_exactly(tmp_path_factory: pytest.TempPathFactory, captures: Content, events: int) -> None:
    path = tmp_path_factory.mktemp("segment") / "s.seg"
    writer = write(path, [(i, b"head" + h, b) for i, h, b in captures], events)
    segment = Segment(path, NAME, KEY)
    assert read(segment) == [(b"head" + h, b) for _, h, b in captures]
    rows = list(segment.rows())
    assert rows == writer.rows
    assert [(r.journal, r.number, r.id) for r in rows if r.type == Type.RECEIPT] == [
        ("0001", n, i) for n, (i, _, _) in enumerate(captures, 1)
    ]
    segment.close()


def test_frames_are_about_one_mebibyte_and_hold_whole_records(tmp_path: Path) -> None:
    captures = [(bytes([n]) * 16, b"head%d" % n, bytes([n]) * 300_000) for n in range(1, 12)]
    write(tmp_path / "s.seg", captures)
    segment = Segment(tmp_path / "s.seg", NAME, KEY)
    sizes = [len(segment.frame(n)) for n in range(segment.frames)]
    assert len(sizes) == 4
    assert max(sizes) <= segments.FRAME_SIZE + 10_000
    assert read(segment) == [(h, b) for _, h, b in captures]
    segment.close()


def test_a_large_body_is_a_frame_of_its_own_so_that_its_head_is_cheap(tmp_path: Path) -> None:
    body = bytes(range(256)) * 20_000
    captures = [
        (b"1" * 16, b"head1", b"small"),
        (b"2" * 16, b"head2", body),
        (b"3" * 16, b"head3", b"small too"),
        (b"4" * 16, b"head4", body),
    ]
    writer = write(tmp_path / "s.seg", captures, events=1)
    segment = Segment(tmp_path / "s.seg", NAME, KEY)
    assert read(segment) == [(h, b) for _, h, b in captures]
    assert len(segment.frame(writer.rows[2].frame)) < 10_000
    assert len(segment.frame(writer.rows[2].frame + 1)) > len(body)
    segment.close()


def test_equal_bodies_are_kept_once(tmp_path: Path) -> None:
    import os

    body = os.urandom(100_000)
    write(tmp_path / "s.seg", [(bytes([n]) * 16, b"head", body) for n in range(1, 50)])
    assert (tmp_path / "s.seg").stat().st_size < 150_000
    segment = Segment(tmp_path / "s.seg", NAME, KEY)
    assert read(segment) == [(b"head", body)] * 49
    segment.close()


def everything(path: Path) -> object:
    segment = Segment(path, NAME, KEY)
    try:
        return segment.created, list(segment.rows()), [segment.frame(n) for n in range(segment.frames)]
    finally:
        segment.close()


SMALL: Content = [(b"1" * 16, b"head1", b"body one"), (b"2" * 16, b"head2", b"body two"), (b"3" * 16, b"head3", b"body one")]


@given(st.data())
def test_one_changed_bit_anywhere_is_noticed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("flipped") / "s.seg"
    write(path, SMALL, 1)
    content = bytearray(path.read_bytes())
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=r"Segment .* is damaged"):
        everything(path)


@given(st.data())
def test_a_file_cut_anywhere_is_noticed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("cut") / "s.seg"
    write(path, SMALL)
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(DamagedFile):
        everything(path)


def test_a_frame_cannot_stand_in_another_ones_place_or_segment(tmp_path: Path) -> None:
    """Nonce and additional data bind a frame to its number and segment, even under the same key."""
    big = [(bytes([n]) * 16, b"head", bytes([n]) * 700_000) for n in range(1, 4)]
    write(tmp_path / "a.seg", big)
    other = "f" * 32
    write(tmp_path / "b.seg", big, name=other)
    mine, theirs = Segment(tmp_path / "a.seg", NAME, KEY), Segment(tmp_path / "b.seg", other, KEY)
    (offset, stored, _), (next_offset, next_stored, _) = mine._places[1:3]
    content = bytearray((tmp_path / "a.seg").read_bytes())
    foreign = (tmp_path / "b.seg").read_bytes()
    swapped = content.copy()
    there, same, _ = theirs._places[1]
    assert same == stored
    swapped[offset + 16 : offset + 16 + stored] = foreign[there + 16 : there + 16 + stored]
    (tmp_path / "c.seg").write_bytes(swapped)
    moved = content.copy()
    moved[offset + 16 : offset + 16 + min(stored, next_stored)] = content[
        next_offset + 16 : next_offset + 16 + min(stored, next_stored)
    ]
    (tmp_path / "d.seg").write_bytes(moved)
    mine.close()
    theirs.close()
    for name in ("c.seg", "d.seg"):
        segment = Segment(tmp_path / name, NAME, KEY)
        segment.frame(0)
        with pytest.raises(DamagedFile, match="frame 1 "):
            segment.frame(1)
        with pytest.raises(DamagedFile, match="no frame 99"):
            segment.frame(99)
        segment.close()


def test_another_key_opens_nothing_and_the_content_is_not_in_the_clear(tmp_path: Path) -> None:
    write(tmp_path / "s.seg", [(b"1" * 16, b"a secret head", b"a secret body")])
    assert b"secret" not in (tmp_path / "s.seg").read_bytes()
    with pytest.raises(DamagedFile):
        Segment(tmp_path / "s.seg", NAME, new_key())


def test_segments_are_listed_in_order_and_temporary_files_are_not(tmp_path: Path) -> None:
    for class_, month, name in (("mail", "2026-03", "b"), ("mail", "2026-02", "c"), ("ledger", "2026-03", "a")):
        path = segments.path_of(tmp_path, class_, month, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        path.with_name(f".{name}").write_bytes(b"")
    assert list(segments.listed(tmp_path)) == [("ledger", "2026-03", "a"), ("mail", "2026-02", "c"), ("mail", "2026-03", "b")]
