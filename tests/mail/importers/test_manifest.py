"""An import can be checked against its source, line by line and as a whole; journal reports come in as what was sent (P-23)."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from civicmail.core.query.parse import parse
from civicmail.front.cli.main import run
from civicmail.mail.archive import layout
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from civicmail.mail.importers import manifest
from civicmail.mail.importers.errors import NotBalanced
from civicmail.mail.importers.importing import ImportProgress, Request, run_import
from civicmail.mail.search.counts import count
from civicmail.mail.search.reader import Reader
from core.message.test_journal_report import MAIL, report_of

NOW = 1_772_452_800_000
ONE = b"From: ana@out.example\nSubject: one\n\none\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    layout.make(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "1.eml").write_bytes(ONE)
    (folder / "2.eml").write_bytes(ONE)
    (folder / "3.txt").write_bytes(b"no mail")
    (folder / "4.pst").write_bytes(b"!BDN")
    return folder


def imported(data: Path, path: Path, **more: Any) -> dict[str, int]:
    told = ImportProgress(lambda left: None, lambda read: None, lambda done, wanted: None)
    return run_import(data, Request((path,), **more), told, lambda: NOW, 0).plain()


def test_every_item_has_a_line_and_the_report_balances(data: Path, source: Path, tmp_path: Path) -> None:
    for stored, known in ((2, 0), (0, 2)):
        totals = imported(data, source, manifest=tmp_path / "m.jsonl")
        *lines, last = [json.loads(line) for line in (tmp_path / "m.jsonl").read_text().splitlines()]
        assert [line["status"] for line in lines] == ["stored" if stored else "known"] * 2 + ["no mail", "failed"]
        assert lines[0] == {
            "item": str(source / "1.eml"), "folder": "", "sha256": hashlib.sha256(ONE).hexdigest(), "status": lines[0]["status"],
        }  # fmt: skip
        assert last["report"] == {
            "items": 4, **totals, "no_mail": 1, "bytes": 2 * len(ONE), "missing": 0, "balanced": True,
            "sha256_of_items": hashlib.sha256(hashlib.sha256(ONE).digest() * 2).hexdigest(),
        }  # fmt: skip
        assert (totals["stored"], totals["known"], totals["failed"]) == (stored, known, 1)


def test_a_manifest_may_be_a_table(data: Path, source: Path, tmp_path: Path) -> None:
    imported(data, source, manifest=tmp_path / "m.csv")
    with (tmp_path / "m.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["stored", "stored", "no mail", "failed", "report"]
    assert "missing 0; balanced True" in rows[-1]["reason"]


@pytest.mark.rule("P-23, P-24", "A manifest balances against the present archive, queried again.")
def test_an_archive_that_lacks_an_item_is_found_out(
    data: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forgetful(Machine):
        def known(self, bits: bytes, sha256: bytes) -> bool:
            return False

    monkeypatch.setattr(manifest, "Machine", Forgetful)
    with pytest.raises(NotBalanced):
        imported(data, source, manifest=tmp_path / "m.jsonl")
    assert json.loads((tmp_path / "m.jsonl").read_text().splitlines()[-1])["report"]["missing"] == 2


def test_imported_journal_reports_are_taken_apart_only_when_asked(data: Path, tmp_path: Path) -> None:
    source = tmp_path / "reports"
    source.mkdir()
    whole = report_of(MAIL).replace(b"Subject: pipes\r\nX-MS", b"Date: Mon, 03 Jan 2022 10:00:00 +0000\r\nX-MS")
    (source / "1.eml").write_bytes(whole)
    (source / "2.eml").write_bytes(ONE)
    assert imported(data, source, source="plain")["stored"] == 2
    assert imported(data, source, source="taken", journal=True)["stored"] == 2
    assert imported(data, source, source="taken", journal=True)["known"] == 2
    kept = {}
    for stored in Machine(data).all_captures(lambda error: pytest.fail(str(error))):
        capture = Capture.from_head(stored.head)
        kept[capture.source.name, stored.body] = capture
    assert set(kept) == {("plain", whole), ("plain", ONE), ("taken", MAIL), ("taken", ONE)}
    capture = kept["taken", MAIL]
    assert (capture.basis, capture.received) == ("journal", 1_641_204_000_000)
    assert capture.report is not None and capture.report.whole(MAIL) == whole
    assert [d.do for d in capture.dispositions] == ["kept"] * 4 and kept["plain", whole].report is None
    assert count(Reader(data), parse("rcpt:eve@city.example", now=datetime.fromtimestamp(NOW / 1000, UTC))) == 1


def test_the_report_is_shown_bit_for_bit(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    data, source = str(tmp_path / "d"), tmp_path / "1.eml"
    source.write_bytes(report_of(MAIL))
    assert run(["init", "--data", data]) == 0
    assert run(["import", str(source), "--journal", "--data", data, "--json"]) == 0
    capfdbinary.readouterr()
    digest = hashlib.sha256(MAIL).hexdigest()
    assert run(["show", digest, "--report", "--data", data]) == 0
    assert capfdbinary.readouterr().out == report_of(MAIL)
    assert run(["show", digest, "--data", data]) == 0
    assert b"Journal: exchange, to bob@city.example, cy@out.example" in capfdbinary.readouterr().out
    assert run(["show", digest, "--raw", "--data", data]) == 0
    assert capfdbinary.readouterr().out == MAIL
    source.write_bytes(ONE)
    assert run(["import", str(source), "--data", data]) == 0
    assert run(["show", hashlib.sha256(ONE).hexdigest(), "--report", "--data", data]) == 1
