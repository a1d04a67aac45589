"""`init`, `config` and `keys`: a new installation and what can be asked of it."""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from civicmail.city.identity import setup_code
from civicmail.core.config.load import load
from civicmail.core.config.settings import Settings, Web
from civicmail.core.config.template import starter
from civicmail.core.disk.tail import Tail
from civicmail.front.cli.main import run
from civicmail.mail.archive import keyring
from civicmail.mail.archive.records import Event, Type

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def made(tmp_path: Path, capsys: Capture) -> tuple[Path, str]:
    """(a fresh installation, its recovery key)"""
    data = tmp_path / "new" / "data"
    assert run(["init", "--data", str(data)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    (key,) = re.findall(r"(?m)^    (\S+)$", said.err)
    return data, key


def test_a_new_installation_is_private_and_has_default_settings(made: tuple[Path, str]) -> None:
    data, _ = made
    assert data.stat().st_mode & 0o777 == 0o700
    assert load(data, environ={}) == starter()


@pytest.mark.rule(
    "P-14",
    "A new installation requires the sender's name in mail and names a contractor's agency; an existing one keeps its settings.",
)
def test_a_new_installation_asks_senders_who_they_are_and_an_old_one_is_not_changed(made: tuple[Path, str]) -> None:
    data, _ = made
    new = load(data, environ={})
    assert (new.senders.identification, new.senders.without_identification) == ("{name}", "finding")
    assert new.city.agencies_named
    (data / "civicmail.toml").write_text("")
    assert load(data, environ={}) == Settings()


@pytest.mark.rule("P-29", "`init` prints the next steps as complete commands.")
def test_init_says_what_comes_next_as_commands_that_can_be_typed(tmp_path: Path, capsys: Capture) -> None:
    data = tmp_path / "a city"
    assert run(["init", "--data", str(data)]) == 0
    said = capsys.readouterr().err
    lines = [shlex.split(line) for line in re.findall(r"(?m)^    (\S+ .*)$", said)]
    assert [words[1:3] for words in lines] == [["run", "--data"]]
    assert all(words[-2:] == ["--data", str(data)] for words in lines)
    for words in lines:
        assert run([*words[1:], "--help"]) == 0
    assert "http://localhost:8025" in said and "civicmail.toml" in said
    assert str(setup_code.path(data)) in said and setup_code.path(data).read_text().strip() in said


def test_init_names_the_city_and_its_domains_and_refuses_what_is_no_domain(tmp_path: Path, capsys: Capture) -> None:
    assert run(["init", "--data", str(tmp_path / "no"), "--domain", "no domain"]) == 2
    assert "--domain has 'no domain'" in capsys.readouterr().err and not (tmp_path / "no").exists()
    data = tmp_path / "data"
    assert run(["init", "--data", str(data), "--name", "Lindholm", "--domain", "Lindholm.example"]) == 0
    city = load(data, environ={}).city
    assert (city.name, city.domains) == ("Lindholm", ["lindholm.example"])


def test_what_is_initialized_is_not_touched_again(made: tuple[Path, str], tmp_path: Path, capsys: Capture) -> None:
    data, _ = made
    before = {p: p.read_bytes() for p in data.rglob("*") if p.is_file()}
    assert run(["init", "--data", str(data)]) == 3
    assert "nothing was changed" in capsys.readouterr().err
    assert {p: p.read_bytes() for p in data.rglob("*") if p.is_file()} == before
    (tmp_path / "file").touch()
    assert run(["init", "--data", str(tmp_path / "file")]) == 3


def test_the_recovery_key_is_shown_once_and_can_be_proved(
    made: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    data, key = made
    assert key not in "".join(p.read_text("latin-1") for p in data.rglob("*") if p.is_file())
    assert not keyring.is_proved(data)
    monkeypatch.setattr(sys, "stdin", io.StringIO("wrong\n"))
    assert run(["keys", "prove-recovery", "--data", str(data)]) == 2
    (tmp_path / "key").write_text(f" {key.upper()}\n")
    assert run(["keys", "prove-recovery", "--data", str(data), "--file", str(tmp_path / "key")]) == 0
    assert keyring.is_proved(data)
    capsys.readouterr()


def test_another_installations_key_is_no_proof(made: tuple[Path, str], tmp_path: Path, capsys: Capture) -> None:
    data, _ = made
    assert run(["init", "--data", str(tmp_path / "second")]) == 0
    (other,) = re.findall(r"(?m)^    (\S+)$", capsys.readouterr().err)
    (tmp_path / "key").write_text(other)
    assert run(["keys", "prove-recovery", "--data", str(data), "--file", str(tmp_path / "key")]) == 1
    assert not keyring.is_proved(data)


@pytest.mark.rule("P-16", "Work on the machine is entered as begun, and then as done or as failed.")
def test_work_on_the_machine_is_entered_as_begun_and_as_what_became_of_it(
    made: tuple[Path, str], tmp_path: Path, capsys: Capture
) -> None:
    """An entry never says that something was proved which was not."""
    data, key = made
    assert run(["init", "--data", str(tmp_path / "second")]) == 0
    (other,) = re.findall(r"(?m)^    (\S+)$", capsys.readouterr().err)
    for text, code in ((other, 1), (key, 0)):
        (tmp_path / "key").write_text(text)
        assert run(["keys", "prove-recovery", "--data", str(data), "--file", str(tmp_path / "key")]) == code
    records = [r for r in Tail(data).poll() if r.type == Type.ENTRY]
    said = [Event.from_head(record.head).facts for record in records]
    assert [(e["act"], e["state"]) for e in said] == [("keys prove-recovery", w) for w in ("begun", "failed", "begun", "done")]
    assert [e.get("begun", "") for e in said[1::2]] == [f"{r.journal}:{r.number}" for r in records[::2]]


def test_a_lost_master_key_is_written_again_from_the_recovery_key(made: tuple[Path, str], tmp_path: Path) -> None:
    data, key = made
    master = (data / "keys" / "master.key").read_bytes()
    (data / "keys" / "master.key").unlink()
    (tmp_path / "key").write_text(key)
    assert run(["keys", "recover", "--data", str(data), "--file", str(tmp_path / "key")]) == 0
    assert (data / "keys" / "master.key").read_bytes() == master


def test_config_shows_what_is_in_force_and_checks_it(
    made: tuple[Path, str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, _ = made
    monkeypatch.setenv("CIVICMAIL__WEB__PORT", "8099")
    assert run(["config", "show", "--json", "--data", str(data)]) == 0
    assert json.loads(capsys.readouterr().out)["web"]["port"] == 8099
    assert run(["config", "show", "--data", str(data)]) == 0
    assert "\nport = 8099\n" in capsys.readouterr().out
    assert run(["config", "check", "--data", str(data)]) == 0
    with (data / "civicmail.toml").open("a") as h:
        h.write("\n[gatewai]\nx = 1\n")
    assert run(["config", "check", "--data", str(data)]) == 3
    assert "gatewai; did you mean gateway" in capsys.readouterr().err


def test_config_explains_for_people_and_for_machines(capsys: Capture) -> None:
    assert run(["config", "explain", "web.port"]) == 0
    assert "The port of the pages." in capsys.readouterr().out
    assert run(["config", "explain", "web", "--json"]) == 0
    keys = [json.loads(line)["key"] for line in capsys.readouterr().out.splitlines()]
    assert keys == [f"web.{f.name}" for f in fields(Web)]
