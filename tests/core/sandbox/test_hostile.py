"""Hostile files cost at most a process, end in bounded time and memory, and leave a plain reason (issue 3, "Bad input"; P-23)."""

from __future__ import annotations

import resource
import struct
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from civicmail.core.archives.budget import Budget
from civicmail.core.sandbox import errors, file_text
from civicmail.core.sandbox.errors import Spent
from civicmail.core.sandbox.file_text import FileText, TextReader
from civicmail.core.sandbox.readers import MEMBERS
from civicmail.core.sandbox.service import Service
from core.sandbox import samples

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def process() -> Iterator[TextReader]:
    one = TextReader()
    yield one
    one.close()


def bounded(process: TextReader, content: bytes, seconds: float = 60) -> FileText:
    """Read it; within the time, and with memory of this process that did not grow by more than 100 MB."""
    memory, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    told = process.read(content)
    assert time.monotonic() - start < seconds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 100 * 1024
    return told


def reasons(told: FileText) -> set[str]:
    return {why for _, why in told.unreadable}


def test_a_zip_bomb_is_not_unpacked(process: TextReader) -> None:
    bomb = samples.zipped({"a.bin": bytes(100 * MEGABYTE), "b.txt": "kept"})
    assert len(bomb) < 200_000
    told = bounded(process, bomb)
    assert told.unreadable == [("a.bin", errors.TOO_LARGE)]
    assert "kept" in told.text


def test_a_zip_that_lies_about_its_sizes_is_damaged(process: TextReader) -> None:
    whole = samples.zipped({"a.bin": bytes(100 * MEGABYTE)})
    lie = whole.replace(struct.pack("<I", 100 * MEGABYTE), struct.pack("<I", 100))
    assert reasons(bounded(process, lie)) <= {errors.DAMAGED, errors.TOO_LARGE} != set()


def test_nested_bombs_are_bounded(process: TextReader) -> None:
    one = samples.zipped({"x.txt": "a" * (4 * MEGABYTE)})
    ten = samples.zipped({f"{n}.zip": one for n in range(10)})
    assert reasons(bounded(process, samples.zipped({f"{n}.zip": ten for n in range(15)}), 40)) == {errors.TOO_LARGE}


def test_a_zip_of_ten_thousand_and_more_members_is_read_up_to_a_limit(process: TextReader) -> None:
    told = bounded(process, samples.zipped({f"{n:05}.txt": "word" for n in range(MEMBERS + 50)}))
    assert reasons(told) == {errors.TOO_MANY}
    assert "09999.txt" in told.text


def test_archives_inside_one_another_end_at_a_depth(process: TextReader) -> None:
    content = b"deep"
    for _ in range(60):
        content = samples.zipped({"a": content})
    assert reasons(bounded(process, content)) == {errors.TOO_DEEP}


def test_a_gzip_bomb_is_not_unpacked(process: TextReader) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([packer.compress(bytes(MEGABYTE)) for _ in range(400)]) + packer.flush()
    assert reasons(bounded(process, bomb)) == {errors.TOO_LARGE}


def test_a_7z_bomb_is_not_unpacked(process: TextReader) -> None:
    assert reasons(bounded(process, samples.seven({"a": bytes(300 * MEGABYTE)}), 60)) == {errors.TOO_LARGE}


def test_a_page_tree_that_never_ends(process: TextReader) -> None:
    loop = samples.pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 1000000000 >>",
            b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 1000000000 >>",
        ]
    )
    assert reasons(bounded(process, loop, 90)) <= {errors.DAMAGED, errors.TOO_LONG} != set()


def test_a_sheet_of_a_billion_rows(process: TextReader) -> None:
    far = '<c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c>'
    told = bounded(process, samples.xlsx("near", far), 60)
    assert "near" in told.text
    assert "far" in told.text


def test_a_sheet_that_repeats_a_row_a_billion_times_is_read_once(process: TextReader) -> None:
    row = '<table:table-row xmlns:table="t" table:number-rows-repeated="1000000000"><text:p>kept</text:p></table:table-row>'
    names = 'xmlns:office="o" xmlns:text="t"'
    told = bounded(
        process,
        samples.zipped(
            {
                "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
                "content.xml": f"<office:document-content {names}>{row}</office:document-content>",
            }
        ),
    )
    assert told.text.split() == ["kept"]


def test_entities_are_neither_followed_nor_expanded(process: TextReader) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    outside = '<!ENTITY file SYSTEM "file:///etc/passwd"><!ENTITY l0 "ha">' + laughs
    body = f"<!DOCTYPE d [{outside}]><d><t>kept &file; &l11;</t></d>"
    told = bounded(process, samples.docx("", word__header1_dot_xml=body))
    assert reasons(told) == {errors.ENTITIES}
    assert "kept" in told.text
    assert "root:" not in told.text
    assert "haha" not in told.text


