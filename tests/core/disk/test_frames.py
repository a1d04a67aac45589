"""Frames: what comes back, what a changed bit does, and what a sender cannot do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.disk import frames

ids = st.binary(min_size=16, max_size=16)
hashes = st.binary(min_size=32, max_size=32)
seeds = st.integers(0, 2**32 - 1)


def journal_file(seed: int, *records: list[bytes | memoryview]) -> bytes:
    return frames.encode_file_header("0001", 1, 1000, seed) + b"".join(bytes(c) for record in records for c in record)


def plain(number: int, durable: int, head: bytes, body: bytes, seed: int) -> list[bytes | memoryview]:
    """A record of the first type, without an id."""
    return frames.encode(1, 0, number, durable, id_=bytes(16), sha256=frames.NO_SHA, head=head, body=body, seed=seed)


@given(ids, hashes, st.binary(max_size=300), st.binary(max_size=300), seeds, st.integers(1, 2**63), st.integers(0, 255))
def test_a_frame_comes_back_as_it_was_written(
    id_: bytes, sha: bytes, head: bytes, body: bytes, seed: int, number: int, type_: int
) -> None:
    content = journal_file(seed, frames.encode(type_, 1, number, number - 1, id_=id_, sha256=sha, head=head, body=body, seed=seed))
    frame = frames.decode(content, frames.FILE_HEADER_SIZE)
    assert frame is not None
    assert (frame.type, frame.flags, frame.number, frame.durable) == (type_, 1, number, number - 1)
    assert (frame.id, frame.sha256, bytes(frame.head), bytes(frame.body)) == (id_, sha, head, body)
    assert frame.spooled
    assert frame.end == len(content)
    assert frame.end % 8 == 0


@given(st.binary(max_size=100), st.binary(max_size=100), seeds, st.data())
def test_one_changed_bit_is_noticed_wherever_it_is(head: bytes, body: bytes, seed: int, data: st.DataObject) -> None:
    content = bytearray(journal_file(seed, plain(7, 6, head, body, seed)))
    size = frames.FIXED.size + len(head) + len(body)
    bit = data.draw(st.integers(0, size * 8 - 1))
    content[frames.FILE_HEADER_SIZE + bit // 8] ^= 1 << bit % 8
    assert frames.decode(bytes(content), frames.FILE_HEADER_SIZE) is None


@given(seeds, st.integers(0, 44 * 8 - 1))
def test_one_changed_bit_of_the_file_header_is_noticed(seed: int, bit: int) -> None:
    header = bytearray(frames.encode_file_header("00af", 17, 1000, seed))
    assert frames.decode_file_header(bytes(header)) == ("00af", 17, 1000)
    header[bit // 8] ^= 1 << bit % 8
    assert frames.decode_file_header(bytes(header)) is None


def test_a_walk_ends_where_the_number_does_not_follow() -> None:
    content = journal_file(5, *(plain(n, 0, b"h", b"b", 5) for n in (1, 2, 4)))
    assert [f.number for f in frames.walk(content)] == [1, 2]
    assert [f.number for f in frames.walk(content, first=2)] == []


def test_frames_in_a_message_are_never_taken_for_frames_of_the_journal() -> None:
    forged = b"".join(bytes(c) for c in plain(2, 2**40, b"", b"mine", 0))
    content = journal_file(99, plain(1, 0, b"h", b"12345678" * 8 + forged, 99))
    assert content.find(forged) > 0
    assert frames.next_after_damage(content, frames.FILE_HEADER_SIZE, 2) is None


def test_the_first_whole_frame_behind_damage_is_found() -> None:
    content = bytearray(journal_file(5, *(plain(n, n - 1, b"h" * n, b"b", 5) for n in (1, 2, 3))))
    content[frames.FILE_HEADER_SIZE + 20] ^= 1
    found = frames.next_after_damage(bytes(content), frames.FILE_HEADER_SIZE, 2)
    assert found is not None
    assert found.number == 2
