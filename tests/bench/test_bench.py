"""The parts of the benchmarks that must be right for a figure to mean anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.corpus import maildir
from bench.processes import bytes_below, cpu, family, measured, peak, role
from bench.report import Report, Row

from civicmail.front.sample.mail import messages


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
