"""`civicmail dns`: what the zones say, and what others report."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from civicmail.core.config.clock import now_ms
from civicmail.front.cli import dns
from civicmail.front.cli.main import run
from civicmail.mail.screening.reports import month_files
from mail.screening.reports.test_reports import row, xml
from mail.screening.zone import Zone


def test_each_record_of_each_domain_is_told(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    zone = Zone({"city.example": {"TXT": "v=spf1 -all"}, "_dmarc.city.example": {"TXT": "v=DMARC1; p=reject"}})
    monkeypatch.setattr(dns.nameserver, "open_", lambda settings: zone)
    assert run(["dns", "check", "--json", "--data", str(data)]) == 1
    rows = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {one["record"]: one["state"] for one in rows} == {
        "SPF": "good",
        "DMARC": "good",
        "MTA-STS": "missing",
        "TLS-RPT": "missing",
    }
    zone.rows["_mta-sts.city.example"] = {"TXT": "v=STSv1; id=1"}
    zone.rows["_smtp._tls.city.example"] = {"TXT": "v=TLSRPTv1; rua=mailto:a@city.example"}
    assert run(["dns", "check", "--data", str(data)]) == 0
    assert "v=spf1 -all" in capsys.readouterr().out


def test_a_folder_of_reports_is_added_up(data: Path, tmp_path: Path, capsys: Any) -> None:
    place = tmp_path / "reports"
    (place / "deep").mkdir(parents=True)
    (place / "a.xml").write_bytes(xml(row(), row(dkim="fail", count="9", ip="192.0.2.9")))
    (place / "deep" / "again.xml").write_bytes(xml(row(), row(dkim="fail", count="9", ip="192.0.2.9")))
    assert run(["dns", "reports", str(place), "--data", str(data)]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == "city.example  192.0.2.9  9 failed, 0 passed  signed by mail.example"
    assert "1 reports by 1 reporters" in said.err
    (place / "junk").write_bytes(b"x")
    assert run(["dns", "reports", str(place), "--json", "--data", str(data)]) == 1
    said = capsys.readouterr()
    assert orjson.loads(said.out.splitlines()[0])["failed"] == 9 and "junk: damaged" in said.err
    assert run(["dns", "reports", str(tmp_path / "none"), "--data", str(data)]) == 2


def test_what_is_kept_is_kept_once_and_only_when_it_is_asked_for(data: Path, tmp_path: Path, capsys: Any) -> None:
    """The month of a report is its own; nothing is kept of what could not be read."""
    begin = int(time.time()) - 86_400
    (tmp_path / "a.xml").write_bytes(xml(row()).replace(b"1772400000", str(begin).encode()))
    assert run(["dns", "reports", str(tmp_path / "a.xml"), "--data", str(data)]) == 0
    assert not month_files.folder(data).exists()
    for said in ("1 report is new", "0 reports are new, 1 known already"):
        assert run(["dns", "reports", str(tmp_path / "a.xml"), "--keep", "--data", str(data)]) == 0
        assert f"Kept: {said}." in capsys.readouterr().err
    (month,) = month_files.read(data, now_ms()).values()
    assert month.senders["city.example", "192.0.2.1"].passed == 3