def test_elements_that_are_never_closed(process: TextReader) -> None:
    assert reasons(bounded(process, samples.docx("<w:p>" * 1_000_000))) == {errors.DAMAGED}


def test_a_letter_with_ten_thousand_parts(process: TextReader) -> None:
    part = "--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=a.txt\n\nword\n"
    raw = (
        "From: a@b.example\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        + part * 10_000
        + "--b--\n"
    )
    assert "word" in bounded(process, raw.encode()).text


# -- processes -------------------------------------------------------------------------------------------------------------


def sick(what: str, careful: str = "not extraction.careful") -> Service:
    """A limited process whose reader of text does `what` for every file that says so, and else its work."""
    code = (
        "import os, time, ctypes\n"
        "from civicmail.core.sandbox import text_files, worker\n"
        "plain = text_files.read\n"
        "def read(content, extraction):\n"
        "    plain(content, extraction)\n"
        "    extraction.out.flush()\n"
        f"    if b'sick' in content and {careful}: {what}\n"
        "text_files.read = read\n"
        "worker.main()\n"
    )
    return running(code)


def running(code: str) -> Service:
    """Text, extracted by this program."""
    return replace(file_text.SERVICE, program=(sys.executable, "-I", "-c", code))


def test_a_crash_costs_one_process_and_keeps_what_was_read() -> None:
    process = TextReader(sick("ctypes.string_at(0)", careful="True"))
    told = process.read(b"sick words")
    assert told.unreadable == [("", errors.CRASHED)]
    assert told.text == "sick words"
    assert process.read(b"healthy").text == "healthy"
    assert process.ended == 2
    process.close()


def test_after_a_crash_the_plainest_readers_try_again() -> None:
    process = TextReader(sick("os.abort()"))
    told = process.read(b"sick words")
    assert (told.text, told.unreadable) == ("sick words", [])
    process.close()


@pytest.mark.rule("P-23", "A file that crashes or blocks its reader costs one process and is marked, and its text so far is kept.")
@pytest.mark.parametrize("hang", ["time.sleep(600)", "exec('while 1: pass')"])
def test_a_hang_is_ended_and_keeps_what_was_read(hang: str) -> None:
    process = TextReader(sick(hang), seconds=0.4)
    assert process.read(b"healthy").text == "healthy"
    start = time.monotonic()
    told = process.read(b"sick words")
    assert time.monotonic() - start < 36
    assert (told.text, told.unreadable) == ("sick words", [("", errors.TOO_LONG)])
    assert process.read(b"healthy").text == "healthy"
    process.close()


def test_a_process_that_wants_all_memory_is_stopped() -> None:
    process = TextReader(sick("bytearray(1 << 40)"))
    told = process.read(b"sick words")
    assert (told.text, told.unreadable) == ("sick words", [("", errors.TOO_MUCH_MEMORY)])
    process.close()


@pytest.mark.rule("P-23", "A reader that was taken over makes its parent believe nothing.")
@pytest.mark.parametrize(
    "answer",
    [
        "os.write(answers, b'I' + (1 << 62).to_bytes(8) )",
        "os.write(answers, b'X' + bytes(8))",
        "os.write(answers, b'U' + (4).to_bytes(8) + b'oops')",
        "os.write(answers, b'I' + (2).to_bytes(8) + b'[]')",
        "os.write(answers, b'I' + (1).to_bytes(8) + b'\\xc1')",
    ],
)
def test_a_process_that_was_taken_over_cannot_make_its_parent_believe_anything(answer: str) -> None:
    code = f"import os, time; answers = 1; os.read(0, 1); {answer}; time.sleep(60)"
    with closing(TextReader(running(code))) as process:
        told = process.read(b"words")
    assert (told.text, told.unreadable) == ("", [("", errors.CRASHED)])


def test_time_that_is_used_up_ends_all_reading() -> None:
    now = iter([0.0, 0.5, 1.5])
    budget = Budget(seconds=1.0, clock=lambda: next(now))
    budget.tick()
    with pytest.raises(Spent, match=errors.TOO_LONG):
        budget.tick()


def test_a_limited_process_reads_every_format(process: TextReader) -> None:
    """What a reader imports or looks up late must not be out of its reach."""
    for place, content in samples.planted().items():
        told = process.read(content)
        assert (samples.word(place) in told.text, told.unreadable) == (True, []), place
    assert [process.read(content).pictures for content in samples.scanned().values()] == [1, 1, 1, 1]
