"""repair: what a broken disk has left is put in order, and the loss stays named (P-15)."""

from __future__ import annotations

import os
from pathlib import Path

import orjson
import pytest

from civicmail.core.config.load import load
from civicmail.core.disk import frames, journal
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.front.checkup.findings import Installation
from civicmail.front.checkup.storage import journals
from front.cli.office import Office, now


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path / "data")
    office.receive(*(b"Subject: %d\r\n\r\ntext\r\n" % n for n in range(3)))
    office.integrate()
    [(_, path)] = journal.log_files(office.data / "journal" / "0001")
    content = bytearray(path.read_bytes())
    content[frames.FILE_HEADER_SIZE + frames.FIXED.size] ^= 1
    path.write_bytes(content)
    return office


def test_a_damaged_journal_is_repaired_and_the_loss_stays_named(office: Office, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    [finding] = journals(Installation(office.data, load(office.data), now()))
    assert "civicmail repair journal" in finding.do
    capsysbinary.readouterr()
    assert office.run("repair", "journal", "--reason", "the disk broke", "--json") == 0
    said = orjson.loads(capsysbinary.readouterr().out)
    assert (said["journal"], said["lost"], said["entry"]) == ("0001", [[1, 1]], "0002:1")
    assert (office.data / "damaged" / "0001" / said["moved"][0]["file"]).stat().st_size == said["moved"][0]["size"]

    assert office.run("verify") == 1
    verdict = orjson.loads(capsysbinary.readouterr().out)
    [problem] = verdict["problems"]
    assert problem["code"] == "lost"
    assert problem["text"] == "Record 1 of journal 0001 is lost; entry 0002:1 says why: the disk broke"
    assert verdict["messages"] == 2
    assert [f.level for f in journals(Installation(office.data, load(office.data), now()))] == ["warning"]


def test_a_person_reads_what_was_done(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert office.run("repair", "journal", "--reason", "the disk broke") == 0
    out = capsys.readouterr().out
    assert "Journal 0001: record 1 of journal 0001 lost; entry" in out
    assert "bytes are in damaged/0001/" in out
    assert office.run("repair", "journal", "--reason", "again") == 0
    assert "No journal is damaged." in capsys.readouterr().err


@pytest.mark.rule("P-15, promise 1", "A repair of journals does nothing while a job that reads them runs, and names the job.")
def test_it_wants_a_reason_and_nothing_running(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert office.run("repair", "journal") == 2
    assert office.run("repair", "journal", "--reason", " ") == 2
    with Lease.take(lease_path(office.data, "follow")), Lease.take(lease_path(office.data, "index")):
        assert office.run("repair", "journal", "--reason", "the disk broke") == 5
    said = capsys.readouterr().err
    assert f"Stop what is at work first: follow (process {os.getpid()}), index (process {os.getpid()})." in said
    assert not (office.data / "damaged").exists(), "nothing was done"
