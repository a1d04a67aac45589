"""Forty words, each inside another format or nesting, are found after an import; hostile files harm nothing (issue 3, acceptance
2)."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from civicmail.core.config.settings import Settings
from civicmail.core.query.parse import parse
from civicmail.front.worker.tick import tick
from civicmail.mail.archive import layout
from civicmail.mail.importers.importing import ImportProgress, Request, run_import
from civicmail.mail.search.counts import count, counts
from civicmail.mail.search.reader import Reader
from core.sandbox import samples
from mail.search.generated import NOW

AT = 1_772_000_000_000
HOSTILE = {
    "bomb": samples.zipped({"a": bytes(100 << 20)}),
    "entities": samples.docx("", word__header1_dot_xml='<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><d><t>&e;</t></d>'),
    "password": samples.seven({"a": b"x"}, password="p"),
    "pages": samples.pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 99999999 >>"]),
    "deep": b"",
}
for _ in range(30):
    HOSTILE["deep"] = samples.zipped({"a": HOSTILE["deep"] or b"x"})


def letters(folder: Path, files: dict[str, bytes]) -> Path:
    """A message for each file, whose name and type say nothing."""
    folder.mkdir()
    for name, content in files.items():
        message = EmailMessage()
        message["Subject"] = f"about {name}"
        message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0000"
        message.set_content("see the file")
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename="file.dat")
        (folder / f"{name}.eml").write_bytes(message.as_bytes())
    return folder


def imported(data: Path, folder: Path) -> Reader:
    data.mkdir()
    layout.make(data)
    told = ImportProgress(lambda _: None, lambda _: None, lambda _a, _b: None)
    totals = run_import(data, Request((folder,)), told, lambda: AT, 2)
    assert (totals.stored, totals.failed) == (len(list(folder.iterdir())), 0)
    return Reader(data)


def found(reader: Reader, text: str) -> int:
    return count(reader, parse(text, now=NOW))


def test_forty_planted_words_are_found_and_hostile_files_harm_nothing(tmp_path: Path) -> None:
    planted = samples.planted()
    reader = imported(tmp_path / "data", letters(tmp_path / "in", planted | HOSTILE))
    words = {place: samples.word(place) for place in planted}
    assert len(words) >= 40
    assert {place: found(reader, word) for place, word in words.items()} == dict.fromkeys(words, 1)
    assert {place: found(reader, f"attachment:{word} -is:unreadable") for place, word in words.items()} == dict.fromkeys(words, 1)
    assert found(reader, "is:unreadable subject:about") == len(HOSTILE)
    assert all(found(reader, f"is:unreadable subject:{name}") == 1 for name in HOSTILE)
    said = counts(reader, parse("", now=NOW), archived=len(planted) + len(HOSTILE))
    assert (said.unreadable, said.waiting) == (len(HOSTILE), 0)


@pytest.mark.neighbour("tesseract")
def test_words_that_only_a_picture_shows_are_found_by_ocr(tmp_path: Path) -> None:
    scanned = samples.scanned()
    reader = imported(tmp_path / "data", letters(tmp_path / "in", scanned))
    assert counts(reader, parse("", now=NOW), archived=len(scanned)).waiting == len(scanned)
    assert tick(Settings(), tmp_path / "data").extracted == len(scanned)
    reader.refresh()
    assert {place: found(reader, samples.word(place)) for place in scanned} == dict.fromkeys(scanned, 1)
    assert counts(reader, parse("", now=NOW), archived=len(scanned)).waiting == 0
