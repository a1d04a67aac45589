"""Archives that say two things, or are cut short, or are packed as nobody packs: programs in them are seen, and the rest is told of
(P-25)."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.filetype.identify import identify
from core.sandbox import samples
from mail.screening import filesamples as made
from mail.screening.test_files import found, masks, true

NOISE = zlib.compress(bytes(range(256)) * 40, 9) * 20
"""Nothing that packs."""


def archive(*members: tuple[str, bytes], method: int = ZIP_DEFLATED, streamed: bool = False) -> bytes:
    """streamed: sizes stand behind the data, as programs write them that cannot go back."""
    out = BytesIO()

    class Stream:
        """Cannot seek."""

        def write(self, data: bytes) -> int:
            return out.write(data)

        def flush(self) -> None: ...

    with ZipFile(Stream() if streamed else out, "w", method) as file:  # type: ignore[arg-type]
        for name, content in members:
            file.writestr(name, content)
    return out.getvalue()


@pytest.mark.rule("P-25", "A program in a truncated zip is detected, by the headers in front of its members.")
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("method", [ZIP_DEFLATED, ZIP_STORED])
def test_a_program_in_a_zip_that_was_cut_short_is_seen(method: int, streamed: bool) -> None:
    whole = archive(("a.txt", b"words"), ("setup.exe", made.PROGRAM), ("noise", NOISE), method=method, streamed=streamed)
    for cut in (len(whole) - 1, len(whole) - 30, len(whole) - 200):
        seen = found(("files.zip", whole[:cut]))
        assert {"executable", "unread"} <= true(seen), cut
    assert "executable" not in true(found(("files.zip", archive(("a.txt", b"words"), ("noise", NOISE))[:-30])))


@pytest.mark.rule(
    "P-25",
    "A zip whose two lists differ is judged by both, and deceives; so is one with members that its list leaves out, or "
    "with two names of one.",
)
def test_a_zip_whose_lists_differ_is_judged_by_both_and_deceives() -> None:
    """One program shows the text, the other starts the program."""
    plain = archive(("setup.exe", made.PROGRAM))
    listed = plain.replace(b"setup.exe", b"notes.txt")
    for content in (
        plain[: plain.rindex(b"PK\x01\x02")] + listed[plain.rindex(b"PK\x01\x02") :],
        listed[: plain.rindex(b"PK\x01\x02")] + plain[plain.rindex(b"PK\x01\x02") :],
    ):
        seen = found(("files.zip", content))
        assert {"executable", "mismatch"} <= true(seen) and masks(seen, "name-differs")
    assert true(found(("files.zip", archive(("a.txt", b"words"), ("b/c.txt", b"more"), streamed=True)))) == set()


def test_members_that_the_list_leaves_out_are_seen() -> None:
    """Also of two zips behind one another, of which each program opens another."""
    hidden = archive(("setup.exe", made.PROGRAM))
    local = hidden[: hidden.rindex(b"PK\x01\x02")]
    shown = archive(("a.txt", b"words"))
    seen = found(("files.zip", local + shown))
    assert {"executable", "mismatch"} <= true(seen) and masks(seen, "unlisted")
    assert {"executable", "mismatch"} <= true(found(("files.zip", hidden + shown)))
    nested = archive(("inner.zip", shown), method=ZIP_STORED)
    assert true(found(("files.zip", nested))) == set(), "a zip in a zip is none of them"


def test_the_other_name_of_a_member_counts() -> None:
    """The one behind a NUL, and the one that only some programs read (APPNOTE 4.6.9)."""
    assert "executable" in true(found(("files.zip", archive(("notesXtxt", b"words")).replace(b"notesXtxt", b"run.js\0tx"))))
    raw = b"notes.txt"
    extra = struct.pack("<HHBI", 0x7075, 5 + 7, 1, zlib.crc32(raw)) + b"run.cmd"
    local = (
        struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 33, zlib.crc32(b"x"), 1, 1, len(raw), len(extra)) + raw + extra + b"x"
    )
    entry = struct.pack(
        "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 33, zlib.crc32(b"x"), 1, 1, len(raw), len(extra), 0, 0, 0, 0, 0
    )
    entry += raw + extra
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(entry), len(local), 0)
    assert "executable" in true(found(("files.zip", local + entry + end)))


@pytest.mark.rule("P-23, P-25", "Zstandard is opened like gzip, and a part of one is damaged.")
def test_zstandard_is_opened_like_gzip() -> None:
    packed = zstandard.ZstdCompressor().compress
    assert "executable" in true(found(("setup.exe.zst", packed(made.PROGRAM))))
    assert "executable" in true(found(("files.tar.zst", packed(samples.tarred({"setup.exe": made.PROGRAM})))))
    skipped = b"\x52\x2a\x4d\x18\x04\0\0\0abcd" + packed(made.PROGRAM)
    assert identify(skipped).name == "zst" and "executable" in true(found(("a.zst", skipped)))
    assert true(found(("a.txt.zst", packed(b"words")))) == set()
    assert "unread" in true(found(("a.zst", packed(NOISE)[:-9])))
    assert "limits" in true(found(("a.zst", packed(bytes(200 << 20)))))


LHA = b"\x20\x00-lh5-" + bytes(40)
OPENED_BY_NOTHING = {
    "a.lzh": LHA,
    "a.lzs": LHA.replace(b"-lh5-", b"-lzs-"),
    "a.pma": LHA.replace(b"-lh5-", b"-pm2-"),
    "a.ace": bytes(7) + b"**ACE**" + bytes(40),
    "a.arj": b"\x60\xea" + bytes(40),
    "a.Z": b"\x1f\x9d\x90" + bytes(40),
}


@pytest.mark.rule("P-25", "Files that nothing can open are reported, alone and in an archive.")
@pytest.mark.parametrize("name", OPENED_BY_NOTHING)
def test_what_nothing_opens_is_told_of_plain_and_in_an_archive(name: str) -> None:
    for content in (OPENED_BY_NOTHING[name], archive((name, OPENED_BY_NOTHING[name]))):
        assert true(found(("files.bin", content))) >= {"unread"}


@given(st.binary(max_size=200), st.integers(0, 300))
def test_any_bytes_in_and_around_a_zip_are_read(noise: bytes, cut: int) -> None:
    whole = archive(("a.txt", b"words"), ("b.bin", noise), streamed=bool(cut % 2))
    for content in (whole[:cut], whole[:cut] + noise + whole[cut:], noise + whole, b"PK\3\4" + noise):
        found(("files.zip", content))
