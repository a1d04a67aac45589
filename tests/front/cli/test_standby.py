"""standby, restore and drill on the command line (P-23)."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from civicmail.front.cli.main import run
from civicmail.mail.replica import epoch
from civicmail.mail.replica.errors import Fenced
from civicmail.mail.replica.links import FolderLink
from civicmail.mail.replica.ship import Shipper
from civicmail.mail.search import coverage
from civicmail.mail.search.tasks import IndexJob
from front.cli.office import Office, now

BODY = b"Subject: budget\r\nMessage-ID: <1@out.example>\r\n\r\nhello\r\n"
OTHER = BODY.replace(b"<1", b"<2")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path / "data")
    office.receive(BODY, OTHER)
    office.integrate(signed=True)
    assert office.run("tick") == 0
    assert list((office.data / "segments").glob("*/*/*.seg"))
    office.receive(OTHER.replace(b"<2", b"<3"))
    office.integrate(signed=True)
    return office


@pytest.fixture
def copy(office: Office, tmp_path: Path) -> Path:
    with closing(FolderLink(tmp_path / "copy")) as link:
        shipper = Shipper(office.data, link, now)
        for _ in shipper.turn():
            shipper.round()
    return tmp_path / "copy"


def test_restore_makes_an_installation_that_finds_and_verifies_everything(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = tmp_path / "new"
    assert run(["restore", "--from", str(copy), "--data", str(new)]) == 0
    said = capsys.readouterr().out
    assert "3 messages have recipients that wait and will be served. This is epoch 2." in said
    with closing(IndexJob.take(new)) as job:  # what the worker does
        while coverage.is_rebuild_requested(new):
            job.step(now())
        job.catch_up(now())
    assert run(["verify", "--deep", "--data", str(new)]) == 0
    capsys.readouterr()
    assert run(["search", "budget", "--count", "--json", "--data", str(new)]) == 0
    assert json.loads(capsys.readouterr().out)["count"] == 3


def test_restore_takes_only_a_copy_and_only_a_new_folder(office: Office, copy: Path, tmp_path: Path) -> None:
    assert run(["restore", "--from", str(office.data), "--data", str(tmp_path / "new")]) == 3
    assert run(["restore", "--from", str(copy), "--data", str(office.data)]) == 3


@pytest.mark.parametrize("what", ["restore", "failover"])
def test_a_drill_reports_and_leaves_nothing_behind(
    copy: Path, tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.iterdir())
    assert run(["drill", what, "--from", str(copy), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["waiting"] == 3
    assert report["problems"] == []
    assert all(step["seconds"] >= 0 for step in report["steps"])
    assert run(["drill", what, "--from", str(copy)]) == 0
    assert "Everything is as it should be." in capsys.readouterr().out
    assert sorted(tmp_path.iterdir()) == before
    assert run(["standby", "status", "--data", str(copy)]) == 0
    assert "copy of epoch 1" in capsys.readouterr().out  # nobody was fenced


def test_a_drill_names_what_is_damaged_in_the_copy(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (log,) = (copy / "journal").glob("*/*.log")
    content = bytearray(log.read_bytes())
    content[content.index(b"hello")] ^= 1
    log.write_bytes(content)
    assert run(["drill", "restore", "--from", str(copy), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["problems"]


def test_status_says_that_there_is_no_second_place(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert office.run("standby", "status") == 0
    assert "There is no second place" in capsys.readouterr().out


def test_a_second_place_is_a_folder_or_a_host_with_tls(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    settings = office.data / "civicmail.toml"
    settings.write_text(settings.read_text().replace("[archive]", '[archive]\nstandby = "smb://there"'))
    assert office.run("standby", "status") == 3
    assert "must be a folder" in capsys.readouterr().err


def test_rotating_the_master_key_shows_the_new_recovery_key_once(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert office.run("keys", "rotate-master") == 0
    shown = capsys.readouterr().err
    assert sum(word.count("-") == 7 for word in shown.split()) == 1
    assert office.run("verify", "--deep") == 0


def test_a_fenced_installation_takes_in_nothing_and_is_still_read(
    office: Office, copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    letter = tmp_path / "letter.eml"
    letter.write_bytes(BODY)
    assert run(["restore", "--from", str(copy), "--data", str(tmp_path / "new")]) == 0
    with closing(FolderLink(copy)) as link, pytest.raises(Fenced) as told:
        Shipper(office.data, link, now)
    epoch.fence(office.data, str(told.value).encode())
    for words in (["run"], ["import", str(letter)]):
        assert office.run(*words) == 3
        assert "epoch 2; this one has epoch 1" in capsys.readouterr().err
    assert office.run("verify") == 0
    assert office.run("standby", "status") == 1
    assert office.run("doctor") == 1
    assert "Another installation was made from the copy" in capsys.readouterr().out
