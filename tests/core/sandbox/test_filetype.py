"""What a file is called by its content, whatever its name says."""

from __future__ import annotations

import io
import zipfile

import pytest

from civicmail.core.sandbox import filetype


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
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "oldword"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "oldoffice"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"GIF89a", "gif"),
        (b"RIFF\0\0\0\0WEBP", "webp"),
        (b"RIFF\0\0\0\0WAVE", "sound"),
        (b"RIFF\0\0\0\0AVI ", "film"),
        (b"\0\0\0\x18ftypmp42", "film"),
        (b"\0\0\0\x18ftypheic", "heic"),
        (b"MZ\x90", "program"),
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
    assert filetype.identify(data) == kind


@pytest.mark.rule("P-23, P-25", "A file is called what it is by its content, and a name that promises something else is said.")
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
    assert filetype.is_mismatched(name, kind) is odd
