"""Whether a volume has room (gateway.min_free)."""

from __future__ import annotations

from pathlib import Path

from civicmail.core.disk.free_space import Room


def test_so_many_bytes_leave_untouched_what_must_stay_free(tmp_path: Path) -> None:
    room = Room(tmp_path, 100, lambda _: 110)
    assert room.has() and room.has(10) and not room.has(11)


def test_a_folder_that_will_be_lies_where_its_parent_does(tmp_path: Path) -> None:
    looked: list[Path] = []

    def free(place: Path) -> int:
        if not place.exists():
            raise FileNotFoundError
        looked.append(place)
        return 1

    assert not Room(tmp_path / "a" / "b", 2, free).has()
    assert looked == [tmp_path]
    assert Room(tmp_path, 1).has()


def test_where_nothing_must_stay_free_nobody_looks(tmp_path: Path) -> None:
    def free(_: Path) -> int:
        raise AssertionError

    assert Room(tmp_path, 0, free).has(1 << 60)
