"""What lies below a path: which files are mail, which are not and why, and where a message lay."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from civicmail.mail.importers import file_kind
from civicmail.mail.importers.walk import LINK, Skipped, SourceMessage, walk

MAIL = b"From: ana@out.example\nSubject: hello\n\nhello\n"
LINE = b"From ana@out.example Mon Mar  2 12:00:00 2026\n"


def _found(path: Path) -> list[SourceMessage]:
    return [item for item in walk(path) if isinstance(item, SourceMessage)]


def _left(path: Path) -> dict[str, tuple[str, bool]]:
    return {Path(item.name).name: (item.why, item.failed) for item in walk(path) if isinstance(item, Skipped)}


def _put(path: Path, content: bytes = MAIL, at: int = 1_000_000_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (at, at))
    return path


def test_a_maildir_is_one_folder_and_its_tmp_was_never_delivered(tmp_path: Path) -> None:
    for name in ("cur/1.a:2,S", "new/2.b", "tmp/3.c"):
        _put(tmp_path / "box" / name)
    found = _found(tmp_path)
    assert [(f.folder, f.basis, f.at) for f in found] == [("box", "mailbox", 1_000_000_000_000)] * 2


def test_every_file_of_a_maildir_is_mail_whatever_its_bytes_are(tmp_path: Path) -> None:
    for sub in ("cur", "new", "tmp"):
        (tmp_path / sub).mkdir()
    for i, content in enumerate((b"\x89PNG", b"no header", LINE + MAIL)):
        _put(tmp_path / "new" / str(i), content)
    _put(tmp_path / "new" / "empty", b"")
    assert [f.content for f in _found(tmp_path)] == [b"\x89PNG", b"no header", LINE + MAIL]
    assert _left(tmp_path) == {"empty": ("it is empty", False)}


def test_folders_are_named_relative_to_the_path_and_numbers_are_in_order(tmp_path: Path) -> None:
    for name in ("9.eml", "10.eml", "in/b.eml", "in/deep/c.eml", "in/.Sent/cur/x", "in/.Sent/new/y"):
        _put(tmp_path / name)
    assert [(f.folder, Path(f.name).name) for f in _found(tmp_path)] == [
        ("", "9.eml"),
        ("", "10.eml"),
        ("in", "b.eml"),
        ("in/.Sent", "x"),
        ("in/.Sent", "y"),
        ("in/deep", "c.eml"),
    ]


def test_an_mbox_gives_its_messages_with_sender_time_and_kind(tmp_path: Path) -> None:
    _put(tmp_path / "Inbox", LINE + b"Subject: 1\n\n>From a\n\n" + LINE + MAIL + b"\n")
    first, second = _found(tmp_path)
    assert (first.folder, first.sender, first.at, first.basis, first.kind) == (
        "Inbox",
        "ana@out.example",
        1_772_452_800_000,
        "mbox",
        "mboxo",
    )
    assert (first.content, second.content) == (b"Subject: 1\n\nFrom a\n", MAIL)


def test_an_eml_file_is_one_message_even_with_a_from_line_of_its_own(tmp_path: Path) -> None:
    whole = LINE + MAIL + b"\n" + LINE + b"x" * 200_000
    _put(tmp_path / "one.eml", whole)
    assert [f.content for f in _found(tmp_path)] == [whole]


def test_names_that_begin_alike_have_an_order(tmp_path: Path) -> None:
    for name in ("a", "a1", "a10", "a2", "1", "b"):
        _put(tmp_path / name / "x.eml")
    assert [f.folder for f in _found(tmp_path)] == ["1", "a", "a1", "a2", "a10", "b"]


def test_large_files_are_read_whole(tmp_path: Path) -> None:
    large = MAIL + b"x\n" * 500_000
    _put(tmp_path / "large", large)
    assert [f.content for f in _found(tmp_path)] == [large]


def test_what_is_no_mail_is_left_with_a_reason(tmp_path: Path) -> None:
    for name, content in {
        "index.tsv": b"file\toffset\nx\t1\n",
        "SOURCE.txt": b"repository: https://forge.example/x\ncommit: 1\n\n",
        "page.html": b"<html><body>From: x</body></html>",
        "letter.docx": b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml",
        "old.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "notes": b"a line\nFrom: x\n\n",
        "empty": b"",
        ".hidden": MAIL,
        "dovecot-uidlist": b"3 V1 N2",
    }.items():
        _put(tmp_path / name, content)
    left = _left(tmp_path)
    assert _found(tmp_path) == []
    assert left.keys() == {"index.tsv", "SOURCE.txt", "page.html", "letter.docx", "old.doc", "notes", "empty"}
    assert not any(failed for _, failed in left.values())
    assert left["old.doc"][0] == "it is an Office document or another OLE file"


def test_mail_in_a_format_that_is_not_read_has_failed(tmp_path: Path) -> None:
    _put(tmp_path / "box.olm", b"PK\x03\x04" + bytes(40))
    why, failed = _left(tmp_path)["box.olm"]
    assert failed and "Outlook for Mac" in why


def test_a_file_that_a_person_names_is_mail_unless_it_is_something_else_for_sure(tmp_path: Path) -> None:
    assert [f.content for f in _found(_put(tmp_path / "notes", b"just text\n"))] == [b"just text\n"]
    assert _left(_put(tmp_path / "a.pdf", b"%PDF-1.7")) == {"a.pdf": ("it is a PDF", True)}


def test_what_cannot_be_read_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for root, who may read every file: a name that vanishes, a disk that fails."""
    gone, broken = _put(tmp_path / "gone.eml"), _put(tmp_path / "broken.eml")
    opened = os.open

    def fails(path: str, *flags: int) -> int:
        if path == str(gone):
            gone.unlink()
        if path == str(broken):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return opened(path, *flags)

    monkeypatch.setattr(os, "open", fails)
    left = _left(tmp_path)
    assert {name: why.partition(": ")[0] for name, (why, _) in left.items()} == dict.fromkeys(left, "it cannot be read")
    assert {name for name, (_, failed) in left.items() if failed} == {"gone.eml", "broken.eml"}


