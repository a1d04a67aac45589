"""The parts of the benchmarks that must be right for a figure to mean anything."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import zipfile
from itertools import islice
from pathlib import Path

import pypdfium2
import pytest
from bench.corpus import maildir
from bench.growth import NOW, QUERIES, questions
from bench.lag import behind
from bench.made import Made
from bench.processes import bytes_below, measured
from bench.report import Report, Row
from python_calamine import CalamineWorkbook

from bench import files, screened
from civicmail.core.message import message_parser
from civicmail.core.query.parse import parse
from civicmail.front.sample.mail import messages
from civicmail.front.sample.process_costs import cpu, family, peak, role
from civicmail.mail.importers import mbox


def test_what_a_stranger_brings_is_never_in_the_name_of_the_city() -> None:
    """The gateway refuses it, and the part `screened` failed where the corpora are not there."""
    bodies = list(islice(screened.different(m.content for m in messages(1)), screened.KINDS))
    assert len(bodies) == screened.KINDS
    assert not [one for body in bodies for one in message_parser.parse(body).from_ if screened.OURS.decode() in one.addr]


def test_a_report_is_kept_as_text_and_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    report.add(Row("import", "notmuch new", "until searchable", 35.29, "s", 4.9, "8 x"))
    report.note("20000 messages")
    report.save(tmp_path / "out")
    said = capsys.readouterr().out
    assert "notmuch new" in said and "4.9 x" in said and "wanted 8 x" in said
    kept = json.loads((tmp_path / "out" / "report.json").read_text())
    assert kept["rows"][0]["ratio"] == 4.9
    assert kept["notes"] == ["20000 messages"]
    assert "until searchable" in (tmp_path / "out" / "report.txt").read_text()


def test_a_command_is_measured_with_its_children_and_its_failure_has_its_last_words() -> None:
    work = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'b = bytearray(60_000_000); sum(range(3_000_000))'])"
    cost = measured([sys.executable, "-c", work])
    assert 0.02 < cost.cpu < 60
    assert cost.wall > 0.02
    left = "import os, time\nif not os.fork():\n while time.process_time() < 0.5: pass"
    assert 0.5 <= measured([sys.executable, "-c", left]).cpu < 60
    with pytest.raises(RuntimeError, match="last words"):
        measured([sys.executable, "-c", "import sys; sys.exit('last words')"])


def test_a_family_is_found_with_its_memory_and_its_time() -> None:
    child = "import sys, time; b = bytearray(50_000_000); sys.stdout.write('x'); sys.stdout.flush(); sys.stdin.read()"
    parent = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {child!r}]); p.wait()"
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.read(1) == b"x"
        pids = family(process.pid)
        assert len(pids) == 2
        assert peak(pids[1]) > 45
        assert cpu(pids) > 0
    assert peak(os.getpid()) > 10


def test_roles_are_read_from_the_command_line() -> None:
    for words, wanted in (
        (["run"], "supervisor"),
        (["run", "gateway"], "gateway"),
        (["run", "worker", "--job", "mail"], "worker mail"),
    ):
        command = [sys.executable, "-c", "print(flush=True); input()", *words, "--data", "x"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            assert role(process.pid) == wanted
            process.communicate(b"\n")


def test_the_corpus_without_real_mail_is_the_sample_citys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CIVICMAIL_CORPORA", raising=False)
    name, count, size = maildir(tmp_path / "box", 30)
    files = sorted((tmp_path / "box" / "cur").iterdir(), key=lambda p: int(p.name.split(".")[0]))
    assert (name, count, len(files)) == ("sample mail", 30, 30)
    assert size == sum(p.stat().st_size for p in files)
    assert files[0].read_bytes() == next(messages(1)).content
    assert bytes_below(tmp_path / "box") >= size


BASE = [
    b"Received: from a by b; Mon, 1 Jan 2001 00:00:00 +0000\nDate: Mon, 1 Jan 2001 00:00:00 +0000\nFrom: ann@x.example\n"
    b"Subject: one\nMessage-ID: <a@x.example>\n\nred\ngreen\nFrom blue\n",
    b"From: bob@x.example\nSubject: Re: one\nMessage-ID: <b@x.example>\nReferences: <a@x.example>\n\t<a@x.example>\n\nyes\nno\n",
    b"From: eve@x.example\nMessage-ID: <c@x.example>\nContent-Transfer-Encoding: base64\n\nYWJj\nZGVm\n",
]


def test_made_mail_is_the_same_every_time_and_has_ids_dates_and_threads_of_its_own() -> None:
    made = Made("three messages", BASE, 30)
    found = [made.message(n) for n in range(30)]
    assert found == [Made("three messages", BASE, 30).message(n) for n in range(30)]
    assert found != [Made("three messages", BASE, 30, seed=2).message(n) for n in range(30)]
    fields = [message_parser.fields(raw) for raw in found]
    assert len({f.message_id for f in fields}) == 30
    dates = [f.date for f in fields]
    assert all(dates) and dates == sorted(dates, key=str)
    assert [f.received for f in fields] == dates
    assert (dates[0].year, dates[-1].year) == (2020, 2026)  # type: ignore[union-attr]
    assert fields[4].references == ("1.a@x.example", "1.a@x.example")
    assert {f.text for f in fields if f.subject == ""} == {fields[2].text}  # what is encoded is not shuffled


def test_a_made_mbox_gives_back_the_made_messages(tmp_path: Path) -> None:
    made = Made("three messages", BASE, 12)
    size = made.mbox(tmp_path / "box", 3, 9)
    content = (tmp_path / "box").read_bytes()
    kind = mbox.kind_of(content)
    assert [mbox.content(content, place, kind) for place in mbox.places(content, kind)] == list(made.messages(3, 9))
    assert size == sum(len(raw) for raw in made.messages(3, 9))


def test_every_question_of_the_benchmark_is_a_query() -> None:
    asked = list(questions(Made("three messages", BASE, 3), QUERIES))
    assert len(asked) == QUERIES
    assert all(parse(text, now=NOW) for text in asked)
    assert any(text.startswith("from:ann@x.example") for text in asked)


def test_a_lag_lasts_until_the_look_that_found_so_many() -> None:
    assert behind([1.0, 2.0, 3.0], [(1.5, 0), (2.5, 1), (3.5, 3), (4.5, 3)]) == [0.5, 1.5, 1.5]
    with pytest.raises(RuntimeError, match="2 of 3"):
        behind([1.0, 2.0, 3.0], [(2.5, 2)])


def test_made_files_are_read_by_others_and_are_the_same_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CIVICMAIL_CORPORA", raising=False)
    assert list(files.messages(4)) == list(files.messages(4))
    kinds = {a.content_type.partition("/")[2][:4] for raw in files.messages(60) for a in message_parser.fields(raw).attachments}
    assert kinds == {"pdf", "vnd.", "png"}
    with pypdfium2.PdfDocument(files.pdf(["storm drain\n", "second page\n"])) as document:
        assert [page.get_textpage().get_text_range().strip() for page in document] == ["storm drain", "second page"]
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(files.xlsx([["storm", "a & b"]]))).get_sheet_by_index(0)
    assert sheet.to_python() == [["storm", "a & b"]]
    with zipfile.ZipFile(io.BytesIO(files.docx("storm\n<drain>\n"))) as package:
        assert b"&lt;drain&gt;" in package.read("word/document.xml")
    assert files.png(random.Random(1), 3).startswith(b"\x89PNG")
