"""Promise 1: every message can be read from its bytes by a program that was written from docs/formats.md alone."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import partial
from hashlib import sha256
from pathlib import Path
from shutil import copytree

import pytest

from civicmail.core.disk import journal
from civicmail.mail.archive import keyring, master_key, seal_state
from civicmail.mail.archive.seal import Sealer
from mail.archive.crashing import Crash, CrashingFiles, sample
from mail.archive.making import NOW, UNSYNCED, contents, fill, passed_all, seal

TOOL = Path(__file__).resolve().parents[2] / "tools" / "read_archive.py"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An archive with one of everything, and its recovery key."""
    data = tmp_path_factory.mktemp("filled")
    recovery = keyring.create(data, files=UNSYNCED)
    sample(data)
    return data, recovery


@pytest.fixture
def archive(filled: tuple[Path, str], tmp_path: Path) -> Path:
    return copytree(filled[0], tmp_path / "data")


def read(data: Path, *options: str | Path) -> tuple[int, dict[str, bytes], str]:
    """What it ends with, the messages that it wrote by capture id, and what it said was wrong."""
    out = data.parent / "out"
    done = subprocess.run([sys.executable, "-I", TOOL, data, "--out", out, *options], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines:
        assert sha256((out / f"{line['id']}.eml").read_bytes()).hexdigest() == line["sha256"]
    return done.returncode, {line["id"]: (out / f"{line['id']}.eml").read_bytes() for line in lines}, done.stderr


def kept(data: Path) -> dict[str, bytes]:
    return {id_: body for id_, (_, body, _) in contents(data).items()}


def test_it_is_short_and_knows_nothing_of_the_project() -> None:
    text = TOOL.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    assert imported - sys.stdlib_module_names == {"cryptography", "zstandard"}


@pytest.mark.rule("promise 1", "A reader written from docs/formats.md alone reads every message, sealed or not.")
def test_every_message_is_read_before_and_after_sealing(archive: Path) -> None:
    code, messages, said = read(archive)
    assert (code, messages) == (0, kept(archive)), said
    assert len(messages) == 23
    seal(archive)
    assert read(archive)[:2] == (0, messages)
    fill(archive, [b"Subject: later\r\n\r\n%d\r\n" % n for n in range(3)])
    code, more, said = read(archive)
    assert (code, more) == (0, kept(archive)), said
    assert len(more) == 26


@pytest.mark.rule("promise 1", "A seal that a crash interrupted at any step hides no message from another reader.")
def test_a_seal_that_was_interrupted_hides_nothing(archive: Path) -> None:
    expected = kept(archive)
    states = set()
    for at in range(1, 400, 7):
        data = copytree(archive, archive.parent / f"crash{at}")
        try:
            with Sealer(data, CrashingFiles(at)) as sealer:
                sealer.seal(partial(passed_all, data), now=NOW, checkpoint="")
        except Crash:
            pass
        else:
            break
        state = seal_state.read(data)
        states.add(state and state.committed)
        code, messages, said = read(data)
        assert (code, messages) == (0, expected), said
    assert states >= {None, True, False}


def test_the_recovery_key_on_paper_opens_what_the_master_key_opens(archive: Path, filled: tuple[Path, str], tmp_path: Path) -> None:
    seal(archive)
    expected = kept(archive)
    (archive / "keys" / "master.key").unlink()
    code, messages, said = read(archive)
    assert (code, messages) == (1, {}) and "master key" in said
    paper = tmp_path / "paper"
    paper.write_text(filled[1].upper().replace("0", "O"))
    assert read(archive, "--recovery", paper)[:2] == (0, expected)
    paper.write_text(filled[1][:-1] + ("2" if filled[1][-1] != "2" else "3"))
    code, _, said = read(archive, "--recovery", paper)
    assert code == 2 and "misprint" in said


def test_a_rotated_master_key_opens_what_was_sealed_before(archive: Path) -> None:
    seal(archive)
    expected = kept(archive)
    recovery: list[str] = []
    master_key.rotate(archive, show=recovery.append, files=UNSYNCED)
    assert read(archive)[:2] == (0, expected)


def test_a_torn_tail_is_no_loss_and_damage_is_named(archive: Path) -> None:
    expected = kept(archive)
    name = journal.names(archive)[0]
    place = journal.folder(archive) / name
    last = journal.log_files(place)[-1][1]
    content = last.read_bytes()
    last.write_bytes(content + b"CVR1" + bytes(40))
    assert read(archive)[:2] == (0, expected), "a torn tail was never acknowledged"
    first = journal.log_files(place)[0][1]
    damaged = bytearray(first.read_bytes())
    damaged[64 + 100] ^= 1
    first.write_bytes(damaged)
    code, messages, said = read(archive)
    assert code == 1 and f"record 1 of {first} is damaged" in said
    assert messages.items() < expected.items()


def test_a_changed_segment_or_receipt_is_named_and_the_rest_is_read(archive: Path) -> None:
    seal(archive)
    expected = kept(archive)
    path = sorted((archive / "segments").glob("mail/*/*.seg"))[0]
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)
    code, messages, said = read(archive)
    assert code == 1 and path.name in said and "was changed" in said
    assert messages and messages.items() < expected.items()
    assert read(archive / "segments")[0] == 2, "nothing in a wrong folder is no success"
