"""The file port: what is written is what was given, and small files are replaced whole."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.disk.files import OS_FILES, File, Files, free_bytes, map_of, mapped


@given(st.lists(st.binary(max_size=20), max_size=1200))
def test_many_chunks_are_written_one_after_the_other(tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("files") / "f"
    file = OS_FILES.open(path, create=True)
    end = file.write_at(3, chunks)
    file.sync()
    file.close()
    file.close()
    whole = b"".join(chunks)
    assert end == 3 + len(whole)
    assert path.read_bytes() == (b"\0\0\0" + whole if whole else b"")


def test_a_new_file_is_for_its_owner_only_and_never_replaces_one(tmp_path: Path) -> None:
    path = tmp_path / "f"
    OS_FILES.open(path, create=True).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        OS_FILES.open(path, create=True)


def test_preallocated_space_reads_as_zeros_and_can_be_cut(tmp_path: Path) -> None:
    file = OS_FILES.open(tmp_path / "f", create=True)
    file.preallocate(10_000)
    file.write_at(0, [b"abc"])
    assert (tmp_path / "f").read_bytes() == b"abc" + bytes(9_997)
    file.truncate(3)
    assert (tmp_path / "f").read_bytes() == b"abc"
    file.close()


def test_folders_are_made_with_what_is_above_them(tmp_path: Path) -> None:
    OS_FILES.make_folder(tmp_path / "a" / "b" / "c")
    OS_FILES.make_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b" / "c").stat().st_mode) == 0o700


class Stops(Files):
    """Ends before the rename, as a crash would."""

    def rename(self, old: Path, new: Path) -> None:
        raise OSError("stopped")


def test_a_small_file_is_old_or_new_and_never_between(tmp_path: Path) -> None:
    path = tmp_path / "small"
    OS_FILES.replace(path, b"old")
    with pytest.raises(OSError, match="stopped"):
        Stops().replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["small"], "a full disk gets no fuller"
    OS_FILES.replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["small"]


class Meets(Files):
    """Two who write the same file meet when both have begun."""

    def __init__(self) -> None:
        super().__init__()
        self._both = threading.Barrier(2, timeout=60)

    def rename(self, old: Path, new: Path) -> None:
        self._both.wait()
        super().rename(old, new)


@pytest.mark.rule(
    "promise 6",
    "Two threads that write the same small file at one moment each write a complete one, and the last remains.",
)
def test_of_two_threads_that_write_a_small_file_each_writes_a_whole_one(tmp_path: Path) -> None:
    """Promise 6: two managers who answer at one moment are both told that it is done."""
    path, files, content = tmp_path / "small", Meets(), (b"a" * 5000, b"b" * 5000)
    with ThreadPoolExecutor(2) as pool:
        errors = [done.exception() for done in [pool.submit(files.replace, path, one) for one in content]]
    assert errors == [None, None]
    assert path.read_bytes() in content
    assert [p.name for p in tmp_path.iterdir()] == ["small"]


class Faster(Files):
    """Somebody else makes the file just before."""

    def link(self, old: Path, new: Path) -> None:
        new.write_bytes(b"theirs")
        super().link(old, new)


@pytest.mark.rule(
    "P-07",
    "A secret that the installation makes for itself is whole or not there, and of all who make it at once the first wins.",
)
def test_of_all_who_make_a_file_once_the_first_wins(tmp_path: Path) -> None:
    """Nobody ever reads less than all of it, and nothing is left beside it."""
    path = tmp_path / "keys" / "secret"
    Faster().write_once(path, b"ours")
    assert path.read_bytes() == b"theirs"
    path.unlink()
    for content in (b"first", b"second"):
        OS_FILES.write_once(path, content, 0o400)
    assert path.read_bytes() == b"first" and stat.S_IMODE(path.stat().st_mode) == 0o400
    assert [p.name for p in path.parent.iterdir()] == ["secret"]


def test_links_and_removals(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    OS_FILES.link(tmp_path / "a", tmp_path / "b")
    with pytest.raises(FileExistsError):
        OS_FILES.link(tmp_path / "a", tmp_path / "b")
    OS_FILES.unlink(tmp_path / "a")
    OS_FILES.unlink(tmp_path / "a")
    assert (tmp_path / "b").read_bytes() == b"x"


def test_reading_maps_files_of_any_size(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "full").write_bytes(b"content")
    with mapped(tmp_path / "empty") as m:
        assert m == b""
    with mapped(tmp_path / "full") as m:
        assert m[:7] == b"content"
    with (tmp_path / "full").open("rb") as h:
        view = map_of(h.fileno())
    assert view[:] == b"content"
    view.close()


def test_free_space_is_a_number_of_bytes(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) > 0


def test_a_short_write_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    real = os.pwritev
    monkeypatch.setattr(os, "pwritev", lambda fd, batch, at: real(fd, [bytes(batch[0])[:2]], at))
    file = File(tmp_path / "f", os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT))
    assert file.write_at(0, [b"abcde", memoryview(b"fg"), b"h"]) == 8
    file.close()
    assert (tmp_path / "f").read_bytes() == b"abcdefgh"
