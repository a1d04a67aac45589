"""Attachments: the message is found at once, its files as soon as they were read, each file once (issue 3; promise 8)."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import zstandard

from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.query.parse import parse
from civicmail.core.sandbox.errors import CRASHED, TOO_LONG
from civicmail.core.sandbox.file_text import TextReader
from civicmail.core.sandbox.ocr import Ocr
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from civicmail.mail.search import coverage, extract, extract_cache
from civicmail.mail.search.attachments import Extract
from civicmail.mail.search.counts import count, counts
from civicmail.mail.search.extract import ExtractJob, FileReader
from civicmail.mail.search.extract_cache import Extracts
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.tasks import IndexJob
from core.sandbox import samples
from mail.search.generated import NOW, captures

T = 1_750_000_000_000
BASE = [capture for capture, _ in captures(5, 12)]


class Office:
    """A data folder with its two jobs."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._writer = Writer(data, lambda: T, file_size=1 << 20)
        self._kept = 0
        self._now = T
        self.index = IndexJob.take(data)
        self.extract = ExtractJob(data, processes=1)

    def keep(self, *files: bytes, subject: str = "minutes") -> Capture:
        message = EmailMessage()
        message["Subject"] = subject
        message.set_content("see the file")
        for file in files:
            message.add_attachment(file, maintype="application", subtype="octet-stream", filename="paper.bin")
        body = message.as_bytes()
        capture = replace(BASE[self._kept], sha256=hashlib.sha256(body).digest(), size=len(body), class_="mail")
        self._kept += 1
        self._writer.receipt(capture, body)
        self._writer.flush()
        return capture

    def step(self) -> None:
        self._now += 1000
        self.index.step(self._now)

    def rebuild(self) -> None:
        self._now += 1000
        self.index.rebuild(self._now)

    def found(self, text: str) -> int:
        return count(Reader(self.data), parse(text, now=NOW))

    def waiting(self) -> int:
        return counts(Reader(self.data), parse("", now=NOW), archived=self._kept).waiting

    def close(self) -> None:
        self.extract.close()
        self.index.close()
        self._writer.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    one = Office(tmp_path / "data")
    yield one
    one.close()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What limited processes were asked to read."""
    asked: list[bytes] = []
    plain = TextReader.read

    def read(self: TextReader, content: bytes, *more: object) -> object:
        asked.append(content)
        return plain(self, content, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(TextReader, "read", read)
    return asked


def paper(word: str) -> bytes:
    return samples.docx(samples.paragraph(word))


@pytest.mark.rule(
    "P-24, promise 8",
    "A message is searchable before its attachments are read, and by their text afterwards; until then coverage reports "
    "them as waiting.",
)
def test_a_message_is_found_at_once_and_its_file_when_it_was_read(office: Office) -> None:
    office.keep(paper("zeppelin"))
    office.step()
    assert (office.found("minutes"), office.found("zeppelin"), office.waiting()) == (1, 0, 1)
    assert office.extract.step() == 1
    office.step()
    assert (office.found("zeppelin"), office.found("attachment:zeppelin"), office.found("body:zeppelin")) == (1, 1, 0)
    assert (office.found(""), office.waiting(), extract_cache.ready(office.data)) == (1, 0, [])
    assert office.extract.step() == 0


def test_while_the_index_rests_for_want_of_room_no_file_is_read(office: Office, reads: list[bytes]) -> None:
    office.keep(paper("zeppelin"))
    office.step()
    coverage.pause(office.data)
    assert office.extract.step() == 0 and not reads
    office.step()  # there is room
    assert office.extract.step() == 1


def test_the_same_file_is_read_once(office: Office, reads: list[bytes]) -> None:
    office.keep(paper("zeppelin"))
    office.step()
    office.extract.step()
    office.keep(paper("zeppelin"), paper("zeppelin"))
    office.step()
    office.step()
    assert (office.found("zeppelin"), office.waiting(), len(reads)) == (2, 0, 1)


@pytest.mark.rule("P-24, promise 8", "An attachment of which something could not be read is counted in coverage.")
def test_what_could_not_be_read_is_counted_and_the_message_is_found_by_the_rest(office: Office) -> None:
    office.keep(samples.seven({"a": b"x"}, password="p"), paper("zeppelin"))
    office.keep(paper("other"))
    office.step()
    assert office.found("is:unreadable") == 0
    office.extract.step()
    office.step()
    assert office.found("zeppelin is:unreadable minutes") == 1
    assert counts(Reader(office.data), parse("", now=NOW), archived=2).unreadable == 1


def test_a_message_without_files_waits_for_nothing(office: Office, reads: list[bytes]) -> None:
    office.keep(b"-----BEGIN PGP SIGNATURE-----\n\nabc\n")
    office.keep()
    office.step()
    assert (office.waiting(), office.extract.step(), reads) == (0, 0, [])


def test_a_new_index_takes_what_was_read_from_the_cache(office: Office, reads: list[bytes]) -> None:
    office.keep(paper("zeppelin"))
    office.step()
    office.extract.step()
    office.step()
    office.rebuild()
    assert (office.found("zeppelin"), office.waiting(), len(reads)) == (1, 0, 1)


def test_a_cache_that_was_thrown_away_comes_back(office: Office) -> None:
    office.keep(paper("zeppelin"))
    office.step()
    office.extract.step()
    office.step()
    shutil.rmtree(extract_cache.top(office.data))
    office.rebuild()
    assert (office.found("zeppelin"), office.waiting()) == (0, 1)
    office.extract.step()
    office.step()
    assert (office.found("zeppelin"), office.waiting()) == (1, 0)


@pytest.mark.rule("P-23, promise 3", "A rebuild of the index leaves no text of a file that no capture has any more.")
def test_a_rebuild_removes_what_no_capture_has(office: Office) -> None:
    """What was disposed of leaves no text behind."""
    office.keep(paper("zeppelin"))
    office.step()
    office.extract.step()
    cache = Extracts(office.data)
    gone, kept = hashlib.sha256(b"of a disposed message").digest(), hashlib.sha256(paper("zeppelin")).digest()
    cache.put(gone, Extract("secret"))
    office.rebuild()
    assert cache.get(gone) is None
    assert cache.get(kept) == Extract("zeppelin\n")
    assert not any(b"secret" in p.read_bytes() for p in extract_cache.top(office.data).rglob("*") if p.is_file())


def test_what_was_disposed_of_while_its_files_were_read_is_forgotten(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.keep(paper("zeppelin"), paper("blimp"))
    office.keep(paper("blimp"))
    office.step()

    def gone(*_: object) -> None:
        raise NotInArchive("gone")

    monkeypatch.setattr(Machine, "capture", gone)
    office.index._indexes.delete("mail", BASE[0].received, BASE[0].id)
    office.index.commit(T)
    office.extract._read(BASE[0].id)
    cache = Extracts(office.data)
    assert cache.get(hashlib.sha256(paper("zeppelin")).digest()) is None
    assert cache.get(hashlib.sha256(paper("blimp")).digest()) is not None
    assert (extract_cache.ready(office.data), extract_cache.gone(office.data)) == ([], [])


@pytest.mark.rule("promise 8", "Threads that store text of files share nothing that only one may use at a time.")
def test_threads_that_put_at_once_have_a_packer_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A packer of zstandard that two threads use at once ends the process; all threads of a lane share one cache."""
    cache, both, packers = Extracts(tmp_path), threading.Barrier(2), list[object]()

    class Packer:
        def __init__(self, **options: Any) -> None:
            self._real = zstandard.ZstdCompressor(**options)

        def compress(self, plain: bytes) -> bytes:
            packers.append(self)
            both.wait(60)
            return self._real.compress(plain)

    monkeypatch.setattr(extract_cache, "zstandard", SimpleNamespace(**{**vars(zstandard), "ZstdCompressor": Packer}))
    threads = [threading.Thread(target=cache.put, args=(bytes([n]) * 32, Extract(f"words {n}", ()))) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(packer) for packer in packers}) == 2
    assert [cache.get(bytes([n]) * 32) for n in range(2)] == [Extract("words 0", ()), Extract("words 1", ())]


