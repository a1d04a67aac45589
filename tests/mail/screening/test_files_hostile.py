"""Whatever is attached: the check ends within its budget, raises nothing, and says where it stopped."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import struct
import time
import zipfile
import zlib
from io import BytesIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from civicmail.core.archives import compound_file
from civicmail.core.filetype import file_names
from civicmail.core.message import message_parser
from civicmail.core.message.model import Part
from civicmail.mail.screening import allowance, files
from civicmail.mail.screening.allowance import Allowance
from civicmail.mail.screening.shapes import CheckResult
from core.sandbox import samples
from mail.screening import filesamples as made
from mail.screening.filecases import ACTIVE, HONEST, LOCKED, MACROS, mail

ALL = [*ACTIVE.values(), *HONEST.values(), *LOCKED.values(), *MACROS.values(), made.cabinet("a", "b"), made.rar5("a")]
STARTS = [
    b"",
    b"PK\3\4",
    b"7z\xbc\xaf\x27\x1c\0\4",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"%PDF-1.7\n",
    b"Rar!\x1a\7\0",
    b"Rar!\x1a\7\1\0",
]
STARTS += [
    b"MSCF\0\0\0\0",
    b"\x1f\x8b\x08",
    b"BZh9",
    b"\xfd7zXZ\0",
    b"{\\rtf",
    b"<html>",
    b"<?xml",
    b"MZ",
    b"ActiveMime",
    made.NOTES,
]
STARTS += [b"<svg ", bytes(0x8000) + b"\1CD001", b"From: a@b\r\nTo: c\r\n\r\n"]


def looked(name: str, content: bytes, most: Allowance | None = None) -> CheckResult:
    """As if it had been attached; a message around it would cost more than the check."""
    part = Part("1.2", "application/octet-stream", "", "attachment", name, "", "base64", 10, len(content), content)
    message = message_parser.parse(b"From: a@b\r\n\r\n")
    object.__setattr__(message, "attachments", (part,))
    return files.scan_files(message, most or Allowance())


def many(count: int) -> bytes:
    """A zip of empty members, quickly made."""
    local, central, at = [], [], 0
    for n in range(count):
        name = b"%d.txt" % n
        local.append(struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0) + name)
        central.append(
            struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0, 0, 0, 0, 0, at) + name
        )
        at += len(local[-1])
    size, said = sum(map(len, central)), min(count, 65_535)
    return b"".join([*local, *central, struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, said, said, size, at, 0)])


def nested(levels: int) -> bytes:
    content = b"words"
    for _ in range(levels):
        content = samples.zipped({"n.zip": content})
    return content


def fat() -> bytes:
    """Forty archives, none of which is too large by itself."""
    inner = samples.zipped({"x": bytes(2 << 20)})
    return samples.zipped({f"{n}.zip": inner for n in range(40)})


ZEROS = bytes(24 << 20)
BEYOND = {
    "bomb.zip": lambda: samples.zipped({"a": ZEROS}),
    "bomb.gz": lambda: gzip.compress(ZEROS, 1),
    "bomb.bz2": lambda: bz2.compress(ZEROS, 1),
    "bomb.xz": lambda: lzma.compress(ZEROS, preset=0),
    "bomb.7z": lambda: samples.seven({"a": ZEROS}),
    "packed.gz": lambda: gzip.compress(gzip.compress(ZEROS, 1)),
    "deep.zip": lambda: nested(7),
    "deep.tgz": lambda: samples.tarred({"a.zip": nested(5)}),
    "fat.zip": fat,
    "2001.zip": lambda: many(2_001),
    "50000.zip": lambda: many(50_000),
    "3000.tar": lambda: samples.tarred({f"{n}": b"" for n in range(3_000)}),
    "2500.7z": lambda: samples.seven({f"{n}": b"" for n in range(2_500)}),
}


@pytest.mark.rule("P-25", "A container beyond the limits is reported as such, and ends within its budget.")
@pytest.mark.parametrize("name", BEYOND)
def test_what_goes_beyond_the_limits_is_told_and_ends_in_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "EXPANDED", 50 << 20)
    content = BEYOND[name]()
    before = time.process_time()
    found = looked(name, content)
    assert time.process_time() - before < allowance.SECONDS
    assert found.facts.get("files.limits") is True
    assert any(finding.code == "limits" and finding.mask for finding in found.findings)


def test_what_stays_within_them_is_read_whole() -> None:
    """Five levels, and two thousand members less one."""
    assert "files.limits" not in looked("deep.zip", nested(5)).facts
    assert "files.limits" not in looked("many.zip", many(1_990)).facts
    assert "files.limits" not in looked("log.gz", gzip.compress(random.Random(1).randbytes(allowance.FLOOR + 5), 0)).facts


def test_time_that_is_over_is_told() -> None:
    ticks = iter(range(10_000))
    found = looked("a.zip", samples.zipped({"a.exe": made.PROGRAM}), Allowance(seconds=3, clock=lambda: float(next(ticks))))
    assert found.facts["files.limits"] is True and found.findings[-1].mask == "takes-too-long"


def compound_with_a_loop() -> bytes:
    """A storage in which the root lies again."""
    content = bytearray(samples.ole({"A/B": b"x"}))
    at = content.index(b"A\0"[:1] + b"\0\0\0" + bytes(60))
    struct.pack_into("<I", content, at + 76, 0)
    return bytes(content)


@pytest.mark.rule("P-25, promise 6", "Any bytes under any name are checked, and the check raises nothing.")
def test_a_storage_that_lies_in_itself_is_read_once() -> None:
    with compound_file.opened(compound_with_a_loop()) as file:
        assert len(file.listdir(streams=True, storages=True)) <= 2
    assert looked("a.doc", compound_with_a_loop()).facts["files.types"] == ("ole",)


SLOW = {
    "meta.html": b"<html>" + b"<meta http-equiv=refresh " * 40_000,
    "data.html": b"<html>" + b"data:a/a" * 120_000,
    "frame.html": b"<html>" + b"<iframe src=" * 80_000,
    "spaces.html": b"<html><a onabc" + b" " * 1_000_000,
    "aa.pdf": b"%PDF-1.7\n/S/JavaScript" + b"/AA<<" * 200_000,
    "open.pdf": b"%PDF-1.7\n/S/JavaScript" + b"/OpenAction<<" * 80_000,
    "refer.pdf": b"%PDF-1.7\n/S/JavaScript" + b"/OpenAction 1 0 R 1 0 obj " * 40_000,
    "names.pdf": b"%PDF-1.7\n" + b"#41" * 300_000,
    "streams.pdf": b"%PDF-1.7\n" + b"1 0 obj<</Type/ObjStm/Filter/FlateDecode>>stream\nendstream endobj " * 15_000,
    "lists.pdf": b"%PDF-1.7\n1 0 obj<</Type/ObjStm/N 50000/First 400000/Filter/FlateDecode>>stream\n"
    + zlib.compress(b"1 0 2 900000 " * 30_000 + b"/S/JavaScript " * 40_000)
    + b"\nendstream endobj",
    "field.rtf": b"{\\rtf1" + b"\\*\\fldinst\\a " * 80_000,
    "cells.csv": b",=" * 500_000 + b"cmd|",
    "cells2.csv": b"cmd|" * 250_000,
    "remote.txt": b"full address:" * 80_000,
    "object.rtf": b"{\\rtf1" + b"\\objdata " * 100_000,
    "relations.docx": samples.docx(word___rels__a_dot_xml_dot_rels=b"<Relationship " * 70_000),
    "links.xlsx": samples.zipped(
        {"[Content_Types].xml": "x", "xl/workbook.xml": "x", "xl/externalLinks/a.xml": b"<ddeLink " * 100_000}
    ),
}


@pytest.mark.parametrize("name", SLOW)
def test_no_pattern_goes_over_a_file_again_and_again(name: str) -> None:
    """A million bytes take less than a tenth of what a message may."""
    before = time.process_time()
    looked(name, SLOW[name])
    assert time.process_time() - before < allowance.SECONDS / 5


@settings(max_examples=200)
@given(st.sampled_from(STARTS), st.binary(max_size=600), st.text(max_size=40))
@example(b"PK\3\4", b"", "a\0b.exe")
@example(b"MZ", b"", "\u202e\u202e.\0.\ud800.exe")
def test_any_bytes_under_any_name_are_looked_at(start: bytes, rest: bytes, name: str) -> None:
    """P-25, promise 6."""
    found = looked(name, start + rest)
    assert found.facts["files.count"] == 1 and "unavailable" not in found.facts


@settings(max_examples=250)
@given(
    st.sampled_from(ALL), st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=4)), min_size=1, max_size=8)
)
def test_broken_files_are_looked_at_as_far_as_they_go(content: bytes, changes: list[tuple[int, bytes]]) -> None:
    """P-25, promise 6."""
    broken = bytearray(content or b"x")
    for at, new in changes:
        place = at % len(broken)
        broken[place : place + len(new)] = new
    before = time.process_time()
    looked("a.bin", bytes(broken))
    looked("a.bin", bytes(broken[: changes[0][0] % len(broken)]))
    assert time.process_time() - before < 10


@given(st.text(max_size=300))
@example("." * 300)
@example("\u202e" * 300 + ".exe")
@example(" " * 300 + ".exe")
def test_any_name_is_read(text: str) -> None:
    name = file_names.read(text)
    assert name.ending == name.ending.casefold() and len(name.ending) <= 40
    assert not set(name.ending) & set("./\\\0 ")


@pytest.mark.rule("P-25", "A name that hides its ending is read as the system reads it that opens the file.")
@pytest.mark.parametrize(
    ("text", "ending", "tricks"),
    [
        ("Invoice.PDF", "pdf", ()),
        ("a.tar.gz", "gz", ()),
        ("no ending", "", ()),
        ("invoice\u202efdp.exe", "exe", ("overridden",)),
        ("a.exe\0.txt", "exe", ("nul",)),
        ("..\\..\\Startup\\a.bat", "bat", ()),
        ("a.pdf .", "pdf", ("dots",)),
        ("a.exe:Zone.Identifier", "exe", ("stream",)),
        ("10:30 meeting.pdf", "pdf", ()),
        ("\u05e9\u05dc\u05d5\u05dd\u200f.pdf", "pdf", ()),
        ("a\uff0eexe", "exe", ("dots",)),
        ("Re: plan v1.2", "2", ()),
    ],
)
def test_endings_and_tricks(text: str, ending: str, tricks: tuple[str, ...]) -> None:
    name = file_names.read(text)
    assert (name.ending, name.tricks) == (ending, tricks)


def test_a_zip_with_one_name_for_two_members_is_told() -> None:
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.txt", "one")
        archive.writestr("a.txt", "two")
    assert "twice" in {finding.code for finding in looked("a.zip", held.getvalue()).findings}


def test_many_attachments_are_told_of_within_bounds() -> None:
    found = files.scan_files(message_parser.parse(mail(*[(f"{n}.exe", made.PROGRAM) for n in range(150)])), Allowance())
    assert found.facts["files.count"] == 150 and len(found.findings) <= 100
