"""What a file is called by its content, whatever its name says."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.archives.identify import identify
from civicmail.core.filetype.file_names import is_mismatched
from civicmail.core.filetype.identify import identify as by_content
from civicmail.core.filetype.types import BINARY, TYPES, FileType
from civicmail.desk.viewer.views import words
from core.sandbox import samples


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (zipped("[Content_Types].xml", "word/document.xml"), "word"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "excel"),
        (zipped("a.txt"), "zip"),
        (b"PK\x03\x04broken", "zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument\0".encode("utf-16-le"), "oldword"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "oldoffice"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"GIF89a", "gif"),
        (b"RIFF\0\0\0\0WEBP", "webp"),
        (b"RIFF\0\0\0\0WAVE", "sound"),
        (b"RIFF\0\0\0\0AVI ", "film"),
        (b"\0\0\0\x18ftypmp42", "film"),
        (b"\0\0\0\x18ftypheic", "heic"),
        (b"MZ\x90\0", "program"),
        (b"\x7fELF", "program"),
        (b"L\0\0\0\x01\x14\x02\0", "shortcut"),
        (b"#!/bin/sh\n", "script"),
        (b"<svg xmlns='x'><script/></svg>", "svg"),
        (b"<!DOCTYPE html><p>", "html"),
        (b"<script>1</script>", "html"),
        (b"BEGIN:VCALENDAR\r\n", "calendar"),
        (b"-----BEGIN PGP MESSAGE-----\n", "sealed"),
        (b"\x78\x9f\x3e\x22\0", "winmail"),
        (b"From: a@b\r\nSubject: x\r\n\r\ny", "letter"),
        (b"Hello", "text"),
        (b"", "empty"),
        (b"\x01\x02\x03\x04", "unknown"),
    ],
)
def test_the_content_says_what_a_file_is(data: bytes, kind: str) -> None:
    """P-23, P-25."""
    assert identify(data).label == kind


@pytest.mark.rule("P-23, P-25", "A file is labeled by its content, and a misleading name is reported.")
@pytest.mark.parametrize(
    ("name", "kind", "odd"),
    [
        ("invoice.pdf", "html", True),
        ("photo.jpg", "program", True),
        ("photo.jpg", "png", False),
        ("plan.DOCX", "word", False),
        ("plan.docx ", "zip", True),
        ("plan.docx", "sealed", False),
        ("notes.txt", "text", False),
        ("x.dat", "program", False),
        ("pdf", "html", False),
        ("invoice.pdf", "empty", False),
    ],
)
def test_a_name_that_promises_something_else_is_odd(name: str, kind: str, odd: bool) -> None:
    assert is_mismatched(name, kind) is odd


@pytest.mark.rule("P-25", "Every signature of the table of file types is recognized, whatever follows.")
@pytest.mark.parametrize("file_type", BINARY, ids=lambda one: one.name)
@given(rest=st.binary(max_size=100))
def test_every_signature_is_recognized(file_type: FileType, rest: bytes) -> None:
    for start in file_type.starts:
        assert by_content(start + rest).name == file_type.name


@given(st.binary(max_size=300), st.sampled_from(["", "exe", "html", "svg", "rdp", "mht", "vbs", "py"]))
def test_any_bytes_have_a_type_of_the_table(data: bytes, ending: str) -> None:
    file_type = by_content(data, ending)
    assert file_type.name in TYPES
    assert identify(data).name in TYPES


@pytest.mark.parametrize(
    ("data", "ending", "name"),
    [
        (b"MZ is how it begins", "", "txt"),
        (b"070701,15,a table\n", "csv", "txt"),
        (b"070701" + b"0" * 104, "", "cpio"),
        (samples.tarred({"a.pdf": b"%PDF-1.7\n"}), "", "tar"),
        (b"words", "vbs", "vbs"),
        (b"words", "py", "py"),
        (b"#!/usr/bin/env python3\n", "", "py"),
        (b"some <html> in a text", "", "html"),
        (b"some <html> in a text", "txt", "txt"),
        (b"<?xml version='1.0'?><a/>", "", "xml"),
        (b"<!-- drawn --><svg >", "", "svg"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n", "mht", "mht"),
        (b"From: a@b\nMIME-Version: 1.0\nContent-Type: multipart/related\n\n", "eml", "eml"),
        (b"[InternetShortcut]\nURL=x", "", "url"),
        (b"full address:s:x\n", "rdp", "rdp"),
        (b"%!PS-Adobe", "", "ps"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----", "", "pgp"),
        (b"-----BEGIN CERTIFICATE-----", "", "pem"),
    ],
)
def test_the_name_counts_where_nothing_else_tells(data: bytes, ending: str, name: str) -> None:
    assert by_content(data, ending).name == name


def test_an_outlook_item_is_one_whatever_is_attached_to_it() -> None:
    assert identify(samples.ole({"__properties_version1.0": b"x", "a/WordDocument": b"x"})).label == "msg"


def test_every_label_has_a_name_for_people() -> None:
    assert {one.label for one in TYPES.values()} <= set(words.KINDS)
