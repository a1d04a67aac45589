"""Archives of every format: their members, one at a time, within one budget, and one tree of errors (P-01, P-25)."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from civicmail.core.archives.archive import content_of, open_archive
from civicmail.core.archives.budget import Budget, Limits, Within
from civicmail.core.archives.errors import (
    DAMAGED,
    ENCRYPTED,
    TOO_DEEP,
    TOO_LARGE,
    TOO_LONG,
    TOO_MANY,
    TYPE_UNKNOWN,
    Spent,
    Unreadable,
)
from civicmail.core.filetype.identify import identify
from core.sandbox import samples
from mail.screening import filesamples

FILES = {"a.txt": b"words " * 200, "folder/b.bin": bytes(range(256)) * 9}
WHOLE: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "zip": lambda files: samples.zipped(dict(files)),
    "7z": samples.seven,
    "tar": samples.tarred,
}
MADE = {
    **{name: make(FILES) for name, make in WHOLE.items()},
    **{name: pack(FILES["a.txt"]) for name, pack in samples.PACKERS.items()},
    "iso": filesamples.disc("A.TXT", FILES["a.txt"]),
    "rar": filesamples.rar("a.txt"),
    "rar5": filesamples.rar5("a.txt"),
    "cab": filesamples.cabinet("a.txt", "b.txt"),
}


def read(content: bytes, budget: Budget, file_type: str = "") -> dict[str, tuple[bytes, str]]:
    """Content of each member, and why it is not all."""
    with open_archive(content, file_type or identify(content).name, budget) as archive:
        return {member.name: content_of(archive, member) for member in archive.members()}


@pytest.mark.parametrize("name", WHOLE)
def test_members_are_listed_and_read(name: str) -> None:
    assert read(MADE[name], Budget()) == {path: (content, "") for path, content in FILES.items()}


@pytest.mark.parametrize("name", samples.PACKERS)
def test_a_compressed_file_has_one_member_without_a_name(name: str) -> None:
    assert read(MADE[name], Budget()) == {"": (FILES["a.txt"], "")}
    ((content, why),) = read(MADE[name][:-6], Budget()).values()
    assert why == DAMAGED and FILES["a.txt"].startswith(content)


def test_what_stands_before_garbage_is_read() -> None:
    """Some reporters of DMARC send such files."""
    assert read(MADE["gz"] + b"garbage", Budget()) == {"": (FILES["a.txt"], DAMAGED)}


def test_a_disk_image_is_read_and_of_rar_and_cabinet_the_names() -> None:
    assert read(MADE["iso"], Budget()) == {"A.TXT": (FILES["a.txt"], "")}
    for name, names in (("rar", ["a.txt"]), ("rar5", ["a.txt"]), ("cab", ["a.txt", "b.txt"])):
        assert read(MADE[name], Budget()) == dict.fromkeys(names, (b"", TYPE_UNKNOWN))


@pytest.mark.parametrize(
    "content",
    [samples.seven(FILES, password="secret"), filesamples.locked_zip("a.txt", b"words"), filesamples.rar("a", locked=True)],
    ids=["7z", "zip", "rar"],
)
def test_members_with_a_password_are_listed_as_such(content: bytes) -> None:
    with open_archive(content, identify(content).name, Budget()) as archive:
        members = list(archive.members())
    assert members and all(member.encrypted for member in members)


def test_hidden_names_are_said() -> None:
    with pytest.raises(Unreadable, match=ENCRYPTED):
        read(filesamples.rar("a", names_locked=True), Budget())


SMALL = Limits(members=3, listed=3, member=4_000, expanded=6_000, openings=20)


class Counted(Budget):
    """Counts what is asked of it."""

    asked = 0

    def expand(self, size: int, packed: int = 0) -> None:
        super().expand(size, packed)
        self.asked += size


@pytest.mark.rule("P-01, P-25", "No archive makes its reader exceed its budget, whatever the archive declares.")
@settings(max_examples=300)
@given(
    st.sampled_from(sorted(MADE)),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=4)), max_size=6),
    st.integers(0, 40),
)
@example("zip", [], 0)
@example("7z", [], 0)
def test_no_archive_is_read_beyond_its_budget(name: str, changes: list[tuple[int, bytes]], cut: int) -> None:
    content = bytearray(MADE[name])
    for at, new in changes:
        at %= len(content)
        content[at : at + len(new)] = new
    budget = Counted(SMALL)
    try:
        found = read(bytes(content[: len(content) - cut]), budget, name.removesuffix("5"))
    except Unreadable:
        return
    total = sum(len(data) for data, _ in found.values())
    assert total <= budget.asked <= SMALL.expanded
    assert all(len(data) <= SMALL.member for data, _ in found.values())


def test_a_zip_that_declares_less_than_it_has_is_read_as_far_as_it_declares() -> None:
    content = bytearray(samples.zipped({"a": bytes(100_000)}))
    for at in (content.index(b"PK\3\4") + 22, content.index(b"PK\1\2") + 24):
        content[at : at + 4] = (50).to_bytes(4, "little")
    ((data, _),) = read(bytes(content), Budget()).values()
    assert len(data) <= 50


def test_a_bomb_is_not_unpacked() -> None:
    limits = Limits(ratio=100, ratio_free=1 << 20)
    bomb = bytes(8 << 20)
    assert read(samples.zipped({"a": bomb}), Budget(limits)) == {"a": (b"", TOO_LARGE)}
    packed = gzip.compress(bomb)
    ((data, why),) = read(packed, Within(Budget(limits), len(packed))).values()
    assert (data, why) == (b"", TOO_LARGE)


def test_each_limit_says_which() -> None:
    budget = Budget(Limits(depth=2, members=1, member=10, expanded=15))
    budget.member(2)
    with pytest.raises(Spent, match=TOO_MANY):
        budget.member(1)
    with pytest.raises(Unreadable, match=TOO_DEEP):
        Budget(Limits(depth=2)).member(3)
    budget.expand(10)
    with pytest.raises(Unreadable, match=TOO_LARGE):
        budget.expand(11)
    with pytest.raises(Spent, match=TOO_LARGE):
        budget.expand(6)
    ticks = iter((0.0, 2.0))
    with pytest.raises(Spent, match=TOO_LONG):
        Budget(seconds=1, clock=lambda: next(ticks)).tick()


def test_links_of_a_tar_are_no_members() -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert read(held.getvalue(), Budget()) == {}
