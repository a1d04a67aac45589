"""The program: its help, its exit codes, and that nobody ever sees a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from civicmail.core.disk.errors import LeaseHeld
from civicmail.front.cli import main, options, verbs
from civicmail.front.cli.main import COMMANDS, run


def _broken() -> None:
    raise RuntimeError("what nobody expected")


def _busy() -> None:
    raise LeaseHeld("Somebody else has it.")


def _full() -> None:
    raise OSError(28, "No space left on device", "/somewhere")


@pytest.fixture
def extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that fail in different ways."""
    for name in ("broken", "busy", "full"):
        monkeypatch.setitem(COMMANDS, name, (f"main:_{name}", ""))
        monkeypatch.setitem(verbs.VERBS, name, verbs.Line(why="a test"))
        monkeypatch.setattr(main, f"_{name}", globals()[f"_{name}"], raising=False)


def test_help_names_every_command_without_importing_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    said = capsys.readouterr().out
    for name, (_, help_) in COMMANDS.items():
        assert name in said
        assert help_[:20] in said


def test_every_command_of_the_table_is_there_and_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        assert run([name, "--help"]) == 0
        assert "Usage: civicmail " + name in capsys.readouterr().out


def test_the_help_of_a_group_names_all_its_commands() -> None:
    program = main.Lazy(name="civicmail")
    for name, (_, help_) in COMMANDS.items():
        there = set(getattr(program.get_command(None, name), "commands", ()))
        assert not there or help_.endswith("…") or set(help_.rpartition(": ")[2].rstrip(".").split(", ")) == there, name


def test_help_imports_no_slow_room() -> None:
    """The budget of a quarter of a second is kept by what is not imported."""
    code = "import sys; from civicmail.front.cli.main import run; run(['--help']); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    slow = {"tantivy", "structlog", "rich", "asyncio", "cryptography", "selectolax", "charset_normalizer", "uvloop"}
    assert slow.isdisjoint(modules)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["serch"], "Did you mean 'search'"),
        (["search"], "QUERY"),
        (["search", "x", "--limit", "many"], "--limit"),
        (["search", "x"], "Name the data folder"),
        (["config", "explain", "gateway.procesess"], "did you mean gateway.processes"),
    ],
)
def test_wrong_words_are_one_sentence_and_exit_2(
    args: list[str], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CIVICMAIL_DATA", raising=False)
    assert run(args) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.startswith("civicmail: ")
    assert len(said.err.splitlines()) == 1
    assert said.out == ""


def test_a_folder_that_is_not_there_is_a_matter_of_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["search", "x", "--data", str(tmp_path / "missing")]) == 3
    assert "civicmail init" in capsys.readouterr().err


@pytest.mark.usefixtures("extra")
def test_our_own_bug_is_70_with_a_hint_and_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CIVICMAIL_TRACEBACK", raising=False)
    assert run(["broken"]) == 70
    said = capsys.readouterr().err
    assert "RuntimeError" in said
    assert "please report it" in said
    assert "Traceback" not in said
    assert "what nobody expected" not in said  # it could be content


@pytest.mark.usefixtures("extra")
def test_what_may_work_later_is_5(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["busy"]) == 5
    assert run(["full"]) == 5
    assert "/somewhere: No space left on device" in capsys.readouterr().err


def test_a_closed_pipe_ends_a_command_quietly() -> None:
    code = "from civicmail.front.cli.main import run; import sys; sys.exit(run(['config', 'explain', 'gateway']))"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait() == 0


def test_the_data_folder_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVICMAIL_DATA", str(tmp_path))
    assert options.data_folder(None) == tmp_path
    assert options.data_folder(tmp_path / "other") == tmp_path / "other"


@pytest.mark.rule(
    "P-19",
    "Files of the program are readable by its user only, whatever the shell allows, and its memory is never written to disk.",
)
def test_what_the_program_writes_is_its_users_alone_and_its_memory_is_written_nowhere(tmp_path: Path) -> None:
    """Whatever the shell that started it allows; what it starts has it from it."""
    data = tmp_path / "data"
    program = [sys.executable, "-m", "civicmail.front.cli.main"]
    subprocess.run([*program, "init", "--data", str(data)], check=True, capture_output=True, umask=0)
    subprocess.run([*program, "tick", "--data", str(data)], check=True, capture_output=True, umask=0)
    assert [str(p) for p in data.rglob("*") if not p.is_symlink() and p.stat().st_mode & 0o077] == []
    asked = "import os, resource, sys; from civicmail.front.cli import main; main.run = lambda _: print("
    asked += "os.umask(0), *resource.getrlimit(resource.RLIMIT_CORE)) or 0; main.main()"
    said = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True, umask=0)
    assert said.stdout.split() == [str(0o077), "0", "0"]
