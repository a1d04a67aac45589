"""A production is made from survivors, checked whole by the gate, and continued after a kill without a changed byte."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from civicmail.core.disk.files import File, Files
from civicmail.core.redaction import picture_path
from civicmail.core.redaction.read import document_of
from civicmail.core.redaction.shapes import Document
from civicmail.core.sandbox.ocr import Ocr, find_tesseract
from civicmail.desk.records.production import load_files, making
from civicmail.desk.records.production.derived import Source
from civicmail.desk.records.production.dispositions import DecidedItem, Marked
from civicmail.desk.records.production.making import Making
from civicmail.desk.records.production.plan import Plan
from core.redaction import sources

MESSAGE = b"""From: Zoe Dufresne <zoe@city.example>\r
To: Tariq Okonjole <tariq@city.example>\r
Subject: Lead line list\r
Date: Thu, 12 Nov 2026 14:05:00 -0600\r
Message-ID: <a@city.example>\r
Received: from secret.relay.example\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=utf-8\r
\r
Tariq, the owner at 1412 N Locust Street asked for a call. Account 99887766 is hers.\r
"""
SHEET = b"Street,Lines\r\nLocust,12\r\nBirch,=1+1\r\n"
SECRET = "99887766"
ANY_OCR = Ocr("/bin/false", "eng")


def source(content: bytes, name: str) -> Source:
    return Source(content, document_of(content, name))


def mark(document: Document, word: str, number: int = 14, **more: Any) -> Marked:
    at = next(n for n, w in enumerate(document.words) if w.text == word)
    return Marked(number, "19.36(13)", "An account number.", at, at, **more)


class Request:
    """A message that is redacted, its table, an equal copy, a withheld message and one that is not responsive."""

    def __init__(self) -> None:
        letter = source(MESSAGE, "message.eml")
        assert letter.document is not None
        self.sources = {1: letter, 2: source(SHEET, "lines.csv"), 3: letter, 4: source(MESSAGE.replace(b"hers", b"his"), "m.eml")}
        self.reads: list[int] = []
        self.plan = Plan(
            request="PR-2026-00041", number=1, first=1, language="en", formats=("eml", "dat", "xml"),
            items=(
                DecidedItem(
                    1, "a", 0, "redact", marks=(mark(letter.document, SECRET),), holders=("zoe@city.example",), may_quote=True
                ),
                DecidedItem(2, "b", 1, "release", is_message=False, media_type="text/csv"),
                DecidedItem(3, "a", 0, "redact", marks=(mark(letter.document, SECRET),), holders=("tariq@city.example",)),
                DecidedItem(4, "d", 0, "withhold", "19.36(5)", "It has a trade secret."),
                DecidedItem(5, "e", 0, "not-responsive"),
            ),
            citations={"19.36(13)": "Wis. Stat. § 19.36(13)", "19.36(5)": "Wis. Stat. § 19.36(5)"},
            labels={"19.36(13)": "§19.36(13)"}, letter="The records are ready.\n",
        )  # fmt: skip

    def read(self, number: int) -> Source:
        self.reads.append(number)
        return self.sources[number]

    def make(self, folder: Path, *, ocr: Ocr | None = ANY_OCR, files: Files | None = None) -> Making:
        return Making(folder, self.plan, self.read, ocr=ocr, **({"files": files} if files else {}))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / making.FILES).iterdir()}


def derive(made: Making) -> None:
    """Up to the first file that is checked."""
    while not made.is_checking:
        assert not made.step(0)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], Making]:
    """A whole production that passed the gate with OCR."""
    folder = tmp_path_factory.mktemp("production")
    made = Request().make(folder, ocr=find_tesseract("eng"))
    while not made.step(1):
        pass
    return contents(folder), made


@pytest.mark.rule("P-21", "A release has numbered PDF, mail, text, index, load files, log and letter, and passed the gate whole.")
def test_r26_a_production_has_every_file_and_passes_the_gate(finished: tuple[dict[str, bytes], Making]) -> None:
    files, made = finished
    assert made.problems == [] and {c.name for c in made.certificates} == set(files)
    first, second = "PR-2026-00041-000001", "PR-2026-00041-000002"
    assert set(files) == {
        f"{first}.pdf", f"{first}.txt", f"{first}.eml", f"{second}.pdf", f"{second}.txt", f"{second}.csv",
        f"{first}.tif", f"{second}.tif",
        "index.csv", "withholding-log.csv", "loadfile.dat", "loadfile.opt", "edrm.xml", "letter.txt", "README.txt",
    }  # fmt: skip
    assert (made.done, made.last) == (2, 2)
    assert [name for name, content in files.items() if SECRET.encode() in content or b"secret.relay" in content] == []
    assert "[14 · REDACTED §19.36(13)]" in files[f"{first}.txt"].decode()
    rows = load_files.decode(files["loadfile.dat"])
    assert [(row["BEGDOC"], row["ENDATTACH"], row["PARENT"]) for row in rows] == [(first, second, ""), (second, second, first)]


def test_r26_the_mail_that_leaves_has_the_released_files_attached(finished: tuple[dict[str, bytes], Making]) -> None:
    files, _ = finished
    mail = message_from_bytes(files["PR-2026-00041-000001.eml"])
    attached = {part.get_filename(): part.get_payload(decode=True) for part in mail.walk() if part.get_filename()}
    assert attached == {"PR-2026-00041-000002.csv": files["PR-2026-00041-000002.csv"]}
    assert mail["Received"] is None and mail["Subject"] == "Lead line list"


def test_r30_log_and_letter_say_what_became_of_each_item(finished: tuple[dict[str, bytes], Making]) -> None:
    files, _ = finished
    log = files["withholding-log.csv"].decode().splitlines()
    assert "14,19.36(13),Wis. Stat. § 19.36(13),An account number." in log[1] and "000004" in log[2]
    equation = "5 located = 1 released in full + 1 redacted + 1 withheld + 1 not responsive + 0 not a record + 0 purely personal"
    assert equation in log[3] and "+ 1 duplicate." in log[3] and equation in files["README.txt"].decode()


def test_r22_a_place_that_was_redacted_and_not_burned_blocks_the_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A face has no words: neither the text nor OCR can miss it."""
    request = Request()
    request.sources[2] = source(sources.pages("The plan of Locust Street\n"), "plan.pdf")
    face = Marked(15, "19.36(13)", "A face.", page=0, box=(300, 500, 400, 600))
    items = [replace(item, verdict="redact", marks=(face,)) if item.number == 2 else item for item in request.plan.items]
    request.plan = replace(request.plan, items=tuple(items))
    made = request.make(tmp_path / "burned")
    while not made.step(1):
        pass
    assert not any("box" in problem for problem in made.problems)
    monkeypatch.setattr(picture_path, "burned_boxes", lambda *_: [])
    made = request.make(tmp_path / "forgotten")
    while not made.step(1):
        pass
    assert [problem for problem in made.problems if problem.endswith("page 1: a redacted place has no box over it.")]