@pytest.mark.rule("P-19", "An import follows no link and reads regular files alone; a link is listed as not read.")
def test_no_link_is_followed_and_only_files_are_read(tmp_path: Path) -> None:
    """Who may write into the folder reads nothing by an import that they may not read; the link has failed, and says so."""
    secret, place = _put(tmp_path / "secret.eml"), tmp_path / "in"
    (place / "box" / "cur").mkdir(parents=True)
    (place / "box" / "new").mkdir()
    for name in ("plain.eml", "box/cur/1", "box/new/2"):
        (place / name).symlink_to(secret)
    (place / "gone.eml").symlink_to(tmp_path / "nowhere")
    (place / "circle.eml").symlink_to("circle.eml")
    (place / "round").symlink_to(tmp_path)
    os.mkfifo(place / "pipe.eml")
    assert _found(place) == [] and len(_found(tmp_path / "secret.eml")) == 1
    left = _left(place)
    assert left.pop("pipe.eml") == ("it is no regular file", False)
    assert set(left) == {"plain.eml", "1", "2", "gone.eml", "circle.eml", "round"}
    assert set(left.values()) == {(LINK, True)}
    (tmp_path / "named").symlink_to(place.parent / "secret.eml")
    assert len(_found(tmp_path / "named")) == 1, "whoever names a link means what it leads to"


def test_a_file_that_is_swapped_for_a_link_while_it_is_read_stays_the_file_that_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What holds many messages is opened again by what was opened first."""
    box, secret = tmp_path / "in" / "a.mbox", tmp_path / "secret.mbox"
    box.parent.mkdir()
    box.write_bytes(b"From a@b.example Mon Jan  1 00:00:00 2024\n" + MAIL)
    secret.write_bytes(b"From a@b.example Mon Jan  1 00:00:00 2024\nSubject: secret\n\nx\n")
    look = file_kind.classify

    def swapped(*args: Any, **more: Any) -> Any:
        box.unlink(missing_ok=True)
        box.symlink_to(secret)
        return look(*args, **more)

    monkeypatch.setattr(file_kind, "classify", swapped)
    (found,) = _found(box.parent)
    assert b"secret" not in found.content


def test_names_that_are_no_utf8_can_be_written_down(tmp_path: Path) -> None:
    place = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(place)
    with open(place + b"/x.eml", "wb") as h:
        h.write(MAIL)
    assert [f.folder for f in _found(tmp_path)] == ["caf\\xe9"]


@pytest.mark.parametrize(
    ("content", "is_"),
    [
        (MAIL, "message"),
        (b"\xef\xbb\xbfSubject: x\nTo: a@city.example\n\n", "message"),
        (b"\n\nReceived: by x\n\n", "message"),
        (b"Subject: x\rFrom: a\r\rbody", "message"),
        (b"X-Odd: 1\nDate: today", "message"),
        (b"To: do\n\nwash", "other"),
        (LINE + MAIL, "mbox"),
        (b"Note: From: is inside\n\nFrom: x\n", "other"),
    ],
)
def test_doubtful_beginnings(content: bytes, is_: str) -> None:
    assert file_kind.classify("file", content).is_ == is_
