"""A table that one process publishes and others hold in memory."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from civicmail.core.config import log
from civicmail.core.disk.files import Files
from civicmail.core.disk.published import POLL_MS, Published, Watched, published_as_json

NUMBERS = Published(
    "some/numbers", "the table of numbers", lambda numbers: json.dumps(numbers).encode(), lambda b: dict(json.loads(b))
)
T0 = 1_800_000_000_000


def test_what_is_written_is_read_within_the_interval_and_not_before(tmp_path: Path) -> None:
    watch = NUMBERS.watch(tmp_path)
    assert watch.current(T0) is None and not watch.was_there and NUMBERS.read(tmp_path) is None
    assert NUMBERS.write(tmp_path, {"a": 1}) and NUMBERS.read(tmp_path) == {"a": 1}
    assert watch.current(T0 + POLL_MS - 1) is None
    assert watch.current(T0 + POLL_MS) == {"a": 1}
    assert watch.current(T0 - 60_000) == {"a": 1}, "a clock that was put back"


def test_the_same_value_is_written_once(tmp_path: Path) -> None:
    watch = NUMBERS.watch(tmp_path)
    assert NUMBERS.write(tmp_path, {"a": 1}) and watch.poll()
    assert not NUMBERS.write(tmp_path, {"a": 1}) and not watch.poll()
    assert NUMBERS.write(tmp_path, {"a": 2}) and watch.poll() and watch.value == {"a": 2}


@pytest.mark.rule("promise 6", "A damaged or missing published table leaves its last valid value in force, and is logged.")
@pytest.mark.parametrize("damage", [b"", b"{", b"\xff", b"3"])
def test_a_damaged_or_lost_file_leaves_the_last_value(tmp_path: Path, damage: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    watch = NUMBERS.watch(tmp_path)
    NUMBERS.write(tmp_path, {"a": 1})
    assert watch.poll()
    log.forget()
    NUMBERS.path(tmp_path).write_bytes(damage)
    assert not watch.poll() and watch.value == {"a": 1} and watch.error
    assert "the table of numbers cannot be read, the last one stays in force" in capsys.readouterr().err
    assert not watch.poll() and not capsys.readouterr().err, "logged once"
    with pytest.raises(ValueError, match="the table of numbers is damaged"):
        NUMBERS.read(tmp_path)
    NUMBERS.path(tmp_path).unlink()
    assert not watch.poll() and (watch.value, watch.is_there, watch.was_there) == ({"a": 1}, False, True)
    assert "the table of numbers is gone" in capsys.readouterr().err
    NUMBERS.write(tmp_path, {"a": 3})
    assert watch.poll() and watch.value == {"a": 3} and not watch.error


def test_a_file_that_could_not_be_read_is_tried_again(tmp_path: Path) -> None:
    """A process that has too many open files for a moment must not miss an end of access."""
    faults = [OSError("too many open files"), None]

    def load(_: object) -> int:
        if fault := faults.pop(0):
            raise fault
        return 7

    (tmp_path / "file").write_bytes(b"x")
    watch = Watched(tmp_path / "file", "the file", load)
    assert not watch.poll() and watch.error == "too many open files"
    assert watch.poll() and watch.value == 7 and not watch.error


def test_two_files_of_one_size_and_time_differ_while_the_first_is_held(tmp_path: Path) -> None:
    """Its inode is not free for the second one."""
    watch, path = NUMBERS.watch(tmp_path), NUMBERS.path(tmp_path)
    for number in range(1, 9):
        NUMBERS.write(tmp_path, {"a": number})
        os.utime(path, ns=(T0, T0))
        assert watch.poll() and watch.value == {"a": number}


def test_a_table_that_is_not_published_whole_is_not_published(tmp_path: Path) -> None:
    class Cut(Files):
        def rename(self, old: Path, new: Path) -> None:
            raise OSError("cut")

    NUMBERS.write(tmp_path, {"a": 1})
    with pytest.raises(OSError, match="cut"):
        NUMBERS.write(tmp_path, {"a": 2}, Cut())
    assert NUMBERS.read(tmp_path) == {"a": 1}


@dataclass(frozen=True, slots=True)
class State:
    name: str
    at: int = 0


def test_a_dataclass_is_one_json_object_and_what_is_no_such_object_is_nothing(tmp_path: Path) -> None:
    table = published_as_json("state.json", "the state", State)
    assert table.last(tmp_path) is None
    table.write(tmp_path, State("a", 3))
    assert json.loads(table.path(tmp_path).read_bytes()) == {"name": "a", "at": 3} and table.last(tmp_path) == State("a", 3)
    table.path(tmp_path).write_bytes(b'{"nme":"a"}')
    assert table.last(tmp_path) is None
