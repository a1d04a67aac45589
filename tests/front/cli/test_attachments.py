"""show and doctor: what of an attachment could not be read, and what nobody can read here (P-24, promise 8)."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import orjson
import pytest

from civicmail.core.config.load import load
from civicmail.core.sandbox import confine, ocr
from civicmail.front.checkup.checks import run_checks
from civicmail.front.checkup.findings import Finding, Installation
from core.sandbox import samples
from front.cli.office import Office, now


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Two messages: a zip with a locked archive in it, and a scan on a machine without OCR."""
    monkeypatch.setattr(ocr, "find_tesseract", lambda _languages: None)
    monkeypatch.setattr("civicmail.front.worker.mail.find_tesseract", lambda _languages: None)
    one = Office(tmp_path / "data")
    locked = samples.zipped({"a.txt": "zeppelin", "b.7z": samples.seven({"x": b"x"}, password="p")})
    one.receive(letter("locked.zip", locked), letter("scan.pdf", samples.scan("page")))
    assert one.run("tick") == 0
    return one


def letter(name: str, content: bytes) -> bytes:
    message = EmailMessage()
    message["Subject"] = f"about {name}"
    message.set_content("see the file")
    message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def said(office: Office, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert office.run(*words) == 0
    return capsys.readouterr().out


def findings(office: Office, check: str) -> list[Finding]:
    return [f for f in run_checks(Installation(office.data, load(office.data), now())) if f.check == check]


def test_show_says_why_a_part_of_an_attachment_gave_no_text(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    (id_,) = [orjson.loads(line)["id"] for line in said(office, capsys, "search", "zeppelin", "--json").splitlines()]
    assert "\n    unreadable: b.7z/x: encrypted\n" in said(office, capsys, "show", id_)
    (attachment,) = orjson.loads(said(office, capsys, "show", id_, "--json"))["letter"]["attachments"]
    assert attachment["unreadable"] == ["b.7z/x: encrypted"]
    (other,) = [orjson.loads(line)["id"] for line in said(office, capsys, "search", "subject:scan", "--json").splitlines()]
    assert "unreadable" not in said(office, capsys, "show", other, "--json")


def test_coverage_says_what_could_not_be_read_and_what_still_waits(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    counts = orjson.loads(said(office, capsys, "search", "*", "--count", "--json"))
    assert (counts["searchable"], counts["unreadable"], counts["waiting"]) == (2, 1, 1)


def test_doctor_says_that_nobody_reads_scans(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    (finding,) = findings(office, "scans")
    assert (finding.level, finding.text.split()[0]) == ("warning", "1")
    monkeypatch.setattr(ocr, "find_tesseract", lambda languages: ocr.Ocr("/usr/bin/tesseract", languages))
    assert [f.level for f in findings(office, "scans")] == ["ok"]


def test_doctor_says_that_pictures_leave_encrypted_where_nothing_reads_them(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P-19: also before there is any scan in the archive, and only where mail is looked into for what is confidential."""
    assert findings(office, "pictures") == []
    monkeypatch.setenv("CIVICMAIL__SCREENING__CHECKS", '["confidential"]')
    (finding,) = findings(office, "pictures")
    assert finding.level == "warning" and "leave the city encrypted" in finding.text
    monkeypatch.setattr(ocr, "find_tesseract", lambda languages: ocr.Ocr("/usr/bin/tesseract", languages))
    assert findings(office, "pictures") == []


@pytest.mark.rule(
    "P-23",
    "`doctor` reports for each part of the sandbox whether it takes effect in a test process, and warns if no other part "
    "contains a reader.",
)
def test_doctor_says_what_holds_a_reader_back_and_what_does_not(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for each piece, of a process that tried it here."""
    real, there = findings(office, "readers"), confine.in_force()
    assert [f.level == "ok" for f in real[:2]] == ["seccomp" in there, "landlock" in there]
    missing = {"seccomp": "there is no list of calls for riscv64", "landlock": "none", "namespaces": "EPERM", "cgroup": "none"}
    monkeypatch.setattr(confine, "try_in_child", lambda: missing)
    calls, files, namespaces, memory = findings(office, "readers")
    assert [f.level for f in (calls, files, namespaces, memory)] == ["problem", "warning", "warning", "ok"]
    assert "riscv64" in calls.text and "no Landlock" in files.text and "EPERM" in namespaces.text and "rlimit" in memory.text
    monkeypatch.setattr(confine, "try_in_child", lambda: {"namespaces": "EPERM"})
    assert [f.level for f in findings(office, "readers")] == ["ok"] * 4
    monkeypatch.setattr(confine, "try_in_child", dict)
    assert "cgroup" in findings(office, "readers")[3].text


def test_show_says_what_stands_around_the_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """P-24, promise 8."""
    office = Office(tmp_path / "data")
    office.receive(b"Content-Type: multipart/mixed; boundary=b\r\n\r\ngravel\r\n--b\r\n\r\nshown\r\n--b--\r\n")
    assert office.run("tick") == 0
    (id_,) = [orjson.loads(line)["id"] for line in said(office, capsys, "search", "gravel", "--json").splitlines()]
    assert "Around the parts: gravel\n" in said(office, capsys, "show", id_)
    shown = orjson.loads(said(office, capsys, "show", id_, "--json"))["letter"]
    assert (shown["around_parts"].strip(), shown["text"]) == ("gravel", "shown")