def test_r26_a_kill_at_any_moment_changes_no_byte(tmp_path: Path, finished: tuple[dict[str, bytes], Making]) -> None:
    """The process ends between any two pieces, in the middle of a line, and before a line names the files that are there."""
    expected, _ = finished
    request = Request()
    for torn in (b"", b'{"documents":[{"item"', b"\xff\n"):
        made = request.make(tmp_path)
        made.step(0)
        made.close()
        with (tmp_path / making.MADE).open("ab") as file:
            file.write(torn)
    request.reads.clear()
    made = request.make(tmp_path)
    derive(made)
    made.close()
    assert 1 not in request.reads, "what was made is not read again"
    assert contents(tmp_path) == expected


def test_a_file_that_was_lost_is_made_again(tmp_path: Path, finished: tuple[dict[str, bytes], Making]) -> None:
    request = Request()
    made = request.make(tmp_path)
    derive(made)
    made.close()
    (tmp_path / making.FILES / "PR-2026-00041-000001.pdf").write_bytes(b"cut")
    made = request.make(tmp_path)
    derive(made)
    made.close()
    assert contents(tmp_path) == finished[0]


def test_another_plan_begins_anew(tmp_path: Path) -> None:
    request = Request()
    made = request.make(tmp_path)
    derive(made)
    made.close()
    request.plan = replace(request.plan, formats=())
    made = request.make(tmp_path)
    assert made.done == 0 and contents(tmp_path) == {}
    derive(made)
    made.close()
    assert not any(name.endswith((".eml", ".dat", ".xml")) for name in contents(tmp_path))


class FullDisk(Files):
    """A disk with room for some more writes."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self.left = writes

    def open(self, path: Path, *, create: bool = False) -> File:
        port, file = self, super().open(path, create=create)

        class Limited(File):
            def write_at(self, offset: int, chunks: Sequence[bytes | memoryview]) -> int:
                port.left -= 1
                if port.left < 0:
                    super().write_at(offset, [bytes(chunks[0])[:1]])
                    raise OSError(errno.ENOSPC, "No space left on device")
                return super().write_at(offset, chunks)

        return Limited(path, file.fd)


@pytest.mark.parametrize("writes", [1, 3, 6, 8, 12])
def test_r26_a_full_disk_stops_it_and_room_lets_it_go_on(
    writes: int, tmp_path: Path, finished: tuple[dict[str, bytes], Making]
) -> None:
    request = Request()
    with pytest.raises(OSError, match="No space"):
        made = request.make(tmp_path, files=FullDisk(writes))
        try:
            derive(made)
        finally:
            made.close()
    made = request.make(tmp_path)
    derive(made)
    made.close()
    assert contents(tmp_path) == finished[0]


def test_r22_a_string_that_was_missed_elsewhere_blocks_the_whole_production(tmp_path: Path) -> None:
    """The same number stands in a message that nobody marked."""
    request = Request()
    unmarked = DecidedItem(6, "f", verdict="release", may_quote=True)
    request.plan = replace(request.plan, items=(*request.plan.items, unmarked))
    request.sources[6] = source(MESSAGE.replace(b"hers", b"his"), "message.eml")
    made = request.make(tmp_path, ocr=find_tesseract("eng"))
    while not made.step(1):
        pass
    made.close()
    assert made.problems and all("PR-2026-00041-000003" in problem for problem in made.problems)
    assert SECRET not in " ".join(made.problems), "a problem never shows what must not leave"


def test_r22_what_cannot_be_read_is_named_and_not_released(tmp_path: Path) -> None:
    request = Request()
    request.sources[2] = Source(b"", None, "The file was not converted: withhold it whole.")
    made = request.make(tmp_path)
    derive(made)
    made.close()
    assert made.problems == ["Item 000002: The file was not converted: withhold it whole."]


def test_no_confidential_string_stays_on_the_disk(tmp_path: Path) -> None:
    made = Request().make(tmp_path)
    derive(made)
    assert SECRET in (tmp_path / making.MADE).read_text()
    made.finish()
    assert not (tmp_path / making.MADE).exists()
    assert all(SECRET.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
