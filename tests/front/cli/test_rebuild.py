"""What is derived can be made anew from the archive, and says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from civicmail.core.disk import journal
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.front.cli import waits
from civicmail.mail.archive import segments
from civicmail.mail.archive.seal import Sealer
from front.cli.office import Office, now


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path / "data")
    office.receive(b"Subject: one\r\n\r\none\r\n", b"Subject: two\r\n\r\ntwo\r\n")
    office.integrate()
    with Sealer(office.data) as sealer:
        sealer.seal(lambda: dict.fromkeys(journal.names(office.data), 1 << 60), now=now())
    return office


def test_a_lost_catalogue_comes_back_from_the_segments(office: Office, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    shutil.rmtree(office.data / "catalogue")
    assert office.run("verify") == 1
    assert b"`rebuild catalogue` adds them" in capsysbinary.readouterr().err
    assert office.run("rebuild", "catalogue") == 0
    assert b"has 2 captures" in capsysbinary.readouterr().err
    assert office.run("verify") == 0


def test_a_lost_index_is_made_of_all_that_is_kept_and_compared_with_it(
    office: Office, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """promise 8, P-23."""
    shutil.rmtree(office.data / "index", ignore_errors=True)
    assert office.run("rebuild", "index") == 0
    assert b"all 2 captures" in capsysbinary.readouterr().err
    monkeypatch.setattr("civicmail.front.cli.rebuild.searchable", lambda _: 1)
    assert office.run("rebuild", "index") == 1
    assert b"1 of 2 captures" in capsysbinary.readouterr().err


def test_a_segment_that_cannot_be_read_is_named(office: Office, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    path = segments.path_of(office.data, *next(segments.listed(office.data)))
    path.write_bytes(path.read_bytes()[:-1])
    assert office.run("rebuild", "catalogue") == 1
    assert path.name.encode() in capsysbinary.readouterr().err


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "WORKER_SECONDS", 0.1)


@pytest.mark.usefixtures("impatient")
def test_while_somebody_seals_who_does_not_let_go_the_answer_is_later(office: Office) -> None:
    with Sealer(office.data):
        assert office.run("rebuild", "catalogue") == 5


def test_a_lost_snapshot_of_those_who_wait_comes_back(office: Office, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Promise 1: losing a projection loses no mail."""
    assert office.run("queue", "list") == 1
    assert b"`civicmail rebuild outstanding`" in capsysbinary.readouterr().err
    assert office.run("rebuild", "outstanding") == 0
    assert b"2 of 2 captures" in capsysbinary.readouterr().err
    assert office.run("queue", "list", "--json") == 0
    assert capsysbinary.readouterr().out.count(b"ben@city.example") == 2


@pytest.mark.usefixtures("impatient")
def test_while_the_courier_does_not_let_go_the_answer_is_later(office: Office, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    with Lease.take(lease_path(office.data, "courier")):
        assert office.run("rebuild", "outstanding") == 5
    assert b"courier is held by process" in capsysbinary.readouterr().err
