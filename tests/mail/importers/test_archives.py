"""Archives of anything: what lies in them is read like files in a folder, within limits (P-23)."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from civicmail.mail.importers import archives
from civicmail.mail.importers.walk import Skipped, SourceMessage, walk
from mail.importers.compound import compound, msg

MAIL = b"From: ana@out.example\nSubject: hello\n\nhello\n"
LINE = b"From ana@out.example Mon Mar  2 12:00:00 2026\n"
FILES = {
    "Inbox/1.eml": MAIL,
    "box/cur/1.a:2,S": MAIL + b"2",
    "old/mbox": LINE + MAIL + b"\n" + LINE + MAIL + b"3",
    "item.msg": compound(msg("in a zip", "words", {})),
    "readme.txt": b"no mail\n",
    "__MACOSX/._1.eml": b"x",
}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 2, 3, 4, 5, 6)), data, method)
    return out.getvalue()


def tarred(files: dict[str, bytes], mode: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_700_000_000
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("link.eml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return out.getvalue()


def read(tmp_path: Path, name: str, data: bytes) -> tuple[list[SourceMessage], list[Skipped]]:
    (tmp_path / name).write_bytes(data)
    items = list(walk(tmp_path / name))
    return [i for i in items if isinstance(i, SourceMessage)], [i for i in items if isinstance(i, Skipped)]


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz"])
def test_everything_in_an_archive_is_read_in_its_folders(tmp_path: Path, name: str) -> None:
    data = zipped(FILES) if name == "a.zip" else tarred(FILES, {"tar": "w"}.get(name[2:], f"w:{name[6:]}"))
    found, left = read(tmp_path, name, data)
    assert [(f.folder, f.built) for f in found] == [
        (f"{name}/Inbox", ""), (f"{name}/box", ""), (f"{name}/old/mbox", ""), (f"{name}/old/mbox", ""), (name, "msg"),
    ]  # fmt: skip
    assert [f.content for f in found[:2]] == [MAIL, MAIL + b"2"]
    assert [(item.name.rpartition("!/")[2], item.failed) for item in left] == [("readme.txt", False)]
    assert found[0].at == (1_706_933_106_000 if name == "a.zip" else 1_700_000_000_000)
    assert found[0].name == f"{tmp_path}/{name}!/Inbox/1.eml"


def test_a_single_compressed_file_is_what_it_holds(tmp_path: Path) -> None:
    for suffix, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        found, _ = read(tmp_path, f"list.mbox.{suffix}", pack(LINE + MAIL))
        assert [(f.content, f.folder) for f in found] == [(MAIL, f"list.mbox.{suffix}/list.mbox")]


def test_archives_in_archives_end_at_a_depth(tmp_path: Path) -> None:
    data = zipped({"1.eml": MAIL})
    for _ in range(archives.MAX_DEPTH - 1):
        data = zipped({"inner.zip": data})
    assert len(read(tmp_path, "a.zip", data)[0]) == 1
    found, left = read(tmp_path, "b.zip", zipped({"inner.zip": data, "z.eml": MAIL}))
    assert len(found) == 1 and [(item.why, item.failed) for item in left] == [(archives.TOO_DEEP, True)]


@pytest.mark.rule("P-01", "The unpacked size of an archive is counted and limited.")
def test_a_bomb_ends_at_what_an_archive_may_unpack_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted over everything that the archive holds, however deep."""
    monkeypatch.setattr(archives, "FREE_BYTES", 8 << 20)
    monkeypatch.setattr(archives, "MAX_RATIO", 2)
    start = time.process_time()
    bomb = zipped({"bomb": bytes(64 << 20)})
    found, left = read(tmp_path, "a.zip", zipped({"1.eml": MAIL, "inner.zip": bomb, "2.eml": MAIL}))
    assert len(found) == 1
    assert {item.why for item in left} == {archives.TOO_LARGE}
    assert all(item.failed for item in left)
    assert time.process_time() - start < 30
    assert not list(tmp_path.rglob("member"))


def test_what_is_encrypted_or_broken_is_one_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    whole = bytearray(zipped({"1.eml": MAIL, "2.eml": MAIL * 3}, zipfile.ZIP_STORED))
    entry = whole.find(b"PK\x01\x02")
    whole[entry + 8] |= 1  # the flag of encryption of the first member
    found, left = read(tmp_path, "a.zip", bytes(whole))
    assert [f.content for f in found] == [MAIL * 3]
    assert [(item.name.rpartition("!/")[2], item.why) for item in left] == [("1.eml", "it is encrypted")]
    half = tarred(FILES, "w:gz")
    for name, data in (("b.zip", zipped(FILES)[:200]), ("c.tar.gz", half[: len(half) // 2]), ("d.zip", b"PK\x03\x04")):
        found, left = read(tmp_path, name, data)
        assert left and left[-1].failed and left[-1].why.startswith("it is broken")
    flipped = bytearray(zipped({"1.eml": MAIL * 40, "2.eml": MAIL}))
    flipped[45] ^= 0xFF
    found, left = read(tmp_path, "e.zip", bytes(flipped))
    assert [f.content for f in found] == [MAIL] and [item.failed for item in left] == [True]