def test_a_torn_entry_is_read_again(office: Office) -> None:
    cache, digest = Extracts(office.data), bytes(range(32))
    whole = Extract("words", (("a.zip/b.pdf", CRASHED),), 3)
    cache.put(digest, whole)
    assert cache.get(digest) == whole
    (place,) = [p for p in extract_cache.top(office.data).rglob("*") if p.is_file()]
    for cut in range(place.stat().st_size):
        place.write_bytes(place.read_bytes()[:cut])
        assert cache.get(digest) is None


def test_what_is_not_kept_any_more_is_not_indexed_again(office: Office) -> None:
    extract_cache.set_ready(office.data, BASE[11].id)
    office.step()
    office.step()
    assert (office.found(""), extract_cache.ready(office.data)) == (0, [])


def test_an_index_that_died_before_its_commit_is_asked_again(office: Office) -> None:
    office.keep(paper("zeppelin"))
    office.step()
    office.extract.step()
    office.index.step(T + 1500)  # taken in, and not due
    office.index.close()
    assert len(extract_cache.ready(office.data)) == 1
    office.index = IndexJob.take(office.data)
    office.step()
    office.step()
    assert (office.found("zeppelin"), office.found(""), extract_cache.ready(office.data)) == (1, 1, [])


def test_one_process_does_a_lane(office: Office) -> None:
    with pytest.raises(LeaseHeld):
        ExtractJob(office.data)
    ExtractJob(office.data, Fake("", "eng")).close()


