"""What the settings name is looked at before somebody needs it: by `config check`, and by `doctor` (P-15, P-23)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from civicmail.core.config import explain
from civicmail.core.config.load import FILE
from civicmail.front.checkup import checks, configured_files
from civicmail.front.checkup.findings import Finding, Installation
from front.cli.office import Office
from mail.gateway.test_tls import make

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "data")


def check(office: Office, capsys: Capture, text: str) -> tuple[int, str]:
    (office.data / FILE).write_text(text)
    capsys.readouterr()
    return office.run("config", "check"), capsys.readouterr().err


def listener(certificate: object, key: object, kind: str = "mx") -> str:
    return f'[[gateway.listener]]\nkind = "{kind}"\nport = 2525\ncertificate = "{certificate}"\nkey = "{key}"\n'


@pytest.mark.rule(
    "P-23",
    "`config check` and `doctor` read the files that settings name; what they call good is what `run` starts with.",
)
def test_the_check_reads_the_files_that_settings_name(office: Office, tmp_path: Path, capsys: Capture) -> None:
    """What it calls good is what `run` starts with."""
    make(tmp_path, "one"), make(tmp_path, "other")
    one, other = tmp_path / "one.pem", tmp_path / "other.key"
    for text, why in (
        (listener("/nowhere/x.pem", one), "gateway.listener.certificate /nowhere/x.pem cannot be read: No such file"),
        (listener("one.pem", "one.key"), "gateway.listener.key one.key must be a whole path"),
        (listener(tmp_path, one), f"gateway.listener.certificate {tmp_path} is a folder"),
        (listener(tmp_path / "one.key", one), f"{tmp_path / 'one.key'} has no certificate in PEM form"),
        (listener(one, ""), f"{one} has no private key in PEM form"),
        (listener(one, other), f"{other} has another certificate's key"),
        (listener("", "", "submission"), "it needs a certificate"),
        ('[courier]\nimap_key_file = "/nowhere/key"\n', "courier.imap_key_file /nowhere/key cannot be read"),
        (f'[archive]\nstandby = "{office.data / "copy"}"\n', "lies in the data folder"),
    ):
        code, said = check(office, capsys, text)
        assert (code, why in said, "is good" in said) == (3, True, False), (text, said)
        assert office.run("doctor") == 1
        assert f"PROBLEM    settings: {said.splitlines()[0][:60]}" in capsys.readouterr().out
    assert check(office, capsys, listener(one, tmp_path / "one.key"))[0] == 0
    assert office.run("config", "check", "--json") == 0
    assert orjson.loads(capsys.readouterr().out)["wrong"] == []


def test_every_setting_that_names_a_file_is_looked_at() -> None:
    says = ("PEM file", "A file that holds", "The log of")
    files = {s.key.rpartition(".")[2] for s in explain.all_settings() if any(word in s.help for word in says)}
    assert files == configured_files.FILES


@pytest.mark.rule("P-15", "A check of `doctor` that fails in any way is a finding, and the others run.")
def test_a_check_that_fails_in_whatever_way_is_a_finding_and_the_others_are_made(
    office: Office, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is damaged is what brings people to `doctor`."""

    def broken(_: Installation) -> Iterator[Finding]:
        yield Finding("broken", "ok", str(int("no number")))

    monkeypatch.setattr(checks, "CHECKS", (broken, *checks.CHECKS))
    assert office.run("doctor") == 1
    said = capsys.readouterr().out
    assert "PROBLEM    broken: This could not be checked: " in said and "ok         disk: " in said and "mail out: " in said


def test_what_may_not_be_read_is_given_back_to_its_owner_and_not_verified(
    office: Office, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(_: Installation) -> Iterator[Finding]:
        raise PermissionError(13, "Permission denied", f"{office.data}/journal/0001")
        yield

    monkeypatch.setattr(checks, "CHECKS", (shut,))
    assert office.run("doctor") == 1
    said = capsys.readouterr().out
    assert f"{office.data}/journal/0001 may not be read." in said and f"chown -R --reference={office.data} " in said


@pytest.mark.rule("P-23", "`init` where mail and keys are, and settings are not, writes the settings and nothing else.")
def test_lost_settings_of_an_installation_with_mail_are_written_anew_and_nothing_else(office: Office, capsys: Capture) -> None:
    """Neither is the key of its mail made anew, nor is a person sent to a new folder."""
    office.receive(b"Subject: x\r\n\r\nx\r\n")
    (office.data / FILE).unlink()
    before = {path: path.read_bytes() for path in office.data.rglob("*") if path.is_file()}
    assert office.run("doctor") == 3
    assert f"civicmail init --data {office.data}" in capsys.readouterr().err
    assert office.run("init") == 0
    assert "nothing else was touched" in capsys.readouterr().err
    (office.data / FILE).rename(office.data.parent / FILE)
    assert {path: path.read_bytes() for path in office.data.rglob("*") if path.is_file()} == before
