"""P-15, promise 2: a checkpoint leaves the house, and whoever keeps it there can say that nothing before it was rewritten."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from civicmail.core.ledger import checkpoints
from front.cli.office import Office

TOOL = Path(__file__).resolve().parents[3] / "tools" / "verify_proof.py"
BODY = b"Subject: parking\r\n\r\nThe lot on Elm Street is free.\r\n"
OTHER = b"Subject: parking\r\n\r\nThe lot on Elm Street is mine.\r\n"
NOON = 1_772_452_800_000


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "data")


def note(office: Office, capfdbinary: pytest.CaptureFixture[bytes]) -> bytes:
    capfdbinary.readouterr()
    assert office.run("checkpoint", "publish") == 0
    return capfdbinary.readouterr().out


def rewritten(office: Office, place: Path) -> Office:
    """The same installation with another message, made again by somebody who has all of its keys."""
    other = Office(place)
    shutil.rmtree(other.data / "keys")
    shutil.copytree(office.data / "keys", other.data / "keys")
    other.receive(OTHER, at=NOON)
    other.integrate(signed=True)
    return other


def test_a_rewritten_archive_is_named_by_a_checkpoint_that_was_published(
    office: Office, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """By `verify`, and by a checker that has nothing but the proof and the old checkpoint."""
    [id_] = office.receive(BODY, at=NOON)
    old = tmp_path / "old.note"
    old.write_bytes(note(office, capfdbinary))
    office.receive(BODY + b"again\r\n")
    assert office.run("verify", "--checkpoint", old, "--key", office.data / "keys" / "ledger.pub") == 0
    assert office.run("prove", id_) == 0
    assert offline(capfdbinary, tmp_path, old) == 0
    other = rewritten(office, tmp_path / "other")
    other.receive(BODY + b"again\r\n")
    other.integrate(signed=True)
    assert other.run("verify") == 0
    capfdbinary.readouterr()
    assert other.run("verify", "--checkpoint", old) == 1
    told = orjson.loads(capfdbinary.readouterr().out)["problems"]
    assert [p["code"] for p in told] == ["rolled back"] and str(old) in told[0]["text"]
    checkpoints.note_published(other.data / "ledger", 1)
    [place] = [r for r in other.data.glob("journal/*/*.log") if b"is mine" in r.read_bytes()]
    assert place.exists()
    found = orjson.loads(_head_of(place))
    assert other.run("prove", found["id"]) == 0
    assert offline(capfdbinary, tmp_path, old) == 1


def _head_of(journal: Path) -> bytes:
    content = journal.read_bytes()
    start = content.index(b'{"basis"')
    return content[start : content.index(b"}Subject", start) + 1]


def offline(capfdbinary: pytest.CaptureFixture[bytes], place: Path, old: Path) -> int:
    proof = place / "proof.json"
    proof.write_bytes(capfdbinary.readouterr().out.splitlines()[-1])
    command = [sys.executable, "-I", TOOL, proof, "--checkpoint", old]
    return subprocess.run(command, capture_output=True, check=False).returncode


@pytest.mark.rule("P-15, promise 2", "A checkpoint that is published is one that proofs continue from then on.")
def test_publishing_writes_where_it_is_told_and_notes_that_it_did(
    office: Office, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Proofs continue what left the house."""
    assert office.run("checkpoint", "publish") == 5
    office.receive(BODY)
    first = note(office, capfdbinary)
    office.receive(BODY)
    place = tmp_path / "usb"
    place.mkdir()
    assert office.run("checkpoint", "publish", "--out", place) == 0
    [path] = place.iterdir()
    assert path.read_bytes() != first and checkpoints.published(office.data / "ledger") == [1, int(path.stem)]
    assert office.run("checkpoint", "publish", "--out", path) == 2, "a checkpoint that is there is never written over"
    assert checkpoints.published(office.data / "ledger") == [1, int(path.stem)]
    assert office.run("verify", "--checkpoint", place) == 0
    (tmp_path / "first.note").write_bytes(first)
    capfdbinary.readouterr()
    assert office.run("checkpoint", "prove", tmp_path / "first.note", path) == 0
    assert offline(capfdbinary, tmp_path, tmp_path / "first.note") == 0


def test_what_is_given_to_verify_is_checked_before_anything_is_read(office: Office, tmp_path: Path) -> None:
    office.receive(BODY)
    office.integrate(signed=True)
    for key in ("no key", "AAAA", tmp_path / "missing"):
        assert office.run("verify", "--key", key) == 2
    assert office.run("verify", "--checkpoint", tmp_path / "missing") == 5
    (tmp_path / "x").write_text("hello")
    assert office.run("verify", "--checkpoint", tmp_path / "x") == 1
    assert office.run("checkpoint", "prove", tmp_path / "x") == 2