class Fake(Ocr):
    """OCR that reads what the picture is: its first bytes."""

    def words(self, picture: bytes) -> tuple[str, str]:
        return (f"sawapicture {len(picture)}", "") if picture.startswith((b"P5", b"\x89PNG")) else ("", CRASHED)


def test_scans_are_read_in_a_lane_of_their_own(office: Office) -> None:
    office.keep(samples.zipped({"a.txt": "zeppelin", "b.pdf": samples.scan("page")}))
    office.step()
    office.extract.step()
    office.step()
    assert (office.found("zeppelin"), office.found("sawapicture"), office.waiting()) == (1, 0, 1)
    assert office.extract.step() == 0
    lane = ExtractJob(office.data, Fake("", "eng"))
    assert (lane.step(), lane.step()) == (1, 0)
    lane.close()
    office.step()
    assert (office.found("zeppelin sawapicture"), office.waiting(), office.found("is:unreadable")) == (1, 0, 0)


def test_the_pictures_of_one_file_have_a_time_limit(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extract, "OCR_SECONDS", -1)
    office.keep(samples.scan("page"))
    office.step()
    office.extract.step()
    office.step()
    lane = ExtractJob(office.data, Fake("", "eng"))
    lane.step()
    lane.close()
    office.step()
    assert (office.found("is:unreadable"), office.waiting()) == (1, 0)
    assert Extracts(office.data).get(hashlib.sha256(samples.scan("page")).digest()) == Extract("", (("", TOO_LONG),))


def test_a_worker_that_ends_does_not_wait_for_the_last_page(office: Office) -> None:
    office.keep(samples.zipped({f"{n}.pdf": samples.scan("page") for n in range(5)}))
    office.step()
    office.extract.step()
    office.step()
    asked = iter([False, False, True])
    lane = ExtractJob(office.data, Fake("", "eng"), stopped=lambda: next(asked, True))
    assert lane.step() == 0
    lane.close()
    office.step()
    assert (office.found("sawapicture"), office.waiting()) == (0, 1)
    again = ExtractJob(office.data, Fake("", "eng"))
    again.step()
    again.close()
    office.step()
    assert (office.found("sawapicture"), office.waiting()) == (1, 0)


def test_an_import_reads_a_file_here_and_now(tmp_path: Path, reads: list[bytes]) -> None:
    look = FileReader(tmp_path)
    content = paper("zeppelin")
    digest = hashlib.sha256(content).digest()
    assert look(digest, content) == look(digest, content) == Extract("zeppelin\n")
    assert len(reads) == 1
    look.close()


def test_before_anything_is_indexed_nothing_waits(tmp_path: Path) -> None:
    job = ExtractJob(tmp_path, processes=1)
    assert job.step() == 0
    assert coverage.current(tmp_path) is None
    job.close()
